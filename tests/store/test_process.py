"""Whether a process is provably dead, as its neighbours see it."""

import dataclasses
import os
import subprocess
import sys

import pytest

from socialguard.store import process

OTHER_BOOT = "0b00b00b-0000-4000-8000-000000000000"


def ended() -> process.Process:
    """Return a process of this machine that has ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process.start_time(child.pid) or ""
    child.communicate(b"\n")
    return dataclasses.replace(process.here(), pid=child.pid, started=started)


def in_boot(of: process.Process, boot: str) -> process.Process:
    """Return the same process as seen by one that is shown another boot id."""
    return dataclasses.replace(of, boot_id=f"{boot}/{of.boot_id.partition('/')[2]}")


def test_a_process_that_ended_is_dead_in_whatever_boot_it_ran() -> None:
    gone = ended()
    assert process.is_dead(gone)
    assert process.is_dead(in_boot(gone, OTHER_BOOT))


def test_a_process_lives_though_it_was_shown_another_boot_id_than_we() -> None:
    """A unit of a container that mounts /proc anew sees the kernel's boot id, commands the container's own."""
    assert not process.is_dead(process.here())
    assert not process.is_dead(in_boot(process.here(), OTHER_BOOT))


def test_a_pid_that_is_used_again_is_another_process() -> None:
    assert process.is_dead(dataclasses.replace(process.here(), started="1"))
    assert process.is_dead(dataclasses.replace(in_boot(process.here(), OTHER_BOOT), started="1"))


@pytest.mark.parametrize(("boot", "dead"), [(process.boot_id(), False), (OTHER_BOOT, True)])
def test_of_another_space_of_pids_only_another_boot_is_told(boot: str, dead: bool) -> None:
    elsewhere = dataclasses.replace(process.here(), boot_id=f"{boot}/1")
    assert process.is_dead(elsewhere) is dead


def test_nothing_is_told_of_another_host() -> None:
    assert not process.is_dead(dataclasses.replace(ended(), host="0" * 32))


_HIDDEN = """
import dataclasses, os
from socialguard.store import process
from socialguard.vault.hardening import harden

def neighbour():
    child = os.fork()
    if child == 0:
        harden()
        os.write(ready, b".")
        os.read(end, 1)
        os._exit(0)
    os.read(is_ready, 1)
    return child

is_ready, ready = os.pipe()
end, ended = os.pipe()
me = process.here()
process._stat = lambda pid: None  # what a /proc with hidepid shows of each of them
ours = neighbour()
told = [process.is_dead(dataclasses.replace(me, pid=ours))]
if os.getuid() == 0:
    os.setuid(65534)
told += [process.is_dead(dataclasses.replace(me, pid=pid)) for pid in (1, int(os.environ["GONE"]), 2**40)]
os.write(ended, b".")
print(told)
"""


def test_what_proc_hides_is_not_dead() -> None:
    """ProtectProc=invisible and hidepid hide others' processes, and all that are not dumpable, as ours."""
    environment = {**os.environ, "GONE": str(ended().pid)}
    told = subprocess.check_output([sys.executable, "-c", _HIDDEN], env=environment, text=True)
    assert told.strip() == "[False, False, True, True]"


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        of = dataclasses.replace(process.here(), pid=child.pid, started=process.start_time(child.pid) or "")
        assert not process.is_dead(of)
        assert child.stdin is not None
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process.is_dead(of)
