"""What was said of a delivery before it may go out: approvals, rejections, attestations, as their rows hold them.

A row is a claim: whether its signature holds and counts is decided where it is used (`publishing.approval`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from socialguard.canon import jcs
from socialguard.store.prepared import Prepared
from socialguard.store.tables import approval

APPROVED: Final = "approved"
REJECTED: Final = "rejected"
ATTESTED: Final = "attested"
AGREED: Final = "agreed"
"""To a thaw: its `fingerprint` is the hash of what the thaw signs."""
_OF: Final = Prepared(
    select(approval).where(approval.c.fingerprint == bindparam("fingerprint")).order_by(approval.c.id)
)


@dataclass(frozen=True, slots=True)
class Word:
    """One decision on a fingerprint by a member, at an epoch of the manifest, until an instant. An attestation
    is the member's word that `on_behalf` approved, with the hash of its evidence."""

    fingerprint: str
    decision: str
    member: str
    epoch: int
    expires_at: datetime
    signature: bytes
    given_at: datetime
    reason: str
    on_behalf: str | None = None
    evidence_sha256: str | None = None


def record(connection: Connection, word: Word) -> None:
    """Keep what a member said, beside its audit entry in the caller's transaction."""
    connection.execute(
        insert(approval).values(
            fingerprint=word.fingerprint,
            decision=word.decision,
            member=word.member,
            epoch=word.epoch,
            expires_at=jcs.timestamp(word.expires_at),
            signature=word.signature,
            given_at=jcs.timestamp(word.given_at),
            reason=word.reason,
            on_behalf=word.on_behalf,
            evidence_sha256=word.evidence_sha256,
        )
    )


def of(connection: Connection, fingerprint: str) -> tuple[Word, ...]:
    """Return what was said of a fingerprint, oldest first."""
    return tuple(
        Word(
            fingerprint=row.fingerprint,
            decision=row.decision,
            member=row.member,
            epoch=row.epoch,
            expires_at=jcs.parse_timestamp(row.expires_at),
            signature=row.signature,
            given_at=jcs.parse_timestamp(row.given_at),
            reason=row.reason,
            on_behalf=row.on_behalf,
            evidence_sha256=row.evidence_sha256,
        )
        for row in _OF.all(connection, fingerprint=fingerprint)
    )
