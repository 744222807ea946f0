"""The manifest: what the owners signed about members, accounts, keys and policy, and the chain of its epochs.

A `Manifest` is never changed: `successor` and its named forms return the next epoch, chained to this one by
hash; `append` signs and stores it. `load` trusts nothing but the pin: the row at the pinned epoch must hash to
it, and every later one must be signed by owners of the one before (FORMATS: Manifest), or by its recovery key
where it does no more than a recovery (`registry.recovered`).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors
from socialguard.canon import envelope, jcs
from socialguard.registry import manifest_json
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.recovered import is_recovery
from socialguard.registry.signed import (
    ALLOWED,
    Grant,
    LogKey,
    Member,
    RecoveryKey,
    Right,
    Role,
    SignedAccount,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

ENVELOPE: Final = "manifest"
EMPTY_POLICY: Final = hashlib.sha256(b"").hexdigest()
"""The policy hash of a workspace without rules of its own: that of an empty file."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One epoch. `org` is the hash of epoch 1's body, `body` the bytes that are signed, `sha256` their hash."""

    org: str
    epoch: int
    prev_sha256: str | None
    owners: tuple[str, ...]
    threshold: int
    members: tuple[Member, ...]
    workers: tuple[str, ...]
    accounts: tuple[SignedAccount, ...]
    recovery: tuple[RecoveryKey, ...]
    log_keys: tuple[LogKey, ...]
    policy_sha256: str
    stored: InitVar[bytes | None] = None
    body: bytes = field(init=False, repr=False, compare=False)
    sha256: str = field(init=False, compare=False)
    _accounts: Mapping[str, SignedAccount] = field(init=False, repr=False, compare=False)

    def __post_init__(self, stored: bytes | None) -> None:
        # `decode` gives the bytes that it has found to be canonical, so they need not be made again.
        body = stored or jcs.encode(manifest_json.document(self))
        digest = hashlib.sha256(body).hexdigest()
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "sha256", digest)
        object.__setattr__(self, "_accounts", {one.id: one for one in self.accounts})
        if self.epoch == 1:
            object.__setattr__(self, "org", digest)
        _require_sound(self)

    def member(self, member_id: str) -> Member | None:
        """Return a member, also a removed one; None where there is none."""
        return next((one for one in self.members if one.id == member_id), None)

    def member_of_key(self, signing_id: str) -> Member | None:
        """Return the active member whose signing key has this id; None where there is none."""
        return next((one for one in self.members if one.active and one.signing_id == signing_id), None)

    def account(self, account_id: str) -> SignedAccount | None:
        """Return what was signed about an account, None where nothing was."""
        return self._accounts.get(account_id)

    def is_owner(self, member_id: str) -> bool:
        """Whether a member is an owner now."""
        return member_id in self.owners

    def may(self, member_id: str, right: Right, account_id: str) -> bool:
        """Whether an active member has a right on an account now; owners have every right but a worker's. A
        grant beyond what its member's role allows counts for nothing."""
        member, account = self.member(member_id), self.account(account_id)
        if member is None or account is None or not member.active or right not in ALLOWED[member.role]:
            return False
        if member.role is Role.OWNER:
            return True
        grant = next((one for one in account.grants if (one.member, one.right) == (member_id, right)), None)
        return grant is not None and grant.holds(clock.now())

    def successor(self, **changes: object) -> "Manifest":
        """Return the next epoch with some fields changed, to be signed by owners of this one."""
        return replace(self, epoch=self.epoch + 1, prev_sha256=self.sha256, **changes)  # type: ignore[arg-type]

    def with_account(self, account: SignedAccount) -> "Manifest":
        """Return the next epoch with one account added, or replaced where its id is known."""
        others = [one for one in self.accounts if one.id != account.id]
        return self.successor(accounts=tuple(sorted([*others, account], key=lambda one: one.id)))

    def without_account(self, account_id: str) -> "Manifest":
        """Return the next epoch without an account."""
        return self.successor(accounts=tuple(one for one in self.accounts if one.id != account_id))

    def with_member(self, member: Member) -> "Manifest":
        """Return the next epoch with one member added or replaced; roles decide who is owner or worker."""
        known = self.member(member.id) is not None
        members = tuple(member if one.id == member.id else one for one in self.members)
        members = members if known else (*members, member)
        return self.successor(members=members, owners=_owners(members), workers=_workers(members))

    def with_grants(self, grants: Mapping[str, tuple[Grant, ...]]) -> "Manifest":
        """Return the next epoch with the grants of some accounts replaced, by account id."""
        accounts = (
            replace(one, grants=tuple(sorted(grants[one.id]))) if one.id in grants else one
            for one in self.accounts
        )
        return self.successor(accounts=tuple(accounts))

    def with_policy(self, sha256: str) -> "Manifest":
        """Return the next epoch under another policy."""
        return self.successor(policy_sha256=sha256)

    def with_recovery(self, key: RecoveryKey) -> "Manifest":
        """Return the next epoch with one recovery kit, instead of any before."""
        return self.successor(recovery=(key,))

    def with_log_key(self, key: LogKey) -> "Manifest":
        """Return the next epoch with one more log key, for trees from `key.from_size` on."""
        return self.successor(log_keys=(*self.log_keys, key))


