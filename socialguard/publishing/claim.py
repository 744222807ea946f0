"""TX2 of the way of a post: taking a due delivery, or saying why it does not go out.

In one transaction, under the write lock: every signature, the log and the stops are held against what is pinned
and signed, the row becomes `sending`, and the intent is in the log. What was tampered with is refused and logged.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Tree
from socialguard.ledger import due, reader, writer
from socialguard.model.account import Account
from socialguard.model.credential import Credential
from socialguard.model.delivery import Act, Delivery, State
from socialguard.networks.interface import Resolve
from socialguard.networks.prices import price_of
from socialguard.publishing import approval, crash, crisis, embargo, limits, second_factor, threads, unreached
from socialguard.publishing.accept import dated, frozen, revoked
from socialguard.publishing.course import append, require_open
from socialguard.publishing.interface import Desk, Result
from socialguard.publishing.submission import require_as_signed
from socialguard.publishing.tampered import put_aside
from socialguard.publishing.threads import Turn
from socialguard.registry.signed import Right

# Every request of an attempt together ends before this: the HTTP session's hard limit is 60 s a request.
DEADLINE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Opened:
    """The credential that was opened for an intent, and whether the network must be asked first whose it is."""

    credential: Credential
    generation: int
    identity_is_due: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to send, its intent logged and pinned; what was opened for it, or why it was not."""

    value: Delivery
    account: Account
    opened: Opened | errors.SocialGuardError


@dataclass(frozen=True, slots=True)
class Unrenewed:
    """A due delivery whose credential is about to end: it is renewed before the claim."""

    value: Delivery
    account: Account


def claim(desk: Desk, delivery_id: str, *, renewed: bool = False) -> Claimed | Unrenewed | Result | None:
    """Take a due delivery, or say why not; what is tampered with is refused and logged, never sent. `renewed`
    tells that its credential was just renewed, or could not be and has not ended yet. Threads that claim at the
    same time share a transaction."""
    outcome: Claimed | Unrenewed | Result | None = desk.turns.claims.do(
        _Asked(delivery_id, renewed), lambda asked: _claim(desk, asked)
    )
    return outcome


@dataclass(frozen=True, slots=True)
class _Asked:
    delivery_id: str
    renewed: bool


@dataclass(frozen=True, slots=True)
class _Sound:
    """A due delivery that nothing keeps from going out, and how many approvals it was queued with the need of."""

    value: Delivery
    account: Account
    turn: Turn
    asked: int


_Outcome = Claimed | Unrenewed | Result | None | Exception


def _claim(desk: Desk, asked: Sequence[_Asked]) -> list[_Outcome]:
    """Claim what can be claimed, in one transaction and under one checkpoint, and pin it."""
    outcomes: list[_Outcome] = []
    tree: Tree | None = None
    with desk.database.write() as connection:
        ground = _Ground(connection, desk)
        # All are judged before the log grows: what it says of each is proved against one head.
        judged = [desk.database.apart(connection, partial(_judged, ground, question)) for question in asked]
        for one in judged:
            outcomes.append(_started(connection, desk, one) if isinstance(one, _Sound) else one)
        if any(isinstance(one, Claimed) for one in outcomes):
            tree = desk.trust.checkpoint(connection)
            crash.at("in_claim")
    if tree is not None:
        outcomes = _pinned(desk, tree, outcomes)
    return [put_aside(desk, one.delivery_id, outcome) for one, outcome in zip(asked, outcomes, strict=True)]


def _pinned(desk: Desk, tree: Tree, outcomes: list[_Outcome]) -> list[_Outcome]:
    crash.at("after_claim")
    try:
        desk.trust.pin_log(tree)
    except errors.SocialGuardError as problem:  # nothing may be sent then: each attempt ends with this
        return [replace(one, opened=problem) if isinstance(one, Claimed) else one for one in outcomes]
    crash.at("after_pin")
    return outcomes


class _Ground:
    """What all claims of a transaction stand on, held against what is pinned and signed once."""

    def __init__(self, connection: Connection, desk: Desk) -> None:
        self.connection = connection
        self.desk = desk
        self.noted = desk.trust.noted()
        self._done: set[str] = set()

    def require_stops(self) -> None:
        """Refuse where a stop vanished, or was lifted without a signature."""
        if "stops" not in self._done:
            self.desk.trust.require_intact_stops(self.connection)
            self._done.add("stops")

    def require_log(self) -> None:
        """Refuse unless the audit log extends what was pinned."""
        if "log" not in self._done:
            self.desk.trust.require_intact_log(self.connection)
            self._done.add("log")


