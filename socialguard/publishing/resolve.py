"""Finding out what became of an attempt whose outcome is not recorded, without ever sending again blindly.

`sending` whose owner is provably dead, or past its deadline, becomes `unknown`. `unknown` is resolved as the
network allows: a match on the account's own timeline that is unique and not yet ours proves `sent`; a two-step
post that is provably not public goes back to `queued`; absence alone proves nothing and waits for a person.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry
from socialguard.audit.leaf import INTENT
from socialguard.canon import jcs
from socialguard.ledger import reader, usage, writer
from socialguard.ledger.reader import OpenAttempt
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery, Receipt, State
from socialguard.networks.interface import Network, RemotePost, Resolve, Session
from socialguard.publishing import unreached
from socialguard.publishing.claim import account_of, alarm, late_by
from socialguard.publishing.course import append
from socialguard.publishing.interface import Desk, Result
from socialguard.publishing.send import outgoing
from socialguard.publishing.submission import since_of
from socialguard.store.process import here, is_dead

# A post of ours is never older than its attempt by more than this, by the network's clock.
CLOCK_MARGIN: Final = timedelta(minutes=2)
PUBLISHED_NOTHING: Final = (timedelta(0), timedelta(seconds=30))
"""How long a delivery waits, after its first attempt that provably published nothing and after its second; a third
one ends it."""
LOOKS: Final = (0.0, 1.0, 2.0)
"""Seconds to wait before each look right after an attempt: timelines show a post late."""


def reconcile(desk: Desk, ids: Sequence[str] | None = None) -> tuple[Result, ...]:
    """Look once for every unrecorded or unknown outcome, all or only `ids`, and return one result for each.

    A result's error is OutcomeUnknown where it could not be found out."""
    expire_attempts(desk)
    with desk.database.read() as connection:
        unknown = reader.in_states(connection, State.UNKNOWN)
        # Whose credential is not here is looked for where it is.
        waiting = [one for one in unknown if desk.trust.sends(connection, account_of(connection, desk, one))]
    wanted = None if ids is None else set(ids)
    return tuple(_resolve(desk, value) for value in waiting if wanted is None or value.id in wanted)


def look_for(desk: Desk, delivery_id: str, pause: Callable[[float], None] = clock.pause) -> Result | None:
    """Look a few times for one delivery right after its attempt; None where it is not unknown."""
    found: Result | None = None
    for seconds in LOOKS:
        if seconds:
            pause(seconds)
        for found in reconcile(desk, [delivery_id]):
            if found.delivery.state is not State.UNKNOWN:
                return found
        if found is None:
            return None
    return found


def expire_attempts(desk: Desk) -> tuple[Delivery, ...]:
    """Mark `unknown` what is `sending` but cannot still be: its owner is dead, or its deadline has passed."""
    expired = []
    with desk.database.read() as connection:
        sending = [(value, reader.open_attempt(connection, value.id)) for value in _sending(connection)]
    for value, attempt in sending:
        if attempt is not None and not is_dead(attempt.owner) and clock.now() <= attempt.deadline:
            continue
        try:
            with desk.database.write() as connection:
                state, outcome, reason = State.UNKNOWN, "unknown", "the sending process ended"
                if attempt is not None and _never_began(connection, desk, value, attempt):
                    state, outcome, reason = State.QUEUED, "not_public", "the sending process ended before it sent"
                writer.settle(connection, value, state, reason=reason)
                append(connection, desk, value, outcome, reason=reason)
        except errors.Busy:
            continue  # its owner, or another process, was faster
        expired.append(replace(value, state=state))
    return tuple(expired)


def _never_began(connection: Connection, desk: Desk, value: Delivery, attempt: OpenAttempt) -> bool:
    """Return whether it is proved that an attempt sent nothing: its process died in this boot of this machine
    without having noted, in this machine's own directory, that it begins to send; and the log's last word is its
    intent."""
    owner = attempt.owner
    if owner.boot_id != here().boot_id or not is_dead(owner) or desk.trust.has_begun(attempt.id):
        return False
    try:
        desk.trust.require_intact_log(connection)
        course = desk.log.course(connection, value.fingerprint, since_of(value.nonce))
    except errors.SocialGuardError:
        return False
    last = course[-1] if course else None
    if last is None or (last.action, last.outcome, last.corr) != ("delivery.send", INTENT, attempt.id):
        return False
    return last.actor == desk.worker.id


