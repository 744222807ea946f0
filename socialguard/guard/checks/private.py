"""A private message on its way into public: it begins with a handle and speaks to one person, it is the command of
a direct message (`d @lea …`), or it is what one says to somebody near."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import HASHTAG, LINK, language_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {}

_COMMAND: Final = re.compile(r"\s*(?:dm?|m)\s+@?[A-Za-z0-9_]{2,}(?=\s)", re.IGNORECASE)
_BEGINS: Final = re.compile(r"\s*@[A-Za-z0-9_]{2,}(?=[\s,:])")
_YOU: Final = re.compile(
    r"\b(?:you|your|yours|you're|you’re|u|ur|ya|tu|toi|ton|tes|t['’](?=\w)|te|vous|votre|vos)\b", re.IGNORECASE
)
_THOU: Final = re.compile(r"\b(?:tu|toi|te|ton|tes|ta)\b|\bt['’](?=[aeiouyhéèê])", re.IGNORECASE)
_ME: Final = re.compile(r"\b(?:je|moi|me|mon|ma|mes)\b|\b[jm]['’](?=[aeiouyhéèê])", re.IGNORECASE)
# What people say to those who are near to them, and offices do not.
_NEAR: Final = (
    r"\b(?:"
    r"(?:love|miss) (?:you|u|ya),? (?:babe|baby|honey|darling|sweet(?:ie|heart)|mum|mom|dad|x+)|"
    r"(?:call|text|ring) me (?:later|back|tonight|when|asap)|"
    r"(?:i'?m|i am) (?:on my way|running late|in bed|so drunk)|"
    r"see (?:you|u|ya) (?:at home|in a bit)|what time (?:are|r) (?:you|u)|"
    r"(?:are|r) (?:you|u) (?:home|awake|still up)|"
    r"can'?t talk (?:now|right now)|pick(?:ing)? up the kids|(?:can|could) (?:you|u) (?:pick me|grab the|call me)|"
    r"my place or yours|(?:good ?night|night),? (?:babe|baby|honey|love|darling|sweetie|x+)|"
    r"bisous|bi[sz]z+|je t['’]aime,? mon|tu me manques|(?:t['’]|tu )es o[uù]|tu rentres (?:quand|à quelle)|"
    r"on se voit (?:ce soir|demain) (?:chez|comme)|(?:rappelle|appelle)-moi|je suis (?:au lit|crev[ée]e?)|"
    r"m(?:on|a) ch[ée]rie?|bonne nuit mon"
    r")\b|\bcall me ?[.!]?$|\bwhere (?:are|r) (?:you|u) ?\??$"
)
_LONGEST: Final = 160


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold where a text that answers nobody in public reads like a message to one person."""
    content = subject.content
    if content.reply_to is not None:
        return
    found = _found(content.text, dressed=bool(content.link or content.media))
    if found is None:
        return
    words, span = found
    yield Finding(
        "private",
        Severity.HOLD,
        str(subject.account),
        words,
        remedy=marked("Everybody would read it. If that is meant: --override private --reason …"),
        span=span,
    )


def _found(text: str, *, dressed: bool) -> tuple[str, tuple[int, int]] | None:
    command = _COMMAND.match(text)
    if command:
        return marked("it begins like a direct message"), command.span()
    begins = _BEGINS.match(text)
    if begins and _YOU.search(text, begins.end()):
        return marked("it begins with a handle and speaks to one person"), begins.span()
    if dressed or len(text) > _LONGEST or LINK.search(text) or HASHTAG.search(text) or re.search(r"[«“\"]", text):
        return None  # made for the public: a quotation, a link, a picture
    thou, me = _THOU.search(text), _ME.search(text)
    if thou and me and language_of(text, "fr")[0] == "fr":
        return marked("it speaks to somebody near"), thou.span()
    near = re.search(_NEAR, text, re.IGNORECASE)
    if near:
        return marked("it speaks to somebody near"), near.span()
    return None
