"""While a crisis lasts nothing new goes out unless a person says why (`socialguard crisis on`)."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import zone_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "time"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for the newest crisis in force on the account."""
    for crisis in subject.crises[-1:]:
        yield Finding(
            "crisis",
            Severity.HOLD,
            str(subject.account),
            marked("crisis mode since {since}: {reason}"),
            {
                "since": f"{crisis.since.astimezone(zone_of(subject)):%Y-%m-%d %H:%M} {zone_of(subject)}",
                "reason": crisis.reason,
            },
            remedy=marked("Is it right now? Pass it on purpose: --override crisis --reason …"),
        )
