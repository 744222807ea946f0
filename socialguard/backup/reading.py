"""The streams of an account: open gaps first, oldest first, then what is new; a page at a time."""

from socialguard.archive.interface import Gap
from socialguard.backup.visit import Visit
from socialguard.model.activity import Stream


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
        page = visit.session.activity(gap.stream, since=gap.since, at=gap.at)
        visit.meter.book(visit.session)
        kept = visit.desk.archive.keep(gap, page)
        gap = kept.gap
        outcome.new += kept.new
        outcome.changed += kept.changed
        outcome.snapshots += kept.snapshots
        visit.told(kept.new)
    if gap.reached_limit and gap.stream.value not in outcome.shows_no_more:
        outcome.shows_no_more = (*outcome.shows_no_more, gap.stream.value)
