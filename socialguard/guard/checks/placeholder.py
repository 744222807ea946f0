"""A template that nobody filled in: `[LINK]`, `{{name}}`, lorem ipsum, TODO, XXX; and what was left in a
post that is no part of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard import leftovers
from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import language_of, spaced
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {"allowed": Texts(form="a list of texts that are no placeholders")}

# What stands in brackets where something is still to be filled in; [VIDEO] and [LIVE] are none of it. A thing is
# meant where it stands alone, or with what it is the thing of: [date], [client name], [nom du client].
_ASKED: Final = (
    r"(?:insert|ins[eé]rer|ajouter|add|enter|your|votre|ton)\b[^\[\]<>\n]{0,60}|"
    r"[àa] (?:compl[ée]ter|confirmer|valider)|to be (?:completed|confirmed)|placeholder|tbd|tbc|todo|"
    r"xx+|\.{3}|…|\?+"
)
_THING: Final = (
    r"link|lien|url|name|nom|pr[eé]nom|first ?name|last ?name|date|time|heure|title|titre|city|ville|company|"
    r"entreprise|brand|marque|product|produit|price|prix|hashtags?|handle|cta|text|texte|image|visuel|emoji|lieu|adresse|address|phone|t[eé]l[eé]phone|e-?mail"
)
_TO_FILL: Final = (
    rf"(?:{_THING})(?:[\s_:-]+(?:here|ici|goes here|of|to|for|du|de|des|de l[’']|d[’']|à|{_THING})"
    rf"\b[^\[\]<>\n]{{0,60}})?|(?:[\w’'-]+[\s_]){{1,2}}(?:name|date|link|url|title|price|nom|lien)|{_ASKED}"
)
# A heading of a post, not a gap in it: it begins a line, and what follows begins a sentence.
_NEVER_A_HEADING: Final = re.compile(
    r"\W*(?:insert|ins[eé]rer|ajouter|enter|link|lien|url|name|nom|pr[eé]nom|todo|tb[cd]|xx|[àa] compl|"
    r"placeholder)\b|.*\b(?:here|ici)\b",
    re.IGNORECASE,
)
_HEADED: Final = re.compile(r"(?:\s*[:|–—-])?\s+[\W_]*(?:[A-ZÀ-Þ]|\d)")
# "Venue: TBC", "kick-off TBC" tell the public what is not known yet; "on TBC" and "link TBC" were to be filled in.
_OPEN: Final = re.compile(
    r"(?<!\blink)(?<!\blien)(?<!\burl)(?<!\btitle)(?<!\bname)(?:[^\W\d_]|\))\s?[:(–—-]?\s*\Z", re.IGNORECASE
)
_TOWARDS: Final = re.compile(
    r"\b(?:on|at|in|from|until|till|to|for|by|with|the|a|an|of|le|la|les|à|au|du|de|des|dès|pour|par|avec|un|une)\s*\Z",
    re.IGNORECASE,
)
_BIO: Final = re.compile(r"\b(?:in|en|dans la|dans notre|in our) bio\b", re.IGNORECASE)
_KISSES: Final = re.compile(
    r"\b(?:love|lots|kiss\w*|hugs?|xo+|xoxo|miss|thanks?|birthday|valentine\w*|mum|mom|night)\b[^\n]{0,80}\Z",
    re.IGNORECASE,
)
_SIZES: Final = re.compile(r"(?:\b(?:X*[SL]|M)\b|[Bb]owl)[\s,/-]*(?:(?:or|ou|to|et|and|au|à)\s)?\Z")
_SIZED: Final = re.compile(r"[\s,/-]*(?:(?:or|ou|to|et|and|au|à)\s)?(?:X+[SL]|[SML])\b")
# They begin with one of these signs, at the border of a word, or with the text: to try them all at every letter
# takes longer than all else here. A text without such a sign and such letters has none.
_SIGNS: Final = r"\[\]{}<>()%*|#@$£€_.+"
_LETTERS: Final = (
    *(
        "compl",
        "finir",
        "to-do",
        "undefined",
        "null",
        "nan",
        "here are",
        "voici",
        "ne pas publier",
        "do not p",
        "lorem",
    ),
    *("draft", "brouillon", "insert", "insér", "site", "bit.ly", "fixme", "todo", "tbd", "tbc", "xx", "mm"),
)
_FORMS: Final = re.compile(
    rf"(?=[{_SIGNS}])(?:"
    + "|".join(
        (
            r"\{\{[^{}\n]{0,60}\}\}",
            r"\{%[^{}\n]{1,60}%\}",
            r"\$\{[^{}\n]{1,60}\}",
            r"\{(?![\u0590-\u08ff])[^\W\d](?:[^\W\d]|[ '’-]){1,30}\}",
            r"%[A-ZÀ-Þ_]{3,30}%|(?<![\w%])%[a-z_]{3,30}(?:\.[a-z_]{2,30})?%",
            r"\*\|[A-Z_:]{2,30}\|\*",
            r"\{\d\}",
            r"<%=?[^%\n]{1,60}%>",
            r"(?<![\w%])%s\b",
            r"\b__[A-Z]{3,30}__\b",
            rf"(?i:\[\s*(?:{_TO_FILL})\s*\])",
            rf"(?i:<\s*(?:{_TO_FILL})\s*>)",
            r"(?i:\((?:link|lien|insert[^()\n]{0,40}|ins[eé]rer [^()\n]{0,40}|[àa] compl[ée]ter)\))",
            r"(?i:#(?:hashtag|motcl[eé])\d+\b|#(?:your|votre)hashtag\b|@(?:your|votre)?(?:username|"
            r"handle)here\b|@(?:username|handle)\b)",
            r"(?i:[\[(]\s*(?:ne pas publier|do not publish)\b)",
            r"\[object Object\]",
            r"%%\w[\w ]{1,30}%%",
            r"\{![\w.]{2,60}\}",
            r"##[A-Z_]{3,30}##|(?<![\w$])\$[A-Z_]{3,30}\$",
            r"<<\w[\w .]{1,30}>>",
            r"\b__[/.]__\b|(?<![\w/.])\.\./\.\./(?:\.\.|20\d\d)|(?<!_)_{2,} ?(?:€|\$|£|euros?\b)|[$£€]_{2,}",
        )
    )
    + r")|\b(?:"
    + "|".join(
        (
            r"(?:[ÀA] COMPL[ÉE]TER|[ÀA] D[ÉE]FINIR)\b",
            r"(?i:to-do:)",
            r"(?i:(?:hello|hi|dear|bonjour|ch[eè]re?) (?:undefined|null|NaN)\b)",
            r"(?:NE PAS PUBLIER|DO NOT (?:PUBLISH|POST))\b",
            r"(?i:lorem\s+ipsum\b)",
            r"(?i:(?:insert|ins[eé]rer)\s+(?:the\s+|le\s+|la\s+)?(?:link|lien|image|photo|name|nom|date)\b)",
            r"(?i:insert \w+ here\b)",
            r"(?i:https?://(?:www\.)?(?:your|votre)-?(?:web)?site\.\w+|www\.(?:your|votre)-?(?:web)?site\.\w+|"
            r"bit\.ly/xxx+)",
            r"(?:FIXME|TODO|TBD|TBC|XXX+)\b",
            r"(?:DD[/.-]MM[/.-]YY(?:YY)?|MM[/.-]DD[/.-]YY(?:YY)?|JJ[/.-]MM[/.-]AA(?:AA)?|YYYY-MM-DD|"
            r"AAAA-MM-JJ)\b",
            r"XX?(?:[:hH/.]XX)+\b",
            r"(?i:XX+)(?= ?(?:€|\$|£|%|(?i:euros?|janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|"
            r"septembre|octobre|novembre|d[eé]cembre)\b))",
            r"(?<=[€$£])(?i:XX+)\b",
        )
    )
    + r")|\A(?:"
    + "|".join(
        (
            r"(?i:\W*(?:here are|voici) (?:\w+ ){1,3}(?:(?:tweet|post|caption) (?:options|ideas)|"
            r"(?:propositions?|suggestions?|id[ée]es?) (?:de |d['’])(?:tweets?|posts?|publications?|"
            r"l[ée]gendes?))\b)",
            r"(?i:\W*(?:brouillon|draft)\s*[:–—-](?=\s))",
        )
    )
    + ")"
)
_SIGNED: Final = re.compile(rf"[{_SIGNS}]")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each placeholder in the text, or in what an image is said to show."""
    allowed = {one.casefold() for one in subject.settings.texts("allowed")}
    texts = (subject.content.text, *(item.alt for item in subject.content.media))
    for place, text in enumerate(map(spaced, texts)):
        for found in _FORMS.finditer(text) if _may_hold(text) else ():
            if found[0].casefold() in allowed or _is_meant(text, found):
                continue
            yield Finding(
                "placeholder",
                Severity.HOLD,
                str(subject.account),
                marked("a placeholder was left: {words}"),
                {"words": found[0]},
                remedy=marked("Fill it in or take it out."),
                span=found.span() if place == 0 else None,
            )
    yield from _left(subject, allowed)


