"""Identities on disk for the tests of keys and pins: one organisation, sealed under a key file."""

from dataclasses import dataclass
from pathlib import Path

from socialguard.vault import identity, kek
from socialguard.vault.keys import KeyPair, LogKey

ORG = "ab" * 32
OTHER_ORG = "cd" * 32
MEMBER = KeyPair.from_bytes(bytes(range(64)))
WORKER = KeyPair.from_bytes(bytes(range(64, 128)))
LOG_KEY = LogKey.from_bytes(bytes(range(128, 160)))
PHRASE = "seven quiet herons cross"


@dataclass(frozen=True)
class Place:
    """Where an identity was made, and under which KEK."""

    base: Path
    kek: kek.Kek
    org: str = ORG

    @property
    def directory(self) -> Path:
        """The identity directory itself."""
        return self.base / self.org

    def open(self) -> identity.Identity:
        """The identity, as a new process finds it."""
        return identity.open_identity(self.base, self.org)


def made(base: Path, org: str = ORG, under: kek.Kek | None = None, worker: kek.Kek | None = None) -> Place:
    """Make an identity under `base` and return its place."""
    seal_with = under or kek.create_kek(kek.Kind.FILE, str(base.parent / "kek"))
    identity.create(base, org, seal_with, MEMBER, WORKER, LOG_KEY, "m-1", "w-1", worker_kek=worker)
    return Place(base, seal_with, org)


def flipped(data: bytes, bit: int) -> bytes:
    """Return the bytes with one bit changed, counted from the start and around."""
    index = bit % (len(data) * 8)
    changed = bytearray(data)
    changed[index // 8] ^= 1 << (index % 8)
    return bytes(changed)
