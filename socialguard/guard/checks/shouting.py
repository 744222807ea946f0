"""A text in capitals is read as shouting, and read badly by screen readers."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import words
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "share": Whole(80, 30, 100, "percent of the letters"),
    "shortest": Whole(24, 5, 10_000, "letters"),
}
_FEWEST_WORDS: Final = 4


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning where more than `share` percent of at least `shortest` letters are capitals."""
    found = words(subject.content.text)
    said = "".join(word for word, _ in found)
    capitals = sum(map(str.isupper, said))
    letters = capitals + sum(map(str.islower, said))
    if len(found) < _FEWEST_WORDS or letters < subject.settings.whole("shortest"):
        return
    if capitals * 100 < subject.settings.whole("share") * letters:
        return
    yield Finding(
        "shouting",
        Severity.WARN,
        str(subject.account),
        marked("{percent} % of the letters are capitals"),
        {"percent": capitals * 100 // letters},
        remedy=marked("Write it in small letters."),
        span=(found[0][1][0], found[-1][1][1]),
    )
