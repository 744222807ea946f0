"""How the deliveries of all accounts stand, summed in a few queries: for a screen with every account on it."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from socialguard.canon import jcs
from socialguard.ledger.states import FINAL
from socialguard.model.delivery import State
from socialguard.store.tables import delivery, receipt


@dataclass(slots=True)
class Queue:
    """What of one account is not settled: how many deliveries in each state, and when the next one is due."""

    counts: dict[State, int] = field(default_factory=dict)
    next_at: datetime | None = None


def last_posts(connection: Connection) -> dict[str, datetime]:
    """Return when the last post of each account that has a receipt was published."""
    query = select(receipt.c.account_id, func.max(receipt.c.published_at)).group_by(receipt.c.account_id)
    return {account_id: jcs.parse_timestamp(at) for account_id, at in connection.execute(query)}


def queues(connection: Connection) -> dict[str, Queue]:
    """Return what is not settled, by account."""
    still = [state.value for state in State if state not in FINAL]
    query = (
        select(delivery.c.account_id, delivery.c.state, func.count(), func.min(delivery.c.due))
        .where(delivery.c.state.in_(still))
        .group_by(delivery.c.account_id, delivery.c.state)
    )
    found: dict[str, Queue] = {}
    for account_id, state, count, due in connection.execute(query):
        queue = found.setdefault(account_id, Queue())
        queue.counts[State(state)] = count
        if state == State.QUEUED.value:
            queue.next_at = jcs.parse_timestamp(due)
    return found
