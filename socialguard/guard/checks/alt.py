"""Every image says in words what it shows."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}
# What stands there where nobody described the image.
_NOTHING: Final = re.compile(
    r"(?:(?:the |an? |une? |l['’])?(?:image|photo|picture|pic|img|dsc|visuel|screenshot|capture)s?[ _-]?\d*|"
    r"(?:screenshot|capture d['’][ée]cran|screen shot|photo|image|img|whatsapp image)"
    r"[ _-]\d[\d ._:h-]*(?:à|at)?[\d ._:h-]*|"
    r"https?://\S+|[A-Za-z0-9]{1,2}|undefined|null|none|n/?a|aucune?|\[[^\[\]]{0,30}\]|"
    r"(?:ein )?bild|(?:una? )?(?:foto|imagen|immagine|imagem)|(?:een )?afbeelding|"
    r"alt(?: text)?|texte alternatif|description|untitled|sans titre|[\W_]+|[\w -]+\.(?:jpe?g|png|gif|webp|heic))",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each image without alt text, a block for one whose alt text is too long, a
    warning for an alt text that says nothing of the image."""
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
        elif _says_nothing(item.alt.strip(), item.file_name):
            yield Finding(
                "alt",
                Severity.WARN,
                str(subject.account),
                marked("the alt text of {file} does not say what it shows: {alt}"),
                {**fields, "alt": item.alt},
                remedy=marked("Describe the image with --alt TEXT, as on the telephone."),
            )


def _says_nothing(alt: str, file_name: str) -> bool:
    return _NOTHING.fullmatch(alt) is not None or alt.casefold() in (
        file_name.casefold(),
        file_name.rpartition(".")[0].casefold(),
    )
