"""A file of media is named when it is whole, and what arrived of it before an interruption is not fetched
again."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialguard import errors
from socialguard.archive import blobs, reader
from socialguard.archive.archive import Archive
from socialguard.archive.blobs import Download
from socialguard.model.activity import ActivityPage, Attachment, Stream
from tests.archive.world import ACCOUNT, item, open_archive

DATA = bytes(range(256)) * 40
HASH = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive with one item that has a picture."""
    opened = open_archive(tmp_path)
    one = item(1, attachments=(Attachment("m1", "photo", "https://example.com/1.jpg", "A cheese"),))
    opened.keep(opened.begin(ACCOUNT, Stream.POSTS), ActivityPage((one,), None))
    yield opened
    opened.close()


class Server:
    """Gives a file from any byte on (or from its start, where it knows no ranges), and breaks off where told."""

    def __init__(self, data: bytes = DATA, *, ranges: bool = True, breaks: int | None = None) -> None:
        self.data, self.ranges, self.breaks = data, ranges, breaks
        self.size: int | None = len(data)
        self.asked: list[int] = []

    def ask(self, at: int) -> Download:
        self.asked.append(at)
        start = at if self.ranges else 0
        return Download(start, self.size, "image/jpeg", self._chunks(start))

    def _chunks(self, at: int) -> Iterator[bytes]:
        while at < len(self.data):
            if self.breaks is not None and at >= self.breaks:
                raise ConnectionError
            yield self.data[at : at + 1000]
            at += 1000


def keep(archive: Archive, server: Server, max_bytes: int = 1_000_000) -> blobs.Blob:
    return archive.keep_blob(ACCOUNT, "1", "m1", server.ask, max_bytes)


def test_a_file_lies_under_its_hash_and_is_proven(archive: Archive, tmp_path: Path) -> None:
    assert keep(archive, Server()) == blobs.Blob(HASH, len(DATA), "image/jpeg")
    path = tmp_path / "archive" / "blobs" / HASH[:2] / HASH
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o444
    assert archive.verify().blobs == 1
    with archive.database.read() as connection:
        assert reader.wanted_files(connection, ACCOUNT) == ()
    root = archive.root()
    assert archive.rebuild().after == root
    with archive.database.read() as connection:
        assert reader.wanted_files(connection, ACCOUNT) == ()


def test_what_arrived_from_another_address_is_no_part_of_a_file(archive: Archive, tmp_path: Path) -> None:
    """A network that has encoded a video anew names another file; a signature that changes is no other file."""

    def fetch(server: Server, address: str) -> blobs.Blob:
        return archive.keep_blob(ACCOUNT, "1", "m1", server.ask, 1_000_000, address)

    with pytest.raises(ConnectionError):
        fetch(Server(bytes(9_000), breaks=3000), "https://one.example/small.mp4?oe=1")
    with pytest.raises(ConnectionError):
        fetch(Server(breaks=2000), "https://one.example/large.mp4?oe=1")
    assert len(list((tmp_path / "archive" / "parts").iterdir())) == 1
    server = Server()
    assert fetch(server, "https://two.example/large.mp4?oe=2").sha256 == HASH
    assert server.asked == [2000]
    assert list((tmp_path / "archive" / "parts").iterdir()) == []


@pytest.mark.parametrize(("ranges", "asked"), [(True, [0, 3000]), (False, [0, 3000])])
def test_an_interrupted_file_is_gone_on_with(archive: Archive, ranges: bool, asked: list[int]) -> None:
    server = Server(ranges=ranges, breaks=3000)
    with pytest.raises(ConnectionError):
        keep(archive, server)
    server.breaks = None
    assert keep(archive, server).sha256 == HASH
    assert server.asked == asked


def test_a_file_that_is_shorter_than_told_is_not_kept(archive: Archive) -> None:
    server = Server()
    server.size = len(DATA) + 5
    with pytest.raises(errors.Unreadable):
        keep(archive, server)
    assert archive.verify().blobs == 0
    server.data += b"12345"
    assert keep(archive, server).size == len(DATA) + 5


def test_a_part_that_is_longer_than_the_file_is_begun_again(archive: Archive) -> None:
    server = Server()
    server.size = 4_000
    with pytest.raises(errors.Unreadable):
        keep(archive, server)
    server.data, server.asked = DATA[:4_000], []
    assert keep(archive, server).size == 4_000
    assert server.asked == [0]


def test_a_file_without_end_is_refused(archive: Archive) -> None:
    server = Server(b"x" * 50_000)
    server.size = None
    with pytest.raises(errors.Unreadable):
        keep(archive, server, max_bytes=20_000)


def test_another_part_than_asked_for_is_refused(archive: Archive) -> None:
    def ask(at: int) -> Download:
        return Download(at + 7, None, "image/jpeg", iter([b"x"]))

    with pytest.raises(errors.Unreadable):
        archive.keep_blob(ACCOUNT, "1", "m1", ask, 100)


def test_the_same_bytes_are_kept_once(archive: Archive) -> None:
    two = item(2, attachments=(Attachment("m2", "photo", "https://example.com/2.jpg"),))
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((two,), None))
    keep(archive, Server())
    assert archive.keep_blob(ACCOUNT, "2", "m2", Server().ask, 1_000_000).sha256 == HASH
    assert archive.verify().blobs == 1


def test_media_wait_at_five_percent_and_the_backup_goes_on(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type(usage)(1000, 951, 49))
    server = Server()
    with pytest.raises(errors.DiskLow) as caught:
        keep(archive, server)
    assert "media" in str(caught.value)
    assert server.asked == []
    assert archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((item(2),), None)).new == 1


def test_a_file_of_an_item_that_is_not_kept_is_not_found(archive: Archive) -> None:
    with pytest.raises(errors.NotFound):
        archive.keep_blob(ACCOUNT, "77", "m1", Server().ask, 1_000_000)
