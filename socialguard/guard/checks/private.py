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

# `d @lea …`, `dm lea …`. "DM us" and "DM @acme for help" ask the public: they name nobody, or say what for.
_COMMAND: Final = re.compile(
    r"\s*(?:(?i:dm?|m)\s+@[A-Za-z0-9_]{2,}(?!\s+(?i:for|to|if|with|and|or|now|pour|si|et|ou|avec|afin)\b)|"
    r"dm?\s+(?!(?:us|me|to|if|for|is|and|or|with|your|our|the|now|here|open|day|in|on|it|pour|nous|moi|si|et|ou|"
    r"avec|de|du|le|la|les|un|une|votre)\b)[a-z][a-z0-9_]+)(?=\s)"
)
_BEGINS: Final = re.compile(r"\s*(?:(?i:hey|hi|hello|yo|salut|coucou)[\s,]+)?@[A-Za-z0-9_]{2,}(?=[\s,:])")
# "@acme will run fewer trains, check yours": the handle is who the sentence is about, not who is spoken to.
_ABOUT: Final = re.compile(
    r"\s+(?:(?:and|&|\+|x|et)(?= )|(?:will|is|are|has|have|was|were|announces?|says?|a|est|sont|ont|va|vont|sera|"
    r"seront)(?= (?!(?:you|u|i|we|tu|vous|on)\b))|"
    r"[a-zéèêç]{2,}(?:e|ent|it) (?:un|une|le|la|les|des|du|son|sa|ses|leur|leurs|notre|nos|\d+) )"
)
_SHOWN: Final = re.compile(
    r"\b(?:thank(?:s| you)|thx|congrat\w*|well done|happy (?:birthday|anniversary)|welcome|good luck|cheers|"
    r"merci|bravo|f[eé]licitations?|bon(?:ne)? (?:anniversaire|chance|f[eê]te)|bienvenue)\b",
    re.IGNORECASE,
)
_YOU: Final = re.compile(
    r"(?<!\bet )(?<!\band )\b(?:you|your|yours|you're|you’re|u|ur|ya|tu|toi|ton|tes|t['’](?=\w)|te|vous|votre|"
    r"vos)\b",
    re.IGNORECASE,
)
_THOU: Final = re.compile(r"\b(?:tu|toi|te|ton|tes|ta)\b|\bt['’](?=[aeiouyhéèê])", re.IGNORECASE)
_ONE: Final = re.compile(
    r"\b(?:i|i['’]m|i['’]ll|me|my|je|moi|mon|ma|mes|on se)\b|\b[jm]['’](?=[aeiouyhéèê])|\A\W*(?:ok|lol|mdr|yes|"
    r"oui|no|non)\W*\Z|"
    # "t où ?", "c ok pour demain", "on mange où ce soir ?", "lunch tomorrow?"
    r"\bt o[uù]\b|\bc (?:ok|bon)\b|\bon (?:mange|boit|va|fait|se) (?:o[uù]|quoi|quand|à quelle|ensemble)\b|"
    r"\A\W*ça va ?\?|\b(?:breakfast|lunch|dinner|coffee|drinks?|beers?) (?:today|tonight|tomorrow|tmrw|later) ?\?",
    re.IGNORECASE,
)
_ME: Final = re.compile(r"\b(?:je|moi|me|mon|ma|mes)\b|\b[jm]['’](?=[aeiouyhéèê])", re.IGNORECASE)
# What people say to those who are near to them, and offices do not.
_NEAR: Final = (
    r"\b(?:"
    r"(?:love|miss) (?:you|u|ya),? (?:babe|baby|honey|darling|sweet(?:ie|heart)|mum|mom|dad|x+)|"
    r"(?:call|text|ring) me (?:later|back|tonight|when|asap)|"
    r"(?:i'?m|i am) (?:on my way(?! to\b)|running late|in bed|so drunk)|"
    r"see (?:you|u|ya) (?:at home(?! \w)|in a bit)|on my way home(?! from\b)|(?:can|could) (?:you|"
    r"u) (?:please )?(?:approve|proofread)|"
    r"(?:peux-tu|tu peux|pouvez-vous) (?:valider|relire|m['’]envoyer)(?! (?:t(?:on|a|es)|vos|votre)\b)|"
    r"je rentre(?! de\b|,? et\b)|"
    r"what time (?:are|r) (?:you|u)|"
    r"(?:are|r) (?:you|u) (?:home(?! alone)|awake|still up)|"
    r"can'?t talk (?:now|right now)|pick(?:ing)? up the kids|(?:can|could) (?:you|u) (?:pick me|grab the|call me)|"
    r"my place or yours|(?:good ?night|night),? (?:babe|baby|honey|love|darling|sweetie|x+)|"
    r"(?:send|forward|e?mail) me the (?:files?|docs?|link|invoice|draft|logo|visuals?|pics?|photos?|copy)\b|"
    r"(?:approve|send|check) (?:it |this )?asap|"
    r"(?:did|have) you (?:get|got|seen|read) my (?:e-?mail|message|text)|"
    r"(?:tu as|t['’]as) (?:reçu|vu|lu) mon (?:mail|message|sms)|"
    r"je suis en retard\W+(?:j['’]arrive|dsl|d[ée]sol[ée]e?)\b|"
    r"bisous(?! d)|bi[sz]z+|je t['’]aime,? mon|tu me manques|(?:t['’]|tu )es o[uù]|tu rentres (?:quand|à quelle)|"
    r"on se voit (?:ce soir|demain) (?:chez|comme)|(?:rappelle|appelle)-moi(?! (?:les?|la)\b| l['’])|"
    r"je suis (?:au lit|crev[ée]e?)|"
    r"m(?:on|a) ch[ée]rie?|bonne nuit mon"
    r")\b|\bcall me ?[.!]?$|\bwhere (?:are|r) (?:you|u) ?\??$"
)
# A house says tu to its public, and speaks as "I" for fun.
_HOUSE: Final = re.compile(
    r"\b(?:toi aussi|nous|notre|nos|votre|vos|jeu|jury|concours|commentaires?|abonn\w+|d[eé]couvr\w+)\b",
    re.IGNORECASE,
)
# What answers one person: everybody would not know what is agreed to.
_ANSWERS: Final = re.compile(
    r"\W*(?:ok(?:ay)?,? (?:thx|thanks|merci,? je|see (?:you|u)\b|pour|for|à)|"
    r"(?:yes|yep|no|oui|non|d['’]accord),? (?:i['’]m|i['’]ll|je|j['’]))",
    re.IGNORECASE,
)
_AGREES: Final = re.compile(
    r"\W*ok(?:ay)?,? (?:(?:thx|thanks)(?! (?:for|to)\b)|merci,? je|see (?:you|u))\b", re.IGNORECASE
)
# "Dis-nous d'où tu nous suis": many speak, and to many.
_OURS: Final = re.compile(r"-nous\b|\b(?:notre|nos|vos|votre) ", re.IGNORECASE)
_LONGEST: Final = 160
_TITLED: Final = re.compile(r"[«“\"]|\w ?[:–—] ")


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
    dressed = dressed or LINK.search(text) is not None or HASHTAG.search(text) is not None
    if begins and not dressed and not _SHOWN.search(text):
        rest = text[begins.end() :]
        about = _ABOUT.match(rest) and not _THOU.search(rest)
        if about:
            return None
        if _ANSWERS.match(rest):
            return marked("it begins with a handle and speaks to one person"), begins.span()
        if _YOU.search(text, begins.end()) or (len(text) <= _LONGEST and _ONE.search(rest)):
            return marked("it begins with a handle and speaks to one person"), begins.span()
    if dressed or len(text) > _LONGEST or _TITLED.search(text):
        return None  # made for the public: a quotation, a title, a link, a picture
    thou, me = _THOU.search(text), _ME.search(text)
    if thou and me and not _HOUSE.search(text) and language_of(text, "fr")[0] == "fr":
        return marked("it speaks to somebody near"), thou.span()
    near = _AGREES.match(text) or re.search(_NEAR, text, re.IGNORECASE)
    if near and not _OURS.search(text):
        return marked("it speaks to somebody near"), near.span()
    return None
