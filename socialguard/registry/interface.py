"""What the registry needs from above: someone who signs as an owner, and a place that remembers an epoch."""

from collections.abc import Mapping
from typing import Protocol


class OwnerSigner(Protocol):
    """The signing key of an owner."""

    @property
    def signing_id(self) -> str:
        """The key id of the Ed25519 key (FORMATS: Common rules)."""
        ...

    def sign(self, type: str, org: str, body: Mapping[str, object]) -> bytes:
        """Return the signature of the envelope of `type` over the canonical form of `body`."""
        ...


class ManifestPin(Protocol):
    """Where the newest manifest seen is remembered, outside the workspace."""

    def manifest(self) -> tuple[int, str] | None:
        """Return epoch and SHA-256 (64 hex digits) of the pinned manifest, None before the first."""
        ...

    def pin_manifest(self, epoch: int, sha256: str) -> None:
        """Remember an epoch durably before returning."""
        ...
