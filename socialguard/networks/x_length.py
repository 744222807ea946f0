"""The weighted length of a post on X: configuration 3 of twitter-text, limit 280.

The text is counted in Unicode's composed form (NFC). Any URL weighs 23, any emoji 2 however many characters
it is made of, characters of the configured ranges 1, all others 2. The time is linear in the length of the
text, whatever it holds. Nothing is fetched or resolved.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from socialguard.networks.x_urls import INVALID_CHARACTERS, Span, urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regex import Pattern

__all__ = ["LIMIT", "URL_WEIGHT", "InvalidCharacter", "Length", "Span", "measure", "urls", "weighted_length"]

LIMIT = 280
"""Greatest weight of a post (`maxWeightedTweetLength` of configuration 3)."""

URL_WEIGHT = 23
"""Weight of any URL, since X replaces it by a `t.co` link (`transformedURLLength`)."""

EMOJI_WEIGHT = 2

_SHORT = 10_000
_MARKS_AT_ONCE = 256

# All but the configuration's ranges 0-4351, 8192-8205, 8208-8223 and 8242-8247 weigh 2.
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]+")
_INVALID = re.compile(f"[{INVALID_CHARACTERS}]")

_JOINER = "\u200d"
_VARIATION = "\ufe0f"
_SKIN = "\U0001f3fb-\U0001f3ff"
# Every emoji of more than one character holds one of these; a text without them needs no emoji parsing.
_SEQUENCE_HINT = re.compile(f"[{_JOINER}{_VARIATION}\u20e3{_SKIN}\U0001f1e6-\U0001f1ff\U000e007f]")
_NOT_IN_SKELETON = re.compile(f"[{_JOINER}{_VARIATION}{_SKIN}]")
_LONGEST_JOINED = 4
_REGION_A = 0x1F1E6


@dataclass(frozen=True, slots=True)
class InvalidCharacter:
    """A character that X refuses, and its index in code points of the text as given."""

    index: int
    code_point: int


@dataclass(frozen=True, slots=True)
class Length:
    """What a text weighs against a limit, and whether X would take it."""

    weight: int
    limit: int
    invalid: tuple[InvalidCharacter, ...]
    is_blank: bool

    @property
    def valid(self) -> bool:
        """Whether the text is not blank, not too long and free of characters that X refuses."""
        return not self.is_blank and not self.invalid and self.weight <= self.limit

    @property
    def remaining(self) -> int:
        """Weight that is left; negative when the text is too long."""
        return self.limit - self.weight


def weighted_length(text: str, *, whole_emoji: bool = True) -> int:
    """Return the weight of a text, in the unit of X's limit of 280.

    `whole_emoji=False` is configuration 2, in which each character of an emoji has its own weight.
    """
    composed = _composed(text)
    if composed.isascii() and "." not in composed:
        return len(composed)
    weight = position = 0
    for url in urls(composed):
        weight += _weight_between_urls(composed[position : url.start], whole_emoji) + URL_WEIGHT
        position = url.end
    return weight + _weight_between_urls(composed[position:], whole_emoji)


def measure(text: str, limit: int = LIMIT, *, whole_emoji: bool = True) -> Length:
    """Return the weight of a text with the verdict on it; at most 100 invalid characters are listed."""
    invalid: list[InvalidCharacter] = []
    for each in _INVALID.finditer(text):
        invalid.append(InvalidCharacter(each.start(), ord(each[0])))
        if len(invalid) == 100:
            break
    weight = weighted_length(text, whole_emoji=whole_emoji)
    return Length(weight, limit, tuple(invalid), is_blank=not text.strip())


def _composed(text: str) -> str:
    """Return the text in NFC; in a long text, of a run of marks only 256 at a time are composed."""
    if len(text) <= _SHORT or text.isascii():
        return unicodedata.normalize("NFC", text)
    import regex

    # Sorting the marks of one run takes quadratic time: 200,000 of them took 23 s.
    cuts = [each.end() for each in regex.finditer(rf"\p{{M}}{{{_MARKS_AT_ONCE}}}", text)]
    pieces = (text[start:end] for start, end in pairwise([0, *cuts, len(text)]))
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces)


def _weight_between_urls(part: str, whole_emoji: bool) -> int:
    if part.isascii():
        return len(part)
    weight = len(part) + sum(map(len, _HEAVY.findall(part)))
    if not whole_emoji or not _SEQUENCE_HINT.search(part):
        return weight
    for sequence in _emoji_pattern().finditer(part):
        for emoji in _emoji_of(sequence[0]):
            weight += EMOJI_WEIGHT - len(emoji) - sum(map(len, _HEAVY.findall(emoji)))
    return weight


def _emoji_of(sequence: str) -> Iterator[str]:
    """Yield the emoji that a match of the pattern consists of: joiners only join what Unicode knows."""
    if _JOINER not in sequence:
        yield sequence
        return
    parts = sequence.split(_JOINER)
    known = _joined_emoji()
    position = 0
    while position < len(parts):
        for count in range(min(_LONGEST_JOINED, len(parts) - position), 1, -1):
            joined = parts[position : position + count]
            if _NOT_IN_SKELETON.sub("", "".join(joined)) in known:
                yield _JOINER.join(joined)
                break
        else:
            count = 1
            yield parts[position]
        position += count


@cache
def _emoji_pattern() -> Pattern[str]:
    """Match flags, keycaps, and chains of joined emoji, of which each may have a skin tone or selector."""
    import regex

    flags = "|".join(
        "".join(chr(_REGION_A + ord(letter) - ord("A")) for letter in code) for code in _listed("flag")
    )
    # England, Scotland and Wales are the only subdivisions with a flag.
    tags = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in code) for code in ("gbeng", "gbsct", "gbwls"))
    emoji = r"[\p{Emoji}--[#*0-9]]"
    toned = rf"\p{{Emoji_Modifier_Base}}{_VARIATION}?[{_SKIN}]"
    # Inside a joined emoji, what is text by default must say that it is meant as an emoji, but for one eye.
    qualified = rf"(?:{toned}|\p{{Emoji_Presentation}}{_VARIATION}?|{emoji}{_VARIATION})"
    return regex.compile(
        rf"\U0001f3f4(?:{tags})\U000e007f|{flags}|[#*0-9]{_VARIATION}?\u20e3"
        rf"|\U0001f441{_JOINER}\U0001f5e8|{qualified}(?:{_JOINER}{qualified})*+",
        regex.VERSION1,
    )


@cache
def _joined_emoji() -> frozenset[str]:
    """Return the joined emoji that Unicode recommends, without joiners, selectors and skin tones."""
    return frozenset(_listed("zwj"))


def _listed(kind: str) -> list[str]:
    lines = (Path(__file__).parent / "data" / "emoji_sequences.txt").read_text(encoding="utf-8").splitlines()
    return [entry for line in lines if line.startswith(kind + " ") for entry in line.split()[1:]]
