"""What is looked at in a post: presence features, in blocks that are weighed apart.

A feature is a number of 32 bits: its block in the upper three, a hash that is the same in every process below.
What can be told to a person (a word, a hashtag, a domain) can be found again with `named`."""

import math
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.post import Post
from socialguard.guard.reading import language_of
from socialguard.model.doubt import Sign

Keys = NDArray[np.uint32]
BITS: Final = 29
"""Bits of a key below its block."""
MAX_CHARS: Final = 20_000
"""Characters of a text that are looked at."""


class Block(IntEnum):
    """Kinds of features. `CHARS`: 3- and 4-grams of characters; `SHAPE`: 4- and 6-grams of the text's skeleton;
    `WORDS`: words and pairs of them; `HABITS`: length, punctuation, capitals, first and last word, and all of
    `CUES`; `CUES`: hashtags, mentions, domains, emoji; `DOMAIN`: what is linked to; `SETTING`: media and hour;
    `LANGUAGE`: the language that it is in, where that is sure."""

    CHARS = 0
    SHAPE = 1
    WORDS = 2
    HABITS = 3
    CUES = 4
    DOMAIN = 5
    SETTING = 6
    LANGUAGE = 7


BLOCKS: Final = len(Block)


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one post: `keys` ascending and each once, so that blocks lie one after another; `chars` is
    the length of the text."""

    keys: Keys
    chars: int


def extract(post: Post) -> Features:
    """Return what is seen in a post. Raises TypeError where it is none."""
    if not isinstance(post, Post):
        raise TypeError("what is learned or judged is a Post(text, ...)")
    seen = _Seen(post)
    low = f" {seen.plain.lower()} "
    words = seen.words
    named = [
        *_keys(Block.WORDS, {*words, *_pairs(words)}),
        *_keys(Block.CUES, seen.cues),
        *_keys(Block.HABITS, {*seen.cues, *_habits(seen)}),
        *_keys(Block.DOMAIN, seen.domains or {""}),
        *_keys(Block.SETTING, _setting(post)),
        *_keys(Block.LANGUAGE, _language(seen)),
    ]
    grams = _grams(low, f"^{_skeleton(seen)}$")
    keys = np.sort(np.concatenate([grams, np.array(named, dtype=np.uint32)]))
    once = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=once[1:])
    return Features(keys[once], len(seen.text))


def named(post: Post) -> dict[int, tuple[Sign, str]]:
    """Return what can be told to a person: words, hashtags, mentions, domains and emoji, as written, and the
    language, by key."""
    seen = _Seen(post)
    spelled = dict(zip(seen.words, seen.tokens, strict=True))
    words = [word for word in spelled if word[0] not in "#@" and (len(word) > 2 or _UNSPACED.fullmatch(word))]
    found: dict[int, tuple[Sign, str]] = {}
    for key, word in zip(_keys(Block.WORDS, words), words, strict=True):
        found[key] = "word", spelled[word]
    cues = [cue for cue in seen.cues if not cue.startswith("\0")]
    for key, cue in zip(_keys(Block.CUES, cues), cues, strict=True):
        sign = _SIGNS.get(cue[:1], "domain" if cue in seen.domains else "emoji")
        found[key] = sign, spelled.get(cue, cue)
    languages = _language(seen)
    for key, code in zip(_keys(Block.LANGUAGE, languages), languages, strict=True):
        found[key] = "language", code
    return found


class _Seen:
    """A text taken apart once."""

    def __init__(self, post: Post) -> None:
        self.text = unicodedata.normalize("NFC", post.text[:MAX_CHARS])
        links = _URL.findall(self.text)
        self.domains = {_domain(link) for link in ([*links, post.link] if post.link else links)}
        self.plain = _URL.sub("\1", self.text) if links else self.text
        self.tokens: list[str] = _TOKEN.findall(self.plain)
        if _UNSPACED.search(self.plain):
            self.tokens = [part for token in self.tokens for part in _words_of(token)]
        self.words = [token.lower() for token in self.tokens]
        self.tags = {word for word in self.words if word[0] in "#@"}
        self.classes = self.plain.translate(_CLASSES)
        self.signs = {sign for sign in set(self.plain) if not (sign.isalnum() or sign.isspace())}
        emoji = {sign for sign in self.signs if sign > "\u2000" and unicodedata.category(sign) == "So"}
        self.cues = {*self.tags, *self.domains, *emoji, f"\0links{min(len(self.domains), 2)}"}


def _habits(seen: _Seen) -> Iterator[str]:
    plain, tokens = seen.plain, seen.tokens
    yield f"\0size{int(2 * math.log2(len(seen.text) + 1))}"
    yield from (f"\0sign{sign}" for sign in seen.signs)
    yield from (f"\0{sign}{min(plain.count(sign), 3)}" for sign in "!?….\n")
    capitals = seen.classes.count("A")
    letters = capitals + seen.classes.count("a") + seen.classes.count("o")
    yield f"\0capitals{10 * capitals // (letters + 1)}"
    yield f"\0shouted{min(sum(len(token) > 1 and token.isupper() for token in tokens), 4)}"
    if seen.words:
        yield f"\0first {seen.words[0]}"
        yield f"\0last {seen.words[-1]}"
    end = plain.rstrip()[-1:]
    yield f"\0end{'a' if end.isalnum() else end}"
    yield f"\0tags{min(sum(tag[0] == '#' for tag in seen.tags), 4)}"
    yield f"\0mentions{min(sum(tag[0] == '@' for tag in seen.tags), 3)}"


def _setting(post: Post) -> Iterator[str]:
    if post.media is not None:
        yield f"media{post.media:d}"
    if post.at is not None:
        yield f"hour{post.at.hour}"


def _language(seen: _Seen) -> list[str]:
    """The language of a text, none where it has too few words or may be in several."""
    if sum(token[0] not in "#@" for token in seen.tokens) < _SENTENCE:
        return []
    code, sure = language_of(seen.text, least=_SURE)
    return [code] if sure else []


def _words_of(token: str) -> Iterator[str]:
    """The words of what blanks do not part: pairs of characters where a script writes without them, each beginning
    within the one before; a tag stays whole."""
    if token[0] in "#@":
        yield token
        return
    for part in re.findall(_SCRIPTS, token):
        if len(part) > 2 and _UNSPACED.match(part):
            yield from (part[at : at + 2] for at in range(len(part) - 1))
        else:
            yield part


def _pairs(words: list[str]) -> Iterable[str]:
    return (f"{first} {second}" for first, second in pairwise(words))


def _keys(block: Block, words: Iterable[str]) -> list[int]:
    start, spare, crc = block << BITS, 32 - BITS, zlib.crc32
    return [start | crc(word.encode("utf-8", "surrogatepass")) >> spare for word in words]


_SENTENCE: Final = 4
"""Words from which on a text tells its language."""
_SURE: Final = 500
"""What its language must reach: little, since each account's own posts tell how often a guess is wrong."""
_SIGNS: Final[dict[str, Sign]] = {"#": "hashtag", "@": "mention"}
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_MARKS: Final = "".join(
    (
        "\u0300-\u036f",  # accents
        "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u06d6-\u06ed",  # Hebrew, Arabic
        "\u0900-\u0963\u0966-\u0dff",  # of India
        "\u0e00-\u0e4e\u1000-\u1049\u1780-\u17d3",  # Thai, Burmese, Khmer
        "\u200c\u200d",  # joiners
    )
)
"""Signs within words that are no letters to Python: vowels and accents that stand on one."""
_TOKEN: Final = re.compile(rf"[#@]?\w[\w{_MARKS}]*(?:['’]\w[\w{_MARKS}]*)*")
_NO_BLANKS: Final = "".join(
    (
        "\u0e01-\u0e4e\u0e81-\u0eff\u1000-\u109f\u1780-\u17d3",  # Thai, Lao, Burmese, Khmer
        "\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff",  # Chinese, Japanese
    )
)
"""Scripts that put no blanks between words."""
_UNSPACED: Final = re.compile(f"[{_NO_BLANKS}]+")
_SCRIPTS: Final = f"[{_NO_BLANKS}]+|[^{_NO_BLANKS}]+"
"""Compiled where such a script is met: it takes a millisecond."""
_TAG: Final = re.compile(r"([#@])\w+")
_RUNS: Final = re.compile(r"a{2,}|o{2,}|A{2,}|0{4,}")
_RUN: Final = {"a": "a", "o": "o", "A": "B", "0": "0000"}


