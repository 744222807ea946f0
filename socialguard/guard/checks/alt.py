"""Every image says in words what it shows."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each image without alt text, a block for one whose alt text is too long."""
    for item in subject.content.media:
        fields = {"file": item.file_name, "length": len(item.alt), "limit": subject.limits.alt_text}
        if not item.alt.strip():
            yield Finding(
                "alt",
                Severity.HOLD,
                str(subject.account),
                marked("alt text missing ({file})"),
                fields,
                remedy=marked("Add --alt TEXT after the --media that it describes."),
            )
        elif len(item.alt) > subject.limits.alt_text:
            yield Finding(
                "alt",
                Severity.BLOCK,
                str(subject.account),
                marked("alt text of {file} too long: {length} of {limit}"),
                fields,
                remedy=marked("Shorten it."),
            )
