"""The sandbox's time: the machine's clock plus an offset that control can move.

Everything in the sandbox that has a date or expires asks this clock, so that 15 minutes pass in one request.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime

# 9999-12-31T23:59:59Z: datetime knows none later
LAST_MOMENT = 253_402_300_799


class Clock:
    """Seconds since the epoch, moved by `advance` and `set_to`."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Return the sandbox's time in seconds since the epoch (UTC)."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the time by `seconds` (negative: back)."""
        self.offset += seconds

    def set_to(self, moment: float) -> None:
        """Make it `moment` (seconds since the epoch) now."""
        self.offset = moment - time.time()


def parse_moment(value: object) -> float:
    """Return seconds since the epoch for an ISO 8601 text or a number; ValueError for anything else.

    A text without a zone is taken as UTC.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("a moment is an ISO 8601 text or a number of seconds")
    if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
        parsed = datetime.fromisoformat(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    moment = float(value)
    if not 0 <= moment <= LAST_MOMENT:
        raise ValueError("a moment lies between 1970 and 9999")
    return moment


def iso_milliseconds(moment: float) -> str:
    """Return `moment` as X writes it: `2026-08-01T10:00:00.000Z`."""
    parsed = datetime.fromtimestamp(moment, UTC)
    return parsed.strftime("%Y-%m-%dT%H:%M:%S.") + f"{parsed.microsecond // 1000:03d}Z"


def graph_time(moment: float) -> str:
    """Return `moment` as Graph writes it: `2026-08-01T10:00:00+0000`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def http_date(moment: float) -> str:
    """Return `moment` as an HTTP `Date` header (RFC 9110 §5.6.7)."""
    return format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)
