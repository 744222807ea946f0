"""A daemon as a process of its own, and what a test needs to know of it without guessing how long it takes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.office import Office

PATIENCE: Final = 60.0


@dataclass
class Running:
    """A daemon under `process`; what it tells the service manager comes to `channel`, what it logs to `log`."""

    office: Office
    process: subprocess.Popen[bytes]
    channel: socket.socket
    log: Path

    def wait_for(self, line: str, patience: float = PATIENCE) -> list[str]:
        """Wait until the daemon tells its service manager `line`, and return all that it told until then."""
        told: list[str] = []
        end = time.monotonic() + patience
        while not any(each.startswith(line) for each in told):
            self.channel.settimeout(max(0.01, end - time.monotonic()))
            try:
                told += self.channel.recv(4096).decode().split("\n")
            except TimeoutError:
                raise AssertionError(
                    f"not told: {line}; told {told}; log {self.log.read_text()[-3000:]}"
                ) from None
        return told

    def lines(self) -> list[dict[str, Any]]:
        """Return the log so far."""
        whole, _, _ = self.log.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def stop(self) -> int:
        """Ask it to end, wait, and return how it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill it at once."""
        self.process.kill()
        self.process.wait(PATIENCE)


@contextmanager
def daemon(office: Office, module: str = "socialguard", **environment: str) -> Iterator[Running]:
    """Run a daemon in an office for the time of the block, ready at its begin, and kill what is left of it.

    `module` is what runs it."""
    name = f"@socialguard-test-{os.getpid()}-{time.monotonic_ns()}"
    log = office.base / f"daemon-{time.monotonic_ns()}.log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, log.open("wb") as stream:
        channel.bind("\0" + name[1:])
        command = [sys.executable, "-m", module, "daemon", "run"]
        given = office.environment(NOTIFY_SOCKET=name, **environment)
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=given, start_new_session=True
        )
        running = Running(office, process, channel, log)
        try:
            running.wait_for("READY=1")
            yield running
        finally:
            if process.poll() is None:
                running.kill()


def until(is_so: Callable[[], bool], what: str = "", patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, f"it did not come to it: {what}"
        time.sleep(0.05)
