"""What is planned: deliveries by the time that they are for, as calendars ask for them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import WAITING
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.store.tables import delivery


def planned(connection: Connection, account_id: str) -> Iterator[tuple[datetime, Content]]:
    """Yield time and content of every delivery of an account that had a time of its own, in whatever state."""
    query = select(delivery.c.not_before, delivery.c.content).where(
        delivery.c.account_id == account_id,
        delivery.c.not_before.is_not(None),
        delivery.c.act == Act.PUBLISH.value,
    )
    for row in connection.execute(query):
        yield jcs.parse_timestamp(row.not_before), rows.to_content(row.content)


def waiting(connection: Connection, account_id: str) -> Iterator[tuple[str, datetime, Content]]:
    """Yield id, time and content of each post of an account that waits for a time of its own."""
    query = select(delivery.c.id, delivery.c.not_before, delivery.c.content).where(
        delivery.c.account_id == account_id,
        delivery.c.not_before.is_not(None),
        delivery.c.act == Act.PUBLISH.value,
        delivery.c.state.in_([state.value for state in WAITING]),
    )
    for row in connection.execute(query.order_by(delivery.c.id)):
        yield row.id, jcs.parse_timestamp(row.not_before), rows.to_content(row.content)


def between(
    connection: Connection,
    since: datetime,
    until: datetime,
    *,
    account_ids: Sequence[str] = (),
    states: Sequence[State] = (),
    campaign: str | None = None,
) -> tuple[Delivery, ...]:
    """Return the deliveries that are due from `since` to before `until`, by time."""
    query = rows.select_delivery().where(
        delivery.c.due >= jcs.timestamp(since), delivery.c.due < jcs.timestamp(until)
    )
    if account_ids:
        query = query.where(delivery.c.account_id.in_(account_ids))
    if states:
        query = query.where(delivery.c.state.in_([state.value for state in states]))
    if campaign is not None:
        query = query.where(delivery.c.campaign_id == campaign)
    query = query.order_by(delivery.c.due, delivery.c.id)
    found = [rows.to_delivery(row) for row in connection.execute(query)]
    return tuple(sorted(found, key=_place))  # the parts of a thread are due at once


def _place(value: Delivery) -> tuple[datetime, str, str, int]:
    return value.due, value.draft_id, value.account_id, value.content.thread_position or 0
