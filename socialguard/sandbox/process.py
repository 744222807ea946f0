"""Run the sandbox as a child process: the supported way for tests, the demo and other programs.

    with start({"accounts": [...]}) as sandbox:
        sandbox.x, sandbox.facebook, sandbox.control     # base URLs
        sandbox.faults([{"network": "x", "operation": "publish", "kind": "accept_then_drop", "times": 1}])
        sandbox.posts("x", "acme")

The seed travels through a pipe, never through argv, the environment or a file. The child ends when this process
ends, however that happens: the pipe closes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

# a seed of 100,000 posts takes a while where the machine is busy
START_SECONDS = 120.0
STOP_SECONDS = 10.0
REQUEST_SECONDS = 120.0


class SandboxError(RuntimeError):
    """The sandbox did not start, or control refused; the message says why."""


class Running:
    """A sandbox that runs in a child process, and a client of its control face."""

    def __init__(self, process: subprocess.Popen[bytes], addresses: Mapping[str, str]) -> None:
        self._process = process
        self.x = addresses["x"]
        self.facebook = addresses["facebook"]
        self.control = addresses["control"]

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def posts(self, network: str | None = None, account: str | None = None) -> list[dict[str, Any]]:
        """Return all posts, deleted and unpublished ones included, oldest first."""
        query = {name: value for name, value in (("network", network), ("account", account)) if value}
        posts: list[dict[str, Any]] = self.ask("GET", f"/posts?{urlencode(query)}")
        return posts

    def accounts(self) -> list[dict[str, Any]]:
        """Return the accounts with the credentials that work for them."""
        accounts: list[dict[str, Any]] = self.ask("GET", "/accounts")
        return accounts

    def requests(self) -> dict[str, dict[str, int]]:
        """Return the number of requests by network and operation."""
        counts: dict[str, dict[str, int]] = self.ask("GET", "/requests")
        return counts

    def costs(self) -> list[dict[str, Any]]:
        """Return what X would charge: `network`, `account`, `operation`, `calls`, `units`, `micros` of each
        row."""
        rows: list[dict[str, Any]] = self.ask("GET", "/costs")
        return rows

    def faults(self, faults: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Replace the faults; an empty list lifts all and reopens the listeners."""
        state: dict[str, Any] = self.ask("POST", "/faults", [dict(fault) for fault in faults])
        return state

    def waiting_faults(self) -> list[dict[str, Any]]:
        """Return the faults that have not happened yet."""
        waiting: list[dict[str, Any]] = self.ask("GET", "/faults")["faults"]
        return waiting

    def foreign(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Let something happen that did not come from us."""
        changed: dict[str, Any] = self.ask("POST", "/foreign", dict(event))
        return changed

    def clock(self, seconds: float = 0.0) -> str:
        """Move the sandbox's time by `seconds`; return its time in ISO 8601."""
        return str(self.ask("POST", "/clock", {"advance": seconds})["now"])

    def settings(self, **switches: Any) -> dict[str, Any]:
        """Change switches such as `refuse_duplicates`, `rate_limits`, `limits`, `auto_approve`; return all."""
        now: dict[str, Any] = self.ask("POST", "/settings", switches)
        return now

    def tokens(self, network: str, account: str, state: str, subcode: int | None = None) -> None:
        """Make an account's tokens `expired`, `revoked` or `valid`."""
        body = {"network": network, "account": account, "state": state, "subcode": subcode}
        self.ask("POST", "/tokens", body)

    def add_account(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Add an account as a seed would."""
        added: dict[str, Any] = self.ask("POST", "/accounts", dict(entry))
        return added

    def add_credential(self, network: str, account: str, credential: Mapping[str, Any], **options: Any) -> None:
        """Make a further credential valid for an account."""
        body = {"network": network, "account": account, "credential": dict(credential), **options}
        self.ask("POST", "/credentials", body)

    def reset(self, seed: Mapping[str, Any] | None) -> None:
        """Start again from a seed in the same process: other world, no faults, real time."""
        self.ask("POST", "/reset", seed if seed is not None else {})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send one control request and return its document; SandboxError if it is refused."""
        parts = urlsplit(self.control)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=REQUEST_SECONDS)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", "Connection": "close"})
            response = connection.getresponse()
            document = json.loads(response.read())
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            raise SandboxError(f"control did not answer {method} {path.partition('?')[0]}: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise SandboxError(f"control refused {path.partition('?')[0]}: {document.get('error')}")
        return document

    def kill(self) -> None:
        """Kill the child at once (SIGKILL), as a crash of the service would."""
        self._process.kill()
        self._finish()

    def stop(self) -> int:
        """Stop the child and return its exit code; harmless when it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
        return self._finish()

    def _finish(self) -> int:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(seed: Mapping[str, Any] | None = None, state: Path | None = None, port: int | None = None) -> Running:
    """Start a sandbox and return it when it listens; SandboxError if it does not.

    `seed` as in `seed.py` (None: random accounts), `state` a file that outlives the process, `port` the first of
    three (None: free ones).
    """
    command = [sys.executable, "-m", "socialguard.sandbox", "--parent-pipe"]
    command += ["--state", str(state)] if state is not None else []
    command += ["--port", str(port)] if port is not None else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    # a broken pipe means that it has ended already: the missing line tells, below
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(json.dumps(seed).encode() + b"\n" if seed is not None else b"\n")
        process.stdin.flush()
    line = _first_line(process)
    try:
        return Running(process, json.loads(line))
    except json.JSONDecodeError:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        raise SandboxError("the sandbox did not start; its error is on standard error") from None


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    line, deadline = b"", time.monotonic() + START_SECONDS
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not chunk:
            break
        line += chunk
    return line
