"""Names that people type at the moments that matter: short names far enough apart, handles that look like
nothing else, clients and labels without characters that a shell or a selector would eat."""

import hashlib
import re
import unicodedata
from base64 import b32encode
from collections.abc import Collection, Iterable
from functools import cache
from typing import Final

from socialguard import errors
from socialguard.model.account import AccountName
from socialguard.model.text import has_hidden

MIN_SHORT_NAME: Final = 3
MIN_DISTANCE: Final = 2
MAX_NAME: Final = 64

_SHORT_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RESERVED: Final = frozenset(":@,+#\"'")
# What a person reads as one letter (UTS 39, confusables.txt: sequences).
_RUNS: Final = (("rn", "m"), ("vv", "w"))


def folded(name: str) -> str:
    """Return a name as it is compared: ASCII letters without their case, everything else untouched."""
    return name.lower() if name.isascii() else name


def require_short_name(wanted: str, others: Iterable[str]) -> str:
    """Return `wanted` if it may be a short name beside `others`; raises UsageError saying why not."""
    if len(wanted) > MAX_NAME or not _SHORT_NAME.fullmatch(wanted) or _letters(wanted) < MIN_SHORT_NAME:
        raise errors.UsageError(
            detail=f"{wanted} is not a short name: {MIN_SHORT_NAME} letters or digits at least, and . _ -."
        )
    others = tuple(others)
    if folded(wanted) in {folded(other) for other in others}:
        raise errors.UsageError(detail=f"The short name {wanted} is taken.", remedy="Choose another short name.")
    near = _too_near(wanted, others)
    if near is not None:
        raise errors.UsageError(
            detail=f"The short name {wanted} is too much like {near}: one slip of a finger would swap them.",
            remedy="Choose another short name.",
        )
    return wanted


def default_short_name(name: AccountName, others: Collection[str]) -> str:
    """Return the handle, or handle-network where that is taken or too near another short name.

    Where both are, a few letters of a hash are added: long to type, but never one slip from another."""
    plain = unicodedata.normalize("NFKD", name.handle).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9._-]", "", plain).lstrip("._-")[: MAX_NAME - 40] or name.network
    tail = b32encode(hashlib.sha256(str(name).encode()).digest()).decode().lower()
    for wanted in (stem, f"{stem}-{name.network}", f"{stem}-{tail[:4]}", f"{stem}-{tail[:12]}"):
        try:
            return require_short_name(wanted, others)
        except errors.UsageError:
            continue
    raise errors.UsageError(detail=f"{name} needs a short name of its own.", remedy="Give one with --short.")


def require_name(kind: str, wanted: str) -> str:
    """Return `wanted` if it may name a client or a label (`kind` says which); a client's name may have single
    spaces, which `typed_client` replaces. Raises UsageError."""
    bad = not wanted or len(wanted) > MAX_NAME or has_hidden(wanted) or wanted.startswith("-")
    words = wanted.split(" ") if kind == "client" else [wanted]
    if bad or not all(words) or any(char.isspace() or char in _RESERVED for word in words for char in word):
        raise errors.UsageError(
            detail=f"{wanted} cannot name a {kind}: at most {MAX_NAME} characters, none of : @ , + #, "
            "and spaces only between the words of a client."
        )
    return wanted


def needs_code(handle: str, others: Iterable[str] = ()) -> bool:
    """Whether a handle can be mistaken for another: it is not ASCII, mixes scripts, or reads like one of
    `others` (UTS 39). Its confirmation also asks for a random code."""
    if not handle.isascii():
        return True
    look = skeleton(handle)
    return any(folded(other) != folded(handle) and skeleton(other) == look for other in others)


def skeleton(handle: str) -> str:
    """Return what a handle looks like: two handles with one skeleton are confusable (UTS 39, section 4)."""
    look = "".join(_looks(char) for char in unicodedata.normalize("NFKD", handle).lower())
    for run, single in _RUNS:
        look = look.replace(run, single)
    return look


@cache
def _looks(char: str) -> str:
    """The ASCII letter that a character looks like, itself where there is none."""
    if char in "01|":
        return {"0": "o", "1": "l", "|": "l"}[char]
    if char == "i":
        return "l"  # as I, which no face tells from l
    if char.isascii():
        return char
    from confusable_homoglyphs import confusables

    twins = (twin["c"] for twin in confusables.confusables_data.get(char, ()))
    letters = sorted(twin.lower() for twin in twins if twin.isascii() and twin.isalnum())
    return _looks(letters[0]) if letters and len(letters[0]) == 1 else char


def _too_near(wanted: str, others: Iterable[str]) -> str | None:
    from rapidfuzz.distance import OSA

    # OSA counts two swapped letters as one edit: the slip that people make most.
    ours = wanted.lower()
    for other in others:
        if OSA.distance(ours, other.lower(), score_cutoff=MIN_DISTANCE - 1) < MIN_DISTANCE:
            return other
    return None


def _letters(name: str) -> int:
    return sum(char.isalnum() for char in name)
