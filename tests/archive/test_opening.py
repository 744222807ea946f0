"""An index that is lost, damaged or of another schema is made anew from the segments; nothing is lost silently."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from socialguard import errors
from socialguard.archive import opening, reader
from socialguard.archive.archive import Archive
from socialguard.model.activity import Stream
from tests.archive.world import ACCOUNT, Network, back_up, flip, ids, open_archive


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An archive of 30 items in segments and 5 in none."""
    archive = open_archive(tmp_path)
    network = Network()
    network.post(30)
    back_up(archive, network)
    archive.close_pages()
    network.post(5)
    back_up(archive, network)
    archive.close()
    return tmp_path


def test_a_new_archive_is_empty_and_says_nothing(tmp_path: Path) -> None:
    archive = open_archive(tmp_path)
    assert archive.rebuilt is None
    assert archive.verify() == type(archive.verify())(0, 0, 0, ())
    assert archive.close_pages() == 0
    assert archive.rebuild().lines == 0
    archive.close()


def test_a_lost_index_is_made_again_and_what_was_in_no_segment_is_read_again(place: Path) -> None:
    (place / "archive.db").unlink()
    archive = open_archive(place)
    assert archive.rebuilt is not None
    assert archive.rebuilt.reason == "missing"
    assert len(ids(archive)) == 30
    network = Network()
    network.post(35)
    assert back_up(archive, network) == 5
    archive.close()


def test_a_damaged_index_is_set_aside_and_made_again(place: Path) -> None:
    index = place / "archive.db"
    index.write_bytes(b"this is no database" * 300)
    archive = open_archive(place)
    assert archive.rebuilt is not None
    assert archive.rebuilt.reason == "damaged"
    assert len(ids(archive)) == 30
    (aside,) = place.glob("archive.db.damaged-*[0-9]")
    assert aside.read_bytes().startswith(b"this is no database")
    archive.close()


def test_an_index_that_is_damaged_within_is_made_again_by_rebuild(place: Path) -> None:
    archive = open_archive(place)
    archive.close_pages()
    root = archive.root()
    archive.close()
    data = (place / "archive.db").read_bytes()
    (place / "archive.db").write_bytes(data[: 3 * 4096] + b"\xff" * (len(data) - 3 * 4096))
    archive = open_archive(place)
    rebuilt = archive.rebuild() if archive.rebuilt is None else archive.rebuilt
    assert (rebuilt.before, rebuilt.after, rebuilt.reason) == (None, root, "damaged")
    assert archive.root() == root
    archive.close()


def use(archive: Archive) -> None:
    """Close what is in the journal, and list what is kept."""
    archive.close_pages()
    with archive.database.read() as connection:
        reader.items(connection)


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ("delete from archive_meta", []),
        ("drop table segment", ["archive.db"]),
        ("update version set content = '{'", []),
    ],
)
def test_an_index_that_was_edited_is_told_with_what_to_do_and_made_again(
    place: Path, change: str, problems: list[str]
) -> None:
    archive = open_archive(place)
    archive.close_pages()
    root = archive.root()
    with archive.database.write() as connection:
        connection.execute(text(change))
    archive.close()
    archive = open_archive(place)
    assert [one.where for one in archive.verify().problems] == problems
    if archive.rebuilt is None:
        with pytest.raises(errors.Unreadable) as caught:
            use(archive)
        assert caught.value.what_to_do() == "Run: socialguard backup rebuild"
    rebuilt = archive.rebuilt or archive.rebuild()
    assert (rebuilt.after, len(ids(archive))) == (root, 35)
    assert archive.verify().problems == ()
    archive.close()


def test_an_index_of_an_older_schema_is_made_again_and_its_open_pages_are_closed_first(place: Path) -> None:
    archive = open_archive(place)
    with archive.database.write() as connection:
        connection.execute(text("update archive_meta set schema_version = 1"))
    archive.close()
    archive = open_archive(place)
    assert archive.rebuilt is not None
    assert archive.rebuilt.reason == "schema"
    assert len(ids(archive)) == 35
    archive.close()
    again = open_archive(place)
    assert again.rebuilt is None
    again.close()


def test_an_index_of_a_newer_program_is_refused(place: Path) -> None:
    archive = open_archive(place)
    with archive.database.write() as connection:
        connection.execute(text("update archive_meta set schema_version = 99"))
    archive.close()
    with pytest.raises(errors.SchemaTooNew):
        open_archive(place)


