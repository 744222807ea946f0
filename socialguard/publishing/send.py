"""The one sender, for the command line and the daemon: claim, log, open the credential, send, record.

Exactly once rests on the order here: the row is `sending` and the intent is in the log, both durable and pinned
outside the workspace, before the first byte leaves; and only proof that nothing was created lets it go again.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry, Tree
from socialguard.ledger import reader, writer
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery, Receipt, State
from socialguard.model.fingerprint import body, fingerprint
from socialguard.networks.interface import Network, Outgoing, Session, Upload
from socialguard.publishing import crash
from socialguard.publishing.accept import SUBMISSION, revoked, since
from socialguard.publishing.interface import Desk, Result

# Every request of an attempt together ends before this: the HTTP session's hard limit is 60 s a request.
DEADLINE: Final = timedelta(minutes=10)
BUSY_WAIT: Final = 60.0
# Outcomes of an attempt that prove that nothing is public, so that the same fingerprint may go out once more.
PROVED: Final = frozenset({"failed", "limited", "not_public"})


def run_due(
    desk: Desk, ids: Sequence[str] | None = None, on_result: Callable[[Result], None] | None = None
) -> tuple[Result, ...]:
    """Send the deliveries that are due, all or only `ids`, each at most once, in order of their due time.

    Returns one result for each that was tried or refused; `on_result` is told each as it happens. Raises what
    stops everything: Tampered or NotAdopted of the whole workspace, AuditUnwritable."""
    with desk.database.read() as connection:
        due = ids if ids is not None else reader.due_ids(connection, clock.now())
    results = []
    for delivery_id in due:
        result = send_one(desk, delivery_id)
        if result is not None:
            results.append(result)
            if on_result is not None:
                on_result(result)
    return tuple(results)


def send_now(
    desk: Desk, ids: Sequence[str], on_result: Callable[[Result], None] | None = None
) -> tuple[Result, ...]:
    """Send these deliveries and wait for an account that another process is sending on, up to a minute."""
    end = clock.monotonic() + BUSY_WAIT
    results = list(run_due(desk, ids, on_result))
    left = [one for one in ids if one not in {result.delivery.id for result in results}]
    while left and clock.monotonic() < end:
        with desk.database.read() as connection:
            left = [one for one in left if reader.get(connection, one).state is State.QUEUED]
        if left:
            clock.pause(0.1)
            results.extend(run_due(desk, left, on_result))
            left = [one for one in left if one not in {result.delivery.id for result in results}]
    return tuple(results)


def send_one(desk: Desk, delivery_id: str) -> Result | None:
    """Send one delivery if it is due; None where it is not (any more), or its account is busy."""
    crash.at("before_claim")
    unusable = _renew(desk, delivery_id)
    claimed = unusable or _claim(desk, delivery_id)
    if claimed is None or isinstance(claimed, Result):
        return claimed
    value, account = claimed.value, claimed.account
    crash.at("after_claim")
    desk.trust.pin_log(claimed.tree)
    crash.at("after_pin")
    session: Session | None = None
    try:
        network = desk.network(account.network)
        session = _open(desk, network, account, claimed.intent)
        receipt = _send(desk, network, session, value)
    except errors.RateLimited as problem:
        return _record(desk, value, account, session, State.QUEUED, "limited", problem)
    except errors.OutcomeUnknown as problem:
        return _record(desk, value, account, session, State.UNKNOWN, "unknown", problem)
    except errors.SocialGuardError as problem:
        # Every other class is raised before the call, or proves that nothing was created.
        return _record(desk, value, account, session, State.FAILED, "failed", problem)
    crash.at("after_publish")
    return _record(desk, value, account, session, State.SENT, "sent", None, receipt)


# ── TX2: the claim ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A delivery that is ours to send, and the log with its intent."""

    value: Delivery
    account: Account
    intent: int
    tree: Tree


def _renew(desk: Desk, delivery_id: str) -> Result | None:
    """Renew a credential that is about to end, before the claim: a failed renewal leaves the delivery queued."""
    with desk.database.read() as connection:
        value = reader.get(connection, delivery_id)
        if value.state is not State.QUEUED or value.due > clock.now():
            return None
        try:
            account = desk.trust.account(connection, value.account_id)
        except errors.Tampered:
            return None  # the claim refuses it, and logs that
    try:
        desk.trust.renew(account)
    except (errors.Tampered, errors.AuditUnwritable):
        raise
    except errors.SocialGuardError as problem:
        return Result(value, account, problem)
    return None


def _claim(desk: Desk, delivery_id: str) -> _Claimed | Result | None:
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
            if reader.is_sending(connection, account.id) or not _is_its_turn(connection, value):
                return None
            sending, intent = _start(connection, desk, value)
            claimed = _Claimed(sending, account, intent, desk.trust.checkpoint(connection))
            crash.at("in_claim")
            return claimed
    except errors.Tampered as problem:
        _log_refusal(desk, delivery_id, problem)
        raise


