"""What others read of the ledger: plain values, in pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, literal, or_, select

from socialguard import errors
from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import FINAL
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.store.prepared import Prepared
from socialguard.store.process import Process
from socialguard.store.tables import attempt, delivery, receipt

_BY_ID: Final = Prepared(rows.select_delivery().where(delivery.c.id == bindparam("id")))
_ANSWERING: Final = Prepared(
    rows.select_delivery()
    .where(delivery.c.after_id == bindparam("id"))
    .order_by(delivery.c.created_at, delivery.c.id)
)
_UNSETTLED: Final = Prepared(
    rows.select_delivery()
    .where(
        delivery.c.account_id == bindparam("account"),
        delivery.c.state.in_([literal(state.value) for state in State if state not in FINAL]),
    )
    .order_by(delivery.c.created_at.desc())
    .limit(50)
)
_LATELY: Final = Prepared(
    select(delivery.c.id, delivery.c.account_id, delivery.c.content)
    .where(
        delivery.c.act == Act.PUBLISH.value,
        delivery.c.state.not_in(
            [literal(state.value) for state in (State.CANCELLED, State.EXPIRED, State.FAILED)]
        ),
        delivery.c.due >= bindparam("since"),
    )
    .order_by(delivery.c.due.desc(), delivery.c.id.desc())
    .limit(bindparam("most"))
)
_AGAIN: Final = Prepared(
    rows.select_delivery()
    .where(
        delivery.c.account_id == bindparam("account"),
        exists().where(
            attempt.c.delivery_id == delivery.c.id,
            attempt.c.outcome == literal(State.QUEUED.value),
            attempt.c.finished_at >= bindparam("since"),
        ),
    )
    .order_by(delivery.c.due.desc())
    .limit(20)
)
_PUBLISHED: Final = Prepared(
    select(delivery.c.id, delivery.c.content, receipt.c.network_id, receipt.c.url, receipt.c.published_at)
    .join(receipt, receipt.c.delivery_id == delivery.c.id)
    .where(receipt.c.account_id == bindparam("account"))
    .order_by(receipt.c.published_at.desc())
    .limit(bindparam("most"))
)
_OPEN_ATTEMPT: Final = Prepared(
    select(attempt)
    .join(delivery, delivery.c.attempt_id == attempt.c.id)
    .where(delivery.c.id == bindparam("id"), attempt.c.delivery_id == delivery.c.id)
)
_DEADLINE: Final = Prepared(
    select(attempt.c.deadline)
    .join(delivery, delivery.c.attempt_id == attempt.c.id)
    .where(
        delivery.c.id == bindparam("id"),
        delivery.c.state == State.SENDING.value,
        attempt.c.delivery_id == delivery.c.id,
        attempt.c.id == bindparam("attempt"),
    )
)
_LAST_STEP: Final = Prepared(
    select(attempt.c.remote_id)
    .where(attempt.c.delivery_id == bindparam("id"), attempt.c.remote_id.is_not(None))
    .order_by(attempt.c.started_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt and the process that made it."""

    id: str
    delivery_id: str
    started_at: datetime
    deadline: datetime
    owner: Process
    remote_id: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """A post that is ours: it has a receipt."""

    delivery_id: str
    text: str
    link: str | None
    network_id: str
    url: str
    published_at: datetime


def get(connection: Connection, delivery_id: str) -> Delivery:
    """Return a delivery; NotFound where there is none of that id."""
    row = _BY_ID.first(connection, id=delivery_id)
    if row is None:
        raise errors.NotFound(kind="delivery", name=delivery_id, hint="Run: socialguard queue list")
    return rows.to_delivery(row)


def as_far_as_sound(connection: Connection, delivery_id: str) -> Delivery:
    """Return a delivery as `get` does; of a garbled row what names it and its state."""
    row = _BY_ID.first(connection, id=delivery_id)
    if row is None:
        raise errors.NotFound(kind="delivery", name=delivery_id, hint="Run: socialguard queue list")
    return rows.as_far_as_sound(row)


