"""X takes one cashtag (`$ACME`) a post and refuses more (self-serve apps, since February 2026)."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import LINK, without
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {"most": Whole(1, 0, 20, "cashtags")}
_CASHTAG: Final = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![\w$])")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block where a post for X has more cashtags than it takes."""
    if subject.account.network != "x":
        return
    found = [one.span() for one in _CASHTAG.finditer(without(LINK, subject.content.text))]
    most = subject.settings.whole("most")
    if len(found) > most:
        yield Finding(
            "cashtag",
            Severity.BLOCK,
            str(subject.account),
            marked("{count} cashtags, X takes {limit}"),
            {"count": len(found), "limit": most},
            remedy=marked("Write the others without $."),
            span=found[most],
        )
