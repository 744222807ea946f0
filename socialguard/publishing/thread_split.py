"""One long text as the parts of a thread: nothing lost, nothing cut that belongs together.

A part ends at the end of a paragraph or sentence where it can, else between two words. A word is cut only where it
is longer than a whole post, then between two graphemes (UAX 29), never inside a URL. What still does not fit, a
single grapheme of a thousand marks say, is left whole: the check of the length refuses it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from socialguard import errors
from socialguard.publishing.interface import MOST_PARTS

Fits = Callable[[str], bool]
"""Whether a part with that text is short enough, in the unit of its network."""

# Spaces that hold what stands beside them together are no place to break.
_WORD: Final = re.compile(r"(?:\S|[\u00a0\u2007\u202f])+")
_SINGLE: Final = re.compile(r"\S+")
_RULE: Final = re.compile(r"[ \t]*---[ \t]*")
_ESCAPED: Final = re.compile(r"\\+[ \t]*---[ \t]*")
# French puts a space before these, and after that one.
_CLOSING: Final = re.compile(r"[!?:;»%€…]+")
_OPENING: Final = re.compile(r"[«“]+")
_SENTENCE_END: Final = re.compile(r"""[.!?…。！？]["'»”’)\]]*\Z""")
_ABBREVIATION: Final = re.compile(
    r"""["'«“(\[]*(?:\w|mm?e?|mrs?|ms|mlles?|dr|pr|st|ste|art|cf|etc|env|ex|fig|nos?|p|pp|vs|(?:\w\.)+\w)\.\Z""",
    re.IGNORECASE,
)
_STARTS_SENTENCE: Final = re.compile(r"""["'«“‘(\[¿¡]*[^\W_a-z]|["'«“‘(\[¿¡]*[^\w\s]""")


class TooManyParts(errors.UsageError):
    """The text makes more than {most} parts."""

    remedy = "Shorten it, or make several threads of it."


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut, by its place in the text; `ends` says how good a place for a break is behind it: 2 for a
    sentence or paragraph, 1 for a word, 0 inside a word that is longer than a post; `place` counts from 0."""

    start: int
    end: int
    ends: int
    place: int = 0


def authored(text: str) -> tuple[str, ...]:
    """Return the parts that an author divided by lines of three hyphens, blank ones left out. A backslash before
    the hyphens makes them text."""
    parts: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").split("\n"):
        if _RULE.fullmatch(line):
            parts.append([])
        else:
            parts[-1].append(line.replace("\\", "", 1) if _ESCAPED.fullmatch(line) else line)
    return tuple(filter(None, ("\n".join(lines).strip() for lines in parts))) or ("",)


def joined(parts: Sequence[str]) -> str:
    """Return the text that `authored` divides into these parts again."""
    return "\n---\n".join(
        "\n".join(
            f"\\{line}" if _RULE.fullmatch(line) or _ESCAPED.fullmatch(line) else line for line in part.split("\n")
        )
        for part in parts
    )


def split(text: str, fits: Fits, most: int = MOST_PARTS) -> tuple[str, ...]:
    """Return the parts of `text`, each as long as fits, without the white space between them.

    Raises TooManyParts where more than `most` would be needed."""
    if fits(text.strip()):
        return (text.strip(),)
    units = _Units(_units(text, fits))
    parts: list[str] = []
    first = 0
    while (begin := units.at(first)) is not None:
        if len(parts) == most:
            raise TooManyParts(most=most)
        last = _last(text, units, first, fits)
        parts.append(text[begin.start : last.end])
        first = last.place + 1
    return tuple(parts) or ("",)


def numbered(parts: Sequence[str]) -> tuple[str, ...]:
    """Return parts with `(1/3)` behind each; one alone has no number."""
    if len(parts) < 2:
        return tuple(parts)
    return tuple(f"{part} ({number}/{len(parts)})" for number, part in enumerate(parts, 1))


class _Units:
    """Units by their place, made only as far as they are looked at: of a text without end few are."""

    def __init__(self, source: Iterator[_Unit]) -> None:
        self._source = source
        self._seen: list[_Unit] = []

    def at(self, place: int) -> _Unit | None:
        """Return one unit, None behind the last."""
        while len(self._seen) <= place:
            unit = next(self._source, None)
            if unit is None:
                return None
            self._seen.append(replace(unit, place=len(self._seen)))
        return self._seen[place]


def _last(text: str, units: _Units, first: int, fits: Fits) -> _Unit:
    """Return the unit with which the part that begins with `first` ends."""
    taken: list[_Unit] = []
    begin = unit = units.at(first)
    assert begin is not None
    while unit is not None and (not taken or fits(text[begin.start : unit.end])):
        taken.append(unit)
        unit = units.at(unit.place + 1)
    if unit is None:
        return taken[-1]
    best = max(one.ends for one in taken)
    return next(one for one in reversed(taken) if one.ends == best)


def _units(text: str, fits: Fits) -> Iterator[_Unit]:
    words = _words(text)
    for index, (start, end) in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else None
        ends = 2 if following is None or _ends_sentence(text, (start, end), following) else 1
        if fits(text[start:end]):
            yield _Unit(start, end, ends)
            continue
        # What spaces hold together is longer than a post: then they no longer do.
        for single in _SINGLE.finditer(text, start, end):
            behind = ends if single.end() == end else 1
            pieces = iter([single.span()]) if fits(single[0]) else _graphemes(text, *single.span())
            yield from (_Unit(one, other, behind if other == single.end() else 0) for one, other in pieces)


def _words(text: str) -> list[tuple[int, int]]:
    """Return where words are; punctuation that stands alone belongs to the word that it belongs to."""
    found: list[tuple[int, int]] = []
    opened = False
    for word in _WORD.finditer(text):
        gap = text[found[-1][1] : word.start()] if found else ""
        if found and "\n" not in gap and (opened or _CLOSING.fullmatch(word[0])):
            found[-1] = (found[-1][0], word.end())
        else:
            found.append((word.start(), word.end()))
        opened = _OPENING.fullmatch(word[0]) is not None
    return found


def _ends_sentence(text: str, word: tuple[int, int], following: tuple[int, int]) -> bool:
    if text.count("\n", word[1], following[0]) > 1:
        return True
    said = text[slice(*word)]
    if not _SENTENCE_END.search(said) or _ABBREVIATION.fullmatch(said):
        return False
    return _STARTS_SENTENCE.match(text, following[0]) is not None


def _graphemes(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the graphemes of a word are, those of a URL as one."""
    import regex

    from socialguard.networks.x_urls import urls  # the widest rule of what a URL is

    spans = iter(urls(text[start:end]))
    url = next(spans, None)
    begin = start
    for grapheme in regex.finditer(r"\X", text, pos=start, endpos=end):
        stop = grapheme.end()
        while url is not None and start + url.end <= grapheme.start():
            url = next(spans, None)
        if url is not None and start + url.start < stop < start + url.end:
            continue  # inside the URL
        yield begin, stop
        begin = stop
