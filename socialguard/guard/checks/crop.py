"""An image of a shape that the network does not show whole is cropped where people see it."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.NOTE
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a note for each image that is narrower or wider than what the network shows whole."""
    limits = subject.limits
    for item in subject.content.media:
        if not item.width or not item.height:
            continue
        shape = item.width * 100 // item.height
        if (limits.tallest and shape < limits.tallest) or (limits.widest and shape > limits.widest):
            yield Finding(
                "crop",
                Severity.NOTE,
                str(subject.account),
                marked("{file} has {width} × {height} pixels: the network crops it in the timeline"),
                {"file": item.file_name, "width": item.width, "height": item.height},
                remedy=marked("Crop it yourself, so that what matters is seen."),
            )