def _may_hold(text: str) -> bool:
    """Whether a text has what a placeholder cannot do without."""
    if _SIGNED.search(text):
        return True
    small = text.lower()
    return any(letters in small for letters in _LETTERS)


_LEFT: Final = (
    (
        leftovers.notes,
        Severity.HOLD,
        marked("this is no part of the post: {words}"),
        marked("Take it out."),
    ),
    (
        leftovers.markup,
        Severity.WARN,
        marked("readers would see these signs as they are: {words}"),
        marked("Write what they stand for."),
    ),
)


def _left(subject: Subject, allowed: set[str]) -> Iterator[Finding]:
    """What was said about the post and is no part of it, what a program left, and a sentence that breaks off."""
    text, account = subject.content.text, str(subject.account)
    for find, level, told, remedy in _LEFT:
        for span in find(text):
            words = text[slice(*span)]
            if words.casefold() not in allowed:
                yield Finding("placeholder", level, account, told, {"words": words}, remedy=remedy, span=span)
    if leftovers.is_trial(text) and text.strip().casefold() not in allowed:
        told = marked("the text only tries whether posting works")
        remedy = marked("Write what you have to say.")
        yield Finding("placeholder", Severity.WARN, account, told, remedy=remedy, span=(0, len(text)))
    cut = leftovers.break_off(text)
    ends = subject.content.part in (None, subject.content.thread_size)  # another part may go on with the sentence
    if cut is not None and ends and subject.content.link is None:
        told = marked("the text breaks off")
        remedy = marked("Write the sentence to its end.")
        yield Finding("placeholder", Severity.WARN, account, told, remedy=remedy, span=cut)


