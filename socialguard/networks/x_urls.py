"""Find the URLs in a text as X finds them (the rules of twitter-text 3), in time linear in the text.

With `http(s)://` any domain counts whose last label begins with a known top-level domain; without it only
the ASCII part of such a domain does. The published rules are regular expressions that backtrack; here the
chain of labels is decided from the right, once per run of domain characters, so that no text is slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

MAX_URL_LENGTH = 4096
"""Longest URL that X takes for one, its host in ASCII form and with a protocol."""

MAX_TCO_SLUG = 40
"""Longest slug of a `t.co` link; a longer one is no link."""

MAX_LABEL = 63
"""Longest label of a host in its ASCII form (RFC 1035 §2.3.4)."""

INVALID_CHARACTERS = "\ufffe\ufeff\uffff"
"""Characters that X refuses anywhere in a post."""

_DIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SPACES = "\x00-\x20\x7f\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_PUNCTUATION_IN_NO_LABEL = r"!\"#$%&'()*+,./:;<=>?@\[\]^`{|}~"
_LATIN = (
    "\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b"
    "\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_LETTER = rf"[^\-_{_DIRECTIONAL}{_PUNCTUATION_IN_NO_LABEL}{_SPACES}{INVALID_CHARACTERS}]"

# Labels joined by single dots; the first and last character of each label is checked afterwards. A run is
# taken whole or not at all (possessive, and only from where it begins), or long words would be read often.
_LABEL_CHARACTER = f"[^{_DIRECTIONAL}{_PUNCTUATION_IN_NO_LABEL}{_SPACES}{INVALID_CHARACTERS}]"
_RUN_HERE = re.compile(rf"{_LABEL_CHARACTER}++(?:\.{_LABEL_CHARACTER}++)++")
_RUN = re.compile(rf"(?<!{_LABEL_CHARACTER}){_RUN_HERE.pattern}")
_NO_START_AFTER = re.compile(f"[A-Za-z0-9@＠$#＃{INVALID_CHARACTERS}]")
_START = re.compile(rf"(?<!{_NO_START_AFTER.pattern}){_LETTER}")
_PROTOCOL = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://")
_PROTOCOL_LENGTHS = (len("https://"), len("http://"))
_BARE_AFTER = "-_./"  # a domain without protocol may not follow these

_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_PUNYCODE = re.compile(r"[Xx][Nn]--[0-9A-Za-z-]+")
_NO_TLD_BEFORE = re.compile(r"[0-9A-Za-z@+-]")
_ASCII_CHARACTER = f"[A-Za-z0-9_{_LATIN}-]"
_ASCII_LABELS_HERE = re.compile(rf"(?:{_ASCII_CHARACTER}++\.)++")
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9_.-]++")
_ASCII_LABELS = re.compile(rf"(?<!{_ASCII_CHARACTER}){_ASCII_LABELS_HERE.pattern}")

_PATH_CHARACTER = rf"[A-Za-z0-9!*';:=+,.$/%#\[\]\-\u2013_~&|@\u0400-\u04ff{_LATIN}]"
_PATH_END = rf"[A-Za-z0-9=_#/+\-\u0400-\u04ff{_LATIN}]"
_PARENTHESES = rf"\((?:{_PATH_CHARACTER}++|{_PATH_CHARACTER}*+\({_PATH_CHARACTER}++\){_PATH_CHARACTER}*+)\)"
_PORT = re.compile(r":[0-9]+")
_PATH = re.compile(rf"/(?:{_PATH_CHARACTER}*{_PATH_END}|{_PATH_CHARACTER}*+{_PARENTHESES})*+")
_QUERY_TEXT = r"\?[A-Za-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]*[A-Za-z0-9_&=#/-]"
_QUERY = re.compile(_QUERY_TEXT)
_TCO = re.compile(rf"https?://t\.co/([a-z0-9]+)(?:{_QUERY_TEXT})?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """A URL in a text: from `start` up to, not including, `end`, in code points."""

    start: int
    end: int
    text: str


def urls(text: str) -> list[Span]:
    """Return the URLs of a text in their order, none overlapping another."""
    return list(_urls(text))


@lru_cache(maxsize=16)  # a text is asked for by its length, its price and several checks
def _urls(text: str) -> tuple[Span, ...]:
    found: list[Span] = []
    # No match may use a character, or stand directly behind one, before `unused`; what was looked at without
    # a match stays unused, since the protocol of the next URL may be there.
    unused = cursor = 0
    while text.find(".", cursor) >= 0:
        run = _RUN_HERE.match(text, cursor) or _RUN.search(text, cursor)
        if run is None:
            break
        unused = _search_run(text, run.start(), run.end(), unused, found)
        cursor = max(unused, run.end())
    return tuple(found)


def _search_run(text: str, start: int, end: int, unused: int, found: list[Span]) -> int:
    """Add the URLs whose domain begins in this run; return what is the first unused character then."""
    labels = _Labels(text, start, end)
    protocol = _protocol_before(text, start, unused)
    if protocol is not None and (domain_end := labels.domain_end(0, start)):
        unused = _add_with_protocol(text, protocol, start, domain_end, found)
    index = 0
    while unused < end and index < labels.last:
        # The character before a URL must be unused, too: a match takes it with it.
        first = labels.first_start(index, unused + 1 if unused else 0)
        if first is None:
            index += 1
        else:
            unused = _add_bare(text, first, labels.domain_end(index, first), found)
    return unused


class _Labels:
    """The labels of one run, and for each how far a domain that begins in it reaches."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._starts = [start]
        while (dot := text.find(".", self._starts[-1], end)) >= 0:
            self._starts.append(dot + 1)
        self._starts.append(end + 1)
        self.last = len(self._starts) - 2
        # _tld[i]: end of the top-level domain that label i begins with; 0 if it does not.
        # _reach[i]: end of the longest domain whose first whole label is i; 0 if there is none.
        self._tld = [0] * (self.last + 2)
        self._reach = [0] * (self.last + 2)
        for index in range(self.last, 0, -1):
            self._tld[index] = _tld_end(text, self._starts[index])
            self._reach[index] = self.domain_end(index, self._starts[index])

    def domain_end(self, index: int, start: int) -> int:
        """Return the end of the longest domain from `start` in label `index`, 0 if there is none."""
        end = self._starts[index + 1] - 1
        if self._text[start] in "-_" or self._text[end - 1] in "-_":
            return 0
        if self._reach[index + 1]:
            return self._reach[index + 1]
        # The label before the top-level domain holds no underscore.
        if self._tld[index + 1] and self._text.find("_", start, end) < 0:
            return self._tld[index + 1]
        return 0

    def first_start(self, index: int, least: int) -> int | None:
        """Return the first position from `least` on in label `index` where a domain may begin and does."""
        start, end = max(least, self._starts[index]), self._starts[index + 1] - 1
        if start >= end or self._text[end - 1] in "-_":
            return None
        if not self._reach[index + 1]:
            if not self._tld[index + 1]:
                return None
            start = max(start, self._text.rfind("_", start, end) + 1)
        first = _START.search(self._text, start, end)
        return first.start() if first else None


