"""What the daemon asks of others, and what a duty is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from socialguard import errors
from socialguard.model.account import Account


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done over and over: every `seconds`, never twice at once. What it does must be short, or
    look at the daemon's stop event; what waits for a network belongs into a lane."""

    name: str
    seconds: float
    work: Callable[[], None]


class Backup(Protocol):
    """The backup of an account's activity, as the daemon sees it; one account at a time."""

    def run(self, account: Account, stop: threading.Event) -> None:
        """Fetch what is new of an account; end at a page's end once `stop` is set. Raises what went wrong."""
        ...


class Problem(Exception):
    """A duty that ran and did not reach what it is for; its text is for the operator."""


@contextmanager
def sparing_posts() -> Iterator[None]:
    """Raise Problem for an archive, or an index of it, that is damaged: that stops no post. The same of the
    workspace itself ends the daemon, and the publish tick meets it within a second."""
    try:
        yield
    except (errors.ArchiveDamaged, errors.Unreadable) as problem:
        raise Problem(problem.message()) from None
