"""Metrics over time: the own posts that are due are asked for, and what changed is kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from socialguard import clock
from socialguard.archive import looking
from socialguard.archive.looking import Looked
from socialguard.backup.interface import Desk
from socialguard.backup.schedule import PAID, is_due
from socialguard.backup.visit import Visit

_SLACK: Final = timedelta(days=1)


def take(visit: Visit) -> None:
    """Look at the metrics that are due; metrics that a page has just brought count as looked at."""
    account_id, now = visit.outcome.account.id, clock.now()
    price, most = visit.reading.metrics_price, visit.reading.metrics_batch
    due = _due(visit.desk, account_id, now, is_paid=bool(price))
    for first in range(0, len(due), most):
        if not visit.goes_on():
            return
        batch = due[first : first + most]
        visit.meter.require(len(batch) * price)
        taken = visit.session.metrics(batch)
        visit.meter.book(visit.session)
        visit.outcome.snapshots += visit.desk.archive.keep_metrics(account_id, taken)
    with visit.desk.archive.database.write() as connection:
        looking.note(connection, account_id, looking.METRICS, now)


def _due(desk: Desk, account_id: str, now: datetime, *, is_paid: bool) -> Sequence[str]:
    with desk.archive.database.read() as connection:
        before = looking.looked_at(connection, account_id, looking.METRICS)
        # Where looking costs money there is no point after the last one: older posts need not be read. That nobody
        # looked yet is what an index made anew says, too: then all of the past would be paid for once more.
        oldest = (before or now) - PAID[-1] - _SLACK if is_paid else None
        posts = looking.posts(connection, account_id, since=oldest)
    return [one.network_id for one in posts if is_due(one.created_at, _last(one, before), now, is_paid=is_paid)]


def _last(one: Looked, before: datetime | None) -> datetime | None:
    """When a post was looked at last: with all others that were kept by then, or by itself."""
    if before is None or one.seen_at > before:
        return one.taken_at
    return before if one.taken_at is None else max(before, one.taken_at)