def page(
    connection: Connection,
    *,
    states: Sequence[State] = (),
    account_ids: Sequence[str] = (),
    campaign: str | None = None,
    ids: Collection[str] | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[Row[Any]]:
    """Return up to `limit` rows ordered by due time, following the key (`due`, `id`) of the last one seen; of
    `ids` only where given.

    The rows carry id, account_id, state, fingerprint, due, act, content, state_reason, draft_id,
    campaign_id, after_id, submitter, network_id and url."""
    columns = (
        delivery.c.id,
        delivery.c.account_id,
        delivery.c.state,
        delivery.c.fingerprint,
        delivery.c.due,
        delivery.c.act,
        delivery.c.content,
        delivery.c.state_reason,
        delivery.c.draft_id,
        delivery.c.campaign_id,
        delivery.c.after_id,
        delivery.c.submitter,
        receipt.c.network_id,
        receipt.c.url,
    )
    joined = delivery.outerjoin(receipt, receipt.c.delivery_id == delivery.c.id)
    query = select(*columns).select_from(joined).order_by(delivery.c.due, delivery.c.id).limit(limit)
    if states:
        query = query.where(delivery.c.state.in_([state.value for state in states]))
    if ids is not None:
        query = query.where(delivery.c.id.in_(sorted(ids)))
    if account_ids:
        query = query.where(delivery.c.account_id.in_(account_ids))
    if campaign is not None:
        query = query.where(delivery.c.campaign_id == campaign)
    if after is not None:
        due, last = after
        query = query.where(or_(delivery.c.due > due, and_(delivery.c.due == due, delivery.c.id > last)))
    return list(connection.execute(query))


def in_states(connection: Connection, *states: State) -> tuple[Delivery, ...]:
    """Return every delivery in `states`, oldest first."""
    query = rows.select_delivery().where(delivery.c.state.in_([state.value for state in states]))
    return tuple(rows.to_delivery(row) for row in connection.execute(query.order_by(delivery.c.due)))


def lately(connection: Connection, since: datetime, limit: int) -> tuple[tuple[str, str, Content], ...]:
    """Return up to `limit` posts of any account that are public, may be or will be, due at `since` or later, the
    last ones first: the delivery, the account, what it says."""
    found = _LATELY.tuples(connection, since=jcs.timestamp(since), most=limit)
    return tuple((key, account, rows.content_of(key, content)) for key, account, content in found)


def unsettled(connection: Connection, account_id: str) -> tuple[Delivery, ...]:
    """Return the newest 50 deliveries of an account that are not in a final state, newest first."""
    return tuple(rows.to_delivery(row) for row in _UNSETTLED.all(connection, account=account_id))


def answering(connection: Connection, delivery_id: str) -> tuple[Delivery, ...]:
    """Return the deliveries whose posts answer that of another: the next part of its thread, oldest first."""
    return tuple(rows.to_delivery(row) for row in _ANSWERING.all(connection, id=delivery_id))


def require_none_open(connection: Connection, account: Account) -> None:
    """Refuse (UsageError) while a delivery of the account waits or its outcome is not known: without the account
    it could neither go out nor be found out."""
    still = [state.value for state in State if state not in FINAL]
    query = select(delivery.c.id).where(delivery.c.account_id == account.id, delivery.c.state.in_(still))
    found = connection.execute(query.order_by(delivery.c.due).limit(1)).scalar()
    if found is not None:
        raise errors.UsageError(
            detail=f"Delivery {found} of {account} is not finished.",
            remedy=f"Cancel or settle it first: socialguard queue show {found}",
        )


def tried_again(connection: Connection, account_id: str, since: datetime) -> tuple[Delivery, ...]:
    """Return the deliveries of an account, 20 at most and the last ones first, of which an attempt ended after
    `since` with the delivery back in the queue."""
    found = _AGAIN.all(connection, account=account_id, since=jcs.timestamp(since))
    return tuple(rows.to_delivery(row) for row in found)


def open_attempt(connection: Connection, delivery_id: str) -> OpenAttempt | None:
    """Return the attempt that a delivery names as its newest, or None before the first."""
    # Not the one that started last: after a clock was set back that is an older one, whose owner may be dead.
    row = _OPEN_ATTEMPT.first(connection, id=delivery_id)
    if row is None:
        return None
    return OpenAttempt(
        id=row.id,
        delivery_id=row.delivery_id,
        started_at=jcs.parse_timestamp(row.started_at),
        deadline=jcs.parse_timestamp(row.deadline),
        owner=Process(row.host, row.boot_id, row.pid, row.pid_started),
        remote_id=row.remote_id,
    )


def attempts(connection: Connection, delivery_id: str) -> int:
    """Return how often a delivery was tried."""
    query = select(func.count()).select_from(attempt).where(attempt.c.delivery_id == delivery_id)
    return int(connection.execute(query).scalar_one())


def deadline(connection: Connection, value: Delivery) -> datetime | None:
    """Return the deadline of the attempt that `value` names, None where it no longer is the one that sends."""
    found = _DEADLINE.scalar(connection, id=value.id, attempt=value.attempt_id)
    return None if found is None else jcs.parse_timestamp(found)


def remote_ids(connection: Connection, account_id: str) -> frozenset[str]:
    """Return every network id that a receipt or an attempt of the account names."""
    receipts = select(receipt.c.network_id).where(receipt.c.account_id == account_id)
    attempts = (
        select(attempt.c.remote_id)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(delivery.c.account_id == account_id, attempt.c.remote_id.is_not(None))
    )
    return frozenset(connection.execute(receipts.union(attempts)).scalars())


def published(connection: Connection, account_id: str, limit: int = 20) -> tuple[Published, ...]:
    """Return the newest posts of an account that have a receipt, newest first."""
    found = _PUBLISHED.all(connection, account=account_id, most=limit)
    posts = ((row, rows.to_content(row.content)) for row in found)
    return tuple(
        Published(
            row.id,
            content.text,
            content.link,
            row.network_id,
            row.url,
            jcs.parse_timestamp(row.published_at),
        )
        for row, content in posts
    )


def published_at(connection: Connection, delivery_id: str) -> datetime | None:
    """Return when the post of a delivery was published, None where it has no receipt."""
    found = connection.execute(select(receipt.c.published_at).where(receipt.c.delivery_id == delivery_id)).scalar()
    return None if found is None else jcs.parse_timestamp(found)


def last_account(connection: Connection) -> str | None:
    """Return the account id that was posted to last, or None."""
    query = select(receipt.c.account_id).order_by(receipt.c.recorded_at.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def last_step(connection: Connection, delivery_id: str) -> str | None:
    """Return the id that an earlier attempt of a two-step publish stored, or None."""
    return _LAST_STEP.scalar(connection, id=delivery_id)
