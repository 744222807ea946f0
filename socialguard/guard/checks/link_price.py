"""What a link adds to the price of a post, where the network charges for it."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import links_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.money import dollars
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.NOTE
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a note where the post would be cheaper without its links."""
    links = links_of(subject.content)
    if subject.link_price <= 0 or not links:
        return
    yield Finding(
        "link_price",
        Severity.NOTE,
        str(subject.account),
        marked("a link makes this post {price} dearer"),
        {"price": dollars(subject.link_price)},
        remedy=marked("Leave it out where the profile already links there."),
        span=links[0].span,
    )
