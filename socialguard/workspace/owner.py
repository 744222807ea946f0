"""An owner's key as the audit log takes it: over bytes that already name what they are."""

from dataclasses import dataclass

from socialguard.vault.keys import KeyPair


@dataclass(frozen=True, slots=True)
class OwnerSigner:
    """Fulfils `audit.interface.Signer` with a member's signing key."""

    pair: KeyPair

    @property
    def public(self) -> bytes:
        """The raw Ed25519 public key, 32 bytes."""
        return self.pair.ed25519

    def sign(self, data: bytes) -> bytes:
        """Return the Ed25519 signature over `data`."""
        return self.pair.sign_raw(data)
