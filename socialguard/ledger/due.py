"""What is due, account by account: each is a line of its own, and one that hangs delays no other.

A delivery's place in its account's line is the time that a person gave it, or where they gave none that of its
making. One that was put off (by a limit, by a network that was down) keeps it: what comes after it waits."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, literal, or_, select

from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import FINAL
from socialguard.model.delivery import Act, Delivery, State
from socialguard.store.prepared import Prepared
from socialguard.store.tables import attempt, delivery

PUT_OFF: Final = timedelta(minutes=15)
"""What is put off for longer holds up nothing: it may be a limit of its own, a day's of videos, say."""

_IS_DUE: Final = (delivery.c.state == literal(State.QUEUED.value), delivery.c.due <= bindparam("now"))
_ACCOUNTS: Final = (
    select(delivery.c.account_id)
    .where(*_IS_DUE)
    .group_by(delivery.c.account_id)
    .order_by(func.min(delivery.c.due), delivery.c.account_id)
)


def _time(row: Any) -> ColumnElement[str]:
    return func.coalesce(row.c.not_before, row.c.created_at)


def _place(row: Any) -> ColumnElement[str]:
    return _time(row).concat(row.c.created_at).concat(row.c.id)


_OFF: Final = delivery.alias("put_off")


def _first_put_off(account: ColumnElement[str]) -> ColumnElement[str]:
    """The first place in an account's line whose delivery was tried and put off for a while; after all places
    where there is none."""
    query = select(func.min(_place(_OFF))).where(
        _OFF.c.account_id == account,
        _OFF.c.state == literal(State.QUEUED.value),
        _OFF.c.due > bindparam("now"),
        _OFF.c.due <= bindparam("soon"),
        _OFF.c.act != literal(Act.DELETE.value),
        exists().where(attempt.c.delivery_id == _OFF.c.id),
    )
    return func.coalesce(query.scalar_subquery(), literal("z"))


def _is_in_turn(account: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether nothing before a delivery was put off. Deletions wait for nothing, nor does what a person sends now:
    they see what becomes of it."""
    return or_(
        delivery.c.act == literal(Act.DELETE.value),
        delivery.c.not_before.is_(None),
        _place(delivery) <= _first_put_off(account),
    )


_BEFORE: Final = delivery.alias("part_before")
_UNDER_WAY: Final = [literal(state.value) for state in State if state not in FINAL and state is not State.HELD]
_IDS: Final = Prepared(
    select(delivery.c.id)
    .where(
        *_IS_DUE,
        delivery.c.account_id == bindparam("account"),
        # The parts of a thread behind one that is not out yet: however many wait, they are in nobody's way.
        ~exists().where(_BEFORE.c.id == delivery.c.after_id, _BEFORE.c.state.in_(_UNDER_WAY)),
        _is_in_turn(bindparam("account")),
    )
    .order_by(_place(delivery))
    .limit(bindparam("most"))
)
_ALL: Final = select(delivery.c.id).where(*_IS_DUE).order_by(_place(delivery)).limit(bindparam("most"))
_SENDING: Final = delivery.alias("being_sent")
_TAKEN: Final = Prepared(
    select(delivery.c.id).where(
        delivery.c.id == bindparam("id"),
        or_(
            exists().where(
                _SENDING.c.account_id == bindparam("account"), _SENDING.c.state == literal(State.SENDING.value)
            ),
            ~_is_in_turn(bindparam("account")),
        ),
    )
)
_UNKNOWN: Final = (
    select(delivery.c.account_id, delivery.c.id)
    .where(delivery.c.state == State.UNKNOWN.value)
    .order_by(delivery.c.due, delivery.c.id)
)


def accounts(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Return the accounts that have something to send at `now`, the one that has waited longest first."""
    return tuple(connection.execute(_ACCOUNTS, {"now": jcs.timestamp(now)}).scalars())


def of_account(connection: Connection, account_id: str, now: datetime, most: int = 50) -> tuple[str, ...]:
    """Return the deliveries of one account that may be sent at `now`, oldest first, of a thread only the part that
    is next."""
    found = _IDS.all(connection, account=account_id, most=most, **_times(now))
    return tuple(row.id for row in found)


def of_all(connection: Connection, now: datetime, most: int = 500) -> tuple[str, ...]:
    """Return the deliveries of all accounts that may be sent at `now`, in the order of their places."""
    return tuple(connection.execute(_ALL, {"now": jcs.timestamp(now), "most": most}).scalars())


def must_wait(connection: Connection, value: Delivery, now: datetime) -> bool:
    """Return whether it is not a due delivery's turn: its account is being sent on, or what comes before it there
    was put off."""
    return _TAKEN.first(connection, id=value.id, account=value.account_id, **_times(now)) is not None


def _times(now: datetime) -> dict[str, str]:
    return {"now": jcs.timestamp(now), "soon": jcs.timestamp(now + PUT_OFF)}


def unknown(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the deliveries whose outcome is unknown, by account, oldest first."""
    found: dict[str, list[str]] = {}
    for account_id, delivery_id in connection.execute(_UNKNOWN):
        found.setdefault(account_id, []).append(delivery_id)
    return {account_id: tuple(ids) for account_id, ids in found.items()}


def sending(connection: Connection) -> tuple[Delivery, ...]:
    """Return every delivery that is being sent, by whatever process."""
    query = rows.select_delivery().where(delivery.c.state == State.SENDING.value).order_by(delivery.c.due)
    return tuple(rows.to_delivery(row) for row in connection.execute(query))
