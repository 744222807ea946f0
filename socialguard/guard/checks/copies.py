"""The same words on several accounts of one network, where its rules forbid that and lock accounts for it."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.likeness import is_alike, plain
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "percent": Whole(95, 50, 100, "per cent"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning where another of our accounts on the network says the same, now or a few days ago."""
    if not subject.limits.forbids_copies or subject.content.reply_to is not None:
        return
    ours, percent = plain(subject.content.text), subject.settings.whole("percent")
    others = sorted({one.account for one in subject.copies if is_alike(ours, plain(one.text), percent)})
    if others:
        yield Finding(
            "copies",
            Severity.WARN,
            str(subject.account),
            marked("{others} says the same; this network forbids the same text on several accounts"),
            {"others": ", ".join(others)},
            remedy=marked("Write it anew for each account, or post it on one and repost it from the others."),
            span=(0, len(subject.content.text)),
        )
