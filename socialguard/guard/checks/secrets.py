"""Tokens, keys and passwords do not go out: by the forms that providers give them, by their randomness, and our
own credentials by a keyed hash, so that the credential itself is never looked at."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import log2
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import HANDLE, HASHTAG, LINK, Span, without
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Flag, Parameter
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.BLOCK
PARAMETERS: Final[Mapping[str, Parameter]] = {"random": Flag(True)}

_FORMS: Final = {
    "AWS": r"(?:AKIA|ASIA|ABIA)[0-9A-Z]{16}",
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}",
    "GitLab": r"gl(?:pat|rt|dt|ptt|cbt)-[A-Za-z0-9_-]{20,}",
    "Slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|"
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    "Stripe": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",
    "Google": r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    marked("an AI service"): r"sk-(?:proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|"
    r"gsk_[A-Za-z0-9]{40,}",
    marked("a mail service"): r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|key-[0-9a-f]{32}|"
    r"[0-9a-f]{32}-us\d{1,2}|xkeysib-[0-9a-f]{40,}-[A-Za-z0-9]{10,}",
    "Twilio": r"(?:SK|AC)[0-9a-f]{32}",
    marked("a package registry"): r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}",
    "Facebook": r"EAA[A-Za-z0-9]{30,}|IGQ[A-Za-z0-9_-]{30,}",
    "X": r"A{9,}[A-Za-z0-9%]{40,}|\d{6,20}-[A-Za-z0-9]{30,50}",
    marked("a chat service"): r"\d{8,10}:AA[A-Za-z0-9_-]{32,36}|"
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    marked("a cloud"): r"do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}|hvs\.[A-Za-z0-9_-]{24,}|"
    r"AccountKey=[A-Za-z0-9+/=]{40,}",
    marked("a shop"): r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{50,}",
    marked("a signed token"): r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    marked("a private key"): r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]{20,}|"
    r"age-secret-key-1[0-9a-z]{20,}",
    marked("an address with a password"): r"[a-z][a-z0-9+.-]{1,20}://[^/\s:@]{1,80}:[^/\s@]{3,80}@[^\s/]+",
}
_LONG: Final = re.compile(r"[^\s<>]{16}|-----BEGIN|:[^\s@]+@")
# "Password: hunter2": a word for a secret, then something with a digit or a sign in it.
_TOLD: Final = re.compile(
    r"(?i:\b(?:pass(?:word|code|wd|phrase)|pwd|mot de passe|mdp|api[ _-]?key|secret[ _-]?key|access[ _-]?token|"
    r"bearer|client[ _-]?secret|cl[eé] (?:api|secr[eè]te|wifi))\b)"
    r"\s*(?:[:=]|\bis\b|\best\b|\s:)\s*[\"'«“]?\s*((?=\S*[\d!@#$%^&*_+=])(?=\S*[A-Za-zÀ-ÿ])[^\s\"'»”]{6,})"
)
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_=.#@-])[A-Za-z0-9+/_=-]{24,}(?![A-Za-z0-9])")
_HEX: Final = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BITS: Final = 3.7  # per character; of English prose in one word it is below 3.5
_RUNS: Final = re.compile(r"[^\s\"'<>«»“”()]{12,}")
_PIECE: Final = re.compile(r"[^\s\"'<>«»“”()=:,;&?!/]{12,}(?<!\.)")
_SIGNS: Final = ".,;:!?…"


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
    for run in _RUNS.finditer(text):
        for span in _parts(text, *run.span()):
            if subject.is_ours(text[slice(*span)]):
                words = marked("a credential of one of your own accounts is in it")
                yield words, "", Severity.BLOCK, span
    for name, form in _forms() if _LONG.search(text) else ():
        for found in form.finditer(text):
            yield marked("a secret of {secret} is in it"), name, Severity.BLOCK, found.span()
    for found in _TOLD.finditer(text):
        yield marked("a password or key is told in it"), "", Severity.HOLD, found.span(1)
    if not subject.settings.flag("random"):
        return
    for found in _RUN.finditer(without(HASHTAG, without(HANDLE, without(LINK, text)))):
        if _is_random(found[0]):
            yield marked("letters and digits that look like a secret are in it"), "", Severity.HOLD, found.span()


@lru_cache(maxsize=1)
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The forms, made ready when the first long run of letters is met: that takes longer than all else here."""
    return tuple(
        (name, re.compile(rf"(?<![A-Za-z0-9])(?:{form})(?![A-Za-z0-9])")) for name, form in _FORMS.items()
    )


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield what could be a token in a run without spaces: all of it, or without signs at its end, or a piece."""
    yield start, end
    bare = text[start:end].rstrip(_SIGNS)
    if bare:
        yield start, start + len(bare)
    yield from (piece.span() for piece in _PIECE.finditer(text, start, end))


def _is_random(run: str) -> bool:
    """Whether nobody writes such a run by hand: hexadecimal, or all kinds of characters without a pattern."""
    if _UUID.fullmatch(run):
        return False
    if _HEX.fullmatch(run):
        return not run.isdigit() and len(set(run)) > 8
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(any(map(kind, run)) for kind in kinds) or sum(map(str.isdigit, run)) < 2:
        return False
    counts = Counter(run)
    return -sum(count / len(run) * log2(count / len(run)) for count in counts.values()) > _BITS