def test_nothing_is_rebuilt_while_pages_cannot_be_closed(place: Path) -> None:
    flip(place / "archive" / "MANIFEST.jsonl", 20)
    archive = open_archive(place)
    root = archive.root()
    with pytest.raises(errors.PagesOpen) as caught:
        archive.rebuild()
    assert caught.value.fields["pages"] == 1
    assert archive.root() == root
    archive.close()


def test_nothing_is_rebuilt_from_a_damaged_segment(place: Path) -> None:
    (segment,) = (place / "archive" / "segments").iterdir()
    flip(segment, 60)
    archive = open_archive(place)
    root = archive.root()
    with pytest.raises(errors.ArchiveDamaged) as caught:
        archive.rebuild()
    assert caught.value.exit_code == 13
    assert segment.name in str(caught.value)
    assert archive.root() == root
    assert len(ids(archive)) == 35
    archive.close()


def test_a_manifest_that_cannot_be_read_sets_no_sound_index_aside(place: Path) -> None:
    """It holds pages that stand in no segment."""
    manifest = place / "archive" / "MANIFEST.jsonl"
    manifest.rename(place / "away")
    manifest.mkdir()
    archive = open_archive(place)
    with pytest.raises(errors.Unreadable, match=manifest.name):
        archive.rebuild()
    archive.close()
    assert not list(place.glob("archive.db.damaged-*"))
    manifest.rmdir()
    (place / "away").rename(manifest)
    archive = open_archive(place)
    assert archive.rebuilt is None
    assert len(ids(archive)) == 35
    archive.close()


def test_an_old_copy_of_the_index_is_not_gone_on_with(place: Path) -> None:
    index = place / "archive.db"
    old = index.read_bytes()
    archive = open_archive(place)
    network = Network()
    network.post(50)
    back_up(archive, network)
    archive.close_pages()
    back_up(archive, network)
    archive.close()
    index.write_bytes(old)
    archive = open_archive(place)
    with pytest.raises(errors.ArchiveDamaged):
        archive.close_pages()
    archive.close()


@pytest.mark.parametrize("lost", ["directory", "line"])
def test_nothing_is_rebuilt_where_files_are_gone_that_only_the_index_still_knows(place: Path, lost: str) -> None:
    archive = open_archive(place)
    archive.close_pages()
    root, known = archive.root(), len(ids(archive))
    if lost == "directory":
        shutil.rmtree(place / "archive")
    else:
        (place / "archive" / "MANIFEST.jsonl").unlink()
        (place / "archive" / "HEAD").unlink()
    with pytest.raises(errors.ArchiveDamaged) as caught:
        archive.rebuild()
    assert caught.value.exit_code == 13
    assert (archive.root(), len(ids(archive))) == (root, known)
    archive.close()


def test_an_index_that_was_begun_while_the_files_were_away_gives_way_when_they_are_back(place: Path) -> None:
    archive = open_archive(place)
    archive.close_pages()
    root, known = archive.root(), len(ids(archive))
    archive.close()
    (place / "archive").rename(place / "away")
    (place / "archive.db").unlink()
    archive = open_archive(place)
    network = Network()
    network.post(3)
    back_up(archive, network)
    archive.close()
    shutil.rmtree(place / "archive")
    (place / "away").rename(place / "archive")
    archive = open_archive(place)
    assert [one.where for one in archive.verify().problems] == ["archive.db"]
    archive.rebuild()
    assert (archive.root(), len(ids(archive))) == (root, known)
    assert archive.verify().problems == ()
    assert list(place.glob("archive.db.damaged-*")), "nothing is erased"
    archive.close()


@pytest.fixture
def _clear_of_pages(place: Path) -> None:
    archive = open_archive(place)
    archive.close_pages()
    archive.close()


@pytest.mark.usefixtures("_clear_of_pages")
def test_an_index_without_open_pages_can_be_made_again_from_newer_segments(place: Path) -> None:
    index = place / "archive.db"
    old = index.read_bytes()
    archive = open_archive(place)
    network = Network()
    network.post(50)
    back_up(archive, network)
    archive.close_pages()
    archive.close()
    index.write_bytes(old)
    archive = open_archive(place)
    archive.rebuild()
    assert len(ids(archive)) == 50
    archive.close()


def test_a_full_disk_stops_the_backup_and_loses_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    archive = open_archive(place)
    network = Network()
    network.post(60)
    usage = shutil.disk_usage(place)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type(usage)(1000, 971, 29))
    with pytest.raises(errors.DiskLow) as caught:
        archive.keep(archive.begin(ACCOUNT, Stream.POSTS), network.page(None, None))
    assert "2.9 %" in str(caught.value)
    monkeypatch.undo()
    assert back_up(archive, network) == 25
    archive.close()