def _sending(connection: Connection) -> tuple[Delivery, ...]:
    return reader.in_states(connection, State.SENDING)


def _resolve(desk: Desk, value: Delivery) -> Result:
    with desk.database.read() as connection:
        account = account_of(connection, desk, value)
        attempt = reader.open_attempt(connection, value.id)
        known = reader.remote_ids(connection, account.id)
    if attempt is None:
        return Result(value, account, errors.Tampered(what=f"Delivery {value.id}", detail="its attempt is gone."))
    network = desk.network(account.network)
    try:
        with _looking(desk, network, account, value) as session:
            if value.act is Act.DELETE:
                return _resolve_deletion(desk, session, value, account)
            if network.resolve is Resolve.TWO_STEP:
                return _resolve_two_step(desk, network, session, value, account, attempt, known)
            return _resolve_by_timeline(desk, network, session, value, account, attempt, known)
    except errors.SocialGuardError as problem:
        if isinstance(problem, errors.Tampered | errors.AuditUnwritable):
            raise
        detail = str(problem.fields.get("detail") or problem.message()).rstrip(".")
        return Result(value, account, _unknown(network, account, value, detail))


@contextmanager
def _looking(desk: Desk, network: Network, account: Account, value: Delivery) -> Iterator[Session]:
    """Give a session for one look; the log and the books hold its intent, how it ended, and its calls."""
    said = Entry(
        action="delivery.look",
        outcome="intent",
        actor=desk.worker,
        account=account.id,
        corr=secrets.token_hex(8),
        obj={"delivery": value.id},
    )
    with desk.database.write() as connection:
        desk.trust.require_intact_log(connection)
        intent = desk.log.append(connection, said)
    with desk.database.read() as connection:
        credential, _generation = desk.trust.credential(connection, account, intent)
    session = network.open(credential, account.origin, str(account))
    outcome = "ok"
    try:
        yield session
    except errors.SocialGuardError as problem:
        outcome = problem.name
        raise
    finally:
        obj = {"delivery": value.id, "calls": session.calls}
        # What was found out counts; a call whose end is missing in the log may have happened.
        with suppress(errors.SocialGuardError), desk.database.write() as connection:
            desk.log.append(connection, replace(said, outcome=outcome, obj=obj))
            usage.book_session(connection, account, session, "look", delivery_id=value.id)


def _resolve_by_timeline(
    desk: Desk,
    network: Network,
    session: Session,
    value: Delivery,
    account: Account,
    attempt: OpenAttempt,
    known: frozenset[str],
) -> Result:
    matches = _matches(desk, network, session, value, attempt, known)
    if matches:
        return _settle_found(desk, network, value, account, matches)
    return Result(value, account, _unknown(network, account, value, "it does not show yet"))


def _settle_found(
    desk: Desk, network: Network, value: Delivery, account: Account, matches: Sequence[RemotePost]
) -> Result:
    """Record the one public post that matches as ours; of several a person says which."""
    if len(matches) == 1:
        return _settle(desk, value, account, State.SENT, "sent", receipt=_receipt(matches[0]))
    return Result(value, account, _unknown(network, account, value, f"{len(matches)} posts match it"))


