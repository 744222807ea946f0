"""Days on which an account says nothing whatever the text: before results, around a vote, in mourning."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import due, zone_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "time"
LEVEL: Final[Severity | None] = Severity.HOLD
_DAY: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_INSTANT: Final = rf"{_DAY}(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9])?"
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "windows": Texts(
        form='a list of times with their reason, like "2026-12-01T09:00/2026-12-03 before the results"',
        pattern=rf"{_INSTANT}/{_INSTANT}(?: .*)?",
    ),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for a post that would be public in a window; a day alone is meant whole."""
    at, zone = due(subject), zone_of(subject)
    for window in subject.settings.texts("windows"):
        times, _, reason = window.partition(" ")
        first, _, last = times.partition("/")
        start, end = _instant(first, zone, is_end=False), _instant(last, zone, is_end=True)
        if start is None or end is None or start <= at < end:  # one that cannot be read holds, too
            yield Finding(
                "embargo",
                Severity.HOLD,
                str(subject.account),
                marked("embargo from {first} to {last}: {reason}"),
                {"first": first, "last": last, "reason": reason.strip() or "-"},
                remedy=marked("Choose a time after it, or pass it on purpose: --override embargo --reason …"),
            )


def _instant(text: str, zone: tzinfo, *, is_end: bool) -> datetime | None:
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
    return found + timedelta(days=1) if is_end and "T" not in text else found
