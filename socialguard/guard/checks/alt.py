"""Every image says in words what it shows."""

from collections.abc import Iterator

from socialguard.guard.interface import Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.text import marked


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
