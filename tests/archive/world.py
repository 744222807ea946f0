"""A synthetic network, a seal, and an archive to fill."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from socialguard import errors
from socialguard.archive.archive import Archive
from socialguard.canon import envelope
from socialguard.model.activity import ActivityPage, Item, Kind, Mark, Stream

ORG = "0" * 64
ACCOUNT = "a-0000000000000001"
START = datetime(2026, 1, 1, tzinfo=UTC)


class TestSeal:
    """Signs with a key of its own and believes it alone."""

    __test__ = False

    def __init__(self, seed: bytes = b"\x01" * 32) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        self.key_id = envelope.key_id("ed25519", self.public)

    def sign(self, kind: str, body: Mapping[str, object]) -> bytes:
        return envelope.sign(self._key, kind, ORG, body)

    def is_signed(self, key_id: str, signature: bytes, kind: str, stored: bytes) -> bool:
        if key_id != self.key_id:
            return False
        try:
            envelope.verify(self.public, signature, kind, ORG, stored)
        except envelope.BadSignature:
            return False
        return True


class TestKeys:
    """Shelf keys that every process of a test knows; `is_locked` makes it one that can open none."""

    __test__ = False

    def __init__(self) -> None:
        self.destroyed: set[str] = set()
        self.is_locked = False

    def present(self, shelf: str) -> tuple[str, bytes]:
        key = hashlib.sha256(shelf.encode()).digest()
        return key.hex()[:32], key

    def of(self, shelf: str, key_id: str) -> bytes | None:
        if self.is_locked:
            raise errors.Locked(detail="it is a test.")
        present, key = self.present(shelf)
        return key if key_id == present and shelf not in self.destroyed else None

    def destroy(self, shelf: str) -> int:
        self.destroyed.add(shelf)
        return 1


def item(number: int, text: str | None = None, **changes: Any) -> Item:
    """An item of a network that counts them: the number is its id and its minute."""
    made = Item(
        network_id=str(number),
        kind=Kind.POST,
        own=True,
        author_id="1",
        author_name="Acme",
        text=f"Post {number} about cheese" if text is None else text,
        created_at=START + timedelta(minutes=number),
        url=f"https://x.com/acme/status/{number}",
        metrics={"likes": number % 7},
    )
    return replace(made, **changes)


@dataclass
class Network:
    """A stream of items, newest first, paged by id."""

    items: list[Item] = field(default_factory=list)
    page_size: int = 10
    calls: int = 0

    def post(self, count: int, **changes: Any) -> None:
        """Make more items, newer than all."""
        first = len(self.items)
        self.items += [item(first + number + 1, **changes) for number in range(count)]

    def page(self, since: Mark | None, at: str | None) -> ActivityPage:
        """One page, as a session's `activity` gives it; its first item repeats the last one of the page before."""
        self.calls += 1
        floor = 0 if since is None else int(since.network_id)
        top = len(self.items) if at is None else int(at)
        wanted = self.items[max(floor, top - self.page_size) : top]
        rest = top - self.page_size
        return ActivityPage(
            tuple(reversed(wanted)), str(rest + 1) if rest > floor and self.page_size > 1 else None
        )


def open_archive(place: Path, url: str | None = None, keys: TestKeys | None = None) -> Archive:
    """Open the archive of a test."""
    place.mkdir(parents=True, exist_ok=True)
    return Archive.open(
        place / "archive", url or f"sqlite:///{place / 'archive.db'}", TestSeal(), keys or TestKeys()
    )


def back_up(archive: Archive, network: Network, stream: Stream = Stream.POSTS, account: str = ACCOUNT) -> int:
    """Read all open gaps of a stream, oldest first, then what is new, as a run does; return the new items."""
    new = 0
    for gap in archive.gaps(account, stream):
        new += _read(archive, network, gap)
    return new + _read(archive, network, archive.begin(account, stream))


def _read(archive: Archive, network: Network, gap: object) -> int:
    from socialguard.archive.interface import Gap

    assert isinstance(gap, Gap)
    new = 0
    while True:
        kept = archive.keep(gap, network.page(gap.since, gap.at))
        new += kept.new
        gap = kept.gap
        if not gap.is_open:
            return new


def flip(path: Path, at: int, mask: int = 1) -> None:
    """Change one byte of a file that may be read-only."""
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[at] ^= mask
    path.write_bytes(bytes(data))


def ids(archive: Archive) -> Sequence[str]:
    """The ids of all kept items, in no order."""
    from sqlalchemy import select

    from socialguard.store.archive_tables import item as table

    with archive.database.read() as connection:
        return list(connection.execute(select(table.c.network_id)).scalars())
