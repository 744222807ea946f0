"""The export that opens without us: age (age-encryption.org/v1), for X25519 recipients only.

age has neither associated data nor a sender: an export is for recovery, and whatever is read back from one is
checked like any input.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.model import credential

if TYPE_CHECKING:
    from pyrage.x25519 import Identity, Recipient

RECIPIENT_PREFIX: Final = "age1"
IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-1"
MAX_BYTES: Final = 64 << 20
_MAX_RECIPIENTS: Final = 32


def new_identity() -> tuple[str, str]:
    """Return a new identity (`AGE-SECRET-KEY-1…`) and its recipient (`age1…`)."""
    from pyrage import x25519

    made = x25519.Identity.generate()
    credential.guard([str(made)])
    return str(made), str(made.to_public())


def recipient_of(identity: str) -> str:
    """Return the recipient (`age1…`) of an identity; UsageError if it is not one."""
    return str(_identity(identity).to_public())


def export(recipients: Sequence[str], plaintext: bytes, *, armored: bool = False) -> bytes:
    """Return `plaintext` sealed to every recipient, as an age file (binary, or as text with `armored`).

    Raises UsageError without recipients, and for one that is not an X25519 recipient."""
    import pyrage

    if not recipients or len(recipients) > _MAX_RECIPIENTS:
        raise errors.UsageError(detail=f"An export needs 1 to {_MAX_RECIPIENTS} recipients (age1…).")
    known = [_recipient(text) for text in dict.fromkeys(each.strip() for each in recipients)]
    sealed: bytes = pyrage.encrypt(plaintext, known, armored)
    return sealed


def open_export(identity: str, data: bytes) -> bytes:
    """Return what an export holds; `identity` is `AGE-SECRET-KEY-1…`.

    Raises UsageError for a malformed identity, Unreadable if the export was made for another or is damaged."""
    import pyrage

    key = _identity(identity)
    if len(data) > MAX_BYTES:
        raise errors.Unreadable(path="The export", detail="it is larger than any that was made.")
    try:
        opened: bytes = pyrage.decrypt(data, [key])
    except pyrage.DecryptError:
        raise errors.Unreadable(
            path="The export",
            detail="it was made for another identity, or it is damaged.",
            remedy="Use the kit that was in force when the export was made, or an older export.",
        ) from None
    return opened


def _recipient(text: str) -> "Recipient":
    import pyrage

    try:
        if not text.startswith(RECIPIENT_PREFIX):
            raise pyrage.RecipientError(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        if text.upper().startswith(IDENTITY_PREFIX):  # never repeat a secret that was given by mistake
            text = "A secret identity"
        raise errors.UsageError(detail=f"{text} is not an age recipient (age1…).") from None


def _identity(text: str) -> "Identity":
    import pyrage

    credential.guard([text.strip()])
    try:
        return pyrage.x25519.Identity.from_str(text.strip())
    except pyrage.IdentityError:
        raise errors.UsageError(detail="This is not an age identity (AGE-SECRET-KEY-1…).") from None
