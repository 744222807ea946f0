"""A post fits the network's limit, in the network's own unit; it is never cut silently."""

from collections.abc import Iterator

from socialguard.guard.interface import Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.text import marked


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block where the text is too long."""
    limit = subject.limits.text
    if subject.length <= limit:
        return
    yield Finding(
        "length",
        Severity.BLOCK,
        str(subject.account),
        marked("too long: {length} of {limit}"),
        {"length": subject.length, "limit": limit, "over": subject.length - limit},
        remedy=marked("Take away {over}; nothing is cut for you."),
    )
