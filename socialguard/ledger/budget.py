"""What a budget allows: a pure rule, and the spans that it counts over.

Reads stop first: they may use what neither waiting posts need nor the share that is kept for posts. A post may use
all of it. What costs nothing is always allowed."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from socialguard.model.text import marked


class Use(StrEnum):
    """What money is asked for."""

    READ = "read"
    POST = "post"


class Period(StrEnum):
    """Over what a budget counts, in the workspace's zone."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a budget stands, in millionths: its limit, what was spent, what waiting posts will cost, and what is
    kept for posts."""

    limit: int
    spent: int
    waiting: int
    kept: int


def free_for(standing: Standing, use: Use) -> int:
    """Return how much may still be used, never less than nothing."""
    taken = standing.spent + standing.waiting + (standing.kept if use is Use.READ else 0)
    return max(0, standing.limit - taken)


def allows(standing: Standing, use: Use, price: int) -> bool:
    """Return whether a read or a post of that price stays within the budget."""
    return price <= free_for(standing, use)


def kept_of(limit: int, percent: int) -> int:
    """Return the share of a limit that is kept for posts, rounded up."""
    return -(-limit * percent // 100)


def span(period: Period, at: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return beginning and end of the day or month that `at` lies in, by the calendar of `zone`."""
    where = ZoneInfo(zone)
    first = at.astimezone(where).date()
    if period is Period.MONTH:
        first = first.replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
    else:
        following = first + timedelta(days=1)
    midnight = [datetime.combine(day, time(), where).astimezone(UTC) for day in (first, following)]
    return midnight[0], midnight[1]


NAMES: Final = {
    (Period.DAY, False): marked("The budget of this day"),
    (Period.MONTH, False): marked("The budget of this month"),
    (Period.DAY, True): marked("The budget of {client} for this day"),
    (Period.MONTH, True): marked("The budget of {client} for this month"),
}
"""How people call a budget: by its period, and whether it is a client's."""
