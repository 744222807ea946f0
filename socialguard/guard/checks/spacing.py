"""Two posts of one account within minutes take each other's readers, and are often one post sent twice."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import due, zone_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Flag, Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "time"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "minutes": Whole(5, 0, 1_440, "minutes", strict="high"),
    "always": Flag(False),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning where another post of the account, public or waiting, is nearer than `minutes` to a
    scheduled one, with `always` to one that goes out now as well; not for replies and the parts of a thread."""
    content, at = subject.content, due(subject)
    if subject.due is None and not subject.settings.flag("always"):
        return
    if content.reply_to is not None or content.thread_position is not None or not subject.slots:
        return
    nearest = min(subject.slots, key=lambda slot: abs(slot - at))
    if abs(nearest - at) >= timedelta(minutes=subject.settings.whole("minutes")):
        return
    yield Finding(
        "spacing",
        Severity.WARN,
        str(subject.account),
        marked("another post of this account is at {time}"),
        {"time": f"{nearest.astimezone(zone_of(subject)):%Y-%m-%d %H:%M}"},
        remedy=marked("Leave some time between them with --at."),
    )
