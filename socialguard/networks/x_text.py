"""What becomes of a text on X and back: the link that is appended, `t.co` links, HTML entities, media links.

`restored` gives what the author wrote; `is_same` says whether a post could be what we sent, which decides
whether an unknown outcome is settled: so it forgives what X changes (links, white space, mentions that X puts
before a reply) and nothing else."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from socialguard.networks.x_urls import urls

_ENTITY: Final = re.compile(r"&(amp|lt|gt);")
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">"}
_SHORT: Final = re.compile(r"https?://t\.co/[A-Za-z0-9]+")
_MENTIONS: Final = re.compile(r"\A(?:@\w{1,15}\s+)+")
_SCHEME: Final = re.compile(r"\Ahttps?://", re.IGNORECASE)


def compose(text: str, link: str | None) -> str:
    """Return what is sent: `text` with `link` after it, unless the text holds that very link already."""
    if not link or link in text.split() or any(span.text == link for span in urls(text)):
        return text
    return f"{text.rstrip()} {link}" if text.strip() else link


def restored(text: str, links: Mapping[str, str]) -> str:
    """Return the text as its author wrote it. `links` maps each `t.co` link to where it leads, or to an empty
    string where it only stands for attached media. X escapes `&`, `<` and `>` and nothing else."""
    plain = _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)
    resolved = _SHORT.sub(lambda match: links.get(match[0], match[0]), plain)
    return resolved.rstrip() if "" in links.values() else resolved


def is_same(ours: str, theirs: str, *, reply: bool) -> bool:
    """Return whether X would show `ours` as `theirs` (both whole texts, `theirs` restored)."""
    if reply:
        ours, theirs = _MENTIONS.sub("", ours), _MENTIONS.sub("", theirs)
    our_words, our_links = _parts(ours)
    their_words, their_links = _parts(theirs)
    return (
        our_words == their_words
        and len(our_links) == len(their_links)
        and all(a == b or _SHORT.fullmatch(f"https://{b}") for a, b in zip(our_links, their_links, strict=True))
    )


def _parts(text: str) -> tuple[list[str], list[str]]:
    """Return the text between links, white space normalised, and the links in a comparable form."""
    text = unicodedata.normalize("NFC", text)
    words, links, position = [], [], 0
    for span in urls(text):
        words.append(" ".join(text[position : span.start].split()))
        links.append(_comparable(span.text))
        position = span.end
    words.append(" ".join(text[position:].split()))
    return words, links


def _comparable(url: str) -> str:
    """Return a URL without scheme, with host in lower case and Unicode, unescaped, without a final slash."""
    host, slash, rest = _SCHEME.sub("", url).partition("/")
    if slash or not any(mark in host for mark in "?#"):
        host = host.lower()
    labels = [_unicode(label) for label in host.split(".")]
    return (".".join(labels) + slash + unquote(rest)).rstrip("/")


def _unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
