"""Whatever is changed in an archive's files is found and named."""

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.archive import closing, manifest, verifying
from socialguard.archive.archive import Archive
from socialguard.archive.blobs import Download
from socialguard.archive.closing import Files
from socialguard.archive.interface import no_progress
from socialguard.canon import jcs
from socialguard.model.activity import Attachment
from tests.archive.world import ACCOUNT, Network, TestKeys, TestSeal, back_up, flip, item, open_archive

MANIFEST, HEAD = "MANIFEST.jsonl", "HEAD"


@pytest.fixture(scope="module")
def original() -> Iterator[Path]:
    """An archive of several segments, with what others wrote and a file."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        network = Network()
        network.post(40)
        picture = Attachment("m1", "photo", "https://example.com/1.jpg", "A cheese")
        network.items[39] = item(40, attachments=(picture,))
        network.items[5:15] = [item(number, own=False, author_id="77") for number in range(6, 16)]
        archive = open_archive(place)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(closing, "MAX_LINES", 20)
            back_up(archive, network)
        archive.keep_blob(ACCOUNT, "40", "m1", lambda at: Download(0, 3, "image/jpeg", iter([b"abc"])), 100)
        archive.close_pages()
        archive.close()
        yield place


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


def named(place: Path, *, index: bool = True) -> list[str]:
    """Where the problems are that a verification finds, with the index or without."""
    if not index:
        (place / "archive.db").unlink()
        found = verifying.verify(verifying.Known(), Files(place / "archive", TestSeal(), TestKeys()), no_progress)
        return [problem.where for problem in found.problems]
    archive = open_archive(place)
    try:
        return [problem.where for problem in archive.verify().problems]
    finally:
        archive.close()


def segments(place: Path) -> list[Path]:
    """The segments, in the order of the manifest."""
    return sorted((place / "archive" / "segments").iterdir(), key=lambda path: int(path.name.split("-")[1]))


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines of a file."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))


def test_an_untouched_archive_is_whole(copy: Path) -> None:
    assert len(segments(copy)) >= 3
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in segments(copy))
    assert named(copy) == []
    assert named(copy, index=False) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), with_index=st.booleans())
def test_a_flipped_bit_is_found_and_its_file_named(original: Path, data: st.DataObject, with_index: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "copy"
        shutil.copytree(original, place)
        blobs = [path for path in (place / "archive" / "blobs").rglob("*") if path.is_file()] * with_index
        files = [*segments(place), place / "archive" / MANIFEST, place / "archive" / HEAD, *blobs]
        path = data.draw(st.sampled_from(files))
        at = data.draw(st.integers(0, path.stat().st_size - 1))
        flip(path, at, 1 << data.draw(st.integers(0, 7)))
        found = named(place, index=with_index)
        assert any(path.name.split(" ")[0] in where for where in found), (path.name, at, found)


@pytest.mark.parametrize("with_index", [True, False])
def test_each_segment_that_is_lost_or_cut_is_named(copy: Path, with_index: bool) -> None:
    first, second, *_ = segments(copy)
    first.unlink()
    second.chmod(0o600)
    second.write_bytes(second.read_bytes()[:-1])
    assert named(copy, index=with_index) == [f"segments/{first.name}", f"segments/{second.name}"]


@pytest.mark.parametrize("what", ["segment", "blob"])
def test_what_is_no_file_is_named_and_neither_waited_for_nor_read_without_end(copy: Path, what: str) -> None:
    blobs = [path for path in (copy / "archive" / "blobs").rglob("*") if path.is_file()]
    path = segments(copy)[0] if what == "segment" else blobs[0]
    path.unlink()
    os.mkfifo(path)
    assert named(copy) == [f"{'segments' if what == 'segment' else 'blobs'}/{path.name}"]
    path.unlink()
    path.symlink_to("/dev/zero")
    assert named(copy) == [f"{'segments' if what == 'segment' else 'blobs'}/{path.name}"]


def test_a_segment_that_became_huge_is_named_without_being_read(copy: Path) -> None:
    first = segments(copy)[0]
    first.chmod(0o600)
    os.truncate(first, 1 << 43)
    archive = open_archive(copy)
    (problem,) = archive.verify().problems
    assert problem.where == f"segments/{first.name}"
    assert f"it has {1 << 43} bytes instead of" in problem.what
    archive.close()


@pytest.mark.parametrize("name", [MANIFEST, HEAD])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_a_manifest_that_is_no_file_is_told_of_as_unreadable(
    copy: Path, name: str, make: Callable[[Path], None]
) -> None:
    (copy / "archive" / name).unlink()
    make(copy / "archive" / name)
    archive = open_archive(copy)
    with pytest.raises(errors.Unreadable, match=name):
        archive.verify()
    archive.close()


def test_two_swapped_segments_are_both_named(copy: Path) -> None:
    first, second, *_ = segments(copy)
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    assert named(copy) == [f"segments/{first.name}", f"segments/{second.name}"]


def test_a_segment_that_is_a_link_is_named(copy: Path) -> None:
    """What it leads to is not what a copy of the archive would have."""
    target = segments(copy)[0]
    target.rename(copy / "elsewhere")
    target.symlink_to(copy / "elsewhere")
    assert named(copy) == [f"segments/{target.name}"]


def test_a_segment_that_nobody_wrote_is_named(copy: Path) -> None:
    extra = segments(copy)[0].with_name(f"900-901-{'0' * 64}.jsonl.zst")
    extra.write_bytes(b"x")
    assert named(copy) == [f"segments/{extra.name}"]


def test_a_lost_file_of_media_is_named(copy: Path) -> None:
    (blob,) = [path for path in (copy / "archive" / "blobs").rglob("*") if path.is_file()]
    blob.unlink()
    assert named(copy) == [f"blobs/{blob.name}"]


@pytest.mark.parametrize("with_index", [True, False])
@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda lines: lines[1:], "MANIFEST.jsonl line 1"),
        (lambda lines: [lines[0], *lines[2:]], "MANIFEST.jsonl line 2"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "MANIFEST.jsonl line 1"),
        (lambda lines: [lines[0], *lines], "MANIFEST.jsonl line 2"),
        (lambda lines: lines[:-1], "MANIFEST.jsonl"),
        (lambda lines: [], "MANIFEST.jsonl"),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "MANIFEST.jsonl"),
        (lambda lines: [*lines[:-1], lines[-1][:50]], "MANIFEST.jsonl"),
    ],
)
def test_lines_of_the_manifest_that_are_lost_moved_or_cut_are_named(
    copy: Path, change: Callable[[list[bytes]], list[bytes]], where: str, with_index: bool
) -> None:
    rewrite(copy / "archive" / MANIFEST, change)
    assert where in named(copy, index=with_index)


def test_the_end_of_the_manifest_cannot_be_lost_with_its_head_and_its_segment(copy: Path) -> None:
    rewrite(copy / "archive" / MANIFEST, lambda lines: lines[:-1])
    (copy / "archive" / HEAD).write_bytes((copy / "archive" / MANIFEST).read_bytes().splitlines(True)[-1])
    segments(copy)[-1].unlink()
    assert named(copy) == ["MANIFEST.jsonl"]
    archive = open_archive(copy)
    with pytest.raises(errors.ArchiveDamaged):
        archive.close_pages()
    archive.close()


def test_two_lines_for_the_same_pages_are_named_even_where_a_worker_signed_them(copy: Path) -> None:
    place = copy / "archive"
    first = manifest.read(place, TestSeal()).segments[0]
    body: dict[str, object] = {"shelf": first.shelf, "seq_lo": first.seq_lo, "seq_hi": first.seq_hi}
    body |= {"n": first.lines, "root": first.root, "sha256": first.sha256, "size": first.size}
    manifest.append(place, [manifest.line_of(TestSeal(), body, manifest.read(place, TestSeal()).prev)])
    count = len((place / MANIFEST).read_bytes().splitlines())
    assert named(copy) == [f"{MANIFEST} line {count}"]


@pytest.mark.parametrize("name", ["root", "sha256", "prev", "signature", "seq_lo"])
def test_a_changed_line_of_the_manifest_is_named_and_no_other(copy: Path, name: str) -> None:
    path = copy / "archive" / MANIFEST
    before = path.read_bytes()
    for number in range(len(before.splitlines())):
        lines = [json.loads(line) for line in before.splitlines()]
        value = lines[number][name]
        lines[number][name] = (
            value + 1 if isinstance(value, int) else ("1" if value[0] == "0" else "0") + value[1:]
        )
        path.write_bytes(b"".join(jcs.encode(line) + b"\n" for line in lines))
        found = [where for where in named(copy) if where.startswith(f"{MANIFEST} ")]
        assert found == [f"{MANIFEST} line {number + 1}"]


@pytest.mark.parametrize("with_index", [True, False])
def test_a_lost_head_is_named(copy: Path, with_index: bool) -> None:
    (copy / "archive" / HEAD).unlink()
    assert named(copy, index=with_index) == ["HEAD"]


def test_a_manifest_that_another_key_signed_is_not_believed(copy: Path) -> None:
    other = Archive.open(copy / "archive", f"sqlite:///{copy / 'archive.db'}", TestSeal(b"\x02" * 32), TestKeys())
    assert {problem.where.split(" ")[0] for problem in other.verify().problems} == {MANIFEST, HEAD}
    with pytest.raises(errors.ArchiveDamaged):
        other.close_pages()
    other.close()


def test_nothing_is_added_to_a_damaged_archive_and_nothing_is_lost(copy: Path) -> None:
    flip(copy / "archive" / MANIFEST, 30)
    archive = open_archive(copy)
    network = Network()
    network.post(45)
    back_up(archive, network)
    with pytest.raises(errors.ArchiveDamaged):
        archive.close_pages()
    with pytest.raises(errors.PagesOpen):
        archive.rebuild()
    flip(copy / "archive" / MANIFEST, 30)
    archive.close_pages()
    assert archive.verify().problems == ()
    archive.close()


def test_a_verification_beside_a_closing_finds_nothing_wrong(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    stop = threading.Event()

    def close_often() -> None:
        archive = open_archive(copy)
        network = Network()
        network.post(40)
        for _ in range(60):  # on a slow machine it would outrun whoever reads all of it again and again
            if stop.is_set():
                break
            network.post(1)
            back_up(archive, network)
            archive.close_pages()
        archive.close()

    archive = open_archive(copy)
    with ThreadPoolExecutor(1) as pool:
        closing_ = pool.submit(close_often)
        found = [archive.verify().problems for _ in range(15)]
        stop.set()
        closing_.result()
    assert found == [()] * 15
    archive.close()
