"""Which process does something, so that another can tell for certain whether it is dead."""

import hashlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_MACHINE_ID: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_SPACE: Final = "/"
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Process:
    """A process of one boot of one host. `host` is an opaque id; `boot_id` also names its space of pids (a
    container has one of its own); `started` is its start time in clock ticks since boot (proc(5), stat field 22),
    since a pid alone is used again."""

    host: str
    boot_id: str
    pid: int
    started: str


@cache
def host_id() -> str:
    """Return an opaque, stable id of this machine: 32 hex digits of a hash of its machine id."""
    for path in _MACHINE_ID:
        try:
            found = path.read_text().strip()
        except OSError:
            continue
        if found:
            return hashlib.sha256(b"socialguard/host/v1\n" + found.encode()).hexdigest()[:32]
    import uuid

    return hashlib.sha256(b"socialguard/host/v1\n" + str(uuid.getnode()).encode()).hexdigest()[:32]


@cache
def boot_id() -> str:
    """Return the id of this boot of the machine."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def here() -> Process:
    """Return the running process."""
    return _process(os.getpid())


@cache
def _process(pid: int) -> Process:
    """Return this process; `pid` is part of it, so that a forked child is another."""
    return Process(host_id(), f"{boot_id()}{_SPACE}{_pid_space()}", pid, start_time(pid) or "")


@cache
def _pid_space() -> str:
    """Return the number of this process's pid namespace (pid_namespaces(7)), empty where there are none."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def start_time(pid: int) -> str | None:
    """Return when process `pid` started, or None where there is no such process, or none that we may see."""
    found = _stat(pid)
    return None if found is None or found.has_ended else found.started


def is_dead(process: Process) -> bool:
    """Return whether `process` has provably ended: False for any process of another host or space of pids."""
    if process.host != host_id():
        return False
    boot, _, space = process.boot_id.partition(_SPACE)
    if space != _pid_space():
        return boot != boot_id()
    found = _stat(process.pid)
    if found is None:
        return not _is_there(process.pid)
    # Whatever the boot id: a container's unit that mounts /proc anew is shown another one than its neighbours.
    return found.has_ended or found.started != process.started


@dataclass(frozen=True, slots=True)
class _Stat:
    """When a process started, and whether it has ended and only waits for its parent (a zombie)."""

    started: str
    has_ended: bool


def _stat(pid: int) -> _Stat | None:
    """Return what the system shows of a process; None where it shows none."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return _Stat(fields[19], fields[0] in "ZX")
    import psutil

    try:
        return _Stat(repr(psutil.Process(pid).create_time()), False)
    except psutil.NoSuchProcess:
        return None


def _is_there(pid: int) -> bool:
    """Return whether there is a process `pid`, though the system may not show it: with `hidepid`, as in a unit
    with ProtectProc=invisible, /proc shows no process of another user, and none of ours that lets nobody look into
    its memory, as all that hold keys (proc(5); prctl(2), PR_SET_DUMPABLE)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
