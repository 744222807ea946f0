"""A post needs something to say: text, a link or media."""

from collections.abc import Iterator

from socialguard.guard.interface import Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.text import marked


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block where nothing visible would be public."""
    content = subject.content
    if content.text.strip() or content.link or content.media:
        return
    yield Finding(
        "empty",
        Severity.BLOCK,
        str(subject.account),
        marked("the post is empty"),
        remedy=marked("Write a text, or add a link or media."),
    )