def genesis(
    members: Iterable[Member],
    log_key: bytes,
    *,
    recovery: tuple[RecoveryKey, ...] = (),
    policy_sha256: str = EMPTY_POLICY,
) -> tuple[Manifest, bytes]:
    """Return epoch 1 and the bytes of its body, which omits the org id because that is their hash."""
    everyone = tuple(members)
    first = Manifest(
        org="",
        epoch=1,
        prev_sha256=None,
        owners=_owners(everyone),
        threshold=1,
        members=everyone,
        workers=_workers(everyone),
        accounts=(),
        recovery=recovery,
        log_keys=(LogKey(log_key, 0),),
        policy_sha256=policy_sha256,
    )
    return first, first.body


@lru_cache(maxsize=4)
def decode(body: bytes) -> Manifest:
    """Return the manifest of stored bytes.

    Raises Tampered where they are not what this program would have written, SchemaTooNew for another
    version."""
    try:
        return Manifest(**manifest_json.fields(body), stored=body)
    except manifest_json.Malformed as problem:
        raise errors.Tampered(what="The manifest", detail=f"{problem}.") from None


def _owners(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(one.id for one in members if one.role is Role.OWNER and one.active)


def _workers(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(one.id for one in members if one.role is Role.WORKER and one.active)


def _require_sound(manifest: Manifest) -> None:
    """Refuse a manifest that contradicts itself: two readers could take it two ways."""
    ids = [one.id for one in manifest.members]
    claims = {
        "two members with one id": len(set(ids)) < len(ids),
        "owners that are not its active members of that role": manifest.owners != _owners(manifest.members),
        "workers that are not its active members of that role": manifest.workers != _workers(manifest.members),
        "a threshold that its owners cannot reach": not 1 <= manifest.threshold <= len(manifest.owners),
        "no log key": not manifest.log_keys,
        "an account twice": len({one.id for one in manifest.accounts}) < len(manifest.accounts),
        "a name twice": len({(one.network, one.handle) for one in manifest.accounts}) < len(manifest.accounts),
        "a short name twice": len({one.short_name for one in manifest.accounts}) < len(manifest.accounts),
        "a grant to nobody": any(
            grant.member not in ids for account in manifest.accounts for grant in account.grants
        ),
        "a right granted twice": any(
            len({(grant.member, grant.right) for grant in account.grants}) < len(account.grants)
            for account in manifest.accounts
        ),
    }
    for claim, holds in claims.items():
        if holds:
            raise manifest_json.Malformed(f"it has {claim}")


# ── the chain of epochs, as rows ─────────────────────────────────────────────────────────────────────────


def load(connection: "Connection", pin: tuple[int, str]) -> Manifest:
    """Return the newest manifest, verified from the pinned epoch on; the caller pins it where it is newer.

    Raises Tampered where the pinned epoch is missing (rolled back) or is not what was pinned, or a later one
    is not chained to it or not signed by enough owners of the epoch before."""
    from sqlalchemy import select

    from socialguard.store.tables import manifest as table

    epoch, sha256 = pin
    rows = connection.execute(select(table).where(table.c.epoch >= epoch).order_by(table.c.epoch)).all()
    if not rows or rows[0].epoch != epoch:
        raise _tampered(f"epoch {epoch}, which this machine has seen, is gone (rolled back).")
    current = _stored(rows[0])
    if current.sha256 != sha256:
        raise _tampered(f"epoch {epoch} is not the one that this machine has seen.")
    for row in rows[1:]:
        current = _verified(current, row)
    return current


def at_epoch(connection: "Connection", epoch: int) -> Manifest:
    """Return an older epoch, which the caller has proved by loading from it; raises Tampered where it is gone."""
    from sqlalchemy import select

    from socialguard.store.tables import manifest as table

    row = connection.execute(select(table).where(table.c.epoch == epoch)).first()
    if row is None:
        raise _tampered(f"epoch {epoch} is gone.")
    return _stored(row)


def verify_chain(connection: "Connection", org: str) -> Manifest:
    """Return the newest manifest after verifying every epoch from the first, whose hash is the org id.

    For joining, adopting and a deep verification; raises Tampered as `load`."""
    from sqlalchemy import select

    from socialguard.store.tables import manifest as table

    rows = connection.execute(select(table).order_by(table.c.epoch)).all()
    if not rows or rows[0].epoch != 1:
        raise _tampered("its first epoch is gone.")
    current = _stored(rows[0])
    if current.org != org:
        raise _tampered("its first epoch is not the one that this organisation was founded with.")
    _require_signatures(current, current, rows[0].signatures)
    for row in rows[1:]:
        current = _verified(current, row)
    return current


def verified_from(pin: tuple[int, str], chain: Sequence[tuple[bytes, str]]) -> Manifest:
    """Return the last manifest of a chain of bodies and signatures that came from outside the database, verified
    from the pinned epoch on.

    Raises UsageError where the chain begins after the pin, Tampered as `load`."""
    epoch, sha256 = pin
    known = [(decode(body), signatures) for body, signatures in chain]
    later = [(one, signatures) for one, signatures in known if one.epoch >= epoch]
    if not later or later[0][0].epoch != epoch:
        raise errors.UsageError(
            detail=f"Here epoch {epoch} of the manifest was seen last, and the file does not begin there.",
            remedy=f"Ask for another one: socialguard approval request ID --since {epoch}",
        )
    current = later[0][0]
    if current.sha256 != sha256:
        raise _tampered(f"epoch {epoch} is not the one that this machine has seen.")
    for following, signatures in later[1:]:
        if (following.epoch, following.org, following.prev_sha256) != (
            current.epoch + 1,
            current.org,
            current.sha256,
        ):
            raise _tampered(f"epoch {following.epoch} does not follow the one before it.")
        _require_signatures(current, following, signatures)
        current = following
    return current


def append(connection: "Connection", following: Manifest, signers: Sequence[OwnerSigner]) -> Manifest:
    """Sign and store an epoch, and return it; the caller pins it after the commit.

    Raises OwnersNeeded unless enough of the signers are owners of the stored epoch before it (of itself, for
    the first), or its recovery key for what a kit may sign, and Tampered where it does not follow the newest
    stored epoch."""
    from sqlalchemy import func, insert, select

    from socialguard.store.tables import manifest as table

    newest = connection.execute(select(func.max(table.c.epoch))).scalar()
    if (newest or 0) + 1 != following.epoch:
        raise _tampered(f"epoch {following.epoch} was to follow, but the newest one is {newest or 0}.")
    previous = following
    if newest:
        previous = _stored(connection.execute(select(table).where(table.c.epoch == newest)).one())
    if following.epoch > 1 and (following.prev_sha256, following.org) != (previous.sha256, previous.org):
        raise _tampered("an epoch was to follow another one than the newest.")
    owners = [one for one in signers if _is_owner_key(previous, one.signing_id)]
    if len({one.signing_id for one in owners}) < previous.threshold:
        owners = [one for one in signers if one.signing_id in _recovery_keys(previous)]
        if not owners or not is_recovery(previous, following):
            raise errors.OwnersNeeded(count=previous.threshold)
    value = manifest_json.document(following)
    signatures = [
        {"key_id": one.signing_id, "signature": jcs.b64(one.sign(ENVELOPE, following.org, value))}
        for one in owners
    ]
    connection.execute(
        insert(table).values(
            epoch=following.epoch,
            body=following.body,
            sha256=following.sha256,
            signatures=jcs.encode(signatures).decode(),
            created_at=jcs.timestamp(clock.now()),
        )
    )
    return following


def _stored(row: "Row[tuple[object, ...]]") -> Manifest:
    body = bytes(row.body)
    if hashlib.sha256(body).hexdigest() != row.sha256:
        raise _tampered(f"the bytes of epoch {row.epoch} are not those that were stored.")
    found = decode(body)
    if found.epoch != row.epoch:
        raise _tampered(f"the row of epoch {row.epoch} holds another epoch.")
    return found


def _verified(previous: Manifest, row: "Row[tuple[object, ...]]") -> Manifest:
    following = _stored(row)
    chained = (following.epoch, following.org, following.prev_sha256)
    if chained != (previous.epoch + 1, previous.org, previous.sha256):
        raise _tampered(f"epoch {row.epoch} does not follow the one before it.")
    _require_signatures(previous, following, row.signatures)
    return following


def _require_signatures(previous: Manifest, following: Manifest, signatures: str) -> None:
    """Raise Tampered unless `threshold` different owners of `previous` signed the body as stored, or its recovery
    key what a kit may sign."""
    valid: set[str] = set()
    kits = _recovery_keys(previous)
    try:
        entries = jcs.decode(signatures.encode())
        for entry in entries if isinstance(entries, list) else ():
            kit = kits.get(entry["key_id"])
            if kit is not None and is_recovery(previous, following):
                envelope.verify(kit, jcs.unb64(entry["signature"]), ENVELOPE, previous.org, following.body)
                return
            signer = previous.member_of_key(entry["key_id"])
            if signer is None or signer.id not in previous.owners:
                continue
            signature = jcs.unb64(entry["signature"])
            envelope.verify(signer.ed25519, signature, ENVELOPE, previous.org, following.body)
            valid.add(signer.id)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _tampered(f"a signature of epoch {following.epoch} is not one.") from None
    if len(valid) < previous.threshold:
        raise _tampered(f"epoch {following.epoch} is not signed by enough owners of the epoch before.")


def _recovery_keys(manifest: Manifest) -> dict[str, bytes]:
    return {envelope.key_id("ed25519", one.ed25519): one.ed25519 for one in manifest.recovery}


def _is_owner_key(manifest: Manifest, signing_id: str) -> bool:
    member = manifest.member_of_key(signing_id)
    return member is not None and member.id in manifest.owners


def _tampered(detail: str) -> errors.Tampered:
    return errors.Tampered(what="The manifest", detail=detail)


__all__ = [
    "EMPTY_POLICY",
    "Grant",
    "LogKey",
    "Manifest",
    "Member",
    "RecoveryKey",
    "Right",
    "Role",
    "SignedAccount",
    "append",
    "decode",
    "genesis",
    "load",
    "verify_chain",
]
