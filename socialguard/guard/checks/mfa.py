"""The second factor of the account's log-in: a post on an account that anybody may have taken over is not ours."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard import clock
from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import due
from socialguard.model.finding import Finding, Severity
from socialguard.model.mfa import GOOD_FOR, WEAK, weakness
from socialguard.model.parameter import Parameter, Texts, Whole
from socialguard.model.text import marked

NAME: Final = "mfa"
REFUSED, DAYS = "refused", "days"
KIND: Final[Kind] = "account"
LEVEL: Final[Severity | None] = None
PARAMETERS: Final[Mapping[str, Parameter]] = {
    REFUSED: Texts(WEAK, form="a list of second factors: app, key, sms, none", pattern="app|key|sms|none"),
    DAYS: Whole(GOOD_FOR, 1, 3650, "days"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where the second factor is one that is refused, or will not have been checked lately."""
    settings = subject.settings
    at = max(due(subject), clock.now())
    found = weakness(subject.account.mfa, at, refused=settings.texts(REFUSED), days=settings.whole(DAYS))
    if found is not None:
        sentence, fields = found
        yield Finding(
            NAME,
            Severity.HOLD,
            str(subject.account),
            sentence,
            fields,
            remedy=marked("Look at the network, then an owner runs: socialguard mfa set ACCOUNT --method app"),
        )
