"""Nearly the same words as a recent post of the account: an old draft sent again, more often than a wish."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.likeness import is_alike, is_same, plain
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "percent": Whole(90, 50, 100, "per cent"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning where a recent post, public or waiting, is at least `percent` alike and not the very same
    (which `duplicate` and `twin` hold)."""
    ours, percent = plain(subject.content.text), subject.settings.whole("percent")
    for recent in subject.recent:
        theirs = plain(recent.text)
        if not is_alike(ours, theirs, percent) or is_same(subject.content, recent.text, recent.link):
            continue
        yield Finding(
            "near_duplicate",
            Severity.WARN,
            str(subject.account),
            marked("nearly the same text is {state} as {id}"),
            {"id": recent.delivery_id, "state": recent.state},
            remedy=marked("Say it in other words, or leave it if both are meant."),
            span=(0, len(subject.content.text)),
        )
        return
