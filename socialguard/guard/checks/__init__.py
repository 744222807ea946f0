"""The content checks, one small module each. All run on every delivery; adding one is a file and a line here."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from socialguard.guard.checks import (
    alt,
    cashtag,
    crowd,
    duplicate,
    empty,
    hashtag,
    hidden,
    insults,
    language,
    length,
    media,
    personal,
    placeholder,
    private,
    scripts,
    secrets,
    shape,
    shouting,
    tragedy,
    twin,
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
    "twin": twin,
}
FIXED: Final = frozenset({"twin"})
"""Checks that no policy lowers: exactly once rests on them."""

SET_BY_POLICY: Final[Mapping[str, Mapping[str, Parameter]]] = MappingProxyType(
    {name: check.PARAMETERS for name, check in CHECKS.items() if name not in FIXED}
)
"""The checks of which a policy may set the level, and the parameters that it may set."""


def run_checks(subject: Subject, rules: Mapping[str, CheckRules] = MappingProxyType({})) -> Iterator[Finding]:
    """Yield the findings of every check on one delivery, at the levels and with the parameters of `rules`; a check
    that they do not name goes by what is built in."""
    for name, check in CHECKS.items():
        rule = rules.get(name) or built_in(check.PARAMETERS)
        level = level_of(name, rule)
        if level == "off":
            continue
        for finding in check.check(replace(subject, settings=Settings(rule.parameters))):
            yield replace(finding, severity=Severity(level)) if rule.level else finding


def level_of(name: str, rule: CheckRules) -> str:
    """Return `off`, `note`, `warn`, `hold` or `block`: what holds for a check."""
    return rule.level or CHECKS[name].LEVEL or "off"
