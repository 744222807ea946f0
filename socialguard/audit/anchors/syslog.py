"""An anchor that is a syslog server on another host: each checkpoint is a message (RFC 5424), base64 of the note.

Nothing can be read back from it: hold what it kept against an exported log (`audit verify DIR`)."""

import base64
from collections.abc import Iterator, Sequence
from typing import Final

from socialguard.audit import syslog
from socialguard.audit.anchors.interface import AnchorFailed, Statement, short_name

KIND: Final = "checkpoint"


class SyslogAnchor:
    """Messages to `address` (`syslog+tls://HOST:PORT`)."""

    outside = True

    def __init__(self, address: str, ca_bundle: str | None = None) -> None:
        syslog.refuse_bad(address)
        self.name = short_name("syslog", address)
        self._address = address
        self._ca_bundle = ca_bundle

    def publish(self, statements: Sequence[Statement]) -> None:
        """Send the checkpoints, oldest first; raises AnchorFailed."""
        texts = [base64.b64encode(each.note).decode("ascii") for each in statements]
        try:
            syslog.send(self._address, KIND, texts, self._ca_bundle)
        except OSError as problem:
            detail = f"{problem.strerror or type(problem).__name__}."
            raise AnchorFailed(path=self.name, detail=detail) from None

    def notes(self, org: str) -> Iterator[bytes]:
        """Give nothing: a syslog server is not asked."""
        yield from ()
