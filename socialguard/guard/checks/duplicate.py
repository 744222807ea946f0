"""The same words twice on one account are a mistake more often than a wish."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Recent, Subject
from socialguard.guard.likeness import folded
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where a recent public post of the account has the same text and link."""
    for recent in same_words(subject):
        if recent.state != "sent":
            continue
        yield Finding(
            "duplicate",
            Severity.HOLD,
            str(subject.account),
            marked("the same text was posted as {id}"),
            {"id": recent.delivery_id},
            remedy=marked("Change the text, or pass it on purpose: --override duplicate --reason …"),
            span=(0, len(subject.content.text)),
        )
        return


def same_words(subject: Subject) -> Iterator[Recent]:
    """Yield what a reader would call the same post: composed, case and white space folded, with the same link."""
    words = folded(subject.content.text)
    if not words and not subject.content.link:
        return
    for recent in subject.recent:
        if folded(recent.text) == words and recent.link == subject.content.link:
            yield recent
