"""The likeliest reading of letters that are written together: #expertsexchange is "experts exchange".

Word frequencies in English and French come with a library; they are read when a text first needs them."""

from functools import lru_cache
from math import log
from typing import Final

_LONGEST: Final = 24
_IN_USE: Final = 500.0  # of 10^9 words
_COMMON: Final = 20_000.0
_RAREST: Final = 200.0
_JOINED: Final = 50_000.0
# fmt: off
_SHORT: Final = frozenset({
    "a", "i", "an", "am", "as", "at", "be", "by", "do", "go", "he", "hi", "if", "in", "is", "it", "me", "my", "no",
    "of", "oh", "ok", "on", "or", "so", "to", "tv", "uk", "up", "us", "vs", "we", "au", "ce", "de", "du", "en",
    "et", "il", "je", "la", "le", "ma", "ou", "sa", "se", "si", "ta", "tu", "un", "va",
})
# fmt: on
_UNKNOWN: Final = 1e-2  # of a word that no list has, divided by 10 for each letter (as a reader guesses at names)


def reading(letters: str, without: str = "") -> tuple[str, ...]:
    """Return the words that `letters` most likely are, none of them `without`; what is no word stays whole."""
    costs = _costs()
    rest = -log(_UNKNOWN / sum_of_counts())
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(letters) + 1):
        choices = []
        for start in range(max(0, end - _LONGEST), end):
            word = letters[start:end]
            unknown = rest + len(word) * log(10)
            cost = unknown if word == without else costs.get(word, unknown)
            choices.append((best[start][0] + cost, start))
        best.append(min(choices))
    found, end = [], len(letters)
    while end:
        start = best[end][1]
        found.append(letters[start:end])
        end = start
    return tuple(reversed(found))


def is_readable(letters: str) -> bool:
    """Return whether a reader sees words in `letters`: none, at most two letters, or words that are in use."""
    if len(letters) <= 2:
        return True
    return is_sensible(reading(letters))


def is_sensible(words: tuple[str, ...]) -> bool:
    """Return whether each of `words` is one that is in use; the s of an owner, its apostrophe left out as in any
    hashtag, belongs to the common word before it: children s laughter."""
    counts = _counts()
    pairs = zip(("", *words), words, strict=False)
    return all(
        counts.get(word, 0.0) >= _IN_USE or (word == "s" and counts.get(before, 0.0) >= _COMMON)
        for before, word in pairs
    )


@lru_cache(maxsize=1)
def sum_of_counts() -> float:
    """Return how many words the frequencies were counted on."""
    return float(sum(_counts().values()))


@lru_cache(maxsize=1)
def _costs() -> dict[str, float]:
    total = sum_of_counts()
    return {word: -log(count / total) for word, count in _counts().items()}


@lru_cache(maxsize=1)
def _counts() -> dict[str, float]:
    import gzip
    import json
    from importlib.resources import files

    from socialguard.guard.checks.insults import sections
    from socialguard.guard.disguise import plain

    counts: dict[str, float] = {}
    for language in ("en", "fr"):
        data = files("spellchecker").joinpath("resources", f"{language}.json.gz").read_bytes()
        listed: dict[str, int] = json.loads(gzip.decompress(data))
        share = 1e9 / sum(listed.values())
        fewest = _RAREST / share
        for word, count in listed.items():
            if count >= fewest and (len(word) > 2 or word in _SHORT):
                folded = plain(word)
                counts[folded] = max(counts.get(folded, 0.0), count * share)
    for word in sections()["joined any"]:
        counts[word] = _JOINED
    return counts
