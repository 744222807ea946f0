"""A text that does not sound like its account, where there is no terminal in which a person could be asked; in
one the switch guard asks instead. The gate says of which texts that is so (`guard.doubts`)."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.doubt import Doubt
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where the gate found a doubt that nobody can be asked about."""
    if subject.doubt is not None:
        yield finding(subject.doubt)


def finding(doubt: Doubt) -> Finding:
    """Return a doubt as a finding."""
    return Finding(
        "affinity",
        LEVEL,
        doubt.account,
        marked("this reads like none of our accounts, least like {account}")
        if doubt.reads_like is None
        else marked("this reads like {other}, not like {account}"),
        {"account": doubt.account, "other": doubt.reads_like or ""},
        remedy=marked("Send it to the other account, or pass it on purpose: --override affinity --reason …"),
    )
