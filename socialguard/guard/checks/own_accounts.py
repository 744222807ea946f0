"""A text that names another account of ours as only that account would, or that of another client, is likely to be
meant for there."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Ours, Subject
from socialguard.guard.mentions import mentions_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "friends": Texts(form="a list of clients that may be named", pattern=r"[^,@:]+"),
}

# Whoever writes so says who they are.
_AS: Final = re.compile(
    r"(?:\b(?:we|us|here|all of us|the team) (?:here )?at|\bthis is|\bi am|\bi['’]m|\bour account,?|"
    r"\bnous,? (?:ici )?chez|\bici|\bc['’]est|\bl['’]équipe (?:de|d['’]))\s*\Z",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning where an account of another client is named, or one of the same client as oneself."""
    account, text = subject.account, subject.content.text
    mentions = mentions_of(text)
    if not mentions:
        return
    ours = {one.handle.lower(): one for one in subject.ours if one.network == account.network}
    friends = {one.lower() for one in subject.settings.texts("friends")}
    for mention in mentions:
        other = ours.get(mention.handle.lower())
        if other is None or other.handle.lower() == account.handle.lower():
            continue
        if _AS.search(text[max(0, mention.span[0] - 60) : mention.span[0]]):
            yield _finding(subject, other, mention.span, marked("this speaks as {other}, an account of yours"))
        elif other.client != account.client and other.client.lower() not in friends:
            yield _finding(
                subject, other, mention.span, marked("{other} is an account of another client, {client}")
            )


def _finding(subject: Subject, other: Ours, span: tuple[int, int], template: str) -> Finding:
    return Finding(
        "own_accounts",
        Severity.WARN,
        str(subject.account),
        template,
        {"other": f"{other.network}:@{other.handle}", "client": other.client},
        remedy=marked("Look whether this text is meant for this account."),
        span=span,
    )
