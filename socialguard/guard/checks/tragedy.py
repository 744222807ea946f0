"""Selling on the back of a disaster: a word for violence or catastrophe beside a word for an offer."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.disguise import Lexicon
from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import spaced
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Words
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {"words": Words()}

_DISASTER: Final = re.compile(
    r"\b(?:uproar|riots?|rioting|unrest|uprising|massacre|shootings?|terror(?:ist|ism)?s?|bombings?|earthquakes?|"
    r"tsunamis?|hurricanes?|tornado(?:e?s)?|wildfires?|famine|genocide|hostages?|refugees|casualties|death toll|"
    r"plane crash|pandemic|[eé]meutes?|attentats?|fusillades?|tuerie|terroristes?|terrorisme|s[eé]ismes?|"
    r"tremblement de terre|ouragans?|inondations?|incendies? de for[eê]t|g[eé]nocide|otages?|r[eé]fugi[eé]s|"
    r"pand[eé]mie|insurrection|soul[eè]vement|"
    r"(?:our|nos) (?:thoughts|prayers|hearts|pens[eé]es) (?:and prayers )?(?:are|go|vont|sont|accompagnent))\b",
    re.IGNORECASE,
)
_OFFER: Final = re.compile(
    r"\b(?:(?:new|spring|summer|autumn|fall|winter|our) (?:\w+ )?(?:collection|line|range|arrivals)|"
    r"shop (?:now|our|the)|available (?:now|online|in stores?)|on sale|flash sale|discounts?|promo(?: ?code)?|"
    r"coupons?|use (?:the )?code|"
    r"buy (?:now|one)|order (?:now|yours|online)|free shipping|special offer|"
    r"nouvelle collection|soldes|"
    r"code promo|en promo(?:tion)?|livraison (?:offerte|gratuite)|"
    r"achetez|commandez|profitez[- ]en|offre sp[eé]ciale|"
    r"disponibles? (?:en ligne|en boutique))\b|\d ?% (?:off|de r[eé]duction|de remise)|[-−–]\d\d ?%",
    re.IGNORECASE,
)

# Teams and titles: the Carolina Hurricanes; « La Tuerie ».
_NAMED: Final = re.compile(r"[A-Z][a-z]+ \Z")
_QUOTED: Final = re.compile(r"«\s*[A-ZÀ-Þ][^«»\n]{0,50}»|“[A-ZÀ-Þ][^“”\n]{0,50}”|\"[A-ZÀ-Þ][^\"\n]{0,50}\"")
_NEAR: Final = 280  # characters: an essay may well speak of both


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where a text names a disaster, or one of the user's `words`, and offers something for sale."""
    text = spaced(subject.content.text)
    offer = _OFFER.search(text)
    if offer is None:
        return
    own = Lexicon.of(subject.settings.words("words", subject.languages))
    spans = [found.span() for found in _DISASTER.finditer(text)] + [span for _, span in own.found(text)]
    spans = [span for span in spans if not _is_a_name(text, span)]
    spans = [span for span in spans if abs(span[0] - offer.start()) <= _NEAR]
    if not spans:
        return
    yield Finding(
        "tragedy",
        Severity.HOLD,
        str(subject.account),
        marked("{disaster} stands beside an offer: {offer}"),
        {"disaster": text[slice(*min(spans))], "offer": offer[0]},
        remedy=marked("Sell nothing on a misfortune. If it is meant well: --override tragedy --reason …"),
        span=min(spans),
    )


def _is_a_name(text: str, span: tuple[int, int]) -> bool:
    """Whether a disaster is the name of a team, after that of its town, or stands in the title of a work."""
    word = text[slice(*span)]
    if word.istitle() and word.endswith("s") and _NAMED.search(text[: span[0]]):
        return True
    return any(found.start() < span[0] and span[1] < found.end() for found in _QUOTED.finditer(text))
