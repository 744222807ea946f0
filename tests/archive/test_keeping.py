"""Keeping: a page is one transaction, what is there already leaves no trace, and segments make the index again."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from socialguard import clock
from socialguard.archive import instants, reader
from socialguard.archive.archive import Archive
from socialguard.canon import jcs
from socialguard.model.activity import ActivityPage, Stream
from tests.archive.world import ACCOUNT, Network, back_up, ids, open_archive


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    opened = open_archive(tmp_path, database_url)
    yield opened
    opened.close()


def test_all_items_of_a_stream_are_kept_once(archive: Archive) -> None:
    network = Network()
    network.post(95)
    assert back_up(archive, network) == 95
    assert sorted(ids(archive), key=int) == [str(number) for number in range(1, 96)]
    assert archive.gaps(ACCOUNT, Stream.POSTS) == ()


def test_the_next_run_reads_only_what_is_new(archive: Archive) -> None:
    network = Network()
    network.post(95)
    back_up(archive, network)
    network.calls = 0
    assert back_up(archive, network) == 0
    assert network.calls == 1
    network.post(3)
    assert back_up(archive, network) == 3
    assert network.calls == 2


def test_a_gap_that_saw_nothing_is_begun_again_from_the_same_mark(archive: Archive) -> None:
    """Else all of the past would be read once more, and paid for where that costs money."""
    network = Network()
    network.post(30)
    back_up(archive, network)
    archive.close_pages()
    gap = archive.begin(ACCOUNT, Stream.POSTS)
    first = archive.keep(gap, ActivityPage((), "somewhere"))
    assert archive.gaps(ACCOUNT, Stream.POSTS) == (first.gap,)
    assert not archive.keep(first.gap, ActivityPage((), None)).gap.is_open
    assert archive.gaps(ACCOUNT, Stream.POSTS) == ()
    again = archive.begin(ACCOUNT, Stream.POSTS)
    assert (again.number, again.since, again.at) == (gap.number, gap.since, None)
    assert gap.since is not None
    assert archive.close_pages() == 0


def test_what_a_wrong_clock_kept_is_closed_by_the_age_of_the_last_closing(
    archive: Archive, tmp_path: Path
) -> None:
    """What comes after it stands in the future too: time never goes back in the journal. No copy of the files
    would have any of it; and a segment for each run, until the clock is there again, would be too many."""
    network = Network()
    network.post(5)
    clock.shift(timedelta(days=400))
    try:
        back_up(archive, network)
        assert archive.close_old() == 0
    finally:
        clock.shift(timedelta(0))
    assert archive.close_old() == 1
    network.post(5)
    back_up(archive, network)
    assert archive.close_old() == 0
    head = tmp_path / "archive" / "HEAD"
    last = head.stat().st_mtime
    for closed in (last - 3601, last + 3600):
        os.utime(head, (closed, closed))
        assert archive.close_old() == 1
        network.post(5)
        back_up(archive, network)
    assert archive.verify().problems == ()


def test_the_root_is_that_of_rfc_6962_over_the_rows_sorted_by_their_hash(archive: Archive) -> None:
    """An auditor who reads the rows makes the same."""
    network = Network()
    network.post(1)
    back_up(archive, network)
    with archive.database.read() as connection:
        shown = reader.show(connection, ACCOUNT, "1")
    assert shown is not None
    (version,), (snapshot,) = shown.versions, shown.snapshots
    of_item = {"account": ACCOUNT, "id": "1"}
    rows: list[dict[str, object]] = [
        of_item | {"t": "item", "created": instants.micros(shown.summary.created_at), "kind": "post", "own": True},
        of_item
        | {"t": "version", "n": 1, "text": version.text, "content": version.content, "hash": version.sha256}
        | {"author_name": "Acme"},
        of_item | {"t": "metric", "n": 1, "at": instants.micros(snapshot.taken_at), "counts": snapshot.counts},
    ]
    first, second, third = sorted(sha256(b"\0" + jcs.encode(row)).digest() for row in rows)
    left = sha256(b"\1" + first + second).digest()
    assert archive.root() == sha256(b"\1" + left + third).hexdigest()


def test_an_edit_makes_a_version_and_a_new_metric_a_snapshot(archive: Archive) -> None:
    network = Network()
    network.post(5)
    back_up(archive, network)
    changed = archive.begin(ACCOUNT, Stream.POSTS)
    network.items[2] = replace(network.items[2], text="An edited text", metrics={"likes": 99})
    kept = archive.keep(changed, network.page(None, None))
    assert (kept.new, kept.changed, kept.snapshots) == (0, 1, 1)
    assert archive.keep_metrics(ACCOUNT, {"3": {"likes": 99}, "4": {"views": 5}, "77": {"likes": 1}}) == 1
    with archive.database.read() as connection:
        shown = reader.show(connection, ACCOUNT, "3")
        assert shown is not None
        assert [version.text for version in shown.versions] == ["Post 3 about cheese", "An edited text"]
        assert [snapshot.counts for snapshot in shown.snapshots] == [{"likes": 3}, {"likes": 99}]
        fourth = reader.show(connection, ACCOUNT, "4")
        assert fourth is not None
        assert fourth.snapshots[-1].counts == {"likes": 4, "views": 5}


def test_the_index_is_made_again_from_segments_alone(archive: Archive) -> None:
    network = Network()
    network.post(40)
    back_up(archive, network)
    network.items[2] = replace(network.items[2], text="An edited text", metrics={"likes": 99})
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), network.page(None, "10"))
    assert archive.close_pages() == 1
    before = archive.root()
    rebuilt = archive.rebuild()
    assert rebuilt.before == rebuilt.after == before == archive.root()
    assert archive.verify().problems == ()
    network.post(1)
    assert back_up(archive, network) == 1
    assert archive.root() != before
