"""What other people wrote is sealed in its segments, for each account and month, and can be destroyed apart."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from socialguard import errors
from socialguard.archive import closing, crash, keeping, manifest, reader, segments, verifying
from socialguard.archive.archive import Archive
from socialguard.archive.blobs import Download
from socialguard.archive.closing import Files
from socialguard.archive.interface import Seal, no_progress
from socialguard.model.activity import Attachment
from socialguard.store.archive_tables import blob
from tests.archive.world import ACCOUNT, Network, TestKeys, TestSeal, back_up, flip, ids, item, open_archive

WORDS = "quixotic marmalade"
"""What another person wrote in February: nobody else uses these words."""
PICTURE = b"a picture of marmalade"


def february(day: int) -> datetime:
    """A moment in the month that is destroyed."""
    return datetime(2026, 2, day, 12, tzinfo=UTC)


def filled(place: Path, keys: TestKeys) -> Archive:
    """An archive with own posts, and what others wrote in January and in February."""
    network = Network()
    network.post(8)
    network.items += [item(9, "Seen in January", own=False, author_id="7")]
    file = Attachment("m1", "photo", "https://example.com/1.jpg")
    network.items += [
        item(10 + number, f"{WORDS} {number}", own=False, author_id="7", created_at=february(number + 1))
        for number in range(5)
    ]
    network.items += [item(15, WORDS, own=False, created_at=february(9), attachments=(file,))]
    network.items += [item(16, "Own in February", created_at=february(10))]
    archive = open_archive(place, keys=keys)
    back_up(archive, network)
    archive.keep_blob(
        ACCOUNT, "15", "m1", lambda at: Download(0, len(PICTURE), "image/jpeg", iter([PICTURE])), 100
    )
    archive.close_pages()
    return archive


@pytest.fixture
def keys() -> TestKeys:
    """The keys of the archive."""
    return TestKeys()


@pytest.fixture
def archive(tmp_path: Path, keys: TestKeys) -> Iterator[Archive]:
    """The archive, open."""
    made = filled(tmp_path, keys)
    yield made
    made.close()


def found_in(place: Path, *words: bytes) -> list[str]:
    """The files below a place in which one of these byte strings stands, in segments also when decompressed."""
    import zstandard

    found = []
    for path in sorted(place.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".zst":
                data += zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 24)
            found += [path.name for word in words if word.lower() in data.lower()]
    return found


def test_what_others_wrote_is_sealed_by_account_and_month_in_which_they_wrote_it(
    archive: Archive, tmp_path: Path
) -> None:
    """Each month has a segment of its own, and no segment tells their words without the key."""
    named = Files(tmp_path / "archive", TestSeal(), TestKeys()).manifest().segments
    shelves = [(one.shelf, bool(one.key_id)) for one in named]
    assert sorted(set(shelves)) == [
        (f"others/{ACCOUNT}/2026-01", True),
        (f"others/{ACCOUNT}/2026-02", True),
        ("own", False),
    ]
    assert found_in(tmp_path / "archive" / "segments", b"marmalade", b"January") == []
    assert found_in(tmp_path / "archive" / "segments", b"cheese") != []


def test_an_index_made_anew_from_sealed_segments_has_the_same_root(archive: Archive) -> None:
    """While the keys live nothing is lost."""
    before = archive.root()
    rebuilt = archive.rebuild()
    assert (rebuilt.before, rebuilt.after) == (before, before)


def test_without_a_key_every_changed_bit_of_a_sealed_segment_is_still_found(
    archive: Archive, tmp_path: Path, keys: TestKeys
) -> None:
    """Who cannot open a segment proves its bytes."""
    keys.is_locked = True
    found = archive.verify()
    assert (found.problems, found.unopened) == ((), 2)
    target = sorted((tmp_path / "archive" / "segments").glob("*.sealed"))[0]
    for at in (0, 13, target.stat().st_size - 1):
        flip(target, at)
        assert [one.where for one in archive.verify().problems] == [f"segments/{target.name}"]
        flip(target, at)
    assert archive.verify().problems == ()


def test_a_worker_that_named_other_bytes_than_it_sealed_is_found_with_the_key(
    archive: Archive, tmp_path: Path, keys: TestKeys
) -> None:
    """The chain holds, the lines do not: only who opens them sees it."""
    files = Files(tmp_path / "archive", TestSeal(), keys)
    one = next(each for each in files.manifest().segments if each.key_id)
    with pytest.raises(segments.BadSegment, match="does not open"):
        segments.read(files.segments, one, b"\0" * 32)


def test_a_lost_key_is_a_problem_and_is_told_from_one_that_was_destroyed(archive: Archive, keys: TestKeys) -> None:
    """Nothing says that it was to be destroyed."""
    keys.destroy(f"others/{ACCOUNT}/2026-02")
    assert {one.what for one in archive.verify().problems} == {f"its key is lost (others/{ACCOUNT}/2026-02)"}
    with pytest.raises(errors.ArchiveDamaged, match="its key is lost"):
        archive.rebuild()


def test_a_month_is_destroyed_and_no_byte_of_it_is_found_again(
    archive: Archive, tmp_path: Path, keys: TestKeys
) -> None:
    """Neither in the index, its free pages and its journal, nor in files, nor by the key."""
    with archive.database.read() as connection:
        assert len(reader.search(connection, "marmalade")) == 6
    assert found_in(tmp_path, b"marmalade") != []
    assert archive.shred(ACCOUNT, "2026-02") == 6
    assert found_in(tmp_path, b"marmalade", b"quixotic") == []
    assert f"others/{ACCOUNT}/2026-02" in keys.destroyed
    assert sorted(ids(archive), key=int) == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "16"]
    with archive.database.read() as connection:
        assert reader.search(connection, "marmalade") == ()
        assert len(reader.search(connection, "January")) == 1
        assert connection.execute(select(blob)).all() == []
    found = archive.verify()
    assert found.problems == ()
    assert [shelf for shelf, _at in found.destroyed] == [f"others/{ACCOUNT}/2026-02"]


def test_after_a_month_is_destroyed_the_index_made_anew_is_the_same(archive: Archive) -> None:
    """It knows that the month is to be missing."""
    archive.shred(ACCOUNT, "2026-02")
    before = archive.root()
    rebuilt = archive.rebuild()
    assert (rebuilt.before, rebuilt.after) == (before, before)
    assert archive.verify().problems == ()


def test_what_was_destroyed_is_not_fetched_back(archive: Archive) -> None:
    """A page that shows it again brings nothing of it."""
    archive.shred(ACCOUNT, "2026-02")
    network = Network()
    network.post(16)
    network.items += [item(17, WORDS, own=False, created_at=february(12)), item(18, "New", own=False)]
    assert back_up(archive, network) == 1
    archive.close_pages()
    assert "17" not in ids(archive)
    assert "18" in ids(archive)


def test_what_waits_in_the_journal_is_destroyed_too(tmp_path: Path, keys: TestKeys) -> None:
    """A month of which nothing was closed leaves no segment."""
    archive = open_archive(tmp_path, keys=keys)
    network = Network()
    network.items = [item(1), item(2, WORDS, own=False, created_at=february(1))]
    back_up(archive, network)
    assert archive.shred(ACCOUNT, "2026-02") == 1
    archive.close_pages()
    assert list((tmp_path / "archive" / "segments").glob("*.sealed")) == []
    assert found_in(tmp_path, b"marmalade") == []
    archive.close()


def test_a_destruction_that_was_cut_short_is_ended_by_the_next_closing(
    archive: Archive, keys: TestKeys, tmp_path: Path
) -> None:
    """The manifest said it first."""

    class Killed(BaseException):
        pass

    def kill(point: str) -> None:
        if point == "destroyed_named":
            raise Killed

    crash.hook = kill
    try:
        with pytest.raises(Killed):
            archive.shred(ACCOUNT, "2026-02")
    finally:
        crash.hook = None
    assert len(ids(archive)) == 16
    archive.close_pages()
    assert len(ids(archive)) == 10
    assert keys.destroyed == {f"others/{ACCOUNT}/2026-02"}
    assert archive.shred(ACCOUNT, "2026-02") == 0
    assert found_in(tmp_path, b"marmalade") == []


def test_a_key_that_an_old_database_brings_back_opens_nothing(archive: Archive, keys: TestKeys) -> None:
    """What the manifest says is destroyed stays so."""
    archive.shred(ACCOUNT, "2026-02")
    keys.destroyed.clear()
    archive.rebuild()
    assert len(ids(archive)) == 10


def test_the_line_of_a_destruction_cannot_be_taken_away(archive: Archive, tmp_path: Path) -> None:
    """It is a link of the chain like any other."""
    archive.shred(ACCOUNT, "2026-02")
    target = tmp_path / "archive" / "MANIFEST.jsonl"
    lines = target.read_bytes().splitlines(keepends=True)
    target.write_bytes(b"".join(lines[:-1]))
    assert "MANIFEST.jsonl" in [one.where for one in archive.verify().problems]


def test_an_edit_that_moves_the_date_stays_in_the_month_of_the_item(tmp_path: Path, keys: TestKeys) -> None:
    """Or a part of what somebody wrote would outlive the rest."""
    archive = open_archive(tmp_path, keys=keys)
    network = Network()
    network.items = [item(1), item(2, "First", own=False, created_at=february(1))]
    back_up(archive, network)
    moved = item(2, WORDS, own=False, created_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert archive.keep_edits(ACCOUNT, [moved])[0] == 1
    archive.close_pages()
    assert archive.shred(ACCOUNT, "2026-02") == 1
    before = archive.root()
    assert archive.rebuild().after == before
    assert ids(archive) == ["1"]
    archive.close()


def test_the_files_alone_are_verified_without_index_and_key(archive: Archive, tmp_path: Path) -> None:
    """As an auditor does who was given a copy."""
    archive.close()
    copy = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "archive", copy)
    keys = TestKeys()
    keys.is_locked = True
    found = verifying.verify(verifying.Known(), Files(copy, TestSeal(), keys), no_progress)
    assert (found.problems, found.unopened) == ((), 2)


def in_the_clear(place: Path, keys: TestKeys, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """The archive as a version before sealing left it: plain segments, by the month in which things were kept."""

    def kept_month(account_id: str, one: object) -> str:
        return "own" if getattr(one, "own") else f"others/{account_id}/2026-11"  # noqa: B009 - either of two classes

    with monkeypatch.context() as patch:
        patch.setattr(closing, "_key_of", lambda files, shelf: None)
        patch.setattr(keeping, "_shelf", kept_month)
        return filled(place, keys)


def test_what_was_kept_in_the_clear_is_sealed_and_then_a_month_of_it_can_be_destroyed(
    tmp_path: Path, keys: TestKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is lost, and none is left in the clear."""
    archive = in_the_clear(tmp_path, keys, monkeypatch)
    before, place = archive.root(), tmp_path / "archive"
    assert archive.verify().plain == 1
    assert found_in(place / "segments", b"marmalade") != []
    with pytest.raises(errors.UsageError, match="not sealed"):
        archive.shred(ACCOUNT, "2026-02")
    done = archive.seal_plain()
    assert done is not None
    assert (done.segments, archive.root(), archive.rebuild().after) == (1, before, before)
    assert found_in(place, b"marmalade quixotic", b"quixotic marmalade") == []
    found = archive.verify()
    assert (found.problems, found.plain) == ((), 0)
    assert archive.seal_plain() is None
    network = Network()
    network.post(20)
    assert back_up(archive, network) == 4
    archive.close_pages()
    assert archive.shred(ACCOUNT, "2026-02") == 6
    assert archive.verify().problems == ()
    archive.close()


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_sealing_that_was_cut_short_is_ended_by_the_next_opening(
    tmp_path: Path, keys: TestKeys, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    """The new files take the place of the old ones, whole."""

    class Killed(BaseException):
        pass

    def kill(point: str) -> None:
        if point == crash.RESEALED:
            raise Killed

    archive = in_the_clear(tmp_path, keys, monkeypatch)
    before = archive.root()
    with monkeypatch.context() as patch:
        patch.setattr(crash, "hook", kill)
        with pytest.raises(Killed):
            archive.seal_plain()
    archive.close()
    if index == "lost":
        (tmp_path / "archive.db").unlink()
    archive = open_archive(tmp_path, keys=keys)
    assert archive.root() == before
    found = archive.verify()
    assert (found.problems, found.plain) == ((), 0)
    archive.close()
    open_archive(tmp_path, keys=keys).close()
    assert not (tmp_path / "archive" / "resealed").exists()
    assert not (tmp_path / "archive" / "plain").exists()


def test_an_index_is_held_against_a_manifest_that_ends_with_what_was_destroyed_once_only(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest may have a million lines, and every account asks before it is backed up."""
    archive.shred(ACCOUNT, "2026-02")
    read: list[Path] = []
    real = manifest.read

    def counted(place: Path, seal: Seal) -> manifest.Manifest:
        read.append(place)
        return real(place, seal)

    monkeypatch.setattr(manifest, "read", counted)
    archive.require_current()
    first = len(read)
    for _ in range(20):
        archive.require_current()
    assert len(read) == first > 0
