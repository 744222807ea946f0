"""A link that leads elsewhere than it shows; where a shortener leads is said."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import Link, host_of, links_of, registered
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "network"
LEVEL: Final[Severity | None] = None
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "shorteners": Texts(
        default=(
            "bit.ly", "buff.ly", "cutt.ly", "dlvr.it", "goo.gl", "ift.tt", "is.gd", "lnkd.in", "ow.ly", "rb.gy",
            "shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "trib.al", "urlz.fr", "v.gd",
        ),
        form="a list of domains like bit.ly",
        pattern=r"[^\s/:@]+\.[^\s/:@.]+",
    ),
}  # fmt: skip


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each link that was looked up and ends at another domain than it shows."""
    shorteners = frozenset(one.lower() for one in subject.settings.texts("shorteners"))
    for link in links_of(subject.content):
        found = subject.reached.get(link.url)
        if found is None or not found.url:
            continue
        end = registered(host_of(found.url))
        if end and end != link.domain:
            yield _finding(subject, link, found.url, is_short=link.domain in shorteners)


def _finding(subject: Subject, link: Link, end: str, *, is_short: bool) -> Finding:
    template = marked("{link} leads to {end}") if is_short else marked("{link} leads elsewhere, to {end}")
    return Finding(
        "redirect",
        Severity.NOTE if is_short else Severity.WARN,
        str(subject.account),
        template,
        {"link": link.url, "end": end},
        remedy=marked("Look whether that is the page that you mean."),
        span=link.span,
    )
