"""The one epoch that a recovery kit may sign, when no owner's key is left: one owner, one worker and one log key
are added, and nothing else changes. What else is to change the new owner signs, as any owner does."""

from dataclasses import replace
from typing import TYPE_CHECKING

from socialguard.registry.signed import Grant, LogKey, Member, Right, Role, SignedAccount

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest


def recovered(before: "Manifest", owner: Member, worker: Member, log_key: LogKey) -> "Manifest":
    """Return the next epoch, to be signed by the recovery key that `before` lists. The worker may send wherever a
    worker may already."""
    return before.successor(
        members=(*before.members, owner, worker),
        owners=(*before.owners, owner.id),
        workers=(*before.workers, worker.id),
        accounts=tuple(_granted(before, one, worker.id) for one in before.accounts),
        log_keys=(*before.log_keys, log_key),
    )


def is_recovery(before: "Manifest", after: "Manifest") -> bool:
    """Return whether an epoch is no more than what a recovery kit may sign."""
    if len(after.members) != len(before.members) + 2 or len(after.log_keys) != len(before.log_keys) + 1:
        return False
    owner, worker = after.members[-2:]
    roles = (owner.role, worker.role) == (Role.OWNER, Role.WORKER)
    if not roles or not (owner.active and worker.active) or owner.contractor or worker.contractor:
        return False
    keys = [key for one in after.members for key in (one.ed25519, one.x25519)]
    if len(set(keys)) < len(keys):
        return False  # a key of somebody else's, also of one who was removed
    return recovered(before, owner, worker, after.log_keys[-1]).body == after.body


def _granted(before: "Manifest", account: SignedAccount, worker: str) -> SignedAccount:
    sends = any(one.right is Right.SEND and one.member in before.workers for one in account.grants)
    if not sends:
        return account
    return replace(account, grants=tuple(sorted((*account.grants, Grant(worker, Right.SEND)))))
