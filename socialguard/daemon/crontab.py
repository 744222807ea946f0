"""Cron expressions as people know them, in the zone of an account.

The scheduler's own trigger reckons, but only wall times: in the night in which an hour comes twice it would never
get past it. So it is asked without a zone, and its wall times are made instants here: one that the night of the
change leaves out comes an hour later, one that it has twice comes once. The trigger counts weekdays from Monday
and knows no 7; here they are cron's, 0 and 7 for Sunday. Where both the day of the month and the weekday are
given, both must fit."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from socialguard import errors, settings

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHANGE: Final = timedelta(hours=2)
"""No zone moves its clocks by more."""
_STEP: Final = timedelta(minutes=1)
_PART: Final = re.compile(r"(\*|[0-7](?:-[0-7])?)(?:/([1-7]))?")


def require(expression: str, where: str) -> None:
    """Raise SettingsInvalid, naming the setting, unless this is a cron expression that comes true some time."""
    try:
        if _trigger(expression).get_next_fire_time(None, datetime.now(UTC)) is None:
            raise ValueError("it never comes true")
    except (ValueError, TypeError) as problem:
        detail = f"{where}: {expression!r} is not five fields of a crontab ({problem})."
        raise errors.SettingsInvalid(path=settings.FILE_NAME, detail=detail) from None


def following(expression: str, zone: str, after: datetime) -> datetime:
    """Return the next instant after `after` at which the expression is true in `zone`."""
    place = ZoneInfo(zone)
    wall = after.astimezone(place).replace(tzinfo=UTC, fold=0) - _CHANGE
    while True:
        found = _trigger(expression).get_next_fire_time(None, wall)
        assert isinstance(found, datetime)  # `require` has seen it come true
        instant = found.replace(tzinfo=place).astimezone(UTC)
        if instant > after:
            return instant
        wall = found + _STEP


@lru_cache(maxsize=512)
def _trigger(expression: str) -> "CronTrigger":
    """The trigger of an expression, wall times standing for themselves."""
    from apscheduler.triggers.cron import CronTrigger

    fields = expression.split()
    if len(fields) != 5:
        raise ValueError(f"{len(fields)} fields")
    minute, hour, day, month, weekday = fields
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=_named(weekday), timezone=UTC)


def _named(field: str) -> str:
    """Return a field of weekdays with their names in place of cron's numbers."""
    if re.search(r"[a-z]", field, re.IGNORECASE):
        return field.lower()
    days: dict[str, None] = {}
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part} is no weekday")
        first, _, last = match[1].partition("-")
        low, high = (0, 6) if first == "*" else (int(first), int(last or first))
        if low > high:
            raise ValueError(f"{part} runs backwards")
        days |= dict.fromkeys(_DAYS[number] for number in range(low, high + 1, int(match[2] or 1)))
    return ",".join(days)
