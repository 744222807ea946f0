"""What of an account's posts is ours: it has a receipt, or an attempt of ours names it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, literal, select

from socialguard.model.delivery import Act, State
from socialguard.store.prepared import Prepared
from socialguard.store.tables import attempt, delivery, receipt

_CHUNK: Final = 500
_IN_DOUBT: Final = Prepared(
    select(delivery.c.id)
    .where(
        delivery.c.account_id == bindparam("account"),
        delivery.c.state.in_([literal(State.SENDING.value), literal(State.UNKNOWN.value)]),
    )
    .limit(1)
)


def is_in_doubt(connection: Connection, account_id: str) -> bool:
    """Return whether a send on the account is under way or its outcome unknown: what it made cannot be told from
    what somebody else made."""
    return _IN_DOUBT.first(connection, account=account_id) is not None


def ours_among(connection: Connection, account_id: str, network_ids: Sequence[str]) -> frozenset[str]:
    """Return those of `network_ids` that a receipt or an attempt of the account names."""
    found: set[str] = set()
    for at in range(0, len(network_ids), _CHUNK):
        asked = list(network_ids[at : at + _CHUNK])
        receipts = select(receipt.c.network_id).where(
            receipt.c.account_id == account_id, receipt.c.network_id.in_(asked)
        )
        attempts = (
            select(attempt.c.remote_id)
            .join(delivery, delivery.c.id == attempt.c.delivery_id)
            .where(delivery.c.account_id == account_id, attempt.c.remote_id.in_(asked))
        )
        found.update(connection.execute(receipts.union(attempts)).scalars())
    return frozenset(found)


def deleted_by_us(connection: Connection, account_id: str) -> frozenset[str]:
    """Return the ids of the posts that deliveries of ours deleted."""
    query = select(delivery.c.target).where(
        delivery.c.account_id == account_id,
        delivery.c.act == Act.DELETE.value,
        delivery.c.state == State.SENT.value,
        delivery.c.target.is_not(None),
    )
    return frozenset(connection.execute(query).scalars())
