"""Finding words that somebody hid a little: other case, accents, letters of other alphabets, digits for letters
(sh1t), stars (f***), letters set apart (m e r d e) or stretched (fuuuck).

A `Lexicon` is a list of words and phrases made ready once; it finds them in a text and says where."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from socialguard.guard.reading import HANDLE, LINK, Span, without

# Letters of other alphabets that look like Latin ones.
_ALIKE: Final = str.maketrans(
    "авеѕіјкмнорԁсухԛԝαβεικνορτυχłøđıսօոհցք¢ƒ", "abesijkmhopdcyxqwabeiknoptuxlodiuonhgpcf"
)
# Digits and signs that stand for a letter inside a word.
_LEET: Final = str.maketrans("013457@$!€", "oieastasie")
_OTHER_LEET: Final = str.maketrans("013457@$!€", "oleastasle")  # `1` and `!` for l
_WORD: Final = re.compile(r"[^\W_]+")
_TOKEN: Final = re.compile(
    r"[^\W_][^\W_@$!€]*(?:[@$!€]+[^\W_@$!€]+)*[@$€]*|(?<![@$€])[@$€]+[^\W_]+(?:[@$!€]+[^\W_]+)*"
)
_MASKED: Final = re.compile(r"(?<![^\W_])(?<!\*)[^\W\d_][^\W\d_*#@$%!?•._-]*[*#@$%!?•._-][^\W\d_*#@$%!?•._-]*"
                            r"(?:[*#@$%!?•._-]+[^\W\d_*#@$%!?•._-]*)*")  # fmt: skip
_SPACED: Final = re.compile(r"(?<![^\W_])[^\W_](?:( {1,3}|[.*_-])[^\W_@$!](?:\1[^\W_@$!]){2,})(?![^\W_])")
_PARTED: Final = re.compile(r"(?<![^\W_])[^\W\d_]+(?:([.·_-])[^\W\d_]+(?:\1[^\W\d_]+)*)(?![^\W_])")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_SHORTEST_MASKED: Final = 4
_SHORTEST_SPELT: Final = 7  # shorter ones are handles of somebody


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words and phrases to find. `words` are single words, folded; `by_shape` those of them of four letters or
    more by first letter and length, as listed; `phrases` and `harmless` patterns of what has several words."""

    words: frozenset[str]
    by_shape: dict[tuple[str, int], tuple[str, ...]]
    phrases: "_Phrases"
    harmless: "_Phrases"

    @staticmethod
    @lru_cache(maxsize=64)
    def of(words: tuple[str, ...], harmless: tuple[str, ...] = ()) -> "Lexicon":
        """Return the lexicon of `words`; a word inside one of the phrases `harmless` is not found."""
        folded = [plain(" ".join(word.split())) for word in words]
        single = frozenset(word for word in folded if _TOKEN.fullmatch(word))
        shapes: dict[tuple[str, int], list[str]] = {}
        for word in dict.fromkeys(one for one in folded if one in single):
            if len(word) >= _SHORTEST_MASKED:
                shapes.setdefault((word[0], len(word)), []).append(word)
        phrases = _Phrases.of([word for word in folded if word and word not in single])
        passed = _Phrases.of([plain(one) for one in harmless])
        return Lexicon(single, {key: tuple(same) for key, same in shapes.items()}, phrases, passed)

    def found(self, text: str) -> Iterator[tuple[str, Span]]:
        """Yield each word or phrase that stands in `text`, as the list has it, and where; no place twice."""
        if not self.words and not self.phrases:
            return
        bare = without(LINK, text)
        if "@" in bare:
            bare = HANDLE.sub(lambda each: each[0] if self._spells(each[0]) else " " * len(each[0]), bare)
        folded, offsets = _folded(bare)
        every = sorted((*self.phrases.found(folded), *self._single(folded)), key=_first)
        passed = [(low, high) for low, high, _ in self.harmless.found(folded)] if every else []
        end = 0
        for start, stop, word in every:
            if start < end or any(low <= start and stop <= high for low, high in passed):
                continue
            end = stop
            yield word, (offsets[start], offsets[stop - 1] + 1)

    def _spells(self, handle: str) -> bool:
        """Whether what looks like a handle is a word with @ for its first letter (`@sshole`)."""
        return len(handle) >= _SHORTEST_SPELT and not self.words.isdisjoint(_readings(plain(handle)))

    def _single(self, folded: str) -> Iterator[tuple[int, int, str]]:
        for start, stop, readings in _tokens(folded):
            if not self.words.isdisjoint(readings):
                yield start, stop, next(word for word in readings if word in self.words)
        for start, masked in _masked(folded):
            word = self._unmasked(masked)
            if word is not None:
                yield start, start + len(masked), word

    def _unmasked(self, token: str) -> str | None:
        """The word that a token with stars or signs for some of its letters can only be meant to be."""
        hidden = [index for index, char in enumerate(token) if not char.isalpha()]
        if not hidden:
            return None
        starred = all(token[index] == "*" for index in hidden)
        if token[-1] == "*" and len(hidden) == 1:
            return self._cut(token[:-1])
        if not starred and (token[-1] in "*•" or len(hidden) > (1 if set("._-?!") & set(token) else 2)):
            return None
        for word in self.by_shape.get((token[0], len(token)), ()):
            if all(
                one == char or index in hidden for index, (one, char) in enumerate(zip(word, token, strict=True))
            ):
                return word
        return None

    def _cut(self, token: str) -> str | None:
        """The word whose last letter alone a star hides (`encul*`); behind a whole word it is a footnote."""
        if len(token) < _SHORTEST_MASKED or token in self.words:
            return None
        same = self.by_shape.get((token[0], len(token) + 1), ())
        return next((word for word in same if word.startswith(token)), None)


