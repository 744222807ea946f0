"""A KEK from a passphrase, by Argon2id (RFC 9106), at a cost that no record can lower.

The passphrase is taken as UTF-8, as typed, without normalisation. Its cost stands in the header of the files
that it seals, where an intruder could write: what lies outside the limits is refused before any work.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model import credential

if TYPE_CHECKING:
    from socialguard.vault.kek import Source

MEMORY_KIB: Final = 64 * 1024
PASSES: Final = 3
LANES: Final = 4
MIN_CHARACTERS: Final = 12
"""Shortest passphrase for new keys."""

MAX_BYTES: Final = 4096

# FORMATS, Keys and KEK: m 19 MiB–1 GiB, t 2–10, p 1–8; below it is too cheap, above it stops the machine.
_MEMORY_LIMITS: Final = range(19 * 1024, 1024 * 1024 + 1)
_PASSES_LIMITS: Final = range(2, 11)
_LANES_LIMITS: Final = range(1, 9)
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32


def create(ask: Callable[[], str] | None) -> tuple[dict[str, str | int], bytes]:
    """Return the parameters to record and the key (32 bytes) of a new passphrase.

    Raises UsageError if it is shorter than `MIN_CHARACTERS`, Locked if there is nobody to ask."""
    given = _ask(ask)
    if len(given.strip()) < MIN_CHARACTERS:
        raise errors.UsageError(
            detail=f"A passphrase needs at least {MIN_CHARACTERS} characters.",
            remedy="Five or more random words are easy to keep and hard to guess.",
        )
    salt = secrets.token_bytes(_SALT_BYTES)
    params: dict[str, str | int] = {
        "salt": jcs.b64(salt),
        "memory": MEMORY_KIB,
        "passes": PASSES,
        "lanes": LANES,
    }
    return params, _argon2id(given, salt, MEMORY_KIB, PASSES, LANES)


def derive(source: Source, ask: Callable[[], str] | None) -> bytes:
    """Return the key (32 bytes) of the passphrase that `ask` gives, with the recorded parameters.

    A wrong passphrase gives a wrong key, after the same work. Raises Tampered for parameters outside the
    limits, Locked if there is nobody to ask."""
    memory, passes, lanes = source.number("memory"), source.number("passes"), source.number("lanes")
    check_cost(memory, passes, lanes)
    try:
        salt = jcs.unb64(source.text("salt"))
    except jcs.NotCanonical:
        salt = b""
    if len(salt) != _SALT_BYTES:
        raise errors.Tampered(what="The record of the passphrase", detail="its salt is malformed.")
    return _argon2id(_ask(ask), salt, memory, passes, lanes)


def check_cost(memory: int, passes: int, lanes: int) -> None:
    """Return if Argon2id's cost (memory in KiB) is within the limits; raises Tampered otherwise."""
    if memory not in _MEMORY_LIMITS or passes not in _PASSES_LIMITS or lanes not in _LANES_LIMITS:
        raise errors.Tampered(
            what="The record of the passphrase",
            detail=f"its cost (m={memory} KiB, t={passes}, p={lanes}) is outside what is allowed.",
        )


def _ask(ask: Callable[[], str] | None) -> str:
    if ask is None:
        raise errors.Locked(
            detail="it opens with a passphrase, and there is nobody to ask.",
            remedy="Run it in a terminal; or first, there, for 8 hours: socialguard vault unlock",
        )
    given = ask()
    credential.guard([given])
    try:
        size = len(given.encode("utf-8"))
    except UnicodeEncodeError:
        raise errors.UsageError(detail="The passphrase holds bytes that are not text.") from None
    if size > MAX_BYTES:
        raise errors.UsageError(detail=f"A passphrase has at most {MAX_BYTES} bytes.")
    return given


def _argon2id(passphrase: str, salt: bytes, memory: int, passes: int, lanes: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    work = Argon2id(salt=salt, length=_KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory)
    return work.derive(passphrase.encode("utf-8"))
