"""Run command lines of this program in processes that are forked from this one, which has imported it once.

A fork is a process of its own, with its own environment, standard streams and exit code; all that it is spared is
to start an interpreter and to import everything again, which is most of a short command's time. For the demo: this
process must have no threads."""

import gc
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.context import ForkProcess
from typing import IO, Final

from socialguard.cli import main

_ROOM: Final = "socialguard"
_DOORS: Final = (
    "archive.archive", "archive.rebuilding", "archive.verifying", "audit.verify", "backup.run", "cli.deliveries",
    "cli.sending", "daemon.duties", "daemon.run", "guard.gate", "guard.likeness", "networks.facebook_activity",
    "networks.facebook_session", "networks.x_activity", "networks.x_session", "publishing.claim",
    "publishing.draft_file", "publishing.prepare", "publishing.resolve", "registry.enrolment", "vault.custody",
    "workspace.founding", "workspace.late_backup", "workspace.opened", "workspace.readying", "workspace.trust",
)  # fmt: skip
"""What commands import when they run. One that is missing here costs its command the time, and nothing else."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended: its exit code (negative: the signal that killed it) and what it said."""

    code: int
    out: str
    err: str


class Fork:
    """A command line that runs; `stdin` is what it reads, through a pipe: it may be a secret."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> None:
        self._out, self._err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - closed by `wait`
        reading, writing = os.pipe()
        context = multiprocessing.get_context("fork")
        streams = (reading, self._out.fileno(), self._err.fileno())
        self._process: ForkProcess = context.Process(
            target=_become, args=(arguments, environment, streams, writing)
        )
        self._process.start()
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe, suppress(BrokenPipeError):  # it may end without reading
            pipe.write(stdin.encode())

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._process.terminate()

    def wait(self, seconds: float) -> Ended:
        """Return how it ended; where it does not within `seconds` it is killed."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        assert self._process.exitcode is not None
        return Ended(self._process.exitcode, _whole(self._out), _whole(self._err))


def preload() -> None:
    """Import what the commands import when they run."""
    for name in _DOORS:
        import_module(f"{_ROOM}.{name}")
    gc.freeze()  # a collection in a fork would copy every page that it looks at


def _become(
    arguments: Sequence[str], environment: Mapping[str, str], streams: tuple[int, int, int], writing: int
) -> None:
    os.close(writing)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - for all its life, as the next two
    sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(main.run(arguments))


def _whole(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode("utf-8", "replace")
