"""When a post would be public, in the zone of its account."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from socialguard import clock
from socialguard.guard.interface import Subject


def due(subject: Subject) -> datetime:
    """Return the instant at which a post would be public."""
    return subject.due or clock.now()


def local_due(subject: Subject) -> datetime:
    """Return that instant in the account's zone; in UTC where the zone is none."""
    return due(subject).astimezone(zone_of(subject))


def zone_of(subject: Subject) -> tzinfo:
    """Return the zone of the account."""
    return zone_named(subject.account.zone)


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo:
    """Return a time zone; UTC for a name that is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
