"""Key pairs of members and workers, and the log's signing key: used here, never shown, never pickled.

A key pair signs with Ed25519 and opens what was sealed to its X25519 half by HPKE in base mode
(RFC 9180: DHKEM X25519, HKDF-SHA256, AES-256-GCM). HPKE here has no associated data of its own: `info` binds
a sealed value to its place, and is always rebuilt from what the caller expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NoReturn, Self

from socialguard import errors
from socialguard.canon import envelope

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite

PRIVATE_BYTES: Final = 32
"""Length of each private half, and of each public one."""

SEALED_OVERHEAD: Final = 48
"""Bytes that sealing adds: the encapsulated key (32) and the tag (16)."""


class Secret:
    """Something whose contents show in no repr, copy or pickle, and that does not change."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}([secret])"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is never copied or pickled")

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError(f"{type(self).__name__}.{name} does not change")
        object.__setattr__(self, name, value)


class KeyPair(Secret):
    """An Ed25519 and an X25519 private key. `ed25519` and `x25519` are the public halves (32 bytes each),
    `signing_id` and `sealing_id` their key ids."""

    __slots__ = ("_opening", "_signing", "ed25519", "sealing_id", "signing_id", "x25519")

    ed25519: bytes
    x25519: bytes
    signing_id: str
    sealing_id: str

    def __init__(self, signing: Ed25519PrivateKey, opening: X25519PrivateKey) -> None:
        self._signing = signing
        self._opening = opening
        self.ed25519 = signing.public_key().public_bytes_raw()
        self.x25519 = opening.public_key().public_bytes_raw()
        self.signing_id = envelope.key_id("ed25519", self.ed25519)
        self.sealing_id = envelope.key_id("x25519", self.x25519)

    @classmethod
    def generate(cls) -> Self:
        """Return a new key pair from the system's random source."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return cls(Ed25519PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the pair that `to_bytes` wrote; ValueError unless there are 64 bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        if len(data) != 2 * PRIVATE_BYTES:
            raise ValueError("a key pair is 64 bytes")
        return cls(
            Ed25519PrivateKey.from_private_bytes(data[:PRIVATE_BYTES]),
            X25519PrivateKey.from_private_bytes(data[PRIVATE_BYTES:]),
        )

    def to_bytes(self) -> bytes:
        """Return both private keys (Ed25519 seed, then X25519): for sealing or the recovery kit, nothing else."""
        return self._signing.private_bytes_raw() + self._opening.private_bytes_raw()

    def sign(self, type: str, org: str, body: Mapping[str, object]) -> bytes:
        """Return the envelope signature (64 bytes) of a body; raises as `canon.envelope.signed_bytes`."""
        return envelope.sign(self._signing, type, org, body)

    def sign_raw(self, data: bytes) -> bytes:
        """Return the Ed25519 signature over `data` as it is."""
        return self._signing.sign(data)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was sealed to this key with this `info`; raises Tampered for anything else."""
        from cryptography.exceptions import InvalidTag

        try:
            return _suite().decrypt(sealed, self._opening, info)
        except (InvalidTag, ValueError):
            raise errors.Tampered(
                what="A sealed value", detail="it does not open for this key and this place."
            ) from None


class LogKey(Secret):
    """The workspace's log key (Ed25519): signs checkpoints. Fulfils `audit.interface.Signer`."""

    __slots__ = ("_signing", "key_id", "public")

    public: bytes
    key_id: str

    def __init__(self, signing: Ed25519PrivateKey) -> None:
        self._signing = signing
        self.public = signing.public_key().public_bytes_raw()
        self.key_id = envelope.key_id("ed25519", self.public)

    @classmethod
    def generate(cls) -> Self:
        """Return a new log key from the system's random source."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the key that `to_bytes` wrote; ValueError unless there are 32 bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if len(data) != PRIVATE_BYTES:
            raise ValueError("a log key is 32 bytes")
        return cls(Ed25519PrivateKey.from_private_bytes(data))

    def to_bytes(self) -> bytes:
        """Return the private key: for sealing, nothing else."""
        return self._signing.private_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Return the Ed25519 signature over `data`."""
        return self._signing.sign(data)


def seal_to(x25519_public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Return `plaintext` sealed to a public key: encapsulated key ‖ ciphertext ‖ tag.

    Raises Tampered for a public key that nothing can be sealed to: such a key comes only from a document
    that was forged."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        recipient = X25519PublicKey.from_public_bytes(x25519_public)
        return _suite().encrypt(plaintext, recipient, info)
    except ValueError:
        raise errors.Tampered(
            what="The public key of a recipient", detail="it is not a key that can be sealed to."
        ) from None


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
