"""A mention one slip away from a name that the account knows calls a stranger."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.mentions import mentions_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked
from socialguard.registry.names import skeleton

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "known": Texts(form="a list of handles like acme", pattern=r"@?[^\s@:,]+"),
}

_OFTEN: Final = 2
"""A handle that own posts named so often is known."""
_SHORTEST: Final = 6
_SHORTEST_NAMED: Final = 4
"""Letters of a handle below which too many are one slip away; fewer where it is ours, or policy names it."""
_DIGITS: Final = re.compile(r"\d+")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each mention that is nearly a known handle and was never used."""
    mentions = mentions_of(subject.content.text)
    if not mentions:
        return
    seen = _seen(tuple(subject.past) + tuple(one.text for one in subject.recent))
    named = {one.removeprefix("@").lower() for one in subject.settings.texts("known")}
    named |= {one.handle.lower() for one in subject.ours if one.network == subject.account.network}
    named |= {subject.account.handle.lower()}
    known = {handle for handle in named if len(handle) >= _SHORTEST_NAMED}
    known |= {handle for handle, count in seen.items() if count >= _OFTEN and len(handle) >= _SHORTEST}
    for mention in mentions:
        handle = mention.handle.lower()
        if handle in named or handle in seen:
            continue
        near = _nearest(handle, frozenset(known))
        if near is not None:
            yield Finding(
                "handles",
                Severity.WARN,
                str(subject.account),
                marked("@{handle} is one slip away from @{known}"),
                {"handle": mention.handle, "known": near},
                remedy=marked("Correct it, or leave it if you mean the other."),
                span=mention.span,
            )


def _nearest(handle: str, known: frozenset[str]) -> str | None:
    """The known handle that one looks like, or is one slip away from; None where there is none."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    looks = _looks(known)
    twin = looks.get(skeleton(handle))
    if twin is not None:
        return twin
    letters = _DIGITS.sub("", handle)
    for one, _, _ in process.extract_iter(handle, looks.values(), scorer=OSA.distance, score_cutoff=1):
        if _DIGITS.sub("", one) != letters:  # team1 and team2 are two teams
            return str(one)
    return None


@lru_cache(maxsize=64)
def _looks(known: frozenset[str]) -> dict[str, str]:
    """Each known handle by what it looks like."""
    return {skeleton(handle): handle for handle in sorted(known, reverse=True)}


@lru_cache(maxsize=64)
def _seen(texts: tuple[str, ...]) -> Counter[str]:
    """How many texts mention each handle."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update({mention.handle.lower() for mention in mentions_of(text)})
    return found
