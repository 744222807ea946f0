"""A twin that waits, or whose outcome is unknown, may be public already or soon: exactly once rests on this check,
so no policy lowers it (DESIGN: Exactly once). A person can pass it, with a reason."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.checks.duplicate import same_words
from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where a delivery of the account with the same text and link is not settled."""
    for recent in same_words(subject):
        if recent.state == "sent":
            continue
        yield Finding(
            "twin",
            Severity.HOLD,
            str(subject.account),
            marked("the same text is {state} as delivery {id}"),
            {"id": recent.delivery_id, "state": recent.state},
            remedy=marked("Wait until that one is settled, or pass it on purpose: --override twin --reason …"),
            span=(0, len(subject.content.text)),
        )
        return
