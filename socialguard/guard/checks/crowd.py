"""Too many hashtags, handles or emoji: a post that looks like spam."""

from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import HANDLE, HASHTAG, LINK, Span, without
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Whole
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "hashtags": Whole(5, 0, 100, "hashtags"),
    "handles": Whole(6, 0, 100, "handles"),
    "emoji": Whole(10, 0, 1_000, "emoji"),
}
_WORDS: Final = {
    "hashtags": marked("{count} hashtags, at most {limit}"),
    "handles": marked("{count} handles, at most {limit}"),
    "emoji": marked("{count} emoji, at most {limit}"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each kind of which there are more than policy allows."""
    text = without(LINK, subject.content.text)
    found = {
        "hashtags": [one.span() for one in HASHTAG.finditer(text)],
        "handles": [one.span() for one in HANDLE.finditer(text)],
        "emoji": _emoji(text),
    }
    for kind, spans in found.items():
        limit = subject.settings.whole(kind)
        if len(spans) > limit:
            yield Finding(
                "crowd",
                Severity.WARN,
                str(subject.account),
                _WORDS[kind],
                {"count": len(spans), "limit": limit},
                remedy=marked("Keep those that matter most."),
                span=(spans[limit][0], spans[-1][1]),
            )


def _emoji(text: str) -> list[Span]:
    if text.isascii():
        return []
    import regex

    # One sequence (a family, a flag, a skin tone) is one emoji; ©, ® and ™ are read as text.
    pattern = regex.compile(r"(?=\p{Emoji_Presentation}|\p{Regional_Indicator}|\p{Extended_Pictographic}\ufe0f)\X")
    return [(one.start(), one.end()) for one in pattern.finditer(text)]
