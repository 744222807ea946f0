"""What the owners sign about members, accounts and keys: the parts of a manifest, as plain values."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from socialguard.canon import envelope, jcs
from socialguard.model.mfa import Mfa


class Role(StrEnum):
    """What a member is for."""

    OWNER = "owner"
    PUBLISHER = "publisher"
    AUTHOR = "author"
    APPROVER = "approver"
    AUDITOR = "auditor"
    WORKER = "worker"


class Right(StrEnum):
    """What a grant allows on one account. An owner needs none; `send` is a worker's, and lets it hold the
    credential."""

    SEND = "send"
    PUBLISH = "publish"
    AUTHOR = "author"
    APPROVE = "approve"


ALLOWED: Final[Mapping[Role, frozenset[Right]]] = {
    Role.OWNER: frozenset({Right.PUBLISH, Right.AUTHOR, Right.APPROVE}),
    Role.PUBLISHER: frozenset({Right.PUBLISH, Right.AUTHOR, Right.APPROVE}),
    Role.AUTHOR: frozenset({Right.AUTHOR}),
    Role.APPROVER: frozenset({Right.APPROVE}),
    Role.AUDITOR: frozenset(),
    Role.WORKER: frozenset({Right.SEND}),
}
"""What a role may be granted; an owner has all of it on every account, without a grant."""


class Status(StrEnum):
    """Whether a member's keys count now. A suspended one can come back; a removed one cannot."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Member:
    """A person or a daemon with its public keys (32 bytes each). A removed one stays listed, with that
    status, so that what it once signed keeps a name. What a contractor submits always needs an approval.
    `name_sha256` binds the name to the keys (`name_digest`); it is empty for who joined before there was one."""

    id: str
    x25519: bytes
    ed25519: bytes
    role: Role
    status: Status = Status.ACTIVE
    contractor: bool = False
    name_sha256: str = ""

    def is_called(self, name: str) -> bool:
        """Whether that may be this member's name: the one that an owner signed, where one did."""
        return self.name_sha256 in ("", name_digest(self.id, name))

    @property
    def active(self) -> bool:
        """Whether this member's keys count now."""
        return self.status is Status.ACTIVE

    @property
    def signing_id(self) -> str:
        """The key id under which signatures of this member are stored."""
        return envelope.key_id("ed25519", self.ed25519)

    @property
    def sealing_id(self) -> str:
        """The key id under which secrets are sealed to this member."""
        return envelope.key_id("x25519", self.x25519)


def name_digest(member_id: str, name: str) -> str:
    """Return what a manifest says of a member's name."""
    return hashlib.sha256(f"socialguard/member-name/v1\n{member_id}\n{name}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A right of a member on the account that holds the grant, until an instant (as canonical JSON writes it;
    empty: without an end)."""

    member: str
    right: Right
    until: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether the grant has not ended at an instant."""
        return not self.until or jcs.timestamp(at) < self.until


@dataclass(frozen=True, slots=True)
class SignedAccount:
    """What the owners signed about an account. `origin` (scheme, host, port) is where its credential may be
    sent; `attended` means that only a person at a terminal may use it; `mfa` is the second factor that somebody
    saw at the network, None where nobody looked."""

    id: str
    network: str
    user_id: str
    handle: str
    origin: str
    client: str
    short_name: str
    attended: bool = False
    grants: tuple[Grant, ...] = ()
    mfa: Mfa | None = None


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """Public keys of a recovery kit: credentials are sealed to `x25519`, `ed25519` may open a new incarnation."""

    id: str
    x25519: bytes
    ed25519: bytes

    @property
    def sealing_id(self) -> str:
        """The key id under which secrets are sealed to this kit."""
        return envelope.key_id("x25519", self.x25519)


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key (Ed25519, 32 bytes) that signs checkpoints of trees of `from_size` entries or more of an incarnation,
    and of all later ones."""

    key: bytes
    from_size: int
    incarnation: int = 0
