"""The content checks, one small module each. All run on every delivery; adding one is a file and a line here."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from socialguard.guard.checks import (
    affinity,
    alt,
    campaign,
    cashtag,
    copies,
    crisis,
    crop,
    crowd,
    disguise,
    duplicate,
    embargo,
    empty,
    filetype,
    handles,
    hashtag,
    hidden,
    holiday,
    insults,
    language,
    length,
    link_price,
    links,
    lookalike,
    media,
    metadata,
    mfa,
    missing_handle,
    near_duplicate,
    own_accounts,
    personal,
    placeholder,
    private,
    quiet,
    redirect,
    scripts,
    secrets,
    shape,
    shouting,
    spacing,
    tragedy,
    twin,
    unreachable,
    words,
)
from socialguard.guard.interface import Check, Settings, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.registry.policy_checks import CheckRules, built_in

CHECKS: Final[Mapping[str, Check]] = {
    "empty": empty,
    "length": length,
    "media": media,
    "shape": shape,
    "alt": alt,
    "secrets": secrets,
    "personal": personal,
    "insults": insults,
    "words": words,
    "placeholder": placeholder,
    "private": private,
    "language": language,
    "tragedy": tragedy,
    "hidden": hidden,
    "scripts": scripts,
    "hashtag": hashtag,
    "crowd": crowd,
    "cashtag": cashtag,
    "shouting": shouting,
    "duplicate": duplicate,
    "affinity": affinity,
    "twin": twin,
    "filetype": filetype,
    "crop": crop,
    "metadata": metadata,
    "links": links,
    "disguise": disguise,
    "lookalike": lookalike,
    "campaign": campaign,
    "link_price": link_price,
    "unreachable": unreachable,
    "redirect": redirect,
    "handles": handles,
    missing_handle.NAME: missing_handle,
    "own_accounts": own_accounts,
    "near_duplicate": near_duplicate,
    "copies": copies,
    "crisis": crisis,
    "embargo": embargo,
    "quiet": quiet,
    "holiday": holiday,
    "spacing": spacing,
    mfa.NAME: mfa,
}
FIXED: Final = frozenset({"twin"})
"""Checks that no policy lowers: exactly once rests on them."""
HOPELESS: Final = 10
"""A text of more than so many times what its network takes is a wrong file, and is told from its length alone."""
_OF_ANY_SIZE: Final = frozenset({"empty", "length"})

SET_BY_POLICY: Final[Mapping[str, Mapping[str, Parameter]]] = MappingProxyType(
    {name: check.PARAMETERS for name, check in CHECKS.items() if name not in FIXED}
)
"""The checks of which a policy may set the level, and the parameters that it may set."""
_BUILT_IN: Final = {name: built_in(check.PARAMETERS) for name, check in CHECKS.items()}


def run_checks(subject: Subject, rules: Mapping[str, CheckRules] = MappingProxyType({})) -> Iterator[Finding]:
    """Yield the findings of every check on one delivery, at the levels and with the parameters of `rules`; a check
    that they do not name goes by what is built in.

    Of a text that is more than `HOPELESS` times too long only `empty` and `length` are asked: the others would
    read it for a minute, and it goes nowhere. Where a policy lets `length` do less than block, every check runs,
    since the text could still go out."""
    long = subject.length > HOPELESS * subject.limits.text and _stops("length", rules)
    for name, check in CHECKS.items():
        if long and name not in _OF_ANY_SIZE:
            continue
        rule = rules.get(name) or _BUILT_IN[name]
        if (rule.level or check.LEVEL or "off") == "off":  # `level_of`, which a calendar would call 400,000 times
            continue
        seen = subject.under(Settings(rule.parameters)) if rule.parameters else subject
        for finding in check.check(seen):
            severity = Severity(rule.level) if rule.level else finding.severity
            yield replace(finding, severity=severity, part=subject.content.part)


def _stops(name: str, rules: Mapping[str, CheckRules]) -> bool:
    return level_of(name, rules.get(name) or _BUILT_IN[name]) == Severity.BLOCK


def asks_servers(rules: Mapping[str, CheckRules]) -> bool:
    """Return whether a check that asks where links lead is on."""
    return any(level_of(name, rules[name]) != "off" for name in ("unreachable", "redirect") if name in rules)


def asks_network(rules: Mapping[str, CheckRules]) -> bool:
    """Return whether the check that asks the account's network for handles is on."""
    name = missing_handle.NAME
    return name in rules and level_of(name, rules[name]) != "off"


def level_of(name: str, rule: CheckRules) -> str:
    """Return `off`, `note`, `warn`, `hold` or `block`: what holds for a check."""
    return rule.level or CHECKS[name].LEVEL or "off"
