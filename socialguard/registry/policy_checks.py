"""What a policy makes of each check on one account: its level, every parameter, and where each comes from.

Value by value the most specific section wins, of several labels the strictest; what no section sets is built in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from socialguard import errors
from socialguard.model.account import Account
from socialguard.model.parameter import Parameter, Value, Words
from socialguard.registry.policy import effective, layers
from socialguard.registry.policy_file import FILE_NAME, Known, PolicySet, Rules

LEVEL: Final = "level"


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What holds for one check: `level` where a policy sets one, None for the check's own; the value of every
    parameter (words by language, `words.fr`); and the section of each value that a policy sets."""

    level: str | None
    parameters: Mapping[str, Value]
    places: Mapping[str, str] = field(default_factory=dict)


def built_in(parameters: Mapping[str, Parameter]) -> CheckRules:
    """Return what holds for a check without a policy."""
    return CheckRules(None, MappingProxyType(_defaults(parameters)))


def check_rules(policy: PolicySet, account: Account, checks: Known) -> dict[str, CheckRules]:
    """Return what holds for each of `checks` on an account.

    A parameter that this program does not know is passed over: a later program applied it. Raises SettingsInvalid
    for a value that this program does not take."""
    found = effective(policy, account)
    ranks = layers(policy, account)
    rules = {}
    for name, parameters in checks.items():
        values, places = _defaults(parameters), {}
        for layer in ranks:
            for key, (value, place) in _strictest(layer, name, parameters).items():
                values[key], places[key] = value, place
        if name in found.checks:
            places[LEVEL] = found.places[f"checks.{name}"]
        rules[name] = CheckRules(found.checks.get(name), MappingProxyType(values), MappingProxyType(places))
    return rules


def _defaults(parameters: Mapping[str, Parameter]) -> dict[str, Value]:
    return {key: one.default for key, one in parameters.items() if not isinstance(one, Words)}


def _strictest(
    layer: Mapping[str, Rules], check: str, parameters: Mapping[str, Parameter]
) -> dict[str, tuple[Value, str]]:
    """Return the strictest value of each key among sections of one rank, each with the section it is from."""
    values: dict[str, tuple[Value, str]] = {}
    for place, rules in layer.items():
        for key, value in rules.parameters.get(check, {}).items():
            parameter = parameters.get(key.partition(".")[0])
            if parameter is None:
                continue
            if not parameter.accepts(value):
                detail = f"the parameter {check}.{key} must be {parameter.allowed}."
                raise errors.SettingsInvalid(path=FILE_NAME, detail=detail)
            if key not in values:
                values[key] = (value, place)
                continue
            before, where = values[key]
            strictest = parameter.stricter(before, value)
            if strictest not in (before, value):
                values[key] = (strictest, f"{where}, {place}")
            elif strictest != before:
                values[key] = (strictest, place)
    return values
