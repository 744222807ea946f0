"""Ages and instants in words, English and French, in the zone of an account."""

from datetime import UTC, date, datetime, tzinfo
from typing import Final

from socialguard.cli.words import _, later, say

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400

_DAYS: Final = (
    later("Monday"),
    later("Tuesday"),
    later("Wednesday"),
    later("Thursday"),
    later("Friday"),
    later("Saturday"),
    later("Sunday"),
)


def age(seconds: int) -> str:
    """Return a span as its largest unit: 40 s, 12 min, 3 h, 5 d."""
    seconds = max(0, seconds)
    if seconds < _MINUTE:
        return say("{count} s", count=seconds)
    if seconds < _HOUR:
        return say("{count} min", count=seconds // _MINUTE)
    if seconds < _DAY:
        return say("{count} h", count=seconds // _HOUR)
    return say("{count} d", count=seconds // _DAY)


def moment(at: datetime, now: datetime, zone: str) -> str:
    """Return when something happened, as short as it can be: 08:12, yesterday, 2026-11-20."""
    where = _zone(zone)
    there, today = at.astimezone(where), now.astimezone(where).date()
    days = (today - there.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    return _("yesterday") if days == 1 else f"{there:%Y-%m-%d}"


def brief(at: str | None, now: datetime, zone: str) -> str:
    """Return an instant as documents have it, as short as a narrow table needs: 08:12 CET, yesterday, 2026-11-20;
    a dash where there is none."""
    if at is None:
        return "–"
    there = datetime.fromisoformat(at).astimezone(_zone(zone))
    shown = moment(there, now, zone)
    return f"{shown} {there.tzname()}" if ":" in shown else shown


def minute(at: datetime | str | None, zone: str) -> str:
    """Return a wall time with the short name of its zone: 2026-11-27 09:00 CET; a dash where there is none. `at`
    may be as documents have it."""
    if at is None:
        return "–"
    there = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(_zone(zone))
    return f"{there:%Y-%m-%d %H:%M} {there.tzname()}"


def instant(at: datetime, zone: str) -> str:
    """Return weekday, wall time, zone and instant: Friday 2026-11-27 09:00 Europe/Paris (08:00 UTC)."""
    there, utc = at.astimezone(_zone(zone)), at.astimezone(UTC)
    told = f"{_(_DAYS[there.weekday()])} {there:%Y-%m-%d %H:%M} {there.tzinfo}"
    if str(there.tzinfo) == "UTC":
        return told
    shown = f"{utc:%H:%M}" if there.date() == utc.date() else f"{utc:%Y-%m-%d %H:%M}"
    return f"{told} ({shown} UTC)"


def weekday(day: date) -> str:
    """Return the name of a day's weekday."""
    return _(_DAYS[day.weekday()])


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
