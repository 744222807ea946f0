"""A segment's file: its lines, compressed, never changed once it is named in the manifest.

`<lo>-<hi>-<root>.jsonl.zst`, mode 0444: the first and last page of the journal that it holds, and the RFC 6962
root over its lines (without their line breaks). What others wrote is sealed (`sealing`): `….jsonl.zst.sealed`."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from socialguard.archive import sealing
from socialguard.archive.interface import Segment, ShelfKey
from socialguard.canon import merkle
from socialguard.model import bounded

LEVEL: Final = 6
"""zstd: a twentieth smaller than the default at half its speed; what higher ones gain is not worth their time."""
MAX_BYTES: Final = 1 << 30
PART: Final = ".part"


class BadSegment(ValueError):
    """A segment's file is not what the manifest says; the sentence says how."""


class KeyLost(BadSegment):
    """There is no key to a segment, and nothing says that it was destroyed."""

    def __init__(self, segment: Segment) -> None:
        super().__init__(f"its key is lost ({segment.shelf})")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: root and SHA-256 in hex, bytes, lines."""

    root: str
    sha256: str
    size: int
    lines: int


def root_of(data: bytes, key: bytes | None) -> bytes:
    """Return the root of a segment of these lines (each with its line break), sealed where there is a key."""
    root = merkle.root(merkle.leaf_hashes(data.split(b"\n")[:-1]))
    return root if key is None else sealing.keyed(root, key)


def write(place: Path, shelf: str, lo: int, hi: int, data: bytes, key: ShelfKey | None) -> Written:
    """Write lines (each with its line break) durably as a file of their own, sealed where there is a key. The
    directory is not synced: the caller does it once for several."""
    import zstandard

    found = data.split(b"\n")[:-1]
    root = merkle.root(merkle.leaf_hashes(found))
    packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)
    if key is not None:
        root = sealing.keyed(root, key.key)
        packed = sealing.sealed(packed, key.key, key.id, shelf, lo, hi)
    sha256 = hashlib.sha256(packed).hexdigest()
    target = place / Segment.name_of(lo, hi, root.hex(), is_sealed=key is not None)
    part = target.with_name(target.name + PART)
    with contextlib.suppress(FileNotFoundError):
        part.unlink()  # of a process that was killed: it may be read-only
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(packed)
            file.flush()
            os.fchmod(descriptor, 0o444)
            os.fsync(descriptor)
        part.replace(target)
    except OSError:
        part.unlink()  # on a full disk it takes what is left
        raise
    return Written(root.hex(), sha256, len(packed), len(found))


def read(place: Path, segment: Segment, key: bytes | None = None) -> list[bytes]:
    """Return the lines of a segment, all of it proven; `key` is what a sealed one opens with. Raises BadSegment,
    KeyLost."""
    import zstandard

    packed = stored(place, segment)
    if segment.key_id:
        if key is None:
            raise KeyLost(segment)
        try:
            packed = sealing.opened(packed, key, segment.key_id, segment.shelf, segment.seq_lo, segment.seq_hi)
        except sealing.NotOpened:
            raise BadSegment("it does not open with its key") from None
    try:
        data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_BYTES)
    except zstandard.ZstdError:
        raise BadSegment("it cannot be decompressed") from None
    found = data.split(b"\n")[:-1]
    if len(found) != segment.lines:
        raise BadSegment(f"it has {len(found)} lines instead of {segment.lines}")
    root = merkle.root(merkle.leaf_hashes(found))
    if (sealing.keyed(root, key) if segment.key_id and key else root).hex() != segment.root:
        raise BadSegment("its lines are not those that were written")
    return found


def stored(place: Path, segment: Segment) -> bytes:
    """Return the bytes of a segment's file, proven to be those that were written: no key is needed for that.
    Raises BadSegment."""
    try:
        with bounded.opened(place / segment.file_name) as file:
            size = os.fstat(file.fileno()).st_size
            packed = bounded.rest(file, segment.size)
    except FileNotFoundError:
        raise BadSegment("it is missing") from None
    except OSError as problem:
        raise BadSegment(f"it cannot be read ({problem.strerror})") from None
    if len(packed) != segment.size:
        raise BadSegment(f"it has {size} bytes instead of {segment.size}")
    if hashlib.sha256(packed).hexdigest() != segment.sha256:
        raise BadSegment("its bytes are not those that were written")
    return packed


def files(place: Path) -> Iterator[Path]:
    """Return all files where segments lie, sorted by name."""
    with contextlib.suppress(FileNotFoundError):
        yield from sorted(place.iterdir())


def sync_directory(place: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