def _judged(ground: _Ground, asked: _Asked) -> _Sound | Unrenewed | Result | None:
    """Judge one delivery, and write nothing; an error is what is told of it alone."""
    connection, desk = ground.connection, ground.desk
    value = reader.get(connection, asked.delivery_id)
    if value.state is not State.QUEUED or value.due > clock.now():
        return None
    turn = threads.turn_of(connection, value)
    if turn is Turn.LATER:
        return None
    account = account_of(connection, desk, value)
    if not desk.trust.sends(connection, account):
        return None  # another machine's worker does
    refused = _refusal(ground, value, account)
    if refused is not None:
        return refused
    if not asked.renewed and _must_renew(connection, desk, account):
        return Unrenewed(value, account)
    approvals = _verify(ground, value, account)
    if turn is Turn.NOW:
        threads.require_answerable(connection, desk.log, desk.trust.org, value, account)
    return _Sound(value, account, turn, approvals)


def _started(connection: Connection, desk: Desk, sound: _Sound) -> Claimed | Result | Exception | None:
    """Do `_start`; what goes wrong with one delivery takes back its own changes and stops no other."""
    return desk.database.apart(connection, lambda: _start(connection, desk, sound))


def _start(connection: Connection, desk: Desk, sound: _Sound) -> Claimed | Result | None:
    """Make a sound delivery `sending`, or hold one that is late, older than a crisis, under an embargo, that no
    budget allows, or whose thread has stopped; None where its account is busy."""
    value, account = sound.value, sound.account
    if sound.turn is Turn.NEVER:
        return _put_aside(connection, desk, value, account, threads.stopped(connection, value, account))
    late = _lateness(connection, desk, value, account)
    if late is not None:
        return late
    for rule in (crisis, embargo, second_factor):
        met = rule.problem_of(connection, desk, value, account)
        if met is not None:
            return hold(connection, desk, value, account, met)
    goes_again = desk.network(account.network).resolve is Resolve.TWO_STEP
    if due.must_wait(connection, value, clock.now(), goes_again=goes_again):
        return None
    unapproved = _unapproved(connection, desk, value, account, sound.asked)
    if unapproved is not None:
        return unapproved
    unpaid = _over_budget(connection, desk, value, account)
    if unpaid is not None:
        return unpaid
    now = clock.now()
    attempt = writer.Attempt(secrets.token_hex(8), value.id, now, now + DEADLINE)
    writer.claim(connection, value, attempt)
    claimed = replace(value, state=State.SENDING, attempt_id=attempt.id)
    intent = append(connection, desk, claimed, "intent")
    return Claimed(claimed, account, _open(connection, desk, account, intent))


def account_of(connection: Connection, desk: Desk, value: Delivery) -> Account:
    """Return the account of a delivery; Tampered for one that no owner signed: an account with deliveries that can
    still go out is never removed."""
    try:
        return desk.trust.account(connection, value.account_id)
    except errors.UnknownAccount:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="no owner signed its account.") from None


def _refusal(ground: _Ground, value: Delivery, account: Account) -> Result | None:
    """What keeps even a sound delivery from going out now: a credential or itself taken back, a stop."""
    connection, desk = ground.connection, ground.desk
    if not account.is_usable:
        return Result(value, account, revoked(account))
    if value.id in ground.noted.cancelled:
        return Result(value, account, errors.Cancelled(draft=value.draft_id))
    ground.require_stops()
    hands = partial(approval.hands, connection, value)
    for stop in desk.trust.stops(connection, account, ground.noted, hands):
        return Result(value, account, frozen(connection, desk, stop, account, value.draft_id))
    if value.act is not Act.DELETE:  # what is public and must go is never kept there by this
        try:
            desk.trust.require_anchored(connection)
        except errors.AnchorOverdue as overdue:
            return Result(value, account, overdue)
    return None


