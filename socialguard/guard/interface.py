"""What a check sees, and what a check is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from socialguard.model.account import Account
from socialguard.model.delivery import Content
from socialguard.model.finding import Finding
from socialguard.networks.interface import Limits


@dataclass(frozen=True, slots=True)
class Recent:
    """A post of the account that is public, waiting, or of unknown outcome (`state` as of the delivery)."""

    delivery_id: str
    text: str
    link: str | None
    state: str
    at: datetime


class Glance(Protocol):
    """What the archive tells of an account."""

    @property
    def read_at(self) -> datetime:
        """When the network was last asked."""
        ...

    @property
    def posts(self) -> tuple[tuple[str, str, datetime], ...]:
        """The newest own posts, newest first: id at the network, text, time."""
        ...


class Shelf(Protocol):
    """Where the card looks for what an account posted last; the card never waits for a network."""

    def glance(self, account_id: str) -> Glance | None:
        """Return what is kept of an account, None where nothing is, or nothing that can be read now."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """One delivery to check: the account, what would be public, its length in the network's own unit, the
    network's limits, and the account's recent posts, newest first."""

    account: Account
    content: Content
    length: int
    limits: Limits
    recent: tuple[Recent, ...]


class Check(Protocol):
    """One check: a function of a module under `guard/checks`, named as the module is."""

    def __call__(self, subject: Subject) -> Iterator[Finding]:
        """Yield what is to be said about `subject`."""
        ...
