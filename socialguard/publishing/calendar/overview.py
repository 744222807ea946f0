"""What is planned in a span of days: each post on the day of its own account, and what a planner should see in it:
posts too close to one another, and days without any."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from socialguard.ledger import agenda
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery, State

CLOSE: Final = timedelta(minutes=30)
"""Two posts of one account nearer than this are told as a collision."""

GAP_DAYS: Final = 3
"""So many days in a row without a post of an account are told as a gap."""

SHOWN: Final = (State.QUEUED, State.HELD, State.AWAITING, State.SENDING, State.UNKNOWN, State.SENT, State.FAILED)
MAX_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery in a calendar: its account, and when it is due on that account's clock."""

    delivery: Delivery
    account: Account
    local: datetime

    @property
    def day(self) -> date:
        """The day on its account's calendar."""
        return self.local.date()


@dataclass(frozen=True, slots=True)
class Collision:
    """Two posts of one account that are closer than `CLOSE`."""

    first: Planned
    second: Planned


@dataclass(frozen=True, slots=True)
class Gap:
    """Days in a row, both included, on which nothing of an account goes out."""

    account: Account
    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days that are."""
        return (self.until - self.since).days + 1


def read(
    connection: Connection,
    accounts: Sequence[Account],
    since: date,
    days: int,
    *,
    narrow: bool,
    campaign: str | None = None,
) -> tuple[Planned, ...]:
    """Return what is planned on accounts from a day on, by time; `narrow` False where they are all accounts,
    `campaign` the id of the only one that is wanted."""
    known = {account.id: account for account in accounts}
    begin = datetime.combine(since, datetime.min.time(), ZoneInfo("UTC"))
    found = agenda.between(
        connection,
        begin - timedelta(days=1),  # a day begins up to 14 hours sooner or later elsewhere
        begin + timedelta(days=days + 1),
        account_ids=list(known) if narrow else (),
        states=SHOWN,
        campaign=campaign,
    )
    planned = (
        Planned(one, known[one.account_id], one.due.astimezone(ZoneInfo(known[one.account_id].zone)))
        for one in found
        if one.act is Act.PUBLISH and one.account_id in known
    )
    return tuple(one for one in planned if since <= one.day < since + timedelta(days=days))


def collisions(planned: Sequence[Planned]) -> Iterator[Collision]:
    """Yield each two posts in a row of one account that are too close. What was refused does not count, nor does a
    part of a thread that follows another."""
    last: dict[str, Planned] = {}
    for one in sorted(planned, key=lambda one: one.delivery.due):
        if one.delivery.state is State.FAILED or one.delivery.content.thread_position:
            continue
        before = last.get(one.account.id)
        if before is not None and one.delivery.due - before.delivery.due < CLOSE:
            yield Collision(before, one)
        last[one.account.id] = one


def gaps(planned: Sequence[Planned], since: date, days: int) -> Iterator[Gap]:
    """Yield the gaps of every account that has a post in the span at all, from `since` on."""
    busy: dict[str, set[date]] = {}
    named: dict[str, Account] = {}
    for one in planned:
        if one.delivery.state is not State.FAILED:
            busy.setdefault(one.account.id, set()).add(one.day)
            named[one.account.id] = one.account
    end = since + timedelta(days=days)
    for account_id, taken in busy.items():
        edges = [since - timedelta(days=1), *sorted(day for day in taken if day >= since), end]
        for before, after in pairwise(edges):
            if (after - before).days - 1 >= GAP_DAYS:
                yield Gap(named[account_id], before + timedelta(days=1), after - timedelta(days=1))
