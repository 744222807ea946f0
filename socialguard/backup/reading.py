"""The streams of an account: open gaps first, oldest first, then what is new; a page at a time.

Where reading is free, the first page of what is new goes below what is known: so an edit of one of the newest
items is seen, and one that the network showed late. Where it costs money each item is read once, but for those
that were made shortly before the last look (`LATE`): one that a list shows late stands below them."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from socialguard.archive.interface import Gap
from socialguard.backup.visit import Visit
from socialguard.model.activity import ActivityPage, Mark, Stream

LATE: Final = timedelta(minutes=10)
"""How long after it was made an item may first show in a list. No network says; of what is read once an hour this
makes one in six items cost twice at the most."""


def read(visit: Visit) -> None:
    """Read every stream to its end, or until the run is told to end, which is looked at before each page."""
    archive, account_id = visit.desk.archive, visit.outcome.account.id
    for stream in Stream:
        for gap in archive.gaps(account_id, stream):
            _read_gap(visit, gap)
        if visit.goes_on():
            _read_gap(visit, archive.begin(account_id, stream))


def _read_gap(visit: Visit, gap: Gap) -> None:
    outcome = visit.outcome
    while gap.is_open:
        if not visit.goes_on():
            return
        visit.meter.require(visit.reading.prices[gap.stream] * visit.reading.page_size)
        page = _page(visit, gap)
        kept = visit.desk.archive.keep(gap, page)
        gap = kept.gap
        outcome.new += kept.new
        outcome.changed += kept.changed
        outcome.snapshots += kept.snapshots
        visit.told(kept.new)
        if kept.new:
            visit.desk.kept(outcome.account)
    if gap.reached_limit and gap.stream.value not in outcome.shows_no_more:
        outcome.shows_no_more = (*outcome.shows_no_more, gap.stream.value)


def _page(visit: Visit, gap: Gap) -> ActivityPage:
    """Ask for the next page of a gap, and book it."""
    since = _down_to(visit, gap)
    page = visit.session.activity(gap.stream, since=since, at=gap.at)
    visit.meter.book(visit.session)
    return page if since == gap.since else _without_known(visit, gap, page)


def _down_to(visit: Visit, gap: Gap) -> Mark | None:
    """Return how far down a gap is asked for: to its mark, or below it."""
    if gap.since is None:
        return None
    if not visit.reading.prices[gap.stream]:
        return None if gap.newest is None and gap.at is None else gap.since
    looked = visit.desk.archive.read_before(gap)
    if looked is None or gap.since.created_at <= looked - LATE:
        return gap.since
    return Mark("", looked - LATE)


def _without_known(visit: Visit, gap: Gap, page: ActivityPage) -> ActivityPage:
    """Keep the edits among what is known, and return what is not. Where the list ends is the network's to say:
    what others wrote does not come in the order of time, and a pinned post stands before all that is new."""
    since = gap.since
    assert since is not None
    below = [one for one in page.items if one.network_id == since.network_id or one.created_at < since.created_at]
    if not below:
        return page
    changed, unknown = visit.desk.archive.keep_edits(gap.account_id, below)
    visit.outcome.changed += changed
    known = {one.network_id for one in below} - unknown
    items = tuple(one for one in page.items if one.network_id not in known)
    return replace(page, items=items, reached_limit=False)