def _refusal(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Result | None:
    """Stops and lateness: what keeps a sound delivery from going out now."""
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
    now = clock.now()
    late = now - value.due
    if late.total_seconds() <= value.max_late:
        return None
    late_by = errors.Late(
        delivery=value.id, account=account, due=since(value.due, account.zone), now=since(now, account.zone)
    )
    writer.move(connection, value, State.HELD, late_by.message())
    _append(connection, desk, value, "held", reason=late_by.message())
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
    for intent in desk.log.intents(connection, value.fingerprint):
        if intent.action == "delivery.send" and intent.outcome not in PROVED:
            raise errors.Tampered(
                what=f"Delivery {value.id}", detail="the log says that it was sent, or may have been."
            )


def _is_its_turn(connection: Connection, value: Delivery) -> bool:
    if value.after_id is None:
        return True
    return reader.get(connection, value.after_id).state is State.SENT


def _start(connection: Connection, desk: Desk, value: Delivery) -> tuple[Delivery, int]:
    now = clock.now()
    attempt = writer.Attempt(secrets.token_hex(8), value.id, now, now + DEADLINE)
    writer.claim(connection, value, attempt)
    claimed = replace(value, state=State.SENDING, attempt_id=attempt.id)
    return claimed, _append(connection, desk, claimed, "intent")


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


# ── the call ─────────────────────────────────────────────────────────────────────────────────────────────


def _open(desk: Desk, network: Network, account: Account, intent: int) -> Session:
    """Open a session for the account, and ask who the credential belongs to where that is due."""
    with desk.database.read() as connection:
        credential, generation = desk.trust.credential(connection, account, intent)
        due = desk.trust.identity_is_due(connection, account, generation)
    session = network.open(credential, account.origin, str(account))
    if due:
        found = session.identity()
        if found.user_id != account.user_id:
            raise errors.WrongIdentity(account=account, found=f"@{found.handle}")
        with desk.database.write() as connection:
            desk.trust.record_identity(connection, account, generation, found)
    return session


def _send(desk: Desk, network: Network, session: Session, value: Delivery) -> Receipt | None:
    if value.act is Act.DELETE:
        crash.at("before_publish")
        session.delete(value.target or "")
        return None
    post = outgoing(desk, value)

    def on_step(remote_id: str) -> None:
        with desk.database.write() as connection:
            writer.record_step(connection, value.attempt_id or "", remote_id)
        crash.at("after_step")

    with desk.database.read() as connection:
        post = replace(post, resume=reader.last_step(connection, value.id))
    crash.at("before_publish")
    return session.publish(post, on_step)


def outgoing(desk: Desk, value: Delivery) -> Outgoing:
    """Return a delivery's content as its adapter takes it, the media's bytes checked."""
    content = value.content
    uploads = tuple(Upload(desk.media.read(item), item.content_type, item.alt) for item in content.media)
    return Outgoing(text=content.text, link=content.link, reply_to=content.reply_to, uploads=uploads)


# ── TX3: the outcome ─────────────────────────────────────────────────────────────────────────────────────


def _record(
    desk: Desk,
    value: Delivery,
    account: Account,
    session: Session | None,
    state: State,
    outcome: str,
    problem: errors.SocialGuardError | None,
    receipt: Receipt | None = None,
) -> Result:
    """Settle an attempt. Where that cannot be written the row stays `sending` and is found out later."""
    reason = "" if problem is None else problem.message()
    network = desk.network(account.network)
    sent = outcome == "sent" and value.act is Act.PUBLISH
    cost = network.price(value.content.text, value.content.link) if sent else 0
    with desk.database.write() as connection:
        due = _reset_time(problem) if state is State.QUEUED else None
        writer.settle(connection, value, state, reason=reason, proof=receipt, due=due)
        if session is not None:
            desk.trust.mark_used(connection, account)
        calls = session.calls if session is not None else 0
        writer.book(connection, account, value.act.value, calls, cost, value.id)
        _append(connection, desk, value, outcome, reason=reason or None, receipt=receipt, calls=calls)
        crash.at("in_settle")
    crash.at("after_settle")
    with desk.database.read() as connection:
        return Result(reader.get(connection, value.id), account, problem)


def _reset_time(problem: errors.SocialGuardError | None) -> datetime:
    reset = problem.fields.get("reset") if problem is not None else None
    if isinstance(reset, datetime):
        return reset + timedelta(seconds=1)
    return clock.now() + timedelta(minutes=15)  # the window of most limits of X


def _append(
    connection: Connection,
    desk: Desk,
    value: Delivery,
    outcome: str,
    *,
    reason: str | None = None,
    receipt: Receipt | None = None,
    calls: int | None = None,
) -> int:
    obj: dict[str, object] = {"delivery": value.id, "act": value.act.value}
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