@lru_cache(maxsize=16)
def _tokens(folded: str) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """Where words stand, letters set apart among them, and how each may be read."""
    joined = [(*found.span(), _readings(found[0])) for found in _TOKEN.finditer(folded)]
    apart = [(*found.span(), _readings("".join(found[0].split(found[1])))) for found in _SPACED.finditer(folded)]
    parted = [(*found.span(), _joined(found[0], found[1])) for found in _PARTED.finditer(folded)]
    return (*joined, *apart, *parted)


def _joined(parts: str, sign: str) -> tuple[str, ...]:
    """What parts with signs between them spell together (`con-nard`), where that is too long to be a chance."""
    joined = "".join(parts.split(sign))
    return (joined,) if len(joined) >= _SHORTEST_MASKED else ()


@lru_cache(maxsize=4096)
def _readings(token: str) -> tuple[str, ...]:
    """The words that a token may be: as it stands, with digits read as letters, less stretched."""
    read = other = token
    if not token.isalpha() and any(char.isalpha() for char in token):
        read, other = token.translate(_LEET), token.translate(_OTHER_LEET)
    stretched = _STRETCHED.search(read) is not None
    short = [_STRETCHED.sub(kept, read) for kept in (r"\1", r"\1\1")] if stretched else []
    return tuple(dict.fromkeys((token, read, other, *short)))


@lru_cache(maxsize=16)
def _masked(folded: str) -> tuple[tuple[int, str], ...]:
    """Where words with a sign in them stand, and each without the signs at its end."""
    return tuple((found.start(), found[0].rstrip("#@$%!?._-")) for found in _MASKED.finditer(folded))


def plain(text: str) -> str:
    """Return `text` in small Latin letters without accents, as a lexicon compares it."""
    return _folded(text)[0]


@lru_cache(maxsize=16)
def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return `text` folded, and for each of its characters the place in `text` that it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    parts, offsets = [], []
    for index, char in enumerate(text):
        for one in _letters(char):
            parts.append(one)
            offsets.append(index)
    return "".join(parts), offsets


@lru_cache(maxsize=4096)
def _letters(char: str) -> str:
    if unicodedata.category(char) == "Cf":
        return ""
    if "\U0001f150" <= char <= "\U0001f189":  # 🅵 and its like, which no normal form takes apart
        return chr(ord("a") + (ord(char) - 0x1F150) % 0x20)
    bare = "".join(one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one))
    return bare.casefold().translate(_ALIKE)


@dataclass(frozen=True, slots=True)
class _Phrases:
    """What has several words, or signs in it: patterns by the first word, and of those that begin with a sign. One
    is compiled when a text has its word: to compile all takes longer than to check a text."""

    by_first: dict[str, str]
    others: str

    def __bool__(self) -> bool:
        return bool(self.by_first or self.others)

    @classmethod
    def of(cls, phrases: Sequence[str]) -> "_Phrases":
        firsts: dict[str, list[str]] = {}
        for phrase in sorted(set(phrases), key=lambda one: (-len(one), one)):
            first = _WORD.match(phrase)
            firsts.setdefault(first[0] if first else "", []).append(_bounded(phrase))
        patterns = {first: "|".join(bodies) for first, bodies in firsts.items()}
        others = patterns.pop("", "")
        return cls(patterns, others)

    def found(self, folded: str) -> Iterator[tuple[int, int, str]]:
        if self.by_first:
            for word in _WORD.finditer(folded):
                pattern = self.by_first.get(word[0])
                match = _compiled(pattern).match(folded, word.start()) if pattern else None
                if match:
                    yield match.start(), match.end(), match[0]
        if self.others:
            found = _compiled(self.others).finditer(folded)
            yield from ((match.start(), match.end(), match[0]) for match in found)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _bounded(phrase: str) -> str:
    """A phrase between the borders of words, any space and any apostrophe between its own."""
    body = r"[\s'’-]+".join(re.escape(part) for part in re.split(r"[\s'’-]+", phrase) if part)
    return (r"(?<![^\W_])" if phrase[0].isalnum() else "") + body + (r"(?![^\W_])" if phrase[-1].isalnum() else "")


def _first(found: tuple[int, int, str]) -> tuple[int, int]:
    return found[0], -found[1]
