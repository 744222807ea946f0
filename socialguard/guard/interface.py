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
