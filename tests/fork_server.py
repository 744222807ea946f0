"""A warm server of processes: each command line runs in a fresh fork that can be killed without killing the test.

`python -m tests.fork_server` imports the program once, warms it up with a post on each network, and then forks
for each request. A fork is a real process (a pid and connections of its own, SIGKILL works on it) that is ready at
once. Requests and answers are JSON lines.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.office import ROOT, Done, Office, as_done

QUICK_SECONDS: Final = 0.4
"""After how long an answer is too slow for an impatient run."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a fork ended: `signal` is what killed it, 0 where it ended by itself."""

    done: Done
    signal: int
    seconds: float


class ForkServer:
    """The server process and its client."""

    def __init__(self, office: Office) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="socialguard-forks-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", self._directory.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=office.environment(),
            cwd=ROOT,
        )
        try:
            self._warm(office.copy(Path(self._directory.name) / "warm"))
        except BaseException:
            self.stop()
            raise

    def run(
        self,
        office: Office,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        impatient: bool = False,
        kill_after: float = 0.0,
        fork: bool = True,
    ) -> Ended:
        """Run a command line in a fork and return how it ended.

        `impatient` shortens the time-outs of its requests; after `kill_after` seconds it is killed, if not 0."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for name in ("stdout", "stderr"):
            # A fork that is killed at once must not seem to have said what the one before it said.
            Path(self._directory.name, name).write_bytes(b"")
        request = {
            "arguments": arguments,
            "environment": office.environment(**(environment or {})),
            "fork": fork,
            "impatient": impatient,
            "kill_after": kill_after,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        status = answer["status"]
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = -killed if killed else os.waitstatus_to_exitcode(status)
        out, err = (Path(self._directory.name, name).read_text("utf-8") for name in ("stdout", "stderr"))
        return Ended(as_done(code, out, err), killed, answer["seconds"])

    def _warm(self, office: Office) -> None:
        """Let the server itself post, so that all is imported and opened once before the first fork."""
        for network in ("x", "facebook"):
            ended = self.run(office, *office.post_words("Warm", f"{network}:@acme"), fork=False)
            assert ended.done.code == 0, ended

    def stop(self) -> None:
        """End the server and forget its files."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(directory: Path) -> None:
    """Fork for each request until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        began = time.monotonic()
        if request["fork"]:
            status = _in_fork(directory, request)
        else:
            status = _here(directory, request) << 8
            gc.collect()
            gc.freeze()  # a collection in a fork would copy every page that it looks at
        answers.write(json.dumps({"status": status, "seconds": time.monotonic() - began}) + "\n")
        answers.flush()


def _in_fork(directory: Path, request: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os._exit(_here(directory, request))
    if request["kill_after"]:
        _kill_later(pid, float(request["kill_after"]))
    return os.waitpid(pid, 0)[1]


def _kill_later(pid: int, seconds: float) -> None:
    """Kill the child after `seconds` unless it has ended; it stays a zombie until it is waited for, so that the
    number cannot belong to another process."""
    import select
    import signal

    ended = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([ended], [], [], seconds)
        if not ready:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(ended)


def _here(directory: Path, request: Mapping[str, Any]) -> int:
    from socialguard.cli.main import run

    os.environ.clear()
    os.environ.update(request["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0) if request["fork"] else None
    os.close(nothing)
    for number, name in ((1, "stdout"), (2, "stderr")):
        target = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, number)
        os.close(target)
    if request["impatient"]:
        _be_impatient()
    code = run(request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _be_impatient() -> None:
    from socialguard.networks import http

    http.use(http.Transport(read=QUICK_SECONDS, total=2 * QUICK_SECONDS))


def _look_once() -> None:
    """Look at a timeline once after an attempt: the waiting for a real network is what a test can do without."""
    from socialguard.publishing import resolve

    resolve.LOOKS = (0.0,)  # type: ignore[assignment,misc]


if __name__ == "__main__":
    _look_once()
    serve(Path(sys.argv[1]))
