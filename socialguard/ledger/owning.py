"""What of an account's posts the ledger has as ours, and whether that can be told now. These rows are claims: the
signed word in the log decides (`watch.ours`)."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, literal, select

from socialguard.model.delivery import Act, State
from socialguard.store.prepared import Prepared
from socialguard.store.tables import delivery, receipt

_CHUNK: Final = 500
Claim = tuple[str, str]
"""The network's id of a post, and the fingerprint of the delivery that made or deleted it."""
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


def receipts_among(connection: Connection, account_id: str, network_ids: Sequence[str]) -> set[Claim]:
    """Return those of `network_ids` that a receipt of the account names, each with its delivery's fingerprint."""
    named = select(receipt.c.network_id, delivery.c.fingerprint).join(
        delivery, delivery.c.id == receipt.c.delivery_id
    )
    return _among(connection, named.where(receipt.c.account_id == account_id), receipt.c.network_id, network_ids)


def deletions_among(connection: Connection, account_id: str, network_ids: Sequence[str]) -> set[Claim]:
    """Return those of `network_ids` that deliveries of ours deleted, each with that delivery's fingerprint."""
    named = select(delivery.c.target, delivery.c.fingerprint).where(
        delivery.c.account_id == account_id,
        delivery.c.act == Act.DELETE.value,
        delivery.c.state == State.SENT.value,
    )
    return _among(connection, named, delivery.c.target, network_ids)


def _among(
    connection: Connection, named: Select[Any], column: ColumnElement[Any], network_ids: Sequence[str]
) -> set[Claim]:
    found: set[Claim] = set()
    for at in range(0, len(network_ids), _CHUNK):
        asked = list(network_ids[at : at + _CHUNK])
        found.update((row[0], row[1]) for row in connection.execute(named.where(column.in_(asked))))
    return found
