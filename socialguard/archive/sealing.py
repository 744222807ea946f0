"""What other people wrote is kept encrypted: a segment's compressed lines under its shelf's key (AES-256-GCM).

A sealed file is a random nonce (12 bytes) ‖ ciphertext ‖ tag; the associated data say which segment it is. Its
root is keyed, too (HMAC-SHA256 over the RFC 6962 root), so that nothing outside the file tells of its lines once
the key is destroyed."""

import hashlib
import hmac
import os
from typing import Final

from socialguard.canon import jcs

CONTEXT: Final = "socialguard/archive-segment/v1"
_NONCE: Final = 12


class NotOpened(ValueError):
    """The bytes are not what was sealed with this key as this segment."""


def sealed(data: bytes, key: bytes, key_id: str, shelf: str, lo: int, hi: int) -> bytes:
    """Return data as its file holds it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, _bound(key_id, shelf, lo, hi))


def opened(box: bytes, key: bytes, key_id: str, shelf: str, lo: int, hi: int) -> bytes:
    """Return what `sealed` was given; raises NotOpened."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], _bound(key_id, shelf, lo, hi))
    except (InvalidTag, ValueError):
        raise NotOpened from None


def keyed(root: bytes, key: bytes) -> bytes:
    """Return a root that tells nothing to whoever lacks the key."""
    return hmac.digest(key, CONTEXT.encode() + b"\n" + root, hashlib.sha256)


def _bound(key_id: str, shelf: str, lo: int, hi: int) -> bytes:
    return jcs.encode({"ctx": CONTEXT, "key": key_id, "shelf": shelf, "seq_lo": lo, "seq_hi": hi})
