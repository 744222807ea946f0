"""X's weighted length and X's idea of a link, written anew for the sandbox.

Length: the text in NFC; U+0000–10FF, 2000–200D, 2010–201F and 2032–2037 weigh 1, all else 2; a link weighs 23
whatever its length; an emoji weighs 2 whatever its number of code points (twitter-text configuration 3).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

URL_WEIGHT = 23
POST_LIMIT = 280
LONG_POST_LIMIT = 25_000

_LETTERS = r"a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0400-\u04ff"
_LABEL = r"[^\W_](?:[\w-]{0,254}[^\W_])?"
_PATH_CHAR = rf"[{_LETTERS}!*';:=+,.$/%#\[\]\-\u2013_~@|&]"
_PATH_END = rf"[{_LETTERS}+\-=_#/]"
_BALANCED = rf"\((?:{_PATH_CHAR}|\({_PATH_CHAR}+\))+\)"
_PATH = rf"(?:/(?:(?:{_PATH_CHAR}|{_BALANCED})*(?:{_PATH_END}|{_BALANCED}))?)"
_QUERY = r"(?:\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]*[a-z0-9\-_&=#/])"

# with a scheme any plausible top-level domain makes a link; without one only names that people use
_COMMON_TLDS = (
    "com|org|net|edu|gov|mil|int|info|biz|name|pro|app|dev|blog|shop|store|news|tech|online|site|website|page|"
    "cloud|live|studio|design|agency|media|social|team|club|life|world|today|link|click|space|fun|art|email|xyz|"
    "museum|travel|jobs|mobi|paris|london|berlin|eus|cat|one|top|icu|coop|aero|tel|asia"
)
_COUNTRY_TLDS = (
    "ac|ad|ae|af|ag|ai|al|am|ao|aq|ar|as|at|au|aw|ax|az|ba|bb|bd|be|bf|bg|bh|bi|bj|bm|bn|bo|br|bs|bt|bw|by|bz|ca|"
    "cc|cd|cf|cg|ch|ci|ck|cl|cm|cn|co|cr|cu|cv|cw|cx|cy|cz|de|dj|dk|dm|do|dz|ec|ee|eg|er|es|et|eu|fi|fj|fk|fm|fo|"
    "fr|ga|gb|gd|ge|gf|gg|gh|gi|gl|gm|gn|gp|gq|gr|gs|gt|gu|gw|gy|hk|hm|hn|hr|ht|hu|id|ie|il|im|in|io|iq|ir|is|it|"
    "je|jm|jo|jp|ke|kg|kh|ki|km|kn|kp|kr|kw|ky|kz|la|lb|lc|li|lk|lr|ls|lt|lu|lv|ly|ma|mc|md|me|mg|mh|mk|ml|mm|mn|"
    "mo|mp|mq|mr|ms|mt|mu|mv|mw|mx|my|mz|na|nc|ne|nf|ng|ni|nl|no|np|nr|nu|nz|om|pa|pe|pf|pg|ph|pk|pl|pm|pn|pr|ps|"
    "pt|pw|py|qa|re|ro|rs|ru|rw|sa|sb|sc|sd|se|sg|sh|si|sk|sl|sm|sn|so|sr|ss|st|su|sv|sx|sy|sz|tc|td|tf|tg|th|tj|"
    "tk|tl|tm|tn|to|tr|tt|tv|tw|tz|ua|ug|uk|us|uy|uz|va|vc|ve|vg|vi|vn|vu|wf|ws|ye|yt|za|zm|zw"
)
_LINK = re.compile(
    rf"(?<![a-z0-9@＠$#＃\u202a-\u202e])"
    rf"(?:(?P<scheme>https?://)(?P<host>(?:{_LABEL}\.)+(?:[^\W\d_]{{2,24}}|xn--[a-z0-9-]+))"
    rf"|(?<![-_./])(?P<bare>(?:[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\.)+(?:{_COMMON_TLDS}|{_COUNTRY_TLDS})))"
    rf"(?![\w@])(?::[0-9]+)?(?:{_PATH}?{_QUERY}?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text: `text[start:end]` is `url`."""

    start: int
    end: int
    url: str


def find_links(text: str) -> list[Link]:
    """Return the links that X would shorten, in order."""
    found = []
    for match in _LINK.finditer(text):
        if _is_valid_host(match["host"] or match["bare"]):
            found.append(Link(match.start(), match.end(), match[0]))
    return found


def _is_valid_host(host: str) -> bool:
    labels = host.split(".")
    try:
        encoded = [
            label.encode("ascii") if label.isascii() else b"xn--" + label.encode("punycode") for label in labels
        ]
    except UnicodeError:
        return False
    return all(0 < len(label) <= 63 for label in encoded) and sum(map(len, encoded)) + len(labels) <= 254


@cache
def _emoji() -> Any:
    # regex knows Unicode's emoji properties; imported here so that a start does not wait for it
    import regex

    tag = r"[\U000E0020-\U000E007E]+\U000E007F"
    one = (
        r"(?:\p{Emoji_Modifier_Base}\uFE0F?\p{Emoji_Modifier}"
        r"|\p{Emoji_Presentation}\uFE0F?"
        r"|[\p{Emoji}--[0-9#*]]\uFE0F"
        r"|[\p{Extended_Pictographic}--[\u00A9\u00AE\u2122\u265F]])"
    )
    sequence = rf"{one}(?:{tag})?(?:\u200D{one})*"
    return regex.compile(rf"(?V1)(?:\p{{RI}}\p{{RI}}|[0-9#*]\uFE0F?\u20E3|{sequence})(?!\uFE0E)")


def weighted_length(text: str) -> int:
    """Return X's weighted length of a text, in units of which a post has 280."""
    text = unicodedata.normalize("NFC", text)
    total, position = 0, 0
    for link in find_links(text):
        total += _weigh(text[position : link.start]) + URL_WEIGHT
        position = link.end
    return total + _weigh(text[position:])


def _weigh(text: str) -> int:
    total, position = 0, 0
    for match in _emoji().finditer(text):
        total += sum(map(_weight, text[position : match.start()])) + 2
        position = match.end()
    return total + sum(map(_weight, text[position:]))


def _weight(character: str) -> int:
    code = ord(character)
    light = code <= 0x10FF or 0x2000 <= code <= 0x200D or 0x2010 <= code <= 0x201F or 0x2032 <= code <= 0x2037
    return 1 if light else 2
