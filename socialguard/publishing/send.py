"""The one sender, for the command line and the daemon: claim, log, open the credential, send, record.

Exactly once rests on the order here: the row is `sending` and the intent is in the log, both durable and pinned
outside the workspace, before the first byte leaves; and only proof that nothing was created lets it go again.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.ledger import due, reader, usage, writer
from socialguard.model.account import Account
from socialguard.model.credential import redact
from socialguard.model.delivery import Act, Delivery, Receipt, State
from socialguard.networks.http import PUBLISH_SECONDS
from socialguard.networks.interface import Network, Outgoing, Resolve, Session, Upload
from socialguard.networks.prices import price_of
from socialguard.publishing import crash, limits, skew, threads, unreached
from socialguard.publishing.claim import Claimed, Unrenewed, alarm, claim
from socialguard.publishing.course import append
from socialguard.publishing.interface import Desk, Result
from socialguard.publishing.threads import Turn
from socialguard.registry.accounts import unverified

# The longest that the calls of one publish take.
CALL: Final = timedelta(seconds=PUBLISH_SECONDS)
BUSY_WAIT: Final = 60.0

_T = TypeVar("_T")


def run_due(desk: Desk, ids: Sequence[str] | None = None) -> tuple[Result, ...]:
    """Send the deliveries that are due, all or only `ids`, each at most once, in the order of `ledger.due`.

    Returns one result for each that was tried or refused. What stops everything (Tampered or NotAdopted of the
    whole workspace, AuditUnwritable) is raised, but after a send it is the last result: what went out is told."""
    with desk.database.read() as connection:
        asked = ids if ids is not None else due.of_all(connection, clock.now())
    results: list[Result] = []
    _run(desk, asked, results)
    # A part of a thread that was asked for before the one that it answers was sent.
    told = 0
    while len(results) > told and (parts := _in_turn_now(desk, asked, results)):
        told = len(results)
        _run(desk, parts, results)
    return tuple(results)


def _in_turn_now(desk: Desk, ids: Sequence[str], results: Sequence[Result]) -> list[str]:
    """Return those whose predecessor was sent since they were asked for."""
    tried = {one.delivery.id for one in results}
    sent = {one.delivery.id for one in results if one.delivery.state is State.SENT}
    with desk.database.read() as connection:
        parts = [
            value
            for value in (reader.as_far_as_sound(connection, one) for one in ids if one not in tried)
            if value.after_id
        ]
    return [value.id for value in parts if value.after_id in sent and value.state is State.QUEUED]


def _run(desk: Desk, ids: Sequence[str], results: list[Result]) -> None:
    """Add the result of each delivery to `results`, up to one that stops everything. Nothing overtakes one that is
    stuck on its account."""
    stuck: set[str] = set()
    for delivery_id in ids:
        if stuck and _is_behind(desk, delivery_id, stuck):
            continue
        try:
            result = send_one(desk, delivery_id)
        except errors.SocialGuardError as problem:
            if not results:
                raise
            with desk.database.read() as connection:
                value = reader.as_far_as_sound(connection, delivery_id)
                # As it stands: its row may be what is wrong, and nothing more is done on it.
                results.append(Result(value, unverified(connection, value.account_id), problem))
            return
        if result is not None:
            results.append(result)
            if result.is_stuck:
                stuck.add(result.account.id)


def _is_behind(desk: Desk, delivery_id: str, stuck: Collection[str]) -> bool:
    with desk.database.read() as connection:
        value = reader.get(connection, delivery_id)
    return value.account_id in stuck and value.act is not Act.DELETE


def send_now(desk: Desk, ids: Sequence[str]) -> tuple[Result, ...]:
    """Send these deliveries and wait for an account that another process is sending on, be it one of these, up to
    a minute; raises as `run_due`."""
    from socialguard.publishing.resolve import expire_attempts  # it builds on this module

    end = clock.monotonic() + BUSY_WAIT
    results: list[Result] = []
    _run(desk, ids, results)
    left = [one for one in ids if one not in {result.delivery.id for result in results}]
    while left and clock.monotonic() < end:
        with desk.database.read() as connection:
            awaited = _awaited(connection, left)
        left = list(awaited)
        if left:
            expire_attempts(desk)  # who is waited for may have died
            clock.pause(0.1)
            _run(desk, [one for one in left if awaited[one] is State.QUEUED], results)
            left = [one for one in left if one not in {result.delivery.id for result in results}]
    return tuple(results)


def _awaited(connection: Connection, ids: Sequence[str]) -> dict[str, State]:
    """Return those that are being sent, or wait for their account alone: of a thread no part whose turn nobody
    here waits for."""
    found: dict[str, State] = {}
    for value in (reader.get(connection, one) for one in ids):
        if value.state is State.SENDING or (
            value.state is State.QUEUED
            and (value.after_id in found or threads.turn_of(connection, value) is not Turn.LATER)
        ):
            found[value.id] = value.state
    return found


def send_one(desk: Desk, delivery_id: str) -> Result | None:
    """Send one delivery if it is due; None where it is not (any more), or its account is busy."""
    crash.at("before_claim")
    claimed = claim(desk, delivery_id)
    if isinstance(claimed, Unrenewed):
        claimed = _renew(desk, claimed) or claim(desk, delivery_id, renewed=True)
    if not isinstance(claimed, Claimed):
        assert not isinstance(claimed, Unrenewed)
        return claimed
    value, account = claimed.value, claimed.account
    session: Session | None = None
    try:
        network = desk.network(account.network)
        session = _open(network, claimed)
        _identify(desk, network, session, claimed)
        receipt = _send(desk, network, session, value, account)
    except errors.RateLimited as problem:
        return _record(desk, value, account, session, State.QUEUED, limits.LIMITED, problem)
    except errors.OutcomeUnknown as problem:
        return _record(desk, value, account, session, State.UNKNOWN, "unknown", problem)
    except errors.ClockWrong as problem:
        return _record(desk, value, account, session, State.HELD, "held", problem)
    except (errors.NotReached, errors.Unwritable) as problem:
        return _record(desk, value, account, session, *unreached.verdict(value, account, problem))
    except errors.SocialGuardError as problem:
        # Every other class is raised before the call, or proves that nothing was created.
        of_clock = problem.fields.get("reason") == "clock" and skew.wrong(network, session, value, account)
        if of_clock:
            return _record(desk, value, account, session, State.HELD, "held", of_clock)
        return _record(desk, value, account, session, State.FAILED, "failed", problem)
    crash.at("after_publish")
    return _record(desk, value, account, session, State.SENT, "sent", None, receipt)


def _renew(desk: Desk, found: Unrenewed) -> Result | None:
    """Renew a credential that is about to end; a failed renewal leaves the delivery queued."""
    try:
        desk.trust.renew(found.account)
    except (errors.Tampered, errors.AuditUnwritable):
        raise
    except errors.SocialGuardError as problem:
        return Result(found.value, found.account, problem, is_stuck=True)
    return None


# ── the call ─────────────────────────────────────────────────────────────────────────────────────────────


def _open(network: Network, claimed: Claimed) -> Session:
    """Open a session for the account."""
    account, opened = claimed.account, claimed.opened
    if isinstance(opened, errors.SocialGuardError):
        raise opened
    return network.open(opened.credential, account.origin, str(account))


def _identify(desk: Desk, network: Network, session: Session, claimed: Claimed) -> None:
    """Ask who the credential belongs to where that is due, or the clock is in doubt."""
    account, opened = claimed.account, claimed.opened
    assert not isinstance(opened, errors.SocialGuardError)
    if not opened.identity_is_due and not desk.clocks.is_doubtful(network.name):
        return
    found = _if_available(session.identity, network, account)
    if found.user_id != account.user_id:
        raise errors.WrongIdentity(account=account, found=f"@{found.handle}")
    skew.require_right(network, session, claimed.value, account)  # before it counts as asked
    with desk.database.write() as connection:
        desk.trust.record_identity(connection, account, opened.generation, found)


def _if_available(call: Callable[[], _T], network: Network, account: Account) -> _T:
    """Return what `call` returns. A network that is not available now is one that cannot be reached: nothing was
    created, and a scheduled post waits for it."""
    try:
        return call()
    except errors.NetworkRefused as refused:
        if refused.fields.get("reason") != "unavailable":
            raise
        detail = refused.fields["detail"]
    raise errors.NotReached(network=network.title, account=account, detail=detail)


def _send(desk: Desk, network: Network, session: Session, value: Delivery, account: Account) -> Receipt | None:
    if value.act is Act.DELETE:
        with desk.database.read() as connection:
            _require_ours(connection, network, value, account)
        crash.at("before_publish")
        _begin(desk, value)
        session.delete(value.target or "")
        return None
    post = outgoing(desk, value)

    def on_step(remote_id: str) -> None:
        _write(desk, lambda connection: writer.record_step(connection, value, remote_id))
        crash.at("after_step")

    with desk.database.read() as connection:
        if network.resolve is Resolve.TWO_STEP:
            post = replace(post, resume=reader.last_step(connection, value.id))
        _require_ours(connection, network, value, account)
    crash.at("before_publish")
    _begin(desk, value)
    return _if_available(lambda: session.publish(post, on_step), network, account)


def _begin(desk: Desk, value: Delivery) -> None:
    assert value.attempt_id is not None
    desk.trust.begin(value.attempt_id)


def _require_ours(connection: Connection, network: Network, value: Delivery, account: Account) -> None:
    """Refuse to begin a call that could still run when others may take the attempt for dead, or have done so:
    this process was stopped for long, and a person or another process has said what became of it."""
    deadline = reader.deadline(connection, value)
    if deadline is None:
        raise errors.Busy(what=f"Delivery {value.id}")
    if clock.now() + CALL > deadline:
        detail = "this process was stopped for too long."
        raise errors.NotReached(network=network.title, account=account, detail=detail)


def outgoing(desk: Desk, value: Delivery) -> Outgoing:
    """Return a delivery's content as its adapter takes it: the media's bytes checked, a part of a thread as the
    reply to the part before it."""
    content = value.content
    uploads = tuple(Upload(desk.media.read(item), item.content_type, item.alt) for item in content.media)
    reply_to = content.reply_to
    if value.after_id is not None:
        with desk.database.read() as connection:
            reply_to = threads.answered(connection, value)
    return Outgoing(text=content.text, link=content.link, reply_to=reply_to, uploads=uploads)


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
    """Settle an attempt, also where another process took it for dead meanwhile: what the network answered is
    better than what that one found. Where it cannot be recorded it is told as unknown, and found out later."""
    ended = _Ended(state, outcome, problem, receipt)
    try:
        try:
            settled = _settle(desk, value, account, session, ended)
        except errors.Busy:
            settled = _settle(desk, _as_it_stands(desk, value), account, session, ended)
    except errors.Tampered as unrecorded:
        if ended.state in (State.FAILED, State.QUEUED, State.HELD):
            raise  # nothing is public, as this says
        return _untold(desk, value, account, ended, unrecorded)
    except Exception as unrecorded:  # noqa: BLE001 - the post may be public, whatever keeps that from being recorded
        return _untold(desk, value, account, ended, unrecorded)
    crash.at("after_settle")
    if value.attempt_id is not None:
        desk.trust.end(value.attempt_id)
    return Result(settled, account, problem)


def _as_it_stands(desk: Desk, value: Delivery) -> Delivery:
    """Return the delivery in the state that its row is in: another process may have taken the attempt for dead, or
    only the database was busy."""
    with desk.database.read() as connection:
        found = reader.get(connection, value.id)
    return replace(value, state=found.state) if found.attempt_id == value.attempt_id else value


@dataclass(frozen=True, slots=True)
class _Ended:
    """How an attempt ended."""

    state: State
    outcome: str
    problem: errors.SocialGuardError | None
    receipt: Receipt | None


def _settle(desk: Desk, value: Delivery, account: Account, session: Session | None, ended: _Ended) -> Delivery:
    """Record the end of an attempt whose row is in the state of `value`, and return the delivery as it is then;
    Busy where the row is in another state."""
    reason = "" if ended.problem is None else redact(ended.problem.message())
    network = desk.network(account.network)
    cost = price_of(network, value.act, value.content) if ended.outcome == "sent" else 0
    calls = session.calls if session is not None else 0
    due = _reset_time(ended.problem) if ended.state is State.QUEUED else None
    now_due = value if due is None else replace(value, due=due)

    def record(connection: Connection) -> None:
        writer.settle(connection, value, ended.state, reason=reason, proof=ended.receipt, due=due)
        if session is not None:
            desk.trust.mark_used(connection, account)
            usage.book_session(connection, account, session, value.act.value, cost, delivery_id=value.id)
            desk.clocks.note(network.name, session)
        if isinstance(ended.problem, errors.Held):
            alarm(connection, desk, value, ended.problem)
        append(connection, desk, now_due, ended.outcome, reason=reason or None, receipt=ended.receipt, calls=calls)
        crash.at("in_settle")

    _write(desk, record)
    settled = replace(now_due, state=ended.state, state_reason=reason[:500])
    if ended.receipt is None:
        return settled
    return replace(settled, network_id=ended.receipt.network_id, url=ended.receipt.url)


def _write(desk: Desk, work: Callable[[Connection], None]) -> None:
    """Do `work` in a write transaction, which threads that end at the same time share; an error takes back what
    its own work wrote, and nothing else."""
    desk.turns.ends.do(work, lambda works: _written(desk, works))


def _written(desk: Desk, works: Sequence[Callable[[Connection], None]]) -> list[Exception | None]:
    with desk.database.write() as connection:
        return [desk.database.apart(connection, partial(work, connection)) for work in works]


def _untold(desk: Desk, value: Delivery, account: Account, ended: _Ended, unrecorded: Exception) -> Result:
    """The result of an attempt whose end could not be recorded."""
    found = value
    with suppress(errors.SocialGuardError), desk.database.read() as connection:
        found = reader.get(connection, value.id)
    if found.state is ended.state:
        return Result(found, account, ended.problem)  # another process has found out the same
    return Result(
        found,
        account,
        errors.OutcomeUnknown(
            network=desk.network(account.network).title,
            account=account,
            # the whole sentence of a full disk ends with 'Nothing was sent', which may not be so here
            detail=f"its end could not be recorded: {_why(unrecorded)}",
            delivery=value.id,
        ),
    )


def _why(problem: Exception) -> object:
    if isinstance(problem, errors.SocialGuardError):
        return problem.fields.get("detail", problem.name)
    return type(problem).__name__


def _reset_time(problem: errors.SocialGuardError | None) -> datetime:
    reset = problem.fields.get("reset") if problem is not None else None
    if isinstance(reset, datetime):
        return reset + timedelta(seconds=1)
    return clock.now() + timedelta(minutes=15)  # the window of most limits of X
