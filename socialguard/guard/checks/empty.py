"""A post needs something to say: text, a link or media."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import has_hidden, marked

# Letters and symbols by their class, yet nothing to see: braille blank, Hangul fillers.
_BLANK: Final = frozenset("\u2800\u115f\u1160\u3164\uffa0")

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block where nothing visible would be public."""
    content = subject.content
    if content.link or content.media or any(not _is_blank(char) for char in content.text):
        return
    yield Finding(
        "empty",
        Severity.BLOCK,
        str(subject.account),
        marked("the post is empty"),
        remedy=marked("Write a text, or add a link or media."),
    )


def _is_blank(char: str) -> bool:
    return char.isspace() or char in _BLANK or has_hidden(char)
