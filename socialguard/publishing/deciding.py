"""Deciding on a delivery that waits: to approve, to reject, to attest what somebody else said.

Each is one transaction with its entry; what is decided on is first held against its submitter's signature, so that
nobody signs what a writer of the database put there. An approval that comes too late ends the delivery.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry
from socialguard.canon import jcs
from socialguard.ledger import approvals, reader, writer
from socialguard.ledger.approvals import Word
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, State
from socialguard.model.finding import Finding
from socialguard.model.text import marked
from socialguard.networks.prices import price_of
from socialguard.publishing import approval
from socialguard.publishing.accept import frozen
from socialguard.publishing.claim import alarm
from socialguard.publishing.interface import Candidate, Desk, Result, Session
from socialguard.publishing.submission import require_as_signed

LATE = marked("nobody approved it in time")
ATTESTATION_HOURS = 720


@dataclass(frozen=True, slots=True)
class Matter:
    """What an approver decides on: the delivery, its author's name, what the checks say of it now, what of its
    kind was approved before it was edited (None: nothing), and what was said of it so far."""

    value: Delivery
    author: str
    account: Account
    findings: tuple[Finding, ...]
    before: Delivery | None
    words: tuple[Word, ...]
    needed: int
    given: int


def matter(desk: Desk, delivery_id: str) -> Matter:
    """Return what is to be decided; raises NotFound, and Tampered for a row that its submitter did not sign."""
    with desk.database.read() as connection:
        value = reader.get(connection, delivery_id)
        account = desk.trust.account(connection, value.account_id)
        require_as_signed(connection, desk, value, account)
        candidate = _candidate(connection, desk, value, account)
        return Matter(
            value=value,
            author=desk.trust.named(connection, value.submitter),
            account=account,
            findings=(
                *desk.gate.review(connection, (candidate,), replaces=(value.id,)),
                # Whoever approves reads what a person at a terminal is asked: does it sound like the account?
                *desk.gate.doubts(connection, (candidate,), Session(None, "")),
            ),
            before=_approved_before(connection, desk, value, account),
            words=approvals.of(connection, value.fingerprint),
            needed=_wanted(connection, desk, value, account),
            given=len(approval.counting(connection, desk, value, account)),
        )


def approve(desk: Desk, delivery_id: str, reason: str) -> Result:
    """Approve a waiting delivery; it is queued with the last approval that it needs.

    Raises NotAllowed for the author and for who may not approve there, Expired where it is too late (the delivery
    ends then), UsageError where it does not wait or this member approved it already."""

    def sign(connection: Connection, value: Delivery, account: Account) -> Word:
        hours = desk.trust.rules(connection, account).approval_hours
        return _signed(connection, desk, value, approvals.APPROVED, reason, hours)

    return take(desk, delivery_id, sign, reason)


def take(
    desk: Desk, delivery_id: str, sign: Callable[[Connection, Delivery, Account], Word], reason: str
) -> Result:
    """Take in the approval that `sign` makes, of this machine's member or from a file; raises as `approve`."""
    expired: errors.Expired | None = None
    with desk.database.write() as connection:
        value, account = _waiting(connection, desk, delivery_id)
        if clock.now() > approval.deadline(connection, desk, value, account):
            expired = _expire(connection, desk, value, account)
        else:
            word = sign(connection, value, account)
            _require_may(connection, desk, value, account, word.member)
            _require_new(connection, value, word)
            _require_not_frozen(connection, desk, value, account, word.member)
            approvals.record(connection, word)
            given = len(approval.counting(connection, desk, value, account))
            if given >= _wanted(connection, desk, value, account):
                due = value.due if value.not_before is not None else _soon(connection, desk, account)
                writer.move(connection, value, State.QUEUED, due=due)
                approval.close(connection, desk.alerts, value.id)
                value = replace(value, due=due)
                _append(connection, desk, value, word, approval.ACTION, "queued", reason)
            else:
                _append(connection, desk, value, word, approval.ACTION, "approved", reason)
    return _told(desk, delivery_id, expired)


