"""The network has posts of this shape: else a scheduled post would be refused only when it is due."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block for a reply by a Page, and for images beside the preview of a link there."""
    content, account = subject.content, subject.account
    if account.network != "facebook":
        return
    if content.reply_to is not None:
        yield Finding(
            "shape",
            Severity.BLOCK,
            str(account),
            marked("a post of a Page cannot be a reply"),
            remedy=marked("Leave out --reply-to."),
        )
    if content.media and content.link:
        yield Finding(
            "shape",
            Severity.BLOCK,
            str(account),
            marked("a post of a Page shows either images or the preview of a link"),
            remedy=marked("Put the link into the text."),
        )
