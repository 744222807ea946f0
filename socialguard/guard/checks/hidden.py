"""Characters that nobody sees: they come along when a text is pasted, break links and handles, and can turn what
is read against what is written."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {}

_OVERRIDES: Final = frozenset("\u202d\u202e")  # they show letters in another order than they are written
_BIDI: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
_JOINERS: Final = frozenset("\u200c\u200d")  # part of emoji, and of Arabic and Indic words
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_SOFT_HYPHEN: Final = "\xad"  # where a long word may be broken: it comes along from web pages
_FLAG: Final = "\U0001f3f4"  # tags that follow it spell a country


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each run of hidden characters: a hold for one that turns the order of letters, a warning
    for one inside a word, a note for one at its end, where it came along unseen and does nothing."""
    text = subject.content.text
    if text.isascii() and (text.isprintable() or all(char.isprintable() or char in "\n\r\t" for char in text)):
        return
    start = 0
    while start < len(text):
        if not _is_hidden(text, start):
            start += 1
            continue
        end = start + 1
        while end < len(text) and _is_hidden(text, end):
            end += 1
        run = text[start:end]
        yield Finding(
            "hidden",
            _severity(run, text[start - 1 : start] if start else "", text[end : end + 1]),
            str(subject.account),
            marked("{count} characters that nobody sees: {words}"),
            {"count": len(run), "words": run},
            remedy=marked("Write this part again by hand."),
            span=(start, end),
        )
        start = end


def _severity(run: str, before: str, after: str) -> Severity:
    if _OVERRIDES.intersection(run):
        return Severity.HOLD
    if run == _SOFT_HYPHEN:
        return Severity.NOTE
    return Severity.WARN if before.strip() and after.strip() else Severity.NOTE


def _is_hidden(text: str, index: int) -> bool:
    char = text[index]
    if char in "\n\r\t" or (char.isascii() and char.isprintable()):
        return False
    if char in _BIDI:
        return not any(unicodedata.bidirectional(one) in ("R", "AL") and one not in _BIDI for one in text)
    if char in _JOINERS:
        before, after = text[index - 1 : index], text[index + 1 : index + 2]
        return not (before and after) or before.isascii() or after.isascii()
    if "\U000e0020" <= char <= "\U000e007f":
        return _FLAG not in text[:index]
    return char in _BLANKS or unicodedata.category(char) in ("Cf", "Cc", "Co", "Cs")