@lru_cache(maxsize=4096)
def _domain(link: str) -> str:
    host = re.sub(r"^[a-z]+://", "", link.strip().lower())
    return re.split(r"[/?#:]", host, maxsplit=1)[0].rpartition("@")[2].removeprefix("www.")[:100]


class _Classes(dict[int, str]):
    """What each character is: `A`, `a`, `o` (a letter without case), `0`, a blank, or itself; found out once."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        if sign.isalpha():
            shape = "A" if sign.isupper() else "a" if sign.islower() else "o"
        else:
            shape = "0" if sign.isdigit() else " " if sign.isspace() and sign != "\n" else sign
        self[code] = shape
        return shape


_CLASSES: Final = _Classes()


def _skeleton(seen: _Seen) -> str:
    """A text without its words: `Hi ALL, 12 new #tags!` becomes `Aa B, 00 a #!`."""
    classes = _TAG.sub(r"\1", seen.plain).translate(_CLASSES) if seen.tags else seen.classes
    return _RUNS.sub(lambda run: _RUN[run[0][0]], classes)


_FACTORS: Final = tuple(
    np.uint64(factor)
    for factor in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
    )  # odd: no bit of a character is lost
)
_HALF: Final = np.uint64(32)


def _grams(text: str, skeleton: str) -> Keys:
    """The 3- and 4-grams of a text and the 4- and 6-grams of its skeleton, hashed all at once: a numpy call costs
    more than what it does to a hundred characters."""
    cut = len(text)
    both = (text + skeleton).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(both, dtype=np.uint32).astype(np.uint64)
    two = _joined(codes[:-1], codes[1:])
    four = _joined(two[:-2], two[2:])
    three = _joined(two[: cut - 2], codes[2:cut])
    six = _joined(four[cut : len(codes) - 5], two[cut + 4 :])
    found = np.concatenate([three, four[: max(cut - 3, 0)], four[cut:], six])
    keys = (found * _FACTORS[2] >> np.uint64(64 - BITS)).astype(np.uint32)
    keys[: len(three) + max(cut - 3, 0)] |= np.uint32(Block.CHARS << BITS)
    keys[len(three) + max(cut - 3, 0) :] |= np.uint32(Block.SHAPE << BITS)
    return keys


def _joined(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash of each pair."""
    found = left * _FACTORS[0] + right * _FACTORS[1]
    found ^= found >> _HALF
    return found
