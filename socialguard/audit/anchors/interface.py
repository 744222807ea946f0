"""What an anchor does: take checkpoints and give them back."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from socialguard import errors

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class AnchorFailed(errors.Unreadable):
    """The anchor {path} could not be used: {detail}"""

    remedy = "Check that it can be reached; the checkpoints wait and are sent again."


@dataclass(frozen=True, slots=True)
class Statement:
    """A checkpoint on its way to an anchor: the signed note and what it states."""

    org: str
    incarnation: int
    size: int
    note: bytes

    @property
    def file_name(self) -> str:
        """A name that sorts as the log grew."""
        return f"{self.incarnation:06d}-{self.size:020d}.checkpoint"


class Anchor(Protocol):
    """One place. `name` is stable and at most 64 characters; `outside` tells whether whoever owns this
    machine's disk does not thereby own the anchor."""

    @property
    def name(self) -> str:
        """The name under which checkpoints are queued for it."""
        ...

    @property
    def outside(self) -> bool:
        """Whether it lies outside this machine."""
        ...

    def publish(self, statements: Sequence[Statement]) -> None:
        """Store the checkpoints durably, oldest first; the same one twice is the same as once.

        Raises AnchorFailed, also where it holds another checkpoint of one size."""
        ...

    def notes(self, org: str) -> Iterator[bytes]:
        """Give every note that it holds for `org`, unverified; raises AnchorFailed."""
        ...


def short_name(kind: str, place: str) -> str:
    """Return the name of the anchor of `kind` at `place`: the place itself can be long or private."""
    return f"{kind}:{hashlib.sha256(place.encode('utf-8')).hexdigest()[:16]}"


def folder_name(org: str) -> str:
    """Return the name under which the checkpoints of `org` are kept: the id, if it may be a file name."""
    return org if _PLAIN.fullmatch(org) else hashlib.sha256(org.encode("utf-8")).hexdigest()


def same_statement(one: bytes, other: bytes) -> bool:
    """Return whether two notes state the same, whoever signed them."""
    return one.rpartition(b"\n\n")[0] == other.rpartition(b"\n\n")[0]
