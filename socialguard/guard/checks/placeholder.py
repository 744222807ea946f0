"""A template that nobody filled in: `[LINK]`, `{{name}}`, lorem ipsum, TODO, XXX."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import language_of
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {"allowed": Texts(form="a list of texts that are no placeholders")}

# Words that stand in brackets where something is still to be filled in; [VIDEO] and [LIVE] are none of them.
_TO_FILL: Final = (
    r"insert|ins[eé]rer|ajouter|add|your|votre|ton|enter|link|lien|url|name|nom|pr[eé]nom|first ?name|last ?name|"
    r"date|time|heure|title|titre|city|ville|company|entreprise|brand|marque|product|produit|price|prix|"
    r"hashtags?|handle|cta|[àa] compl[ée]ter|text|texte|"
    r"to be (?:completed|confirmed)|placeholder|tbd|tbc|todo|xx+|\.{3}|…|\?+"
)
_FORMS: Final = re.compile(
    "|".join(
        (
            r"\{\{[^{}\n]{0,60}\}\}",
            r"\{%[^{}\n]{1,60}%\}",
            r"\$\{[^{}\n]{1,60}\}",
            r"\{[A-Za-z_][A-Za-z_ ]{1,30}\}",
            r"%[A-Z_]{3,30}%",
            r"\*\|[A-Z_:]{2,30}\|\*",
            rf"(?i:\[\s*(?:{_TO_FILL})(?:[\s_:-][^\[\]\n]{{0,60}})?\s*\])",
            rf"(?i:<\s*(?:{_TO_FILL})(?:[\s_-][\w '’-]{{0,40}})?\s*>)",
            r"(?i:\blorem\s+ipsum\b)",
            r"\[object Object\]",
            r"(?i:\b(?:insert|ins[eé]rer)\s+(?:the\s+|le\s+|la\s+)?(?:link|lien|image|photo|name|nom|date)\b)",
            r"(?i:\binsert \w+ here\b)",
            r"%%\w{2,30}%%",
            r"\b(?:FIXME|TODO|TBD|XXX+)\b",
            r"\b(?:DD[/.-]MM[/.-]YY(?:YY)?|MM[/.-]DD[/.-]YY(?:YY)?|JJ[/.-]MM[/.-]AA(?:AA)?|YYYY-MM-DD|AAAA-MM-JJ)\b",
            r"\bXX?(?:[:hH/.]XX)+\b",
        )
    )
)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each placeholder in the text."""
    text = subject.content.text
    allowed = {one.casefold() for one in subject.settings.texts("allowed")}
    for found in _FORMS.finditer(text):
        if found[0].casefold() in allowed:
            continue
        if found[0] == "TODO" and language_of(text.replace("TODO", ""))[0] in ("es", "pt", "gl"):
            continue  # "all" there
        yield Finding(
            "placeholder",
            Severity.HOLD,
            str(subject.account),
            marked("a placeholder was left: {words}"),
            {"words": found[0]},
            remedy=marked("Fill it in or take it out."),
            span=found.span(),
        )
