"""What the backup works with and the values that it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from socialguard import errors
from socialguard.alerts.board import Board
from socialguard.archive.archive import Archive
from socialguard.ledger.purse import Purse
from socialguard.model.account import Account
from socialguard.vault.custody import Custody

Told = Callable[[int], None]
"""Is told how many items came in, while a run goes on."""


class Stop(Protocol):
    """Whether a run should end at the end of its page; `threading.Event` fulfils it."""

    def is_set(self) -> bool:
        """Return whether it should."""
        ...


def untold(items: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a backup works with. `renew` renews the credential of an account where it is about to end; `kept`
    is told after each page, so that somebody may look at what it brought."""

    custody: Custody
    archive: Archive
    purse: Purse
    alerts: Board
    renew: Callable[[Account], None]
    kept: Callable[[Account], None]


@dataclass(slots=True)
class Outcome:
    """What the run of one account brought; it is filled while the run goes on, so that an error leaves what was
    reached. `skipped` says why nothing was tried (`revoked` …); `micros` is what was booked, in millionths of a US
    dollar; `is_stopped` that it was told to end; `shows_no_more` names the streams of which the network shows no
    more than its newest part; `media_wait` that files were left for lack of space."""

    account: Account
    new: int = 0
    changed: int = 0
    snapshots: int = 0
    files: int = 0
    files_failed: int = 0
    media_wait: bool = False
    calls: int = 0
    micros: int = 0
    is_stopped: bool = False
    shows_no_more: tuple[str, ...] = ()
    skipped: str | None = None
    error: errors.SocialGuardError | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a first backup of an account costs at the most, in millionths of a US dollar, and its number of posts
    as the network tells it (None where it does not). `error` says why it is not known."""

    account: Account
    posts: int | None
    micros: int
    error: errors.SocialGuardError | None = None
