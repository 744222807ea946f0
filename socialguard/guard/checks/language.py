"""A text in a language that the account does not write in: the wrong account, or the wrong variant.

An account's languages are those that policy names, or its labels (`fr`, `en`); where nobody
said, nothing is asked."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import language_of, reads_like, words
from socialguard.model.codes import is_language
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "languages": Texts(
        form="a list of languages by their ISO 639 codes (en, fr, ja)", pattern="[a-z]{2}", known=is_language
    ),
    "shortest": Whole(4, 1, 100, "words"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where the text is surely in none of the account's languages."""
    languages, text = subject.languages, subject.content.text
    found = words(text)
    if not languages or len(found) < subject.settings.whole("shortest"):
        return
    # Each of the account's own languages has the benefit of the doubt.
    read = [language_of(text, hint) for hint in languages]
    if any(not sure or code == "un" or code in languages for code, sure in read):
        return
    if any(reads_like(text, language, read[0][0]) for language in languages):
        return
    yield Finding(
        "language",
        Severity.HOLD,
        str(subject.account),
        marked("the text is in {found}, the account writes in {languages}"),
        {"found": read[0][0], "languages": ", ".join(languages)},
        remedy=marked("Is this the right account? If so: --override language --reason …"),
        span=(found[0][1][0], found[-1][1][1]),
    )
