"""Files of media, each under the SHA-256 of its bytes. A file that exists proves nothing: it is named only when it
is whole, durable and hashed. What arrived before an interruption stays in a `.part` and is gone on with."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.archive.segments import sync_directory

MEDIA_FLOOR: Final = 0.05
"""Below this part of the disk free, media wait; below the next, all of a backup does. Sending goes on."""
BACKUP_FLOOR: Final = 0.03


@dataclass(frozen=True, slots=True)
class Download:
    """What a server gives of a file: from byte `start` on (0 where it gives no part of a file), how long the whole
    is where it tells, its type, and the bytes as they come."""

    start: int
    size: int | None
    content_type: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Blob:
    """A kept file."""

    sha256: str
    size: int
    content_type: str


Fetch = Callable[[int], Download]
"""Begins to fetch a file from the given byte on."""


def fetch(place: Path, key: str, address: str, ask: Fetch, max_bytes: int) -> Blob:
    """Fetch a file into the store and return it. `key` says which file it is, also to a later process that goes
    on; what arrived from another path than that of `address`, a video of another size, is no part of it.

    Raises Unreadable for a file that is not as long as the server said, or longer than `max_bytes`; DiskLow;
    ArchiveUnwritable. What `ask` raises goes through, and what arrived stays."""
    require_space(place, MEDIA_FLOOR, "media")
    part = _part_of(place, key, address)
    with _explained():
        for other in set(_parts_of(place, key)) - {part}:
            other.unlink(missing_ok=True)
        for each in (part.parent, place / "blobs"):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = part.stat().st_size if part.exists() else 0
    download = ask(held)
    if download.start not in (0, held):
        raise errors.Unreadable(path=key, detail="the server gave another part of the file than was asked for.")
    digest, size = _receive(part, download, key, max_bytes)
    if download.size is not None and size != download.size:
        with _explained():
            if size > download.size:
                part.unlink()
        raise errors.Unreadable(path=key, detail=f"{size} of {download.size} bytes arrived.", remedy=_AGAIN)
    with _explained():
        target = path_of(place, digest)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part.chmod(0o444)
        part.replace(target)
        sync_directory(target.parent)
    return Blob(digest, size, download.content_type[:128])


def drop_part(place: Path, key: str) -> None:
    """Delete what arrived of a file before an interruption."""
    for part in _parts_of(place, key):
        part.unlink(missing_ok=True)


def path_of(place: Path, sha256: str) -> Path:
    """Return where the file with that hash lies."""
    return place / "blobs" / sha256[:2] / sha256


def require_space(place: Path, floor: float, what: str) -> None:
    """Refuse to fill the disk; raises DiskLow."""
    usage = shutil.disk_usage(place)
    if usage.free < usage.total * floor:
        raise errors.DiskLow(free=f"{100 * usage.free / usage.total:.1f}", what=what)


def _part_of(place: Path, key: str, address: str) -> Path:
    path = address.partition("?")[0].partition("://")[2].partition("/")[2]  # what else it holds changes by itself
    return place / "parts" / f"{_hash(key)}-{_hash(path)[:16]}.part"


def _parts_of(place: Path, key: str) -> list[Path]:
    return list((place / "parts").glob(f"{_hash(key)}*.part"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


_AGAIN: Final = "Run the backup again: it goes on with the rest."


def _receive(part: Path, download: Download, key: str, max_bytes: int) -> tuple[str, int]:
    """Append what comes; return the hash and the size of the whole."""
    with _explained():
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        if download.start == 0:
            file.truncate(0)
        digest = hashlib.file_digest(file, "sha256")
        size = file.tell()
        for chunk in download.chunks:
            size += len(chunk)
            if size > max_bytes:
                raise errors.Unreadable(path=key, detail=f"it is larger than {max_bytes} bytes.", remedy="")
            digest.update(chunk)
            with _explained():
                file.write(chunk)
        with _explained():
            file.flush()
            os.fsync(file.fileno())
    return digest.hexdigest(), size


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise errors.ArchiveUnwritable(detail=problem.strerror or "it cannot be written") from None