def reject(desk: Desk, delivery_id: str, reason: str) -> Result:
    """Reject a waiting delivery: it is held, and its text can be edited and asked for again; raises as
    `approve`."""
    with desk.database.write() as connection:
        value, account = _waiting(connection, desk, delivery_id)
        word = _signed(connection, desk, value, approvals.REJECTED, reason, 1)
        _require_may(connection, desk, value, account, word.member)
        _require_not_frozen(connection, desk, value, account, word.member)
        approvals.record(connection, word)
        approval.close(connection, desk.alerts, value.id)
        name = desk.trust.named(connection, word.member)
        writer.move(connection, value, State.HELD, f"rejected by {name}: {reason}")
        _append(connection, desk, value, word, "delivery.reject", "held", reason)
    return _told(desk, delivery_id, None)


def attest(desk: Desk, delivery_id: str, on_behalf: str, evidence_sha256: str, reason: str) -> Result:
    """Record a member's word that somebody without keys approved, with the hash of the evidence. It is shown as
    that; it never counts as an approval."""
    with desk.database.write() as connection:
        value, account = _waiting(connection, desk, delivery_id)
        _require_not_frozen(connection, desk, value, account, desk.person.id)
        word = _signed(
            connection,
            desk,
            value,
            approvals.ATTESTED,
            reason,
            ATTESTATION_HOURS,
            on_behalf=on_behalf,
            evidence_sha256=evidence_sha256,
        )
        approvals.record(connection, word)
        _append(connection, desk, value, word, approval.ATTESTED, "attested", reason)
    return _told(desk, delivery_id, None)


def expire_overdue(desk: Desk) -> tuple[Result, ...]:
    """End every delivery that nobody approved in time, each with an alert."""
    with desk.database.read() as connection:
        waiting = reader.in_states(connection, State.AWAITING)
        late = [
            value.id
            for value in waiting
            if clock.now()
            > approval.deadline(connection, desk, value, desk.trust.account(connection, value.account_id))
        ]
    results = []
    for delivery_id in late:
        with desk.database.write() as connection:
            value = reader.get(connection, delivery_id)
            if value.state is not State.AWAITING:
                continue
            account = desk.trust.account(connection, value.account_id)
            problem = _expire(connection, desk, value, account)
            results.append(Result(replace(value, state=State.EXPIRED), account, problem))
    return tuple(results)


def awaiting(connection: Connection, desk: Desk, member: str) -> tuple[Delivery, ...]:
    """Return the waiting deliveries that a member could approve and has not; none while the member is frozen."""
    if desk.trust.member_stop(connection, member) is not None:
        return ()
    found = []
    for value in reader.in_states(connection, State.AWAITING):
        account = desk.trust.account(connection, value.account_id)
        said = {word.member for word in approval.counting(connection, desk, value, account)}
        if member not in said and approval.may_decide(connection, desk, value, account, member):
            found.append(value)
    return tuple(found)


def _waiting(connection: Connection, desk: Desk, delivery_id: str) -> tuple[Delivery, Account]:
    value = reader.get(connection, delivery_id)
    account = desk.trust.account(connection, value.account_id)
    require_awaiting(value)
    desk.trust.require_intact_log(connection)
    require_as_signed(connection, desk, value, account)
    return value, account


def require_awaiting(value: Delivery) -> None:
    """Raise UsageError for a delivery that waits for no approval."""
    if value.state is not State.AWAITING:
        raise errors.UsageError(detail=f"Delivery {value.id} is {value.state.value}; it waits for no approval.")


def _wanted(connection: Connection, desk: Desk, value: Delivery, account: Account) -> int:
    """Return how many approvals a waiting delivery needs: one at least, or it would not wait."""
    return max(1, approval.needed(connection, desk, value, account))


def _soon(connection: Connection, desk: Desk, account: Account) -> datetime:
    return clock.now() + timedelta(seconds=desk.trust.rules(connection, account).grace)


