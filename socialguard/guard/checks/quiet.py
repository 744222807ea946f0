"""Hours and days on which an account says nothing, in its own zone, as policy names them."""

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import local_due
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Flag, Parameter, Text
from socialguard.model.text import marked

KIND: Final[Kind] = "time"
LEVEL: Final[Severity | None] = Severity.WARN
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|"
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "start": Text("", _TIME, "a time like 22:00"),
    "end": Text("", _TIME, "a time like 07:00"),
    "weekends": Flag(False),
}

_SATURDAY: Final = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for a post that would be public in quiet hours or on a weekend."""
    at = local_due(subject)
    said = subject.settings.text("start"), subject.settings.text("end")
    start, end = (one or "00:00" for one in said)  # one alone: until midnight, or from it
    if any(said) and _is_within(at.time(), time.fromisoformat(start), time.fromisoformat(end)):
        yield Finding(
            "quiet",
            Severity.WARN,
            str(subject.account),
            marked("{time} in {zone} is in the quiet hours from {start} to {end}"),
            {"time": f"{at:%H:%M}", "start": start, "end": end, "zone": subject.account.zone},
            remedy=marked("Choose another time with --at."),
        )
    if subject.settings.flag("weekends") and at.weekday() >= _SATURDAY:
        yield Finding(
            "quiet",
            Severity.WARN,
            str(subject.account),
            marked("{date} is on a weekend"),
            {"date": f"{at:%Y-%m-%d}"},
            remedy=marked("Choose another day with --at."),
        )


def _is_within(at: time, start: time, end: time) -> bool:
    """Whether a time is from `start` on and before `end`, over midnight where that is the earlier one."""
    return start <= at < end if start <= end else at >= start or at < end
