"""A link with a slip in it leads nowhere, or to somebody else."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import host_of, links_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {}

# Nearly `https://`, in ways that fingers slip; and `https://` with nothing of a host behind it.
_SLIPS: Final = re.compile(
    r"\b(?:https?:/(?=[\w.])|https?:(?=[\w-]+\.\w)|file://+(?=\w)|https?//:?(?=\w)|https?;//|https?:\\\\|https?:///+|"
    r"(?:htp|htps|htpp|htpps|htttp|htttps|hhttp|hhttps|ttp|ttps|hppt|hppts|http:s|httpss|hhtp|hhtps)://)"
    r"|https?://(?:https?:?/*)"
    r"|\bwww\.(?=\s|,)|\bwww,(?=\w)",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"\bhttps?://([^\s/?#]*)", re.IGNORECASE)
# Names that lead nowhere by design (RFC 2606), and what a network cut off itself.
_PLACES: Final = (".example", ".test", ".invalid", ".localhost")
_CUT: Final = ("…", "...")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each link that is written wrong."""
    text, link = subject.content.text, subject.content.link
    known = [each.span for each in links_of(subject.content) if each.span is not None]
    ends = -1
    for slip in _SLIPS.finditer(text):
        ends = _end(text, slip.end())
        yield _finding(subject, text[slip.start() : ends], (slip.start(), ends))
    for named in _SCHEME.finditer(text):
        host, start = named[1], named.start()
        if start >= ends and _is_inside(host):
            end = _end(text, named.end())
            yield _inside(subject, text[start:end], (start, end))
            continue
        if start < ends or any(begin <= start < end for begin, end in known) or _is_excused(host):
            continue
        end = _end(text, named.end())
        yield _finding(subject, text[start:end], (start, end))
    if link is not None and not _is_sound(link):
        yield _finding(subject, link, None)
    elif link is not None and _is_inside(host_of(link)):
        yield _inside(subject, link, None)


def _is_sound(link: str) -> bool:
    """Whether a link that stands beside the text is one address and nothing else."""
    if not re.match(r"https?://", link, re.IGNORECASE) or _SLIPS.search(link) or any(map(str.isspace, link)):
        return False
    host = host_of(link)
    return "." in host and (host.endswith(_PLACES) or bool(links_of_text(link)) or _is_excused(host))


def links_of_text(text: str) -> bool:
    """Whether a text holds a link with a top-level domain that exists."""
    from socialguard.networks.x_urls import urls

    return bool(urls(text))


def _bare(host: str) -> str:
    return host.rpartition("@")[2].partition(":")[0].rstrip(".").lower()


def _is_inside(host: str) -> bool:
    """Whether a host is the reader's own machine or one of their own net: a page that nobody else sees."""
    name = _bare(host)
    if name == "localhost":
        return True
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+){3}", name):
        return False
    from ipaddress import ip_address

    try:
        return not ip_address(name).is_global
    except ValueError:
        return False


def _is_excused(host: str) -> bool:
    name = _bare(host)
    address = re.fullmatch(r"[0-9.]+|\[[0-9a-f:]+\]?|localhost", name)
    return bool(address) or name.endswith(_PLACES) or any(cut in host for cut in _CUT)


def _end(text: str, start: int) -> int:
    found = re.compile(r"\s").search(text, start)
    return len(text) if found is None else found.start()


def _finding(subject: Subject, written: str, span: tuple[int, int] | None) -> Finding:
    return Finding(
        "links",
        Severity.WARN,
        str(subject.account),
        marked("{link} is not an address that leads anywhere"),
        {"link": written},
        remedy=marked("Copy the address again from the browser."),
        span=span,
    )


def _inside(subject: Subject, written: str, span: tuple[int, int] | None) -> Finding:
    """A note: who explains how a program is set up means it."""
    return Finding(
        "links",
        Severity.NOTE,
        str(subject.account),
        marked("{link} leads to a machine that readers cannot reach"),
        {"link": written},
        remedy=marked("If it is a draft of a page, write the address under which it is public."),
        span=span,
    )
