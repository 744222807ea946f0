"""What is known of a calendar: what a person said of it, and what became of each of its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from socialguard import errors
from socialguard.audit.interface import Tree
from socialguard.model.account import Account
from socialguard.model.challenge import Challenge
from socialguard.model.delivery import Content
from socialguard.publishing.calendar.entries import Dates
from socialguard.publishing.interface import Candidate, Plan, Request, Session


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says beside the file: accounts where it names none, the tool that it is from, what 03/04/2026
    means, the reason for each check that is passed, and the campaign of rows that name none."""

    to: tuple[str, ...] = ()
    form: str | None = None
    dates: Dates | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be queued, and why."""

    line: int
    problem: errors.SocialGuardError


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that can be queued: its plan, without a draft and without a question of its own, and what it asked
    for."""

    line: int
    plan: Plan
    request: Request


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calendar that was checked as of `log`. `found` rows are `good`, `known` (queued by an earlier import) or
    `refused`; `asked` is one candidate for each account of the good ones, `challenge` the one question for all."""

    found: int
    good: tuple[Checked, ...]
    known: tuple[int, ...]
    refused: tuple[Refused, ...]
    asked: tuple[Candidate, ...]
    challenge: Challenge | None
    session: Session
    checked_at: datetime
    log: Tree


def key_of(account_id: str, at: datetime, content: Content) -> object:
    """Return what makes two rows, or a row and a delivery, the same."""
    media = tuple((one.sha256, one.alt) for one in content.media)
    return account_id, at, content.text, content.link, media


def accounts_of(good: Sequence[Checked]) -> Iterator[tuple[Account, int]]:
    """Yield each account with how many rows it has, in the order of the calendar; a thread is one."""
    counts: dict[str, int] = {}
    named: dict[str, Account] = {}
    for row in good:
        there = {one.account.id: one.account for one in row.plan.candidates}
        named |= there
        for account_id in there:
            counts[account_id] = counts.get(account_id, 0) + 1
    for account_id, count in counts.items():
        yield named[account_id], count
