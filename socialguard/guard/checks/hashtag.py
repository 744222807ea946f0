"""A hashtag that can be read as something else: #susanalbumparty. In small letters nobody sees where a word ends.

A rude word counts where it runs over the border of two words of the likeliest reading and what is left can be
read too, or where it is a word of that reading and there is another without it; not inside one word (`#essex`).
Capitals at each word (`#SusanAlbumParty`) say how it is meant."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.checks.insults import sections
from socialguard.guard.disguise import plain
from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import HASHTAG, LINK, without
from socialguard.guard.segmenting import is_readable, is_sensible, reading
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {"allowed": Texts(form="a list of hashtags without #")}
_LONGEST: Final = 60


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each hashtag that a reader can take for something rude."""
    allowed = {one.lstrip("#").casefold() for one in subject.settings.texts("allowed")}
    for found in HASHTAG.finditer(without(LINK, subject.content.text)):
        tag = found[1]
        if len(tag) > _LONGEST or tag.casefold() in allowed or _is_clear(tag):
            continue
        word = _misread(plain(tag))
        if word is not None:
            yield Finding(
                "hashtag",
                Severity.WARN,
                str(subject.account),
                marked("#{tag} can be read with the word {word} in it"),
                {"tag": tag, "word": word},
                remedy=marked("Begin each word with a capital, or choose another hashtag."),
                span=found.span(),
            )


def _is_clear(tag: str) -> bool:
    """Whether capitals inside the tag show its words."""
    return re.search(r"[^\W\d_][A-ZÀ-Þ][a-zß-ÿ]", tag) is not None and tag != tag.upper()


def _misread(tag: str) -> str | None:
    inside = [(word, at) for word in _rude() for at in _places(word, tag) if word != tag]
    if not inside:
        return None  # most tags: the frequencies are not even read
    borders, end = {0}, 0
    for word in reading(tag):
        end += len(word)
        borders.add(end)
    if len(borders) == 2:
        return None
    for word, at in inside:
        after = at + len(word)
        crosses = any(at < border < after for border in borders)
        if {at, after} <= borders and not crosses:
            # It is the likeliest reading: meant so, unless another makes sense too (pen island).
            other = reading(tag, without=word)
            crosses = word not in other and is_sensible(other)
        if crosses and is_readable(tag[:at]) and is_readable(tag[after:]):
            return word
    return None


def _places(word: str, tag: str) -> Iterator[int]:
    at = tag.find(word)
    while at >= 0:
        yield at
        at = tag.find(word, at + 1)


def _rude() -> tuple[str, ...]:
    read = sections()
    return tuple(plain(word) for name, words in read.items() if name.startswith("rude") for word in words)
