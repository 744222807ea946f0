"""Instants as the index holds them: microseconds since 1970, in UTC; lines write them as all our formats do."""

from datetime import UTC, datetime, timedelta
from typing import Final

from socialguard.canon import jcs

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return the microseconds of an aware moment."""
    return (moment - _START) // _MICROSECOND


def moment(micros: int) -> datetime:
    """Return the moment, in UTC."""
    return _START + timedelta(microseconds=micros)


def written(micros: int) -> str:
    """Return an instant as lines write it."""
    return jcs.timestamp(moment(micros))


def parsed(text: str) -> int:
    """Return the microseconds of an instant that a line writes; it is of our own writing."""
    return micros(datetime.fromisoformat(text))
