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
    for found in _TOLD.finditer(text):
        yield marked("a password or key is told in it"), "", Severity.HOLD, found.span(1)
    if not subject.settings.flag("random"):
        return
    for found in _RUN.finditer(without(HASHTAG, without(HANDLE, without(LINK, text)))):
        if _is_random(found[0]):
            yield marked("letters and digits that look like a secret are in it"), "", Severity.HOLD, found.span()


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
