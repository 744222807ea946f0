"""A file whose bytes are not what its name says is not the file that was meant, more often than not."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {}

_TYPES: Final = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".jfif": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each file whose name promises another type than its bytes are."""
    for item in subject.content.media:
        promised = _TYPES.get(PurePath(item.file_name).suffix.lower())
        if item.size and promised is not None and promised != item.content_type:
            yield Finding(
                "filetype",
                Severity.WARN,
                str(subject.account),
                marked("{file} is called {promised}, and its bytes are {type}"),
                {"file": item.file_name, "promised": promised, "type": item.content_type},
                remedy=marked("Look whether it is the file that you mean; save it again under its right type."),
            )