def test_a_database_that_is_full_is_told_of_as_the_archive_s(place: Path) -> None:
    archive = open_archive(place)
    with archive.database.read() as connection:
        pages = connection.execute(text("pragma page_count")).scalar()
        connection.execute(text(f"pragma max_page_count = {pages}"))
    network = Network(page_size=4_000)
    network.post(4_000)
    with pytest.raises(errors.ArchiveUnwritable):
        back_up(archive, network)
    assert len(ids(archive)) == 35
    archive.close()


def test_the_archive_is_closed_to_others(place: Path) -> None:
    for path in (place / "archive", place / "archive" / "segments"):
        assert path.stat().st_mode & 0o077 == 0
    for path in (place / "archive.db", place / "archive" / "MANIFEST.jsonl"):
        assert path.stat().st_mode & 0o077 == 0


def test_two_processes_that_find_no_index_make_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_archive(tmp_path)
    network = Network()
    network.post(5)
    back_up(first, network)
    with monkeypatch.context() as late:
        late.setattr(opening, "_schema", lambda database: None)  # it looked before the first one was done
        second = open_archive(tmp_path)
    assert len(ids(second)) == 5
    second.close()
    first.close()


def test_an_archive_moves_from_one_kind_of_database_to_another(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive = open_archive(tmp_path, str(request.getfixturevalue("postgresql_url")))
    network = Network()
    network.post(12)
    back_up(archive, network)
    archive.close_pages()
    root = archive.root()
    archive.close()
    moved = open_archive(tmp_path, f"sqlite:///{tmp_path / 'moved.db'}")
    assert moved.root() == root
    moved.close()


def test_an_index_that_is_taken_away_under_a_daemon_is_missed_at_once(place: Path) -> None:
    """Whoever wrote on into the file that is gone would keep nothing."""
    network = Network()
    network.post(40)
    daemon = open_archive(place)
    stale = daemon.begin(ACCOUNT, Stream.MENTIONS)
    for side in ("", "-wal", "-shm"):
        (place / f"archive.db{side}").unlink(missing_ok=True)
    network.post(20)
    back_up(daemon, network)
    other = open_archive(place)
    assert len(ids(other)) == len(ids(daemon)) == 60
    assert daemon.begin(ACCOUNT, Stream.MENTIONS) == stale
    daemon.close_pages()
    rebuilt = other.rebuild()
    assert rebuilt.before == rebuilt.after
    other.close()
    daemon.close()


def test_a_segment_of_another_index_is_not_taken_for_the_journal_s_own(place: Path) -> None:
    """Both have as many lines of the same pages; what this journal holds stands nowhere else."""
    network = Network()
    network.post(40)
    first = open_archive(place)
    back_up(first, network)
    first.close_pages()
    (place / "archive.db").rename(place / "second.db")
    with contextlib.suppress(FileNotFoundError):
        (place / "archive.db-wal").rename(place / "second.db-wal")
    first.close()
    second = open_archive(place, f"sqlite:///{place / 'second.db'}")
    third = open_archive(place)
    network.post(5)
    back_up(second, network)
    back_up(third, network)
    second.close_pages()
    with pytest.raises(errors.ArchiveDamaged, match="does not know it"):
        third.close_pages()
    assert len(ids(third)) == 45
    second.close()
    third.close()


_OF_ANOTHER = """
import os
from pathlib import Path
from socialguard import errors
from tests.archive.world import open_archive
os.chmod(".", 0o755)
os.chmod("archive", 0)
if os.getuid() == 0:
    os.setuid(65534)
try:
    open_archive(Path())
except errors.Unreadable as refused:
    print(refused.message(), refused.what_to_do())
"""


def test_the_archive_of_another_user_is_refused_and_left_as_it_is(place: Path) -> None:
    """A member of a shared workspace: the index of the daemon's user is not damaged because it cannot be read."""
    before = sorted(one.name for one in place.iterdir())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = [sys.executable, "-c", _OF_ANOTHER]
    told = subprocess.check_output(script, cwd=place, env=environment, text=True)
    (place / "archive").chmod(0o700)
    assert told.startswith("The archive cannot be read: it belongs to another user of this machine.")
    assert "Run it as the user" in told
    assert sorted(one.name for one in place.iterdir()) == before
