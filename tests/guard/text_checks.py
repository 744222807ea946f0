"""What a text check says of a text, in few words."""

from collections.abc import Mapping
from dataclasses import replace

from socialguard.guard.checks import CHECKS
from socialguard.guard.interface import Settings, Subject
from socialguard.model.delivery import Content
from socialguard.model.finding import Finding
from socialguard.model.parameter import Value
from socialguard.registry.policy_checks import built_in
from tests.guard.people import subject

TEXT_CHECKS = tuple(
    name
    for name, check in CHECKS.items()
    if check.KIND == "text" and name not in ("empty", "length", "twin", "duplicate")
)
"""The checks that read a text alone."""


def findings(
    check: str,
    text: str,
    *,
    settings: Mapping[str, Value] | None = None,
    languages: tuple[str, ...] = (),
    network: str = "x",
    given: Subject | None = None,
) -> list[Finding]:
    """Return the findings of one check on a text, with some of its parameters set."""
    module = CHECKS[check]
    values = {**built_in(module.PARAMETERS).parameters, **(settings or {})}
    base = given or subject(Content(text), network=network)
    return list(module.check(replace(base, settings=Settings(values), languages=languages)))


def told(check: str, text: str, **more: object) -> list[tuple[str, str]]:
    """Return severity and marked part of each finding of one check."""
    found = findings(check, text, **more)  # type: ignore[arg-type]
    return [(one.severity.value, "" if one.span is None else text[slice(*one.span)]) for one in found]
