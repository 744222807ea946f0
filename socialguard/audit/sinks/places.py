"""The three kinds of sink, and which one a setting means."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.audit import syslog
from socialguard.audit.anchors.interface import short_name
from socialguard.audit.sinks.interface import Sink, SinkFailed

SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class FileSink:
    """Lines at the end of a file, which another program takes away and turns over."""

    path: Path

    @property
    def name(self) -> str:
        """How its state and its failures are named."""
        return short_name("file", str(self.path))

    def send(self, lines: Sequence[str]) -> None:
        """Append the lines and wait until they are on the disk; raises SinkFailed."""
        data = "".join(f"{line}\n" for line in lines).encode("utf-8")
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, data)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as problem:
            raise SinkFailed(path=self.path.name, detail=f"{problem.strerror}.") from None


@dataclass(frozen=True, slots=True)
class SyslogSink:
    """Messages to a syslog server (RFC 5424)."""

    address: str
    ca_bundle: str | None

    @property
    def name(self) -> str:
        """How its state and its failures are named."""
        return short_name("syslog", self.address)

    def send(self, lines: Sequence[str]) -> None:
        """Send each line as a message; raises SinkFailed."""
        try:
            syslog.send(self.address, "audit", lines, self.ca_bundle)
        except OSError as problem:
            detail = f"{problem.strerror or type(problem).__name__}."
            raise SinkFailed(path=self.name, detail=detail) from None


@dataclass(frozen=True, slots=True)
class PostSink:
    """One POST of JSON lines (application/x-ndjson); 2xx means that they were taken."""

    url: str
    ca_bundle: str | None

    @property
    def name(self) -> str:
        """How its state and its failures are named."""
        return short_name("post", self.url)

    def send(self, lines: Sequence[str]) -> None:
        """Post the lines; raises SinkFailed."""
        import requests

        data = "".join(f"{line}\n" for line in lines).encode("utf-8")
        session = requests.Session()
        session.trust_env = False
        try:
            with session:
                answer = session.post(
                    self.url,
                    data=data,
                    headers={"Content-Type": "application/x-ndjson"},
                    timeout=SECONDS,
                    allow_redirects=False,
                    verify=self.ca_bundle or True,
                )
        except requests.RequestException as problem:
            raise SinkFailed(path=self.name, detail=f"{type(problem).__name__}.") from None
        if not 200 <= answer.status_code < 300:
            raise SinkFailed(path=self.name, detail=f"it answered {answer.status_code}.")


def opened(text: str, workspace: Path, ca_bundle: str | None) -> Sink:
    """Return the sink that a setting means: `file:PATH`, `syslog+tls://HOST:PORT`, `syslog+tcp://…`, `https://…`.

    Raises UsageError for anything else, and for a file inside the workspace."""
    if text.startswith("file:") and len(text) > len("file:"):
        path = Path(text.removeprefix("file:")).expanduser().absolute()
        if path.resolve().is_relative_to(workspace.absolute().resolve()):
            raise errors.UsageError(detail=f"The sink {path.name} lies inside the workspace.")
        return FileSink(path)
    if syslog.is_address(text):
        return SyslogSink(text, ca_bundle)
    if text.startswith(("https://", "http://")) and "@" not in text:
        return PostSink(text, ca_bundle)
    raise errors.UsageError(
        detail=f"{text} is not a sink; write file:PATH, syslog+tls://HOST:PORT or https://HOST/PATH."
    )
