"""A post fits the network's limit, in the network's own unit; it is never cut silently."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {}


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
