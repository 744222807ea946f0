"""A text that does not sound like its account, where there is no terminal in which a person could be asked; in
one the switch guard asks instead. The gate says of which texts that is so (`guard.doubts`)."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.doubt import Doubt
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "rate": Whole(2, 1, 20, "per cent of genuine posts", strict="high"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where the gate found a doubt that nobody can be asked about."""
    if subject.doubt is not None:
        yield finding(subject.doubt)


def finding(doubt: Doubt, text: str = "") -> Finding:
    """Return a doubt as a finding; in `text` the strongest reason is marked."""
    values = [reason.value for reason in doubt.reasons if reason.sign not in ("language", "style")]
    places = [(text.find(value), len(value)) for value in values]
    return Finding(
        "affinity",
        LEVEL,
        doubt.account,
        marked("this reads like none of our accounts, least like {account}")
        if doubt.reads_like is None
        else marked("this reads like {other}, not like {account}"),
        {"account": doubt.account, "other": doubt.reads_like or ""},
        remedy=marked("Send it to the other account, or pass it on purpose: --override affinity --reason …"),
        span=next(((at, at + size) for at, size in places if at >= 0), None),
    )