def _lateness(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Result | None:
    """Hold a delivery whose time has passed (the machine slept): a person says whether it is still right."""
    now = clock.now()
    start = unreached.late_from(connection, desk.log, value)
    if (now - start).total_seconds() <= value.max_late:
        return None
    if (now - limits.ended(connection, desk.log, value, start)).total_seconds() <= value.max_late:
        return None
    return hold(connection, desk, value, account, late_by(replace(value, due=min(start, value.due)), account))


def _unapproved(
    connection: Connection, desk: Desk, value: Delivery, account: Account, asked: int
) -> Result | None:
    """Hold a delivery whose submitter may no longer publish there, or that has not the approvals it needs now; end
    one whose approvals came to their end."""
    if not desk.trust.may(connection, value.submitter, Right.PUBLISH, account):
        name = desk.trust.named(connection, value.submitter)
        problem = errors.NotAllowed(who=name, what=f"publish on {account}", detail="its submitter lost that right")
        return hold(connection, desk, value, account, problem)
    found = approval.missing(connection, desk, value, account, asked)
    if isinstance(found, errors.Expired):
        writer.move(connection, value, State.EXPIRED, found.message())
        approval.close(connection, desk.alerts, value.id)
        append(connection, desk, value, "expired", reason=found.message())
        alarm(connection, desk, value, found)
        return Result(replace(value, state=State.EXPIRED), account, found)
    return None if found is None else hold(connection, desk, value, account, found)


def _over_budget(connection: Connection, desk: Desk, value: Delivery, account: Account) -> Result | None:
    """Hold a post that a budget does not allow; a deletion is never stopped by one."""
    if value.act is Act.DELETE or not desk.purse.is_limited:
        return None
    price = price_of(desk.network(account.network), value.act, value.content)
    try:
        desk.purse.require_send(connection, account, price, value.id)
    except errors.HeldByBudget as problem:
        return hold(connection, desk, value, account, problem)
    return None


def late_by(value: Delivery, account: Account) -> errors.Late:
    """Return what is said of a delivery whose time has passed."""
    zone = account.zone
    return errors.Late(
        delivery=value.id, account=account, due=dated(value.due, zone), now=dated(clock.now(), zone)
    )


def hold(connection: Connection, desk: Desk, value: Delivery, account: Account, problem: errors.Held) -> Result:
    """Hold a queued delivery instead of sending it, with an alert: a person says whether it is still right."""
    held = _put_aside(connection, desk, value, account, problem)
    alarm(connection, desk, value, problem)
    return held


def _put_aside(
    connection: Connection, desk: Desk, value: Delivery, account: Account, problem: errors.Held
) -> Result:
    writer.move(connection, value, State.HELD, problem.message())
    append(connection, desk, value, "held", reason=problem.message())
    return Result(replace(value, state=State.HELD, state_reason=problem.message()), account, problem)


def alarm(connection: Connection, desk: Desk, value: Delivery, problem: errors.SocialGuardError) -> None:
    """Raise the alert that a delivery is held, and why."""
    desk.alerts.raise_error(connection, problem.name, problem, account_id=value.account_id, delivery_id=value.id)


def _verify(ground: _Ground, value: Delivery, account: Account) -> int:
    """Refuse a row that its submitter did not sign so, or whose fingerprint may be public already; return how many
    approvals the log says that it was queued with the need of."""
    connection, desk = ground.connection, ground.desk
    if value.not_before is not None and clock.now() < value.not_before:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="its time is earlier than the one confirmed.")
    require_as_signed(connection, desk, value, account)
    ground.require_log()
    desk.trust.rules(connection, account)
    return require_open(connection, desk, value, account)


def _must_renew(connection: Connection, desk: Desk, account: Account) -> bool:
    try:
        return desk.trust.renewal_is_due(connection, account)
    except (errors.NotFound, errors.Tampered):
        return False  # there is none, or it is gone: told when it is opened


def _open(connection: Connection, desk: Desk, account: Account, intent: int) -> Opened | errors.SocialGuardError:
    """Open the credential for an intent in the intent's own transaction; nothing uses it before the commit. One
    that does not open ends this attempt, with its outcome in the log."""
    try:
        credential, generation = desk.trust.credential(connection, account, intent)
        due = desk.trust.identity_is_due(connection, account, generation)
    except errors.SocialGuardError as problem:
        return problem
    return Opened(credential, generation, due)
