"""A segment's file: its lines, compressed, never changed once it is named in the manifest.

`<lo>-<hi>-<root>.jsonl.zst`, mode 0444: the first and last page of the journal that it holds, and the RFC 6962
root over its lines (without their line breaks)."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from socialguard.archive.interface import Segment
from socialguard.canon import merkle

LEVEL: Final = 6
"""zstd: a twentieth smaller than the default at half its speed; what higher ones gain is not worth their time."""
MAX_BYTES: Final = 1 << 30
PART: Final = ".part"


class BadSegment(ValueError):
    """A segment's file is not what the manifest says; the sentence says how."""


def name_of(lo: int, hi: int, root: str) -> str:
    """Return the name of a segment's file."""
    return f"{lo}-{hi}-{root}.jsonl.zst"


def write(place: Path, lo: int, hi: int, data: bytes) -> tuple[str, str, int, int]:
    """Write lines (each with its line break) durably as a file of their own; return root, SHA-256, size and number
    of lines. The directory is not synced: the caller does it once for several."""
    import zstandard

    found = data.split(b"\n")[:-1]
    root = merkle.root(merkle.leaf_hashes(found)).hex()
    packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)
    target = place / name_of(lo, hi, root)
    part = target.with_name(target.name + PART)
    with contextlib.suppress(FileNotFoundError):
        part.unlink()  # of a process that was killed: it may be read-only
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(packed)
        file.flush()
        os.fchmod(descriptor, 0o444)
        os.fsync(descriptor)
    part.replace(target)
    return root, hashlib.sha256(packed).hexdigest(), len(packed), len(found)


def read(place: Path, segment: Segment) -> list[bytes]:
    """Return the lines of a segment, all of it proven. Raises BadSegment."""
    import zstandard

    try:
        packed = (place / segment.file_name).read_bytes()
    except FileNotFoundError:
        raise BadSegment("it is missing") from None
    except OSError as problem:
        raise BadSegment(f"it cannot be read ({problem.strerror})") from None
    if len(packed) != segment.size:
        raise BadSegment(f"it has {len(packed)} bytes instead of {segment.size}")
    if hashlib.sha256(packed).hexdigest() != segment.sha256:
        raise BadSegment("its bytes are not those that were written")
    try:
        data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_BYTES)
    except zstandard.ZstdError:
        raise BadSegment("it cannot be decompressed") from None
    found = data.split(b"\n")[:-1]
    if len(found) != segment.lines:
        raise BadSegment(f"it has {len(found)} lines instead of {segment.lines}")
    if merkle.root(merkle.leaf_hashes(found)).hex() != segment.root:
        raise BadSegment("its lines are not those that were written")
    return found


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
