"""A mention of a handle that nobody has: the person meant reads nothing of it, and somebody may take the name."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.mentions import mentions_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

NAME: Final = "missing_handle"
KIND: Final[Kind] = "network"
LEVEL: Final[Severity | None] = None
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each mention that was looked up and that nobody has, a note where that failed."""
    for mention in mentions_of(subject.content.text):
        handle = mention.handle.lower()
        exists = subject.handles.get(handle, True)
        if exists:
            continue
        missing = exists is not None
        yield Finding(
            NAME,
            Severity.WARN if missing else Severity.NOTE,
            str(subject.account),
            marked("nobody has the handle @{handle}")
            if missing
            else marked("@{handle} could not be looked up at the network"),
            {"handle": mention.handle},
            remedy=marked("Correct it, or leave it out."),
            span=mention.span,
        )
