"""Tokens, keys and passwords do not go out: by the forms that providers give them, by their randomness, and our
own credentials by a keyed hash, so that the credential itself is never looked at."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import log2
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import HANDLE, HASHTAG, LINK, Span, without
from socialguard.model import token_forms
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Flag, Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {"random": Flag(True)}

_WORD: Final = (
    r"(?i:(?<![^\W_])(?:pass(?:word|code|wd|phrase)|pwd|pw|mot de passe|mdp|"
    r"(?:w-?lan-?|wi-?fi-?)?(?:passwort|kennwort)|contrase(?:ñ|n)a|wachtwoord|has[lł]o|senha|lösenord|パスワード|"
    r"api[ _-]?key|"
    r"secret[ _-]?(?:access[ _-]?)?key|access[ _-]?token|bearer|client[ _-]?secret|"
    r"cl[eé] (?:api|secr[eè]te|wi-?fi)|code wi-?fi|wi-?fi code)(?![^\W_]))"
)
_PLACE: Final = r"(?:insta(?:gram)?|facebook|fb|twitter|tiktok|linkedin|wi-?fi|g?mail|admin|wordpress|canva)"
_MIXED: Final = r"(?=\S*[\d!@#$%^&*_+=])(?=\S*[A-Za-zÀ-ÿ])"
_TOLD: Final = re.compile(
    "|".join(
        (
            # "Password: hunter2", "the password for the wifi: hunter2": something with a digit or a sign in it.
            rf"{_WORD}(?:(?i:\s+(?:for|of|du|de|del|pour|für|van|do|da)(?:\s+[^\W\d_’'-]+){{1,3}}?|\s+{_PLACE}|"
            rf"\s+temp\w+)?"
            rf"(?:\s*[:=:]|\s+(?i:is|est|c['’]est|es|ist|é)\b))"
            rf"\s*[\"'«“]?\s*({_MIXED}[^\s\"'»”]{{6,}})",
            rf"{_WORD}=([^\s\"'»”&]{{6,}})",
            # "Login: admin / Admin123!", "the login is team@acme.com / Admin123!", "user: admin pass: Admin123!"
            rf"(?i:\b(?:login|identifiants?|user(?: ?name)?)(?:\s*[:=]|\s+(?:is|est)\b))\s*\S+\s*"
            rf"(?:[/|,;]|[/|,;]?\s(?i:pass|pw)\s*[:=])\s*(?=\S*\d)({_MIXED}\S{{6,}})",
            r"\b(?i:basic|bearer)\s+(?=\S*[\d=])([A-Za-z0-9+/_.=-]{16,})",
            # What a service sends for one login.
            r"(?i:\b(?:code de (?:v[eé]rification|validation|s[eé]curit[eé]|connexion|confirmation)|"
            r"(?:verification|confirmation|security|login|2fa|mfa) code|code (?:2fa|pin)|"
            r"one[ -]time (?:code|password)|otp|pin(?: code)?))(?:\s+(?:is|est)|\s*[:=])?\s*"
            r"((?<=[\s:=])\d(?:[ -]?\d){3,7})(?![\d€$£%]| ?[€$£%])",
            r"\b(G-\d{6})(?= is your)",
            r"(?<![\d€$£#-])(\d{3}[ -]?\d{3}|\d{4,8})\s+(?i:is your|est (?:votre|ton|le))\s+"
            r"(?:[^\W\d_]+\s+){0,3}?(?i:code)\b",
            r"(?i:\b(?:use|enter|utilisez|saisissez)(?: (?:code|le code))?)\s+(\d{4,8})\s+"
            r"(?i:to (?:log ?in|sign in|verify|confirm your)|pour (?:vous connecter|valider|confirmer votre))\b",
            r"(?i:\byour (?!(?:promo|discount|voucher|gift|coupon|postal|post|zip|dress|area|event|referral|"
            r"booking)\b)[\w-]+(?: [\w-]+)? (?:one-time )?code is)\s*:?\s*(\d{4,8})\b(?![\d€$£%]| ?[€$£%])",
            r"(?i:\bvotre code (?!promo|postal|parrain|avantage|r[eé]duc|cadeau|ape\b|naf\b)[^\W\d_]+)\s*(?i:est|"
            r":)\s*"
            r"(\d{4,8})\b(?![\d€$£%]| ?[€$£%])",
            r"(?i:\bwhatsapp code:?)\s+(\d{3}-\d{3})\b",
            r"(?i:\b(?:code|cl[eé]|mot de passe|password|key)(?: du| for the)? wi-?fi|\bwi-?fi (?:code|password|"
            r"key|pass))"
            r"\s*[:=]\s*(\d{8,})\b",
            rf"(?<!\S)({_MIXED}[^\s\"'«»“”]{{6,}})\s+(?i:is|est)\s+(?i:the|our|my|le|notre|mon)\s+(?i:new\s+)?"
            r"(?i:password|mot de passe|mdp)\b",
            # What opens a house.
            r"(?i:\b(?:digicode|(?:door|gate|alarm|entry) code|code (?:de )?(?:la )?(?:porte|alarme|l['’]alarme))"
            r"(?:\s+(?:is|est|c['’]est)|\s*[:=])?\s+)([A-Z]?\d{2,6}[A-Z]?\d{0,3}[A-Z]?\b)(?![:h€$£%])",
        )
    )
)
# One of these stands in all that `_TOLD` finds, and a digit or a sign: it takes too long to be tried on all texts.
_HINTS: Final = (
    *("pass", "pwd", "pw", "mdp", "wort", "contrase", "wachtw", "hasl", "hasł", "senha", "lösen", "パス", "key"),
    *("clé", "cle", "secret", "token", "bearer", "login", "log in", "identifiant", "user", "basic", "code", "otp"),
    *("pin", "g-", "sign in", "verify", "connecter", "valider", "confirm"),
)
_SIGN: Final = re.compile(r"[\d!@#$%^&*_+=]")
# What is public: digits that name a version or prove that a file is whole, and where gifts in coins are sent to.
_PUBLIC: Final = re.compile(
    r"(?:commit|sha-?\d*|md5|checksum|hash|digest|rev(?:ision)?|btc|bitcoin|sol(?:ana)?)\W{1,3}\Z", re.IGNORECASE
)
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_=.#@-])[A-Za-z0-9+/_=-]{24,}(?![A-Za-z0-9])")
# A password for one program, as Bluesky makes them: four fours of letters and digits.
_FOURS: Final = re.compile(r"(?<![\w@#./-])[a-z0-9]{4}(?:-[a-z0-9]{4}){3}(?![\w@/-])")
_BASE_32: Final = re.compile(r"[a-z2-7-]+")
_HEX: Final = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}|0x[0-9a-f]{64}")
_PAID_TO: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BITS: Final = 3.7  # per character; of English prose in one word it is below 3.5


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a block for each secret that is one for sure, a hold for what looks like one."""
    text = subject.content.text
    places = [text, *(item.alt for item in subject.content.media), subject.content.link or ""]
    for index, place in enumerate(places):
        taken: list[Span] = []
        for words, name, severity, span in _found(subject, place):
            if any(span[0] < end and start < span[1] for start, end in taken):
                continue
            taken.append(span)
            yield Finding(
                "secrets",
                severity,
                str(subject.account),
                words,
                {"secret": name},
                remedy=marked("Take it out. If it was public, replace it: what was seen is no secret."),
                span=span if index == 0 else None,
            )


