"""Four eyes: how many approvals a delivery needs, and which of those that are kept count now.

An approval is an Ed25519 signature over the fingerprint, so any edit voids it. It counts where its member may
approve on the account now, has the role that policy asks for, is not the author, and it has not ended. The sender
asks this in the claim; rows that say otherwise are worth nothing.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.alerts.board import Board
from socialguard.canon import jcs
from socialguard.ledger import approvals, drafts
from socialguard.ledger.approvals import Word
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery
from socialguard.model.text import marked
from socialguard.publishing.interface import Desk
from socialguard.registry.signed import Right

STATEMENT: Final = "approval"
"""The envelope type of an approval and of a rejection; an attestation has its own."""
ATTESTATION: Final = "attestation"
ACTION: Final = "delivery.approve"
AWAITED: Final = ("delivery.queue", "awaiting")
"""The log's first word on a delivery that waits for approvals."""
APPROVED: Final = (ACTION, "queued")
"""The log's word on the approval with which it had enough."""
ATTESTED: Final = "delivery.attest"
WHILE_WAITING: Final = frozenset({ACTION, ATTESTED})
"""What is said of a delivery while it waits, and leaves it to the last approval."""
ALERT: Final = "approval"
_ASKED: Final = marked("{account}: delivery {delivery} by {author} waits for approvals: {count}.")


def statement(word: Word) -> dict[str, object]:
    """Return what a member signs."""
    said: dict[str, object] = {
        "fingerprint": word.fingerprint,
        "decision": word.decision,
        "member": word.member,
        "epoch": word.epoch,
        "expires": jcs.timestamp(word.expires_at),
    }
    if word.decision == approvals.ATTESTED:
        said |= {"on_behalf": word.on_behalf, "evidence_sha256": word.evidence_sha256}
    return said


def kind_of(decision: str) -> str:
    """Return the envelope type of a decision."""
    return ATTESTATION if decision == approvals.ATTESTED else STATEMENT


def proof(word: Word) -> str:
    """Return the hash of a signed decision, as the log names it."""
    return hashlib.sha256(jcs.encode(statement(word))).hexdigest()


def needed(connection: Connection, desk: Desk, value: Delivery, account: Account) -> int:
    """Return how many approvals policy asks for now; what a contractor submits needs one at least."""
    submitter = desk.trust.member(connection, value.submitter)
    rules = desk.trust.rules(connection, account)
    return max(rules.approvals, int(submitter is not None and submitter.contractor))


def authors(connection: Connection, value: Delivery) -> frozenset[str]:
    """Return who wrote a delivery: its submitter, and whoever wrote its draft."""
    try:
        return frozenset({value.submitter, drafts.get(connection, value.draft_id).author})
    except errors.NotFound:
        return frozenset({value.submitter})


def counting(connection: Connection, desk: Desk, value: Delivery, account: Account) -> tuple[Word, ...]:
    """Return the approvals that count now, one a member."""
    found = {word.member: word for word in _valid(connection, desk, value, account) if not _has_ended(word)}
    return tuple(found.values())


def missing(
    connection: Connection, desk: Desk, value: Delivery, account: Account, asked: int
) -> errors.Held | None:
    """Return why a delivery may not go out for want of approvals, None where it has enough: NotApproved, or
    Expired where enough were given and have ended. `asked` is how many it was queued with the need of.

    Raises Tampered for a kept approval that its member did not sign."""
    wanted = max(asked, needed(connection, desk, value, account))
    if not wanted:
        return None
    for word in approvals.of(connection, value.fingerprint):
        if not desk.trust.is_signed(
            connection, kind_of(word.decision), statement(word), word.member, word.signature
        ):
            raise errors.Tampered(what=f"Delivery {value.id}", detail="an approval of it is not its member's.")
    given = counting(connection, desk, value, account)
    if len(given) >= wanted:
        return None
    ever = {word.member for word in _valid(connection, desk, value, account)}
    if len(ever) >= wanted:
        return errors.Expired(
            delivery=value.id, account=account, detail="its approval has ended", draft=value.draft_id
        )
    return errors.NotApproved(delivery=value.id, account=account, given=len(given), needed=wanted)


def deadline(connection: Connection, desk: Desk, value: Delivery, account: Account) -> datetime:
    """Return until when a waiting delivery can still be approved: its own time and how late it may be, or, for one
    that is to go out at once, as long as an approval counts."""
    if value.not_before is not None:
        return value.not_before + timedelta(seconds=value.max_late)
    return value.created_at + timedelta(hours=desk.trust.rules(connection, account).approval_hours)


def may_decide(connection: Connection, desk: Desk, value: Delivery, account: Account, member: str) -> bool:
    """Return whether a member's approval of this delivery would count."""
    if member in authors(connection, value) or not desk.trust.may(connection, member, Right.APPROVE, account):
        return False
    wanted = desk.trust.rules(connection, account).approver
    found = desk.trust.member(connection, member)
    return wanted == "any" or (found is not None and found.role.value == wanted)


def call(connection: Connection, desk: Desk, value: Delivery, account: Account, count: int) -> None:
    """Tell approvers that a delivery waits for them."""
    author = desk.trust.named(connection, value.submitter)
    fields = {"account": account, "delivery": value.id, "author": author, "count": count}
    desk.alerts.raise_(connection, ALERT, _ASKED, fields, account_id=account.id, delivery_id=value.id)


def close(connection: Connection, alerts: Board, delivery_id: str) -> None:
    """Tell approvers no more of a delivery that waits for nobody now."""
    alerts.close(connection, ALERT, delivery_id)


def hands(connection: Connection, value: Delivery) -> frozenset[str]:
    """Return the members in whose hands a delivery was: who wrote it, and whoever approved it."""
    words = approvals.of(connection, value.fingerprint)
    return authors(connection, value) | {word.member for word in words if word.decision == approvals.APPROVED}


def _valid(connection: Connection, desk: Desk, value: Delivery, account: Account) -> tuple[Word, ...]:
    """Return the approvals of exactly this fingerprint that their members signed and may give, ended or not."""
    return tuple(
        word
        for word in approvals.of(connection, value.fingerprint)
        if word.decision == approvals.APPROVED
        and word.epoch <= desk.trust.epoch(connection)
        and may_decide(connection, desk, value, account, word.member)
        and desk.trust.is_signed(connection, STATEMENT, statement(word), word.member, word.signature)
    )


def _has_ended(word: Word) -> bool:
    return clock.now() >= word.expires_at
