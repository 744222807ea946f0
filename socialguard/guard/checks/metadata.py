"""A photo that told where it was taken, or by whom, does so no more: the file that is sent is a clean copy."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.NOTE
PARAMETERS: Final[Mapping[str, Parameter]] = {}

_SAID: Final = {
    "place": marked("the place was removed from {file}: what is sent does not tell where it was taken"),
    "camera": marked("camera and owner were removed from {file}"),
    "notes": marked("hidden notes were removed from {file}"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a note for each kind of detail that a file lost."""
    for item in subject.content.media:
        for what in item.removed:
            if what in _SAID:
                yield Finding(
                    "metadata",
                    Severity.NOTE,
                    str(subject.account),
                    _SAID[what],
                    {"file": item.file_name},
                    remedy=marked("Nothing to do: your own file is unchanged."),
                )
