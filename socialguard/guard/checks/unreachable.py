"""A link whose server answers that there is nothing, or does not answer at all."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import links_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "network"
LEVEL: Final[Severity | None] = None
PARAMETERS: Final[Mapping[str, Parameter]] = {}

# Answers of servers that are there and want no robot, or a person who logs in.
_UNWELCOME: Final = frozenset({401, 402, 403, 405, 406, 407, 429, 451, 999})


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each link that was looked up and leads to no page."""
    for link in links_of(subject.content):
        found = subject.reached.get(link.url)
        if found is None:
            continue
        fields = {"link": link.url, "status": found.status, "problem": found.problem}
        if found.problem:
            template = marked("{link} could not be reached: {problem}")
        elif found.status >= 400 and found.status not in _UNWELCOME:
            template = marked("{link} leads to an error: the server answers {status}")
        else:
            continue
        yield Finding(
            "unreachable",
            Severity.WARN,
            str(subject.account),
            template,
            fields,
            remedy=marked("Open it in a browser before you post it."),
            span=link.span,
        )
