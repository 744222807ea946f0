"""What the audit log needs from above and gives to those who write into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is opaque (a member's or worker's id), `kind` is `person`, `worker` or `system`, `via`
    the face (`cli`, `daemon`), `proof` the SHA-256 of the signed statement behind the act, else `claimed`."""

    id: str
    kind: str
    via: str
    proof: str = "claimed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry to append. `account` is an account id; `corr` ties intent and outcome together; `obj` holds
    strings, integers and their lists and maps only; `reason` stands beside the log, at most 500 characters."""

    action: str
    outcome: str
    actor: Actor
    account: str | None = None
    corr: str | None = None
    fingerprint: str | None = None
    reason: str | None = None
    obj: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tree:
    """The log at one moment: the incarnation, how many entries, and the RFC 6962 root (32 bytes)."""

    incarnation: int
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent in the log: what was about to be done, and the outcome of the newest later entry with the
    same `corr`, None while there is none (the act may have happened). `incarnation` is that of the entry."""

    seq: int
    corr: str | None
    action: str
    outcome: str | None
    incarnation: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """One entry that names a fingerprint: what was done, how it ended, the entry's `obj`, its `corr`, the id of
    who did it, and its time."""

    action: str
    outcome: str
    obj: Mapping[str, object]
    corr: str | None = None
    actor: str = ""
    ts: str = ""


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key (32 bytes) that signs checkpoints of trees from `from_size` entries on, until the next
    key's range begins, as the signed manifest lists it."""

    public: bytes
    from_size: int = 0
    incarnation: int = 0


class Signer(Protocol):
    """A workspace log key."""

    @property
    def public(self) -> bytes:
        """The raw Ed25519 public key, 32 bytes."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the Ed25519 signature over `data`."""
        ...


class TreePin(Protocol):
    """Where the newest checkpointed tree is remembered, outside the workspace."""

    def pinned_tree(self) -> Tree | None:
        """Return the tree that was pinned last, None before the first."""
        ...

    def pin_tree(self, tree: Tree) -> None:
        """Remember `tree` durably before returning."""
        ...
