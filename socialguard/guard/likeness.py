"""How alike two texts are to a reader: case, white space and links set aside."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from socialguard.model.delivery import Content
from socialguard.networks.x_urls import urls

_SHORTEST: Final = 25
"""Characters below which texts are alike by chance: `Good morning!`."""
_DIGITS: Final = re.compile(r"\d+")


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Return a text as it is compared: composed, case and white space folded, without its links."""
    for link in reversed(urls(text)):
        text = text[: link.start] + text[link.end :]
    return folded(text)


def is_same(content: Content, text: str, link: str | None) -> bool:
    """Return whether a post says the same with the same links."""
    return folded(content.text) == folded(text) and content.link == link


def is_alike(one: str, other: str, percent: int) -> bool:
    """Return whether two plain texts are `percent` alike; not where only numbers differ, as in prices, scores and
    dates that are told every day in the same words."""
    if min(len(one), len(other)) < _SHORTEST or _ratio()(one, other, score_cutoff=percent) < percent:
        return False
    return one == other or _numberless(one) != _numberless(other)


@lru_cache(maxsize=1)
def _ratio() -> Callable[..., float]:
    from rapidfuzz.fuzz import ratio

    return ratio


@lru_cache(maxsize=8192)
def _numberless(text: str) -> str:
    return _DIGITS.sub("0", text)


@lru_cache(maxsize=2048)
def folded(text: str) -> str:
    """Return a text composed, with case and white space folded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
