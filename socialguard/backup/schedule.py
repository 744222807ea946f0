"""When the metrics of a post are looked at: a pure rule of its age.

15 minutes, 1 hour and 3 hours after it was made, then every hour to the second day, every day to the 30th, every
30 days after. Where each look costs money: 1 hour, 1 day, 7 days and 30 days. A point of this schedule that has
passed since the last look makes the post due; several that have passed are one look."""

from datetime import datetime, timedelta
from typing import Final

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=30)

FREE: Final = (
    timedelta(minutes=15),
    _HOUR,
    *(hours * _HOUR for hours in range(3, 49)),
    *(days * _DAY for days in range(3, 31)),
)
"""The ages of a post at which it is looked at where that costs nothing; after the last one every 30 days."""
PAID: Final = (_HOUR, _DAY, 7 * _DAY, 30 * _DAY)
"""The same where it costs money; after the last one never."""


def is_due(created_at: datetime, last: datetime | None, now: datetime, *, is_paid: bool) -> bool:
    """Return whether a post is to be looked at `now` that was looked at `last` (None: never)."""
    newest = newest_point(created_at, now, is_paid=is_paid)
    return newest is not None and (last is None or last < newest)


def newest_point(created_at: datetime, now: datetime, *, is_paid: bool) -> datetime | None:
    """Return the last point of the schedule of a post that is not after `now`, None where there is none yet."""
    age = now - created_at
    ages = PAID if is_paid else FREE
    if not is_paid and age >= ages[-1]:
        return created_at + age // _MONTH * _MONTH
    passed = next((point for point in reversed(ages) if point <= age), None)
    return None if passed is None else created_at + passed
