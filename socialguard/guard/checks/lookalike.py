"""A link one slip away from a domain of ours is a typing error, or somebody's trap."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import links_of, look, registered
from socialguard.guard.reading import Span
from socialguard.model.delivery import Content
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "domains": Texts(form="a list of domains like acme.com", pattern=r"[^\s/:@]+\.[^\s/:@.]+"),
}

_BARE: Final = re.compile(r"(?<![\w@./:-])(?:[a-z0-9-]{2,63}\.)+[a-z]{2,6}(?![\w-]|\.\w)", re.IGNORECASE)
_OFTEN: Final = 3
"""A domain that own posts linked to so often is taken for one of ours."""
_SHORTEST: Final = 5
_SHORTEST_NAMED: Final = 3
"""Letters of a name below which half of the world is one slip away; fewer where policy names it as ours."""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each link to a domain that is nearly one of ours and was never linked to."""
    named = frozenset(registered(one.lower()) for one in subject.settings.texts("domains"))
    seen = _seen(tuple(subject.past) + tuple(_text(one.text, one.link) for one in subject.recent))
    learned = {domain for domain, count in seen.items() if count >= _OFTEN and _letters(domain) >= _SHORTEST}
    ours = learned | {domain for domain in named if _letters(domain) >= _SHORTEST_NAMED}
    for domain, host, span in _domains(subject.content):
        if domain in named or domain in seen:
            continue
        near = next((one for one in sorted(ours) if _is_near(domain, one)), None)
        inside = next((one for one in sorted(ours) if f".{one}." in f".{host}"), None)
        if near is None and inside is None:
            continue
        words = marked("{domain} is one slip away from {ours}")
        if near is None:
            words = marked("{host} is no address of {ours}: it belongs to {domain}")
        yield Finding(
            "lookalike",
            Severity.HOLD,
            str(subject.account),
            words,
            {"domain": domain, "ours": near or inside, "host": host},
            remedy=marked("Correct it, or pass it on purpose: --override lookalike --reason …"),
            span=span,
        )


def _domains(content: Content) -> Iterator[tuple[str, str, Span | None]]:
    """Yield the domain and the host of each link, then of what would be one with its end right (acme.con)."""
    links = links_of(content)
    yield from ((link.domain, link.host, link.span) for link in links)
    taken = [link.span for link in links if link.span is not None]
    for found in _BARE.finditer(content.text):
        if not any(start < found.end() and found.start() < end for start, end in taken):
            host = found[0].lower()
            yield registered(host), host, found.span()


def _is_near(domain: str, ours: str) -> bool:
    from rapidfuzz.distance import OSA

    return look(domain) == look(ours) or OSA.distance(domain, ours, score_cutoff=1) == 1


def _letters(domain: str) -> int:
    return len(domain.partition(".")[0])


@lru_cache(maxsize=64)
def _seen(texts: tuple[str, ...]) -> Counter[str]:
    """How many texts link to each domain."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update({link.domain for link in links_of(Content(text))})
    return found


def _text(text: str, link: str | None) -> str:
    return text if link is None else f"{text} {link}"
