"""A closing goes on from the manifest's end, beside other processes and after their deaths."""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from socialguard import errors
from socialguard.archive import crash, manifest
from socialguard.archive.archive import Archive
from socialguard.model.activity import ActivityPage, Stream
from tests.archive.test_kills import Killed, require_whole
from tests.archive.world import ACCOUNT, flip, item, open_archive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive whose process has closed two segments, and read the manifest then."""
    opened = open_archive(tmp_path)
    _more(opened, 1)
    _more(opened, 11)
    yield opened
    crash.hook = None
    opened.close()


def _keep(archive: Archive, first: int, *, own: bool = True) -> None:
    """Keep ten items from that number on."""
    found = tuple(item(number, own=own) for number in range(first + 9, first - 1, -1))
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage(found, None))


def _more(archive: Archive, first: int) -> None:
    _keep(archive, first)
    assert archive.close_pages() == 1


def test_what_is_proven_is_not_read_again_and_verify_reads_it(archive: Archive, tmp_path: Path) -> None:
    """Else each closing would take longer than the one before."""
    target = tmp_path / "archive" / manifest.FILE
    flip(target, 40)
    _more(archive, 21)
    assert archive.verify().problems[0].where == f"{manifest.FILE} line 1"
    other = open_archive(tmp_path)
    _keep(other, 31)
    with pytest.raises(errors.ArchiveDamaged):
        other.close_pages()
    other.close()
    flip(target, 40)
    require_whole(archive, 40)


@pytest.mark.parametrize("name", [manifest.FILE, manifest.HEAD])
@pytest.mark.parametrize("change", ["cut", "flip", "lose"])
def test_nothing_is_added_to_an_end_that_is_another(
    archive: Archive, tmp_path: Path, name: str, change: str
) -> None:
    target = tmp_path / "archive" / name
    before = target.read_bytes()
    if change == "lose":
        target.unlink()
    elif change == "flip":
        flip(target, len(before) - 40)
    else:
        target.write_bytes(b"".join(before.splitlines(keepends=True)[:-1]))
    _keep(archive, 21)
    with pytest.raises(errors.ArchiveDamaged):
        archive.close_pages()
    target.write_bytes(before)
    require_whole(archive, 30)


def test_two_processes_close_by_turns(archive: Archive, tmp_path: Path) -> None:
    other = open_archive(tmp_path)
    for first in range(21, 81, 20):
        _more(other, first)
        _more(archive, first + 10)
    other.close()
    require_whole(archive, 80)


@pytest.mark.parametrize("point", crash.POINTS[1:])
def test_a_process_goes_on_after_the_death_of_another(archive: Archive, tmp_path: Path, point: str) -> None:
    other = open_archive(tmp_path)
    _keep(other, 21)
    _die(other, point)
    other.close()
    _keep(archive, 31)
    archive.close_pages()
    assert archive.verify().problems == ()
    require_whole(archive, 40)


def test_a_closing_that_a_full_disk_ended_leaves_nothing_to_the_next(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(point: str) -> None:
        if point == "segments_synced":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _keep(archive, 21)
    monkeypatch.setattr(crash, "hook", full)
    with pytest.raises(errors.ArchiveUnwritable):
        archive.close_pages()
    monkeypatch.setattr(crash, "hook", None)
    _more(archive, 31)
    require_whole(archive, 40)


@pytest.mark.parametrize("after", [0, 9])
def test_a_page_never_takes_the_number_of_one_that_a_segment_has(
    archive: Archive, tmp_path: Path, after: int
) -> None:
    """A kill within the manifest's append may leave older pages in the journal than those that are closed."""
    theirs = replace(item(30), own=False)
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((theirs, item(29)), None))
    archive.keep_metrics(ACCOUNT, {"30": {"likes": 77}})
    for likes in range(after):
        archive.keep_metrics(ACCOUNT, {"29": {"likes": 100 + likes}})
    _die(archive, "manifest_appended")
    target = tmp_path / "archive" / manifest.FILE
    target.write_bytes(target.read_bytes()[:-40])
    assert archive.verify().problems == ()
    archive.keep_metrics(ACCOUNT, {"30": {"likes": 78}})
    archive.close_pages()
    assert archive.verify().problems == ()
    assert archive.rebuild().before == archive.root()


@pytest.mark.parametrize("is_settled", [True, False])
@pytest.mark.parametrize("point", crash.POINTS[1:])
def test_a_closing_may_die_again_after_one_that_named_a_part(
    archive: Archive, tmp_path: Path, point: str, is_settled: bool
) -> None:
    for first in (21, 31):
        _keep(archive, first, own=False)
        _keep(archive, first + 20)
    archive.keep_metrics(ACCOUNT, {"30": {"likes": 77}})
    _die(archive, "manifest_appended")
    target = tmp_path / "archive" / manifest.FILE
    target.write_bytes(target.read_bytes()[:-40])
    if is_settled:
        assert archive.verify().problems == ()
    _die(archive, point)
    _keep(archive, 71)
    assert archive.verify().problems == ()
    archive.close_pages()
    assert archive.verify().problems == ()
    assert archive.rebuild().before == archive.root()


def _die(archive: Archive, point: str) -> None:
    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    crash.hook = kill
    with pytest.raises(Killed):
        archive.close_pages()
    crash.hook = None
