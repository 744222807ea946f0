"""What a sink does: take lines. What it took is never sent again, what it did not take goes again."""

from collections.abc import Sequence
from typing import Protocol

from socialguard import errors


class SinkFailed(errors.Unreadable):
    """The sink {path} took nothing: {detail}"""

    remedy = "Check that it can be reached; the entries wait in the log and are sent again."


class Sink(Protocol):
    """One place. `name` is stable and can be a file name."""

    @property
    def name(self) -> str:
        """How its state and its failures are named."""
        ...

    def send(self, lines: Sequence[str]) -> None:
        """Deliver the lines, all or none as far as the place tells; raises SinkFailed."""
        ...
