"""What is due, account by account: each is a line of its own, and one that hangs delays no other.

A delivery's place in its account's line is the time that a person gave it, or where they gave none that of its
making. One that was put off (by a limit, by a network that was down), or of which it is still to be found out
whether it goes again, keeps it: what comes after it waits."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, exists, func, literal, or_, select

from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import FINAL
from socialguard.model.delivery import Act, Delivery, State
from socialguard.store.prepared import Prepared
from socialguard.store.tables import attempt, delivery

PUT_OFF: Final = timedelta(minutes=16)
"""The longest that a place is kept: most limits of X are over in 15 minutes and a second. What is put off for
longer holds up nothing (a limit of its own, a day's of videos, say), and nothing waits for longer."""
TRIED: Final = timedelta(minutes=1)
"""How long what was put off keeps its place when its new time has come: somebody tries it by then."""

_PLACE: Final = (
    func.coalesce(delivery.c.not_before, delivery.c.created_at).concat(delivery.c.created_at).concat(delivery.c.id)
)
_IS_DUE: Final = (delivery.c.state == literal(State.QUEUED.value), delivery.c.due <= bindparam("now"))
_ACCOUNTS: Final = (
    select(delivery.c.account_id)
    .where(*_IS_DUE)
    .group_by(delivery.c.account_id)
    .order_by(func.min(delivery.c.due), delivery.c.account_id)
)
_BEFORE: Final = delivery.alias("part_before")
_UNDER_WAY: Final = [literal(state.value) for state in State if state not in FINAL and state is not State.HELD]
_LINE: Final = (delivery.c.id, delivery.c.act, delivery.c.not_before, delivery.c.due, _PLACE.label("place"))
_OF_ACCOUNT: Final = Prepared(
    select(*_LINE)
    .where(
        *_IS_DUE,
        delivery.c.account_id == bindparam("account"),
        # The parts of a thread behind one that is not out yet: however many wait, they are in nobody's way.
        ~exists().where(_BEFORE.c.id == delivery.c.after_id, _BEFORE.c.state.in_(_UNDER_WAY)),
    )
    .order_by(_PLACE)
)
_ONE: Final = Prepared(select(*_LINE).where(delivery.c.id == bindparam("id")))
_OF_ALL: Final = select(delivery.c.id).where(*_IS_DUE).order_by(_PLACE).limit(bindparam("most"))
_KEPT: Final = (
    select(delivery.c.id, delivery.c.account_id, _PLACE.label("place"), delivery.c.due, attempt.c.finished_at)
    .join(attempt, attempt.c.delivery_id == delivery.c.id)
    .where(
        delivery.c.act != literal(Act.DELETE.value),
        attempt.c.finished_at.is_not(None),
        # Said once more: by it the index finds them, among all that the account ever sent.
        delivery.c.state.in_([literal(State.QUEUED.value), bindparam("state")]),
        or_(
            and_(
                delivery.c.state == literal(State.QUEUED.value),
                delivery.c.due > bindparam("gone"),
                delivery.c.due <= bindparam("soon"),
            ),
            and_(delivery.c.state == bindparam("state"), attempt.c.finished_at > bindparam("lately")),
        ),
    )
)
_KEPT_OF_ALL: Final = Prepared(_KEPT)
_KEPT_OF_ACCOUNT: Final = Prepared(_KEPT.where(delivery.c.account_id == bindparam("account")))
_SENDING: Final = Prepared(
    select(delivery.c.id)
    .where(delivery.c.account_id == bindparam("account"), delivery.c.state == literal(State.SENDING.value))
    .limit(1)
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
    """Return the deliveries of one account that may be sent at `now`, in the order of their places, of a thread
    only the part that is next."""
    first = _first_kept(connection, account_id, now, goes_again=False)
    found = _OF_ACCOUNT.all(connection, account=account_id, now=jcs.timestamp(now))
    return tuple(islice((row.id for row in found if not _waits(row, first, now)), most))


def of_all(connection: Connection, now: datetime, most: int = 500) -> tuple[str, ...]:
    """Return the deliveries of all accounts that are due at `now`, in the order of their places."""
    return tuple(connection.execute(_OF_ALL, {"now": jcs.timestamp(now), "most": most}).scalars())


def must_wait(connection: Connection, value: Delivery, now: datetime, *, goes_again: bool) -> bool:
    """Return whether it is not a due delivery's turn: its account is being sent on, or what comes before it there
    was put off, or is unknown where the network lets it be found out whether a post `goes_again`. Deletions wait
    for nothing that was put off, nor does what a person sends now: they see what becomes of it."""
    if _SENDING.first(connection, account=value.account_id) is not None:
        return True
    first = _first_kept(connection, value.account_id, now, goes_again=goes_again)
    return first is not None and _waits(_ONE.first(connection, id=value.id), first, now)


def keeping(connection: Connection, now: datetime) -> frozenset[str]:
    """Return the accounts with something that may keep its place."""
    return frozenset(one.account_id for one in _KEPT_OF_ALL.all(connection, **_kept(now, goes_again=True)))


def behind(connection: Connection, account_id: str, now: datetime, *, goes_again: bool) -> dict[str, str]:
    """Return the due deliveries of an account that wait behind one which keeps its place, and behind which."""
    first = _first_kept(connection, account_id, now, goes_again=goes_again)
    if first is None:
        return {}
    found = _OF_ACCOUNT.all(connection, account=account_id, now=jcs.timestamp(now))
    return {row.id: first.id for row in found if _waits(row, first, now)}


def _waits(row: Any, first: Any | None, now: datetime) -> bool:
    """Whether a delivery waits behind the `first` that keeps its place in its account's line."""
    if first is None or row.act == Act.DELETE.value or row.not_before is None:
        return False
    return bool(row.place > first.place and row.due > jcs.timestamp(now - PUT_OFF))


def _first_kept(connection: Connection, account_id: str, now: datetime, *, goes_again: bool) -> Any | None:
    """The first in an account's line that was tried and put off for a while, or lately became unknown where it
    `goes_again`; None where there is none."""
    found = _KEPT_OF_ACCOUNT.all(connection, account=account_id, **_kept(now, goes_again=goes_again))
    kept = (one for one in found if _is_soon(one.due, one.finished_at))
    return min(kept, key=lambda one: str(one.place), default=None)


def _kept(now: datetime, *, goes_again: bool) -> dict[str, str | None]:
    return {
        "gone": jcs.timestamp(now - TRIED),
        "soon": jcs.timestamp(now + PUT_OFF),
        "state": State.UNKNOWN.value if goes_again else None,
        "lately": jcs.timestamp(now - PUT_OFF),
    }


def _is_soon(due: str, since: str) -> bool:
    return jcs.parse_timestamp(due) - jcs.parse_timestamp(since) <= PUT_OFF


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