def _protocol_before(text: str, start: int, unused: int) -> int | None:
    """Return where the protocol before `start` begins, if there is one and it may begin there."""
    for length in _PROTOCOL_LENGTHS:
        begin = start - length
        if begin < 0 or not _PROTOCOL.fullmatch(text, begin, start):
            continue
        if begin == 0 or (begin > unused and not _NO_START_AFTER.match(text, begin - 1)):
            return begin
    return None


def _add_with_protocol(text: str, begin: int, start: int, domain_end: int, found: list[Span]) -> int:
    end = _tail_end(text, domain_end)[1]
    stop = end
    if short := _TCO.match(text, begin, end):
        if len(short[1]) > MAX_TCO_SLUG:
            return end
        stop = short.end()
    if _fits(text[start:domain_end], stop - begin):
        found.append(Span(begin, stop, text[begin:stop]))
    return end


def _add_bare(text: str, start: int, domain_end: int, found: list[Span]) -> int:
    """Add the ASCII domains of a domain without protocol; the last takes the path."""
    path, end = _tail_end(text, domain_end)
    url_length = end - start + len("https://")
    if url_length > MAX_URL_LENGTH or (start > 0 and text[start - 1] in _BARE_AFTER):
        return end
    last: Span | None = None
    position = start
    for ascii_start, ascii_end in _ascii_domains(text, start, domain_end):
        domain = text[ascii_start:ascii_end]
        if _fits(domain, url_length):
            if last is not None:
                found.append(last)
            last = Span(ascii_start, ascii_end, domain)
            position = ascii_start
    if last is not None:
        found.append(Span(position, end, text[position:end]) if path else last)
    return end


def _ascii_domains(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a domain that are domains of ASCII and Latin letters, each as long as can be."""
    if _ASCII_DOMAIN.fullmatch(text, start, end):  # nearly all are whole
        yield start, end
        return
    position = start
    while labels := (_ASCII_LABELS_HERE.match(text, position, end) or _ASCII_LABELS.search(text, position, end)):
        dot = labels.end()
        tld = 0
        while dot > labels.start():
            if tld := _tld_end(text, dot, end):
                break
            dot = text.rfind(".", labels.start(), dot - 1) + 1
        if tld:
            yield labels.start(), tld
        position = tld or labels.end()


def _tail_end(text: str, end: int) -> tuple[bool, int]:
    """Return whether a path follows the domain, and where port, path and query end."""
    if port := _PORT.match(text, end):
        end = port.end()
    path = _PATH.match(text, end)
    if path:
        end = path.end()
    if query := _QUERY.match(text, end):
        end = query.end()
    return path is not None, end


def _tld_end(text: str, start: int, end: int | None = None) -> int:
    """Return the end of the top-level domain that begins at `start`, 0 if there is none."""
    stop = len(text) if end is None else end
    ascii_names, other_names, initials = _tlds()
    word = _ASCII_WORD.match(text, start, stop)
    if word and word[0].lower() in ascii_names and not _NO_TLD_BEFORE.match(text, word.end(), stop):
        return word.end()
    if start < stop and text[start].lower() in initials:
        for length in range(min(_LONGEST_TLD, stop - start), 0, -1):
            if text[start : start + length].lower() in other_names and not _NO_TLD_BEFORE.match(
                text, start + length, stop
            ):
                return start + length
    punycode = _PUNYCODE.match(text, start, stop)
    return punycode.end() if punycode else 0


def _fits(domain: str, url_length: int) -> bool:
    """Return whether the host has an ASCII form and the URL, with that form, is short enough."""
    if url_length > MAX_URL_LENGTH or max(map(len, domain.split("."))) > MAX_LABEL:
        return False
    if domain.isascii():
        return True
    try:
        encoded = domain.encode("idna")
    except UnicodeError:
        return False
    return url_length + max(0, len(encoded) - len(domain)) <= MAX_URL_LENGTH


_LONGEST_TLD = 18


@cache
def _tlds() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the ASCII names, the others, and the first characters of the others."""
    lines = (Path(__file__).parent / "data" / "tlds.txt").read_text(encoding="utf-8").splitlines()
    names = {name for line in lines if not line.startswith("#") for name in line.split()}
    other = frozenset(name for name in names if not name.isascii())
    return frozenset(names - other), other, frozenset(name[0] for name in other)
