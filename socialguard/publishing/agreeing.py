"""Two persons for a thaw, where policy says so (`thaw_by`): each signs the very stop, the owner who lifts it last.

An agreement is an Ed25519 signature of its own type over the hash of what a thaw signs. The owner's word names
everybody who agreed, so that the sender refuses a thaw from which an agreement was taken away; nobody can add one.
Which members count is asked when the stop is lifted."""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry
from socialguard.canon import jcs
from socialguard.ledger import approvals, stops
from socialguard.ledger.approvals import Word
from socialguard.ledger.stops import Stop
from socialguard.model.text import marked
from socialguard.publishing import approval
from socialguard.publishing.interface import Desk, Trust

AGREEMENT: Final = "thaw-agreement"
"""The envelope type of an agreement."""
ACTION: Final = "thaw.agree"
_OWNER_LEFT: Final = marked("An owner runs it last: socialguard thaw {words} --reason …")
COUNTS_FOR: Final = timedelta(hours=72)
"""How long an agreement counts for a thaw that was not made yet."""


def thaw_statement(stop: Stop, agreed: Collection[str] = ()) -> dict[str, object]:
    """Return what an owner signs to lift a stop: the very stop, by number, scope and instant, and who agreed."""
    said: dict[str, object] = {"stop": stop.id, "scope": stop.scope, "since": jcs.timestamp(stop.since)}
    return said | {"agreed": sorted(agreed)} if agreed else said


def signers(connection: Connection, trust: Trust, stop: Stop) -> tuple[str, ...]:
    """Return the members who signed that a stop may be lifted, whether that counts today or not."""
    return tuple(sorted({word.member for word in _signed(connection, trust, stop)}))


def counting(connection: Connection, trust: Trust, stop: Stop) -> frozenset[str]:
    """Return the members whose agreement counts now."""
    return frozenset(
        word.member
        for word in _signed(connection, trust, stop)
        if clock.now() < word.expires_at
        and trust.may_agree(connection, word.member, stop)
        and trust.member_stop(connection, word.member) is None
    )


def agree(connection: Connection, desk: Desk, stop: Stop, reason: str, needed: int) -> errors.AgreementNeeded:
    """Keep this machine's member's agreement to a thaw, and return what is still needed; NotAllowed."""
    own = desk.person.id
    if not desk.trust.may_agree(connection, own, stop):
        raise errors.NotAllowed(
            who=desk.trust.named(connection, own),
            what=marked("lift this freeze"),
            detail="an owner does it, or who may approve there helps",
        )
    if own not in counting(connection, desk.trust, stop):
        word = _word(connection, desk, stop, reason)
        approvals.record(connection, word)
        actor = replace(desk.person, proof=approval.proof(word))
        obj = {"scope": stop.scope, "stop": stop.id}
        desk.log.append(connection, Entry(ACTION, "agreed", actor, reason=reason or None, obj=obj))
    scope = told(connection, desk.trust, stop)
    given = len(counting(connection, desk.trust, stop))
    words = f"--member {scope.removeprefix(stops.MEMBER)}" if scope.startswith(stops.MEMBER) else scope
    words = "--all" if scope == stops.ALL else words
    wanted = max(2, needed)
    remedy = _OWNER_LEFT if given >= wanted else None
    return errors.AgreementNeeded(scope=scope, needed=wanted, given=given, words=words, remedy=remedy)


def told(connection: Connection, trust: Trust, stop: Stop) -> str:
    """Return a stop's scope as people write it."""
    kind, _, rest = stop.scope.partition(":")
    if kind == "account":
        return str(trust.account(connection, rest))
    return f"{stops.MEMBER}{trust.named(connection, rest)}" if kind == "member" else stop.scope


def _signed(connection: Connection, trust: Trust, stop: Stop) -> tuple[Word, ...]:
    return tuple(
        word
        for word in approvals.of(connection, _digest(stop))
        if word.decision == approvals.AGREED
        and trust.is_signed(connection, AGREEMENT, approval.statement(word), word.member, word.signature)
    )


def _word(connection: Connection, desk: Desk, stop: Stop, reason: str) -> Word:
    now = clock.now()
    unsigned = Word(
        fingerprint=_digest(stop),
        decision=approvals.AGREED,
        member=desk.person.id,
        epoch=desk.trust.epoch(connection),
        expires_at=now + COUNTS_FOR,
        signature=b"",
        given_at=now,
        reason=reason,
    )
    _, signature = desk.trust.sign(AGREEMENT, approval.statement(unsigned))
    return replace(unsigned, signature=signature)


def _digest(stop: Stop) -> str:
    return hashlib.sha256(jcs.encode(thaw_statement(stop))).hexdigest()
