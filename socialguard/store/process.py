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
    """Return when process `pid` started, or None where there is no such process."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]  # a zombie has ended
    import psutil

    try:
        return repr(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def is_dead(process: Process) -> bool:
    """Return whether `process` has provably ended: False for any process of another host or space of pids."""
    if process.host != host_id():
        return False
    boot, _, space = process.boot_id.partition(_SPACE)
    if space != _pid_space():
        return boot != boot_id()
    found = start_time(process.pid)
    if found == process.started:
        # Whatever the boot id: a container's unit that mounts /proc anew is shown another one than its neighbours.
        return False
    return found is not None or boot != boot_id() or not _is_hidden(process.pid)


def _is_hidden(pid: int) -> bool:
    """Return whether there is a process `pid` of another user that /proc does not show (proc(5), hidepid)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return False
