"""What is due, account by account: each is a line of its own, and one that hangs delays no other."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, exists, func, select

from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import FINAL
from socialguard.model.delivery import Delivery, State
from socialguard.store.tables import delivery

_IS_DUE: Final = (delivery.c.state == State.QUEUED.value, delivery.c.due <= bindparam("now"))
_ACCOUNTS: Final = (
    select(delivery.c.account_id)
    .where(*_IS_DUE)
    .group_by(delivery.c.account_id)
    .order_by(func.min(delivery.c.due), delivery.c.account_id)
)
_BEFORE: Final = delivery.alias("part_before")
_UNDER_WAY: Final = [state.value for state in State if state not in FINAL and state is not State.HELD]
_IDS: Final = (
    select(delivery.c.id)
    .where(
        *_IS_DUE,
        delivery.c.account_id == bindparam("account"),
        # The parts of a thread behind one that is not out yet: however many wait, they are in nobody's way.
        ~exists().where(_BEFORE.c.id == delivery.c.after_id, _BEFORE.c.state.in_(_UNDER_WAY)),
    )
    .order_by(delivery.c.due, delivery.c.created_at, delivery.c.id)
    .limit(bindparam("most"))
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
    given = {"now": jcs.timestamp(now), "account": account_id, "most": most}
    return tuple(connection.execute(_IDS, given).scalars())


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