def _is_meant(text: str, found: re.Match[str]) -> bool:
    """Whether what has the form of a placeholder says something: a heading, a list, sizes, kisses, Spanish."""
    before, after = text[: found.start()], text[found.end() :]
    if found[0] in ("[...]", "[…]"):  # what was left out of a quotation
        return (
            before.count("«") > before.count("»")
            or before.count("“") > before.count("”")
            or before.count('"') % 2 == 1
        )
    if found[0] == "TODO":
        listed = re.match(r"\W?lists?\b", after, re.IGNORECASE) or re.search(
            r"\blistes? (?:de )?\Z", before, re.IGNORECASE
        )
        return listed is not None or language_of(f"{before} {after}")[0] in ("es", "pt", "gl")  # "all" there
    if found[0] in ("TBC", "TBD"):
        return _OPEN.search(before) is not None and not _TOWARDS.search(before)
    if set(found[0]) == {"X"}:
        kisses = not re.search(r"\w", after) and _KISSES.search(before)
        return bool(kisses or _SIZES.search(before[-24:]) or _SIZED.match(after))
    if found[0][0] in "[<" and _BIO.search(found[0]):
        return True
    if found[0][0] == "[" and not _NEVER_A_HEADING.match(found[0]):
        return (not before or before.endswith("\n")) and _HEADED.match(after) is not None
    return False
