"""The one source of time, so that every rule can be tested at any moment.

`SOCIALGUARD_CLOCK=+3600s` shifts it, but only `workspace` calls `shift`, and only where every account is on
the loopback interface: in production time cannot be moved by an environment variable."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from socialguard import errors

VARIABLE: Final = "SOCIALGUARD_CLOCK"
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_offset = timedelta(0)


def now() -> datetime:
    """Return the present instant in UTC, with microseconds."""
    return datetime.now(UTC) + _offset


def machine() -> datetime:
    """Return the present instant as the machine's own clock has it, also where a test moved `now`."""
    return datetime.now(UTC)


def since_boot() -> float:
    """Return seconds since the machine started, asleep or awake, whatever its clock is set to."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def monotonic() -> float:
    """Return seconds of a clock that never goes back (for time-outs, never for stamps)."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Wait `seconds` of real time."""
    time.sleep(seconds)


def shift(offset: timedelta) -> None:
    """Move `now` by `offset` for the rest of this process."""
    global _offset
    _offset = offset


def parse_offset(text: str) -> timedelta:
    """Return the offset that `+3600s`, `-15m`, `+24h` or `+2d` means.

    Raises UsageError for anything else."""
    match = re.fullmatch(r"([+-])(\d{1,9})([smhd])", text.strip())
    if match is None:
        raise errors.UsageError(detail=f"{VARIABLE}={text} is not an offset such as +3600s.")
    sign, amount, unit = match.groups()
    seconds = int(amount) * _UNITS[unit]
    return timedelta(seconds=seconds if sign == "+" else -seconds)
