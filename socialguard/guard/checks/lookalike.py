"""A link one slip away from a domain of ours is a typing error, or somebody's trap."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import links_of, look, registered
from socialguard.model.delivery import Content
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "domains": Texts(form="a list of domains like acme.com", pattern=r"[^\s/:@]+\.[^\s/:@.]+"),
}

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
    for link in links_of(subject.content):
        if link.domain in named or link.domain in seen:
            continue
        near = next((one for one in sorted(ours) if _is_near(link.domain, one)), None)
        if near is not None:
            yield Finding(
                "lookalike",
                Severity.HOLD,
                str(subject.account),
                marked("{domain} is one slip away from {ours}"),
                {"domain": link.domain, "ours": near},
                remedy=marked("Correct it, or pass it on purpose: --override lookalike --reason …"),
                span=link.span,
            )


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