def _signed(
    connection: Connection,
    desk: Desk,
    value: Delivery,
    decision: str,
    reason: str,
    hours: int,
    *,
    on_behalf: str | None = None,
    evidence_sha256: str | None = None,
) -> Word:
    """Return the decision of this machine's member, signed."""
    now = clock.now()
    unsigned = Word(
        fingerprint=value.fingerprint,
        decision=decision,
        member=desk.person.id,
        epoch=desk.trust.epoch(connection),
        expires_at=now + timedelta(hours=hours),
        signature=b"",
        given_at=now,
        reason=reason,
        on_behalf=on_behalf,
        evidence_sha256=evidence_sha256,
    )
    _, signature = desk.trust.sign(approval.kind_of(decision), approval.statement(unsigned))
    return replace(unsigned, signature=signature)


def _require_may(connection: Connection, desk: Desk, value: Delivery, account: Account, member: str) -> None:
    if approval.may_decide(connection, desk, value, account, member):
        return
    is_author = member in approval.authors(connection, value)
    raise errors.NotAllowed(
        who=desk.trust.named(connection, member),
        what=f"decide on {value.id} for {account}",
        detail="the author never does" if is_author else "this needs the right, and the role that policy asks for",
    )


def _require_not_frozen(
    connection: Connection, desk: Desk, value: Delivery, account: Account, member: str
) -> None:
    """Refuse (MemberFrozen) the decision of a member who is frozen."""
    stop = desk.trust.member_stop(connection, member)
    if stop is not None:
        raise frozen(connection, desk, stop, account, value.draft_id)


def _require_new(connection: Connection, value: Delivery, word: Word) -> None:
    for said in approvals.of(connection, value.fingerprint):
        if (said.member, said.decision) == (word.member, word.decision) and clock.now() < said.expires_at:
            raise errors.UsageError(detail=f"Member {word.member} approved {value.id} already.")


def _expire(connection: Connection, desk: Desk, value: Delivery, account: Account) -> errors.Expired:
    problem = errors.Expired(delivery=value.id, account=account, detail=LATE, draft=value.draft_id)
    writer.move(connection, value, State.EXPIRED, LATE)
    approval.close(connection, desk.alerts, value.id)
    desk.log.append(connection, _entry(desk, value, "delivery.expire", "expired", LATE))
    alarm(connection, desk, value, problem)
    return problem


def _append(
    connection: Connection, desk: Desk, value: Delivery, word: Word, action: str, outcome: str, reason: str
) -> None:
    entry = _entry(desk, value, action, outcome, reason)
    actor = replace(entry.actor, id=word.member, proof=approval.proof(word))
    desk.log.append(connection, replace(entry, actor=actor))


def _entry(desk: Desk, value: Delivery, action: str, outcome: str, reason: str) -> Entry:
    return Entry(
        action=action,
        outcome=outcome,
        actor=desk.person,
        account=value.account_id,
        fingerprint=value.fingerprint,
        reason=reason or None,
        obj={"delivery": value.id, "due": jcs.timestamp(value.due)},
    )


def _approved_before(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Delivery | None:
    """Return the newest delivery that this one is an edit of and that had an approval."""
    seen = {value.id}
    earlier = value.options.get("replaces")
    while earlier is not None and earlier not in seen:
        seen.add(earlier)
        try:
            found = reader.get(connection, earlier)
        except errors.NotFound:
            return None
        if any(word.decision == approvals.APPROVED for word in approvals.of(connection, found.fingerprint)):
            require_as_signed(connection, desk, found, account)
            return found
        earlier = found.options.get("replaces")
    return None


def _candidate(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Candidate:
    network = desk.network(account.network)
    return Candidate(
        account=account,
        act=value.act,
        content=value.content,
        length=network.length(value.content.text, value.content.link),
        limit=network.limits.text,
        price=price_of(network, value.act, value.content),
        grace=desk.trust.rules(connection, account).grace,
        max_late=value.max_late,
        when=value.not_before,
        target=value.target,
    )


def _told(desk: Desk, delivery_id: str, problem: errors.SocialGuardError | None) -> Result:
    with desk.database.read() as connection:
        value = reader.get(connection, delivery_id)
        return Result(value, desk.trust.account(connection, value.account_id), problem)
