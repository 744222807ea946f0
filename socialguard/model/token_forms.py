"""The forms that providers give their tokens, keys and passwords: one list for what is posted, what is logged and
what a person gives as a reason. None of it needs to know a secret."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from socialguard.model.text import marked

_FORMS: Final = {
    "AWS": r"(?:AKIA|ASIA|ABIA)[0-9A-Z]{16}",
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}",
    "GitLab": r"gl(?:pat|rt|dt|ptt|cbt)-[A-Za-z0-9_-]{20,}",
    "Slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|"
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    "Discord": r"https://(?:[a-z]+\.)?discord(?:app)?\.com/api/webhooks/\d{15,20}/[A-Za-z0-9_-]{30,}",
    "Stripe": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",
    "Google": r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    marked("an AI service"): r"sk-(?:proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|"
    r"gsk_[A-Za-z0-9]{40,}",
    marked("a mail service"): r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|key-[0-9a-f]{32}|"
    r"[0-9a-f]{32}-us\d{1,2}|xkeysib-[0-9a-f]{40,}-[A-Za-z0-9]{10,}",
    "Twilio": r"(?:SK|AC)[0-9a-f]{32}",
    marked("a package registry"): r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|rubygems_[0-9a-f]{40,}|"
    r"dckr_pat_[A-Za-z0-9_-]{20,}",
    marked("a working tool"): r"lin_api_[A-Za-z0-9]{32,}|fig[du]_[A-Za-z0-9_-]{30,}|ntn_[A-Za-z0-9]{40,}|"
    r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|gl(?:sa|c)_[A-Za-z0-9_+/=]{30,}|"
    r"sk\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|NRAK-[A-Z0-9]{27}|sgp_(?:[0-9a-f]{16}_)?[0-9a-f]{40}|"
    r"pat-[a-z]{2}\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"
    r"https://hooks\.zapier\.com/hooks/catch/\d+/[A-Za-z0-9]{5,}|"
    r"https://[a-z0-9.-]+\.office\.com/webhook[a-z0-9]*/[0-9a-f@/-]{36,}IncomingWebhook/[A-Za-z0-9/-]{20,}",
    "Facebook": r"EAA[A-Za-z0-9]{30,}|IGQ[A-Za-z0-9_-]{30,}",
    "X": r"A{9,}[A-Za-z0-9%]{40,}|\d{6,20}-[A-Za-z0-9]{30,50}",
    marked("a chat service"): r"\d{8,10}:AA[A-Za-z0-9_-]{32,36}|"
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    marked("a cloud"): r"sl\.(?:u\.)?[A-Za-z0-9_-]{60,}|do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}|sbp_[0-9a-f]{40}|"
    r"hvs\.[A-Za-z0-9_-]{24,}|AccountKey=[A-Za-z0-9+/=]{40,}",
    marked("a shop"): r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{50,}",
    marked("a signed token"): r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    marked(
        "a private key"
    ): r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{20,}|"
    r"age-secret-key-1[0-9a-z]{20,}",
    marked("an address with a password"): r"[a-z][a-z0-9+.-]{1,20}://[^/\s:@]{1,80}:[^/\s@]{3,80}@[^\s/]+",
}
_LONG: Final = re.compile(r"[^\s<>]{16}|-----BEGIN|:[^\s@]+@")
_RUNS: Final = re.compile(r"[^\s\"'<>«»“”()]{12,}")
_PIECE: Final = re.compile(r"[^\s\"'<>«»“”()=:,;&?!/]{12,}")
_SHORTEST: Final = 12
_SIGNS: Final = ".,;:!?…"


def found(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield whose token stands where in a text, for each that has one of the forms."""
    for name, form in _forms() if _LONG.search(text) else ():
        for each in form.finditer(text):
            yield name, each.span()


def hidden(text: str, instead: str) -> str:
    """Return `text` with `instead` in the place of whatever has one of the forms."""
    for _name, form in _forms() if _LONG.search(text) else ():
        text = form.sub(instead, text)
    return text


def runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text could hold a token of any form: the runs without spaces, and their pieces."""
    for run in _RUNS.finditer(text):
        yield from _parts(text, *run.span())


@lru_cache(maxsize=1)
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The forms, made ready when the first long run of letters is met: that takes longer than all else here."""
    return tuple(
        (name, re.compile(rf"(?<![A-Za-z0-9])(?:{form})(?![A-Za-z0-9])")) for name, form in _FORMS.items()
    )


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what could be a token in a run without spaces: all of it, or without signs at its end, or a piece."""
    yield start, end
    bare = text[start:end].rstrip(_SIGNS)
    if bare:
        yield start, start + len(bare)
    for piece in _PIECE.finditer(text, start, end):
        bare = piece[0].rstrip(".")
        if len(bare) >= _SHORTEST:
            yield piece.start(), piece.start() + len(bare)
