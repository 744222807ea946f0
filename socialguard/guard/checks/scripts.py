"""A word that mixes alphabets (`pаypal` with a Cyrillic а) is a disguise or an accident: searches do not find it,
and people are deceived by it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {}

# Alphabets whose letters look like Latin ones, or like each other.
_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_WORD: Final = re.compile(r"[^\W\d_]+")
_SHORTEST: Final = 3  # kΩ, µF, Δt are units and formulas


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each word with letters of two alphabets that look alike."""
    text = subject.content.text
    if text.isascii():
        return
    for found in _WORD.finditer(text):
        if found[0].isascii() or len(found[0]) < _SHORTEST:
            continue
        used = {script for script in map(_script, found[0]) if script in _ALIKE}
        if len(used) > 1:
            yield Finding(
                "scripts",
                Severity.WARN,
                str(subject.account),
                marked("{word} mixes alphabets: {scripts}"),
                {"word": found[0], "scripts": ", ".join(sorted(one.capitalize() for one in used))},
                remedy=marked("Type the word again in one alphabet."),
                span=found.span(),
            )


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]
