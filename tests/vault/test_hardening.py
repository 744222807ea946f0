"""A hardened process: no core, no memory for its neighbours, and still provably alive."""

import json
import os
import subprocess
import sys

import pytest

_STORY = """
import ctypes, json, os, resource
from pathlib import Path
from socialguard.store import process
from socialguard.vault.hardening import harden

def neighbour():
    child = os.fork()
    if child == 0:
        alive = bool(process.start_time(os.getppid()))
        try:
            Path(f"/proc/{os.getppid()}/environ").read_bytes()
            os._exit(10 + alive)
        except OSError:
            os._exit(20 + alive)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

if os.geteuid() == 0:  # root may read everything, so it shows nothing
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
before = neighbour()
harden(); harden()
print(json.dumps({
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "dead": process.is_dead(process.here()),
    "descriptors": len(os.listdir("/proc/self/fd")) > 0,
    "neighbour": [before, neighbour()],
}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_hardened_process_leaves_no_memory_and_is_still_seen_alive() -> None:
    ran = subprocess.run([sys.executable, "-c", _STORY], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "core": [0, 0],
        "dumpable": 0,
        "dead": False,
        "descriptors": True,
        "neighbour": [11, 21],  # memory readable, then not; seen alive both times
    }


def test_a_child_program_is_started_as_ever() -> None:
    script = (
        "from socialguard.vault.hardening import harden; harden(); import os; os.execvp('echo', ['echo', 'here'])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert ran.stdout == "here\n"