def _resolve_two_step(
    desk: Desk,
    network: Network,
    session: Session,
    value: Delivery,
    account: Account,
    attempt: OpenAttempt,
    known: frozenset[str],
) -> Result:
    """The create step makes nothing public, so without a stored id there is at most an unpublished post; a public
    one means that the id was taken out of the database."""
    with desk.database.read() as connection:
        remote_id = reader.last_step(connection, value.id)
    if remote_id is not None:
        post = session.find(remote_id)
        if post is None:
            return _settle(desk, value, account, State.FAILED, "failed", "its unpublished post is gone")
        if post.public:
            return _settle(desk, value, account, State.SENT, "sent", receipt=_receipt(post))
        return _send_again(desk, value, account)
    found = _matches(desk, network, session, value, attempt, known)
    if any(post.public for post in found):
        return _settle_found(desk, network, value, account, [post for post in found if post.public])
    if len(found) == 1:
        with desk.database.write() as connection:
            writer.record_step(connection, value, found[0].network_id)
        return _send_again(desk, value, account)
    with desk.database.read() as connection:
        made = reader.attempts(connection, value.id)
    if made > len(PUBLISHED_NOTHING):
        return _settle(desk, value, account, State.FAILED, "failed", "nothing was published")
    return _send_again(desk, value, account, PUBLISHED_NOTHING[made - 1])


def _resolve_deletion(desk: Desk, session: Session, value: Delivery, account: Account) -> Result:
    if session.find(value.target or "") is None:
        return _settle(desk, value, account, State.SENT, "sent")
    return _send_again(desk, value, account)  # deleting what is still there can be repeated


def _send_again(desk: Desk, value: Delivery, account: Account, wait: timedelta = timedelta(0)) -> Result:
    """Nothing is public: back to the queue, after a while, or held for a person where its time has passed."""
    with desk.database.read() as connection:
        start = unreached.late_from(connection, desk.log, value)
    late = (clock.now() - start).total_seconds() > value.max_late
    if not late:
        due = clock.now() + wait if wait else value.due
        return _settle(desk, value, account, State.QUEUED, "not_public", "it is not public yet", due=due)
    held = _settle(desk, value, account, State.HELD, "not_public", "late")
    with desk.database.write() as connection:
        alarm(connection, desk, value, late_by(value, account))
    return held


def _matches(
    desk: Desk,
    network: Network,
    session: Session,
    value: Delivery,
    attempt: OpenAttempt,
    known: frozenset[str],
) -> list[RemotePost]:
    ours = outgoing(desk, value)
    session.identity()  # its answer's Date tells the session how far our clock is from the network's
    since = _begun(desk, value, attempt) - CLOCK_MARGIN
    return [
        post for post in session.timeline(since) if post.network_id not in known and network.matches(ours, post)
    ]


def _begun(desk: Desk, value: Delivery, attempt: OpenAttempt) -> datetime:
    """Return since when a post of an attempt can be there: the time of its intent in the log, which nobody without
    keys moves, or that of its row where it is earlier."""
    with desk.database.read() as connection:
        course = desk.log.course(connection, value.fingerprint, since_of(value.nonce))
    intents = [jcs.parse_timestamp(said.ts) for said in course if said.outcome == INTENT]
    return min([attempt.started_at, *intents[-1:]])


def _receipt(post: RemotePost) -> Receipt:
    return Receipt(post.network_id, post.url, post.created_at)


def _unknown(network: Network, account: Account, value: Delivery, detail: str) -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown(
        network=network.title,
        account=account,
        detail=detail,
        delivery=value.id,
        look=network.profile_url(account.handle, account.user_id),
    )


def _settle(
    desk: Desk,
    value: Delivery,
    account: Account,
    state: State,
    outcome: str,
    reason: str = "",
    receipt: Receipt | None = None,
    due: datetime | None = None,
) -> Result:
    network = desk.network(account.network)
    with desk.database.write() as connection:
        writer.settle(connection, value, state, reason=reason, proof=receipt, how="reconciled", due=due)
        if state is State.SENT:
            usage.book_found(connection, account, network, value)
        now_due = value if due is None else replace(value, due=due)
        append(connection, desk, now_due, outcome, reason=reason or "found by looking", receipt=receipt)
    problem = None
    if state is State.FAILED:  # nothing was made: whoever posted must be told, by the exit code too
        problem = errors.NetworkRefused(network=network.title, account=account, detail=reason)
    with desk.database.read() as connection:
        return Result(reader.get(connection, value.id), account, problem)
