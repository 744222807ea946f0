"""The same words twice on one account are a mistake more often than a wish, and a twin whose outcome is unknown
may be public already."""

import unicodedata
from collections.abc import Iterator

from socialguard.guard.interface import Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.text import marked

_WAITING = frozenset({"queued", "held", "awaiting", "sending", "unknown"})


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each recent or waiting post of the account with the same text and link."""
    words = _plain(subject.content.text)
    if not words and not subject.content.link:
        return
    for recent in subject.recent:
        if _plain(recent.text) != words or recent.link != subject.content.link:
            continue
        waiting = recent.state in _WAITING
        yield Finding(
            "duplicate",
            Severity.HOLD,
            str(subject.account),
            marked("the same text is {state} as delivery {id}")
            if waiting
            else marked("the same text was posted as {id}"),
            {"id": recent.delivery_id, "state": recent.state},
            remedy=marked("Change the text, or pass it on purpose: --override duplicate --reason …"),
            span=(0, len(subject.content.text)),
        )
        return


def _plain(text: str) -> str:
    """What a reader would call the same: composed, case and white space folded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
