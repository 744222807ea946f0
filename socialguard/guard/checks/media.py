"""Media are of a type, a size and a number that the network takes."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.model.delivery import Media
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "media"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block for each file that the network would refuse, and for too many of them."""
    limits = subject.limits
    account = str(subject.account)
    for item in subject.content.media:
        fields = {
            "file": item.file_name,
            "type": item.content_type,
            "size": item.size,
            "limit": limits.image_bytes,
            "types": ", ".join(limits.image_types),
        }
        if item.content_type not in limits.image_types:
            words, remedy = _refusal(item)
            yield Finding("media", Severity.BLOCK, account, words, fields, remedy=remedy)
        elif item.size > limits.image_bytes:
            yield Finding(
                "media",
                Severity.BLOCK,
                account,
                marked("{file} has {size} bytes, the limit is {limit}"),
                fields,
                remedy=marked("Make it smaller."),
            )
    if len(subject.content.media) > limits.images:
        yield Finding(
            "media",
            Severity.BLOCK,
            account,
            marked("{count} files, the limit is {limit}"),
            {"count": len(subject.content.media), "limit": limits.images},
            remedy=marked("Take some away."),
        )


def _refusal(item: Media) -> tuple[str, str]:
    """Return why a file that is no image of the network's is not sent, and what to do."""
    if not item.size:
        return marked("{file} is an empty file"), marked("Save it again, then repeat the command.")
    if item.content_type.startswith("video/"):
        return marked("{file} is a film ({type}), and only images are sent"), marked(
            "Post it at the network itself."
        )
    words = marked("{file} is {type}, which is not sent to this network")
    if item.content_type == "image/gif":
        return words, marked("Save it as one of: {types} (it will not move), or post it at the network itself.")
    return words, marked("Save it as one of: {types}.")