def _found(subject: Subject, text: str) -> Iterator[tuple[str, str, Severity, Span]]:
    for span in token_forms.runs(text):
        if subject.is_ours(text[slice(*span)]):
            yield marked("a credential of one of your own accounts is in it"), "", Severity.BLOCK, span
    for name, span in token_forms.found(text):
        yield marked("a secret of {secret} is in it"), name, Severity.BLOCK, span
    for found in _TOLD.finditer(text) if _may_tell(text) else ():
        yield marked("a password or key is told in it"), "", Severity.HOLD, found.span(found.lastindex or 0)
    if not subject.settings.flag("random"):
        return
    bare = without(HASHTAG, without(HANDLE, without(LINK, text)))
    for found in _FOURS.finditer(bare):
        if _is_drawn(found[0]):
            yield marked("letters and digits that look like a secret are in it"), "", Severity.HOLD, found.span()
    for found in _RUN.finditer(bare):
        if _is_random(found[0]) and not _PUBLIC.search(bare, max(0, found.start() - 12), found.start()):
            yield marked("letters and digits that look like a secret are in it"), "", Severity.HOLD, found.span()


def _may_tell(text: str) -> bool:
    """Whether a text has what a told password cannot do without."""
    small = text.lower()
    return _SIGN.search(text) is not None and any(hint in small for hint in _HINTS)


def _is_drawn(fours: str) -> bool:
    """Whether fours are no words and years: two mix letters and digits, or one does and all are of base 32."""
    mixed = sum(not one.isalpha() and not one.isdigit() for one in fours.split("-"))
    return mixed > 1 or (mixed == 1 and _BASE_32.fullmatch(fours) is not None)


def _is_random(run: str) -> bool:
    """Whether nobody writes such a run by hand: hexadecimal, or all kinds of characters without a pattern."""
    if _UUID.fullmatch(run) or _PAID_TO.fullmatch(run):
        return False
    if _HEX.fullmatch(run):
        return not run.isdigit() and len(set(run)) > 8
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(any(map(kind, run)) for kind in kinds) or sum(map(str.isdigit, run)) < 2:
        return False
    counts = Counter(run)
    return -sum(count / len(run) * log2(count / len(run)) for count in counts.values()) > _BITS
