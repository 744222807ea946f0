"""What does not belong to a post and was left in it: the words of a writing machine around its text, notes to
colleagues, the samples of a design program, markup that networks do not show, and a sentence that breaks off."""

import re
from collections.abc import Iterator
from typing import Final

from socialguard.guard.reading import LINK, Span, spaced, without

_ADD: Final = r"add|insert|enter|type|click to add|ajoutez|ins[eé]rez|saisissez|cliquez pour (?:ajouter|modifier)"
_SAMPLE: Final = (
    r"(?:sub ?)?(?:text|heading|headline|title|caption|paragraph|texte|titre|paragraphe|l[eé]gende)|sous-titre"
)
# A whole line.
_LINES: Final = (
    rf"(?:{_ADD}) (?:(?:an?|the|your|une?|le|la|du|votre|some|body|little bit of) ){{0,3}}(?:{_SAMPLE})"
    rf"(?: text)?(?: (?:here|ici))?|"
    rf"(?:your|votre) (?:(?:{_SAMPLE}) (?:here|ici|text)|paragraphe)|"
    r"(?:draft|brouillon)(?: ?v?\d{1,2})?|[àa] valider|(?:pour|en attente de) validation|wip|work in progress|"
    r"placeholder(?: text)?|(?:title|heading|body text|titre) (?:here|ici)|body text|confidenti(?:al|el(?:le)?)|"
    r"(?:not|pas) (?:for|pour) publication|ne pas poster|(?:texte|text) (?:à venir|to come)|"
    r"(?:for |[àa] )?(?:internal use only|usage interne)|"
    r"(?:sent|get outlook) (?:from|for) (?:my )?(?:iphone|ipad|ios|android|mobile|samsung\b[^\n]*)|"
    r"envoy[eé] de(?:puis)? mon (?:iphone|ipad|t[eé]l[eé]phone|mobile)\b[^\n]*|von meinem iphone gesendet"
)
# All there is.
_WHOLE: Final = (
    r"test(?:ing|s)?(?:[ ,]+(?:test(?:ing|s)?|\d+))*|"
    r"(?:this is|ceci est|c['’]est) (?:(?:just|only|juste) )?(?:an?|un) test(?: (?:post|tweet))?"
    r"(?:\W+(?:please |merci d['’]|à )?ignor\w+)?|"
    r"(?:asdf|qsdf|sdfg|dfgh|fghj|qwer|azer)\w{0,30}|undefined|null|nan|v\d{1,2}|option \d|untitled|sans titre"
)
# At its beginning.
_HEADS: Final = (
    r"(?:sure(?: thing)?|certainly|of course|absolutely|bien s[uû]r|certainement|avec plaisir|claro|gerne|"
    r"nat[uü]rlich)\W{1,3}(?:here(?:['’]s| is| are)|below (?:is|are)|voici|aqu[ií] (?:tienes?|est[aá])|"
    r"hier (?:ist|sind))\b|"
    r"(?:here(?:['’]s| is)|voici) (?:an?|your|une?|le|la) (?:[\w-]+ ){0,2}(?:tweet|caption|l[eé]gende|"
    r"(?:social media|facebook|linkedin|instagram|x) post|post (?:facebook|linkedin|instagram|pour))\b|"
    r"(?:here(?:['’]s| is)|voici) (?:an?|une) (?:(?:revised|shorter|improved|polished) version|"
    r"version (?:plus courte|"
    r"r[eé]vis[eé]e|corrig[eé]e|am[eé]lior[eé]e))\b|"
    r"(?:linkedin|facebook|instagram|twitter|x) version\s*:|version (?:linkedin|facebook|instagram|twitter|x)\s*:|"
    r"to be posted\b|(?:draft|brouillon) v?\d{1,2}\s*:|"
    r"(?:caption|tweet \d|post \d|social copy|wording)\s*:(?=\s)|"
    r"[àa] (?:valider|relire|corriger|traduire) (?:par|avec) (?-i:[A-ZÀ-Þ])[^\n:]{1,40}:|"
    r"\[?(?:version finale|final version|final|v\d{1,2})[ _-]+(?:v?\d{1,2}|final\w*|ok|def\w*)\b|\[v\d{1,2}\]|"
    r"(?:(?:under|sous) )?embargo(?:ed)? (?:until|till|jusqu['’])|internal\s*:|interne\s*:"
)
# Anywhere.
_SAID: Final = (
    r"\b(?:as an ai(?: (?:language )?(?:model|assistant)\b|, i\b)|en tant qu(?:['’](?:ia|"
    r"intelligence artificielle|assistant virtuel)\b|"
    r"e mod[eè]le de langage))|"
    r"\bi(?:['’]m| am) sorry,? but i (?:can(?:['’]t|not)|am (?:not able|unable) to) (?:assist|help|comply|"
    r"generate|create) |\bi can(?:['’]t|not) (?:fulfil|assist with|complete) (?:this|that|your) request|"
    r"\b(?:let me know if you(?:['’]d| would) like (?:me to|any (?:edits|changes|tweaks|adjustments)|"
    r"another version)|"
    r"let me know if you want any (?:edits|changes|tweaks|adjustments)|"
    r"(?:want|would you like) me to (?:turn (?:it|this) into|adjust|tweak|refine|rewrite|tailor|shorten|"
    r"generate|draft|make (?:it|this|the))|"
    r"feel free to (?:adjust|modify|customi[sz]e|tweak) (?:it|this|the)\b|"
    r"(?:souhaitez|voulez)-vous que je (?:reformule|adapte|modifie|raccourcisse|propose|le |la |r[eé][dé])|"
    r"n['’]h[eé]sitez pas si vous souhaitez des (?:modifications|ajustements))|"
    r"@[\w.]+[, ]+(?:(?:can|could) (?:you|u) (?:please |pls )?(?:check|approve|proofread|review|validate)|"
    r"(?:tu peux|peux[- ]tu|pouvez[- ]vous) (?:valider|relire|v[eé]rifier|corriger))\b|"
    r"\b(?:photo|visuel|image|lien|link|picture|citation|quote)s? (?:à (?:ajouter|ins[eé]rer|remplacer)|to be "
    r"(?:added|inserted|replaced)|tbc|tbd)(?=\W*(?:\n|\Z)|[\])])|"
    r"\berror! (?:hyperlink|reference|bookmark)|\berreur ?! (?:signet|source du renvoi|r[eé]f[eé]rence)"
)
# One of these stands in all that `_SAID` finds: it is tried where there is one, since it takes long.
_HINTS: Final = (
    *(
        "as an ai",
        "en tant qu",
        "sorry",
        "request",
        "let me know",
        "me to",
        "feel free to",
        "-vous que je",
        "sitez pas",
    ),
    *("@", "photo", "visuel", "image", "lien", "link", "picture", "citation", "quote", "error!", "erreur"),
)
_QUOTED: Final = re.compile(r"[«“„‘\"]\s?\Z")
_DECOR: Final = r"[^\w\[\]@#\n]*"
_ANYWHERE: Final = re.compile(rf"(?i){_SAID}")
_NOTES: Final = (
    re.compile(rf"(?im)^{_DECOR}(?:{_LINES})[^\w\n]*$"),
    re.compile(rf"(?i)\A[^\w\[\]@#]*(?:{_HEADS})"),
    re.compile(r"[ÀA] VALIDER\b|\bA RELIRE\b|\A\W*BROUILLON\b(?! DE)"),
    # Marks by which an assistant named its sources.
    re.compile(
        r"cite(?:turn\d|\ue200)|【\d+[†:]|:contentReference\[|\boaicite\b|utm_source=(?:chatgpt\.com|openai)"
    ),
)
_TRIAL: Final = re.compile(rf"(?i)\A\W*(?:{_WHOLE})\W*\Z")
_MARKUP: Final = re.compile(
    r"</?(?:p|b|i|u|br|div|span|strong|em|h[1-6]|ul|ol|li|a href|img src)\b[^<>\n]{0,120}>|"
    r"&(?:nbsp|amp|quot|lt|gt|[lr][sd]quo|[nm]dash|hellip|euro|[A-Za-z](?:acute|grave|circ|cedil|uml|tilde)|"
    r"#\d{2,5}|#x[0-9a-fA-F]{2,5});|"
    r"(?<![*\w])\*\*(?=\w)[^*\n]{1,80}\w[.!?:]?\*\*(?![*\w])|"
    r"(?<![\w_])__(?=[A-ZÀ-Þ]|\w[^_\n]* )[^_\n]{1,60}__(?![\w_])|"
    r"\\u[0-9a-fA-F]{4}|�+|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?)|"
    r"(?<![^\W_])(?:NaN|undefined|null) ?[€$£%]|[€$£] ?(?:NaN|undefined|null)\b|"
    r"(?:Ã[\u0080-\u00bf]|(?<=\s)Ã\s+(?=[a-zà-ÿ])|â€[\u0080-\u00bf™œ\u201c\u201d\u2122]|Â[\u00a0-\u00bf])"
)
_MARKS: Final = frozenset("<&*_\\\ufffd#€$£%ÃâÂ[")
"""One of them stands in all that `markup` finds."""
_LINKED: Final = re.compile(r"\[[^\[\]\n]{1,80}\]\(https?://[^()\s]+\)")
# No sentence ends with one of them.
_NEVER_LAST: Final = re.compile(
    r"(?<![\w’'./-])(?:the|an|our|your|their|and|but|because|les|des|du|aux|dans|une(?<!\bla une)|et|mais|notre|"
    r"votre|nos|vos|chez|parce que|de|(?:à|de|par|pour|dans|sur|avec|vers|sous|entre) la|à|[dlnsqj]['’])\s*\Z"
)
_FEWEST_WORDS: Final = 5


def notes(text: str) -> Iterator[Span]:
    """Yield where something stands that was said about the post, not in it; a quotation of such words is meant."""
    small = text.lower()
    said = (_ANYWHERE,) if any(hint in small for hint in _HINTS) else ()
    for form in (*_NOTES, *said):
        for found in form.finditer(spaced(text)):
            if found[0].strip() and not _QUOTED.search(text, max(0, found.start() - 2), found.start()):
                yield found.span()


def is_trial(text: str) -> bool:
    """Return whether a text only tries whether posting works."""
    return _TRIAL.search(text) is not None


def markup(text: str) -> Iterator[Span]:
    """Yield where signs stand that a program would have turned into something else: tags, `&nbsp;`, `**bold**`,
    accents in a wrong encoding."""
    if not _MARKS.isdisjoint(text):
        for found in (*_MARKUP.finditer(without(LINK, text)), *_LINKED.finditer(text)):
            yield found.span()


def break_off(text: str) -> Span | None:
    """Return the last word of a text that cannot end there (`… the opening of the`), None where it may."""
    found = _NEVER_LAST.search(text)
    if found is None or len(text.split()) < _FEWEST_WORDS:
        return None
    return found.start(), len(text.rstrip())
