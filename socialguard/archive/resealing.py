"""What an older version kept of others in the clear is sealed: all files of the archive are made anew beside those
that there are, and take their place when they are whole and hold every line.

The new manifest is a chain of its own, so the audit log names the heads of both. A kill leaves the old files, or
new ones that the next opening puts in place; the index is made anew in the same turn."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.archive import crash, lines, manifest, rebuilding, segments
from socialguard.archive.interface import Progress, Segment, ShelfKey
from socialguard.archive.lines import OWN

if TYPE_CHECKING:
    from socialguard.archive.closing import Files

_NEW: Final = "resealed"
_OLD: Final = "plain"
_NAMES: Final = ("segments", manifest.FILE, manifest.HEAD)


def plain(files: "Files") -> int:
    """Return how many segments of others are not sealed."""
    return sum(1 for one in files.manifest().segments if one.shelf != OWN and not one.key_id)


def is_begun(files: "Files") -> bool:
    """Return whether new files wait to take the place of the old ones."""
    return (files.place / _NEW).exists()


def make(files: "Files") -> None:
    """Make all files anew beside the old ones, everything of others sealed; raises ArchiveDamaged."""
    found = files.manifest()
    for problem in found.problems:
        raise errors.ArchiveDamaged(detail=f"{problem.where}: {problem.what}.")
    part = type(files)(files.place / f"{_NEW}.part", files.seal, files.keys)
    shutil.rmtree(part.place, ignore_errors=True)
    part.prepare()
    signed: list[bytes] = []
    prev = manifest.FIRST
    shelves: dict[tuple[str, str], str] = {}
    for one in found.segments:
        made = (
            [_taken_over(files, part, one)]
            if one.shelf == OWN or one.key_id
            else _sealed(files, part, one, shelves)
        )
        for body in made:
            signed.append(manifest.line_of(files.seal, body, prev))
            prev = manifest.hash_of(signed[-1])
    for shelf, at in found.destroyed.items():
        signed.append(manifest.destroyed_line(files.seal, shelf, at, prev))
        prev = manifest.hash_of(signed[-1])
    segments.sync_directory(part.segments)
    manifest.append(part.place, signed)
    if sorted(_hashes(files)) != sorted(_hashes(part)):
        raise errors.ArchiveDamaged(detail="the sealed segments would not hold every line; nothing was changed.")
    part.place.rename(files.place / _NEW)
    segments.sync_directory(files.place)
    crash.at(crash.RESEALED)


def finish(connection: Connection, files: "Files", progress: Progress) -> None:
    """Put the new files in place and make the index from them; `clean` follows when that is committed."""
    put_in_place(files)
    rebuilding.fill(connection, files, progress)


def put_in_place(files: "Files") -> None:
    """Put the new files in place of the old ones, as far as that is not done."""
    for name in _NAMES:
        new, there = files.place / _NEW / name, files.place / name
        if new.exists():
            (files.place / _OLD).mkdir(mode=0o700, exist_ok=True)
            if there.exists():
                there.rename(files.place / _OLD / name)
            new.rename(there)
    segments.sync_directory(files.place)


def clean(files: "Files") -> None:
    """Delete the old files."""
    shutil.rmtree(files.place / _OLD, ignore_errors=True)
    shutil.rmtree(files.place / _NEW, ignore_errors=True)


def _taken_over(files: "Files", part: "Files", one: Segment) -> dict[str, object]:
    """Take a segment over as it is."""
    segments.stored(files.segments, one)
    os.link(files.segments / one.file_name, part.segments / one.file_name)
    body = _body(one.shelf, one, segments.Written(one.root, one.sha256, one.size, one.lines))
    return body | {"shelf_key": one.key_id} if one.key_id else body


def _sealed(
    files: "Files", part: "Files", one: Segment, shelves: dict[tuple[str, str], str]
) -> Iterator[dict[str, object]]:
    """Seal the lines of a segment, each with the month of its item; `shelves` remembers those."""
    held: dict[str, list[bytes]] = {}
    for stored in files.read(one):
        line = lines.read(stored)
        if line.kind == "item" and line.values["number"] == 1:
            shelves[line.account, line.item] = lines.shelf_of(line.account, False, line.values["created_at"])
        held.setdefault(shelves.get((line.account, line.item), one.shelf), []).append(stored + b"\n")
    for shelf in sorted(held):
        key = ShelfKey(*files.keys.present(shelf))
        made = segments.write(part.segments, shelf, one.seq_lo, one.seq_hi, b"".join(held[shelf]), key)
        yield _body(shelf, one, made) | {"shelf_key": key.id}


def _body(shelf: str, one: Segment, made: segments.Written) -> dict[str, object]:
    return {
        "shelf": shelf,
        "seq_lo": one.seq_lo,
        "seq_hi": one.seq_hi,
        "n": made.lines,
        "root": made.root,
        "sha256": made.sha256,
        "size": made.size,
    }


def _hashes(files: "Files") -> Iterator[bytes]:
    """The hash of every line that can be read."""
    found = files.manifest()
    for one in found.segments:
        if one.shelf not in found.destroyed:
            yield from (hashlib.sha256(line).digest() for line in files.read(one))
