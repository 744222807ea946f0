"""The mentions in a text: `@acme`, not the second half of an e-mail address."""

import re
from dataclasses import dataclass
from typing import Final

_MENTION: Final = re.compile(r"(?<![\w@/.+-])[@＠](\w(?:[\w.-]{0,62}\w)?)")


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention: the handle without its sign, and where it stands."""

    handle: str
    span: tuple[int, int]


def mentions_of(text: str) -> tuple[Mention, ...]:
    """Return the mentions of a text in their order."""
    return tuple(Mention(each[1], each.span()) for each in _MENTION.finditer(text))
