"""How a text is read by the checks: its words, hashtags, handles and links, each with its place in the text.

Every span is (start, end) in characters of the text as it was given."""

import re
from functools import lru_cache
from typing import Final

from socialguard.model import codes

Span = tuple[int, int]

LINK: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
HASHTAG: Final = re.compile(r"(?<![\w&#])[#＃](?=\w*[^\W\d])(\w+)")
HANDLE: Final = re.compile(r"(?<![\w@./+-])@([A-Za-z0-9_]{2,}(?:\.[A-Za-z0-9_]+)*)")
WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LETTERS: Final = re.compile(r"\b(?:[dlncj]|qu)(?=['’]\w)|[^\W\d_]+", re.IGNORECASE)
_MOST: Final = 80  # percent of the text
_SCORE: Final = 700  # of the detector: what it knows well gets a thousand, what it guesses some hundreds
# fmt: off
_SMALL: Final = {
    "en": frozenset({
        "the", "and", "of", "to", "is", "are", "for", "with", "at", "this", "that", "your", "our", "you", "we",
        "from", "have", "it", "was", "be", "my",
    }),
    "fr": frozenset({
        "le", "la", "les", "des", "du", "de", "à", "au", "aux", "une", "un", "et", "en", "est", "pour", "sur",
        "dans", "par", "ce", "cette", "vous", "nous", "ou", "pas", "que", "qui", "ne", "il", "elle", "je", "avec",
        "d", "l", "n", "qu", "c", "j",
    }),
}
# Those that another language has, too: of a text in that language they prove nothing.
_SHARED: Final = {
    "es": frozenset({"la", "les", "de", "en", "que"}),
    "it": frozenset({"la", "le", "il", "de", "c", "d", "l"}),
    "nl": frozenset({"de", "en", "je", "is", "of", "was", "we"}),
    "pt": frozenset({"de", "à", "que"}),
}
# fmt: on
_DRESSING: Final = re.compile("|".join((LINK.pattern, HASHTAG.pattern, HANDLE.pattern)), re.IGNORECASE)


def spaced(text: str) -> str:
    """Return `text` with the spaces at which no line is broken (French ones, before `%` and `:`) as plain ones,
    every character at its place."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@lru_cache(maxsize=64)
def without(pattern: re.Pattern[str], text: str) -> str:
    """Return `text` with what `pattern` finds blanked out, every other character at its place."""
    return pattern.sub(lambda found: " " * len(found[0]), text)


@lru_cache(maxsize=64)
def prose(text: str) -> str:
    """Return `text` with links, hashtags and handles blanked out, every other character at its place."""
    return without(_DRESSING, text)


@lru_cache(maxsize=64)
def words(text: str) -> tuple[tuple[str, Span], ...]:
    """Return each word of what a person wrote, links, hashtags and handles left out, and where it stands."""
    return tuple((found[0], found.span()) for found in WORD.finditer(prose(text)))


def reads_like(text: str, language: str, other: str) -> bool:
    """Return whether the small words that no sentence goes without speak for a language, though the text was taken
    for one in `other`: two of them, or one where that other language has none."""
    letters = [found[0].casefold() for found in _LETTERS.finditer(prose(text))]
    ours = _SMALL.get(language, frozenset()) - _SHARED.get(other, frozenset())
    count = sum(one in ours for one in letters)
    theirs = _SMALL.get(other)
    return count > 1 or (count == 1 and theirs is not None and theirs.isdisjoint(letters))


@lru_cache(maxsize=64)
def _can_hint(language: str) -> bool:
    """Whether the detector has heard of a language."""
    import pycld2

    return any(language == code for _, code in pycld2.LANGUAGES)


@lru_cache(maxsize=64)
def language_of(text: str, hint: str = "", *, least: int = _SCORE) -> tuple[str, bool]:
    """Return the language that most of a text is in (`en`, `fr`, `un` where unknown) and whether that is sure:
    whether it reaches `least`.

    Of a text that could be either, `hint` is believed. The model comes with the library; where that has no wheel
    (pyproject.toml) no language is ever known."""
    try:
        import pycld2
    except ImportError:
        return "un", False
    plain = prose(text)
    if not plain.isprintable():
        plain = "".join(char if char.isprintable() else " " for char in plain)
    data = plain.encode("utf-8", "ignore")
    try:
        sure, _, ranked = pycld2.detect(data, bestEffort=True, hintLanguage=hint if _can_hint(hint) else None)
    except pycld2.error:
        return "un", False
    _, code, percent, score = ranked[0]
    return codes.language(code), sure and percent >= _MOST and score >= least
