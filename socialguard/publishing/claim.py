"""TX2 of the way of a post: taking a due delivery, or saying why it does not go out.

In one transaction, under the write lock: every signature, the log and the stops are held against what is pinned
and signed, the row becomes `sending`, and the intent is in the log. What was tampered with is refused and logged.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry, Tree
from socialguard.canon import jcs
from socialguard.ledger import reader, writer
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, Receipt, State
from socialguard.model.fingerprint import body, fingerprint
from socialguard.publishing import crash
from socialguard.publishing.accept import SUBMISSION, revoked, since
from socialguard.publishing.interface import Desk, Result

# Every request of an attempt together ends before this: the HTTP session's hard limit is 60 s a request.
DEADLINE: Final = timedelta(minutes=10)
# The newest word of the log on a delivery that may go out: confirmed and queued, or an attempt that proved that
# nothing is public and let it go again. After any other (sent, failed, cancelled, held …) it never goes out.
MAY_GO: Final = frozenset(
    {("delivery.queue", "queued"), ("delivery.send", "limited"), ("delivery.send", "not_public")}
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to send, and the log with its intent."""

    value: Delivery
    account: Account
    intent: int
    tree: Tree


def claim(desk: Desk, delivery_id: str) -> Claimed | Result | None:
    """Take a due delivery, or say why not; what is tampered with is refused and logged, never sent."""
    try:
        with desk.database.write() as connection:
            value = reader.get(connection, delivery_id)
            if value.state is not State.QUEUED or value.due > clock.now():
                return None
            account = desk.trust.account(connection, value.account_id)
            refused = _refusal(connection, desk, value, account)
            if refused is not None:
                return refused
            _verify(connection, desk, value, account)
            late = _lateness(connection, desk, value, account)
            if late is not None:
                return late
            if reader.is_sending(connection, account.id) or not _is_its_turn(connection, value):
                return None
            sending, intent = _start(connection, desk, value)
            claimed = Claimed(sending, account, intent, desk.trust.checkpoint(connection))
            crash.at("in_claim")
            return claimed
    except errors.Tampered as problem:
        _log_refusal(desk, delivery_id, problem)
        raise


def _refusal(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Result | None:
    """What keeps even a sound delivery from going out now: a credential taken back, a stop."""
    if not account.is_usable:
        return Result(value, account, revoked(account))
    desk.trust.require_intact_stops(connection)
    for stop in desk.trust.stops(connection, account):
        frozen = errors.Frozen(
            account=account,
            since=since(stop.since, account.zone),
            actor=stop.actor,
            reason=stop.reason,
            draft=value.draft_id,
        )
        return Result(value, account, frozen)
    return None


def _lateness(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Result | None:
    """Hold a delivery whose time has passed (the machine slept): a person says whether it is still right."""
    now = clock.now()
    late = now - value.due
    if late.total_seconds() <= value.max_late:
        return None
    late_by = errors.Late(
        delivery=value.id, account=account, due=since(value.due, account.zone), now=since(now, account.zone)
    )
    writer.move(connection, value, State.HELD, late_by.message())
    append(connection, desk, value, "held", reason=late_by.message())
    return Result(replace(value, state=State.HELD), account, late_by)


def _verify(connection: Connection, desk: Desk, value: Delivery, account: Account) -> None:
    """Refuse a row that its submitter did not sign so, or whose fingerprint may be public already."""
    statement = body(
        org=desk.trust.org,
        delivery=value.id,
        nonce=value.nonce,
        act=value.act,
        account=account.id,
        user_id=account.user_id,
        content=value.content,
        not_before=value.not_before,
        max_late=value.max_late,
        target=value.target,
    )
    if value.not_before is not None and clock.now() < value.not_before:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="its time is earlier than the one confirmed.")
    if fingerprint(statement) != value.fingerprint:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="its content is not what was confirmed.")
    desk.trust.require_signed(connection, SUBMISSION, statement, value.submitter, value.signature)
    desk.trust.require_intact_log(connection)
    desk.trust.rules(connection, account)
    _require_open(connection, desk, value)


def _require_open(connection: Connection, desk: Desk, value: Delivery) -> None:
    """Refuse a row that says `queued`, or a time, where the log says otherwise: it was opened again, put off,
    or never queued here."""
    course = desk.log.course(connection, value.fingerprint)
    last = course[-1] if course else None
    if last is None:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="the log does not know it.")
    if (last.action, last.outcome) not in MAY_GO:
        raise errors.Tampered(
            what=f"Delivery {value.id}", detail=f"the log ends it with {last.action} {last.outcome}."
        )
    if last.obj.get("due") != jcs.timestamp(value.due):
        raise errors.Tampered(what=f"Delivery {value.id}", detail="its time is not the one in the log.")


def _is_its_turn(connection: Connection, value: Delivery) -> bool:
    if value.after_id is None:
        return True
    return reader.get(connection, value.after_id).state is State.SENT


def _start(connection: Connection, desk: Desk, value: Delivery) -> tuple[Delivery, int]:
    now = clock.now()
    attempt = writer.Attempt(secrets.token_hex(8), value.id, now, now + DEADLINE)
    writer.claim(connection, value, attempt)
    claimed = replace(value, state=State.SENDING, attempt_id=attempt.id)
    return claimed, append(connection, desk, claimed, "intent")


def _log_refusal(desk: Desk, delivery_id: str, problem: errors.Tampered) -> None:
    """Log that a delivery was refused; a log that cannot be written must not hide why."""
    try:
        with desk.database.write() as connection:
            desk.log.append(
                connection,
                Entry(
                    action="delivery.refuse",
                    outcome="tampered",
                    actor=desk.worker,
                    reason=str(problem)[:500],
                    obj={"delivery": delivery_id},
                ),
            )
    except errors.SocialGuardError:
        return


def append(
    connection: Connection,
    desk: Desk,
    value: Delivery,
    outcome: str,
    *,
    reason: str | None = None,
    receipt: Receipt | None = None,
    calls: int | None = None,
) -> int:
    """Append what happened to a delivery to the log and return the entry's index."""
    obj: dict[str, object] = {"delivery": value.id, "act": value.act.value, "due": jcs.timestamp(value.due)}
    if receipt is not None:
        obj["network_id"] = receipt.network_id
    if calls is not None:
        obj["calls"] = calls
    return desk.log.append(
        connection,
        Entry(
            action="delivery.send",
            outcome=outcome,
            actor=desk.worker,
            account=value.account_id,
            corr=value.attempt_id,
            fingerprint=value.fingerprint,
            reason=None if reason is None else reason[:500],
            obj=obj,
        ),
    )
