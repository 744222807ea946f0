"""A domain in letters that only look like others leads to somebody else than it says."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import links_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked
from socialguard.registry.names import skeleton

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each link whose domain is in disguise, and a note for one in its encoded form (xn--)."""
    for link in links_of(subject.content):
        fields = {"link": link.url, "host": link.host}
        if is_disguised(link.host):
            yield Finding(
                "disguise",
                Severity.HOLD,
                str(subject.account),
                marked("{link} is written in letters that only look like those of another domain"),
                fields,
                remedy=marked("Type the address yourself, or pass it on purpose: --override disguise --reason …"),
                span=link.span,
            )
        elif "xn--" in link.url.lower() and link.host and not link.host.isascii():
            yield Finding(
                "disguise",
                Severity.NOTE,
                str(subject.account),
                marked("{link} is {host} in letters"),
                fields,
                remedy=marked("Look whether that is the domain that you mean."),
                span=link.span,
            )


def is_disguised(host: str) -> bool:
    """Return whether a label of a host under an ASCII top level holds letters that look like ASCII ones and are
    not: a foreign script that reads as Latin throughout, or one letter of it among Latin ones."""
    *labels, top = host.split(".")
    return top.isascii() and any(_is_disguised(label) for label in labels if not label.isascii())


def _is_disguised(label: str) -> bool:
    plain = "".join(char for char in unicodedata.normalize("NFKD", label) if not unicodedata.combining(char))
    foreign = [char for char in plain if not char.isascii()]
    if not foreign:
        return False  # é, ü: Latin letters with their marks
    looks_latin = [char for char in foreign if skeleton(char).isascii()]
    has_latin = any(char.isascii() and char.isalpha() for char in plain)
    return bool(looks_latin) and (has_latin or len(looks_latin) == len(foreign))
