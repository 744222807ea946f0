"""Days on which an account says nothing whatever the text: before results, around a vote, in mourning."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import due, zone_named
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

NAME: Final = "embargo"
WINDOWS: Final = "windows"
KIND: Final[Kind] = "time"
LEVEL: Final[Severity | None] = Severity.HOLD
_DAY: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_INSTANT: Final = rf"{_DAY}(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9])?"


def _instant(text: str, zone: tzinfo, *, is_end: bool) -> datetime | None:
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
    return found + timedelta(days=1) if is_end and "T" not in text else found


def _is_window(window: str) -> bool:
    """Whether both days exist and the earlier stands first."""
    first, _, last = window.partition(" ")[0].partition("/")
    start, end = _instant(first, UTC, is_end=False), _instant(last, UTC, is_end=True)
    return start is not None and end is not None and start < end


PARAMETERS: Final[Mapping[str, Parameter]] = {
    WINDOWS: Texts(
        form="a list of times, the earlier first, with their reason, like "
        '"2026-12-01T09:00/2026-12-03 before the results"',
        pattern=rf"{_INSTANT}/{_INSTANT}(?: .*)?",
        known=_is_window,
    ),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for a post that would be public in a window."""
    window = window_at(subject.settings.texts(WINDOWS), due(subject), subject.account.zone)
    if window:
        yield Finding(
            NAME,
            Severity.HOLD,
            str(subject.account),
            marked("embargo: {window}"),
            {"window": window},
            remedy=marked("Choose a time after it, or pass it on purpose: --override embargo --reason …"),
        )


def window_at(windows: Sequence[str], at: datetime, zone: str) -> str:
    """Return the first window that an instant lies in, empty where it lies in none. A day alone is meant whole; a
    day that does not exist, or an end before its start, makes its window hold always: nobody knows when it is."""
    where = zone_named(zone)
    for window in windows:
        first, _, last = window.partition(" ")[0].partition("/")
        start, end = _instant(first, where, is_end=False), _instant(last, where, is_end=True)
        if start is None or end is None or end <= start or start <= at < end:
            return window
    return ""
