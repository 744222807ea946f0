"""The one signature envelope for everything but checkpoints.

Ed25519 over `socialguard/<type>/v1\\n` + org id + `\\n` + JCS(body): a signature made for one type or one
organisation never passes for another. A verifier hands in the body **as stored**: nothing is re-encoded
between the hash that was signed and the hash that is checked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from socialguard.canon import jcs

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VERSION = 1
PUBLIC_KEY_BYTES = 32

_TYPE = re.compile(r"[a-z][a-z0-9._-]{0,63}")
# No line break can be part of an org id, or a part of the body could pass for it.
_ORG = re.compile(r"[!-~]{1,128}")


class BadEnvelope(ValueError):
    """A type, org id, body or key that no envelope can be made of."""


class BadSignature(ValueError):
    """The signature is not one of this key over these bytes."""


def signed_bytes(type: str, org: str, body: Mapping[str, object] | bytes) -> bytes:
    """Return the bytes that a signature covers.

    A mapping is encoded; bytes are taken as stored. Raises BadEnvelope for a type or org id that is not
    plain, and NotCanonical for a mapping without canonical form.
    """
    if not _TYPE.fullmatch(type):
        raise BadEnvelope("a type is lower-case letters, digits, '.', '_' and '-'")
    if not _ORG.fullmatch(org):
        raise BadEnvelope("an org id is printable ASCII without spaces")
    stored = body if isinstance(body, bytes) else jcs.encode(dict(body))
    return f"socialguard/{type}/v{VERSION}\n{org}\n".encode("ascii") + stored


def sign(private: Ed25519PrivateKey, type: str, org: str, body: Mapping[str, object] | bytes) -> bytes:
    """Return the 64-byte Ed25519 signature of a body; raises as `signed_bytes`."""
    return private.sign(signed_bytes(type, org, body))


@lru_cache(maxsize=512)
def verify(public: bytes, signature: bytes, type: str, org: str, stored: bytes) -> None:
    """Return if the signature of the body, as stored, is the key's; raises BadSignature otherwise.

    `type` and `org` come from what the caller expects, never from the row that is being checked. The same bytes
    under the same key are verified once: a daemon meets the credential of an account at each of its posts.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    message = signed_bytes(type, org, stored)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise BadSignature(f"the signature over this {type} is not the expected key's") from None


def opened(public: bytes, signature: bytes, type: str, org: str, stored: bytes) -> dict[str, object]:
    """Return the body of a verified envelope.

    Raises BadSignature as `verify`, NotCanonical if the stored bytes are not canonical, BadEnvelope if they
    are not an object.
    """
    verify(public, signature, type, org, stored)
    body = jcs.decode(stored)
    if not isinstance(body, dict):
        raise BadEnvelope("the body of an envelope is an object")
    return body


def key_id(type: str, public_key: bytes) -> str:
    """Return the id of a key: 32 hex digits of SHA-256(`socialguard/key/v1\\n` ‖ type ‖ `\\n` ‖ public key).

    `type` names the algorithm ("ed25519", "x25519"). Raises BadEnvelope for a type that is not plain or a
    key that is not 32 bytes.
    """
    if not _TYPE.fullmatch(type):
        raise BadEnvelope("a key type is lower-case letters, digits, '.', '_' and '-'")
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise BadEnvelope("a public key is 32 bytes")
    material = b"socialguard/key/v1\n" + type.encode("ascii") + b"\n" + public_key
    return hashlib.sha256(material).digest()[:16].hex()
