"""Words that the user does not want, or wants to be told of: `forbidden.fr = ["…"]`, `watched.any = ["…"]`."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.disguise import Lexicon
from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Words
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {"forbidden": Words(), "watched": Words()}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block for each forbidden word or phrase, also in a simple disguise, a warning for a watched one."""
    text = subject.content.text
    forbidden = Lexicon.of(subject.settings.words("forbidden", subject.languages))
    watched = Lexicon.of(subject.settings.words("watched", subject.languages))
    for word, span in forbidden.found(text):
        yield Finding(
            "words",
            Severity.BLOCK,
            str(subject.account),
            marked("{word} is forbidden by your policy"),
            {"word": word},
            remedy=marked("Write it in other words."),
            span=span,
        )
    for word, span in watched.found(text):
        yield Finding(
            "words",
            Severity.WARN,
            str(subject.account),
            marked("{word} is watched by your policy"),
            {"word": word},
            remedy=marked("Make sure that it is meant so."),
            span=span,
        )
