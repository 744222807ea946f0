"""The journal's pages become segments. A kill at any point leaves the pages in the journal, and files that the
next closing recognises: it finishes what the manifest names already, and removes what it does not. What others
wrote is sealed on its way.

Order: segments, each durable; then the manifest's lines; then HEAD; then the database forgets the pages."""

import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from socialguard import errors
from socialguard.archive import crash, lines, manifest, segments, shredding
from socialguard.archive.interface import Seal, Segment, ShelfKey, ShelfKeys
from socialguard.archive.keeping import unpacked
from socialguard.archive.manifest import Manifest
from socialguard.store.archive_tables import page, segment

MAX_LINES: Final = 20_000
"""What one segment holds at the most, but for the lines of one page."""

_NAME: Final = re.compile(r"([0-9]+)-([0-9]+)-[0-9a-f]{64}\.jsonl\.zst(?:\.sealed)?")


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files of an archive lie, who signs for them, and who keeps the keys of what others wrote."""

    place: Path
    seal: Seal
    keys: ShelfKeys

    @property
    def segments(self) -> Path:
        """The directory of segments."""
        return self.place / "segments"

    def prepare(self) -> None:
        """Make the directories, closed to others."""
        for place in (self.place, self.segments):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)

    def manifest(self) -> Manifest:
        """Read the manifest."""
        return manifest.read(self.place, self.seal)

    def read(self, one: Segment) -> list[bytes]:
        """Return the lines of a segment; raises BadSegment, and as `ShelfKeys.of`."""
        key = self.keys.of(one.shelf, one.key_id) if one.key_id else None
        return segments.read(self.segments, one, key)


def close(connection: Connection, files: Files, *, is_proven: bool = False) -> int:
    """Close all pages of the journal into segments; return how many segments were made. Where the manifest
    `is_proven`, since this process has read all of it, only its end is looked at.

    Raises ArchiveDamaged where the manifest cannot be gone on with."""
    files.prepare()
    number, prev = (_end(connection, files) if is_proven else None) or _finished(connection, files)
    made: list[tuple[dict[str, object], int]] = []
    for batch in _batches(connection):
        key = _key_of(files, batch.shelf)
        one = segments.write(files.segments, batch.shelf, batch.lo, batch.hi, batch.data, key)
        crash.at("segment_written")
        body: dict[str, object] = {"shelf": batch.shelf, "seq_lo": batch.lo, "seq_hi": batch.hi, "n": one.lines}
        body |= {"root": one.root, "sha256": one.sha256, "size": one.size}
        made.append((body if key is None else body | {"shelf_key": key.id}, batch.at))
    if not made:
        return 0
    segments.sync_directory(files.segments)
    signed: list[bytes] = []
    for body, _at in made:
        signed.append(manifest.line_of(files.seal, body, prev))
        prev = manifest.hash_of(signed[-1])
    crash.at("segments_synced")
    manifest.append(files.place, signed)
    for (_body, at), line in zip(made, signed, strict=True):
        number += 1
        _know(connection, manifest.segment_of(number, line), at)
    connection.execute(delete(page))  # nobody else writes while this transaction is open
    crash.at("before_forget")
    return len(made)


def _end(connection: Connection, files: Files) -> tuple[int, str] | None:
    """Return number and hash of the last line of the manifest where the index knows that very line, and just as
    many segments as there are files: there is nothing to finish. Else None."""
    query = select(segment.c.number, segment.c.line_sha256).order_by(segment.c.number.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    if last is None or manifest.end(files.place) != last.line_sha256:
        return None
    known = connection.execute(select(func.count()).select_from(segment)).scalar_one()
    with os.scandir(files.segments) as there:
        is_all = sum(1 for _ in there) == known
    return (last.number, last.line_sha256) if is_all else None


def _finished(connection: Connection, files: Files) -> tuple[int, str]:
    found = finish(connection, files)
    return found.lines, found.prev


def finish(connection: Connection, files: Files) -> Manifest:
    """Bring files and journal together after a kill, and return the manifest as it stands then.

    Raises ArchiveDamaged for a manifest that is damaged, or that does not belong to this index."""
    found = files.manifest()
    for problem in found.problems:
        raise errors.ArchiveDamaged(detail=f"{problem.where}: {problem.what}.")
    known = connection.execute(select(segment.c.line_sha256).order_by(segment.c.number)).scalars().all()
    if list(known) != [one.line_sha256 for one in found.segments[: len(known)]]:
        raise errors.ArchiveDamaged(detail=f"{manifest.FILE}: lines are missing that the index knows.")
    ahead = found.segments[len(known) :]
    if not ahead and found.lags:
        raise errors.ArchiveDamaged(detail=f"{manifest.HEAD}: it is not the last line of {manifest.FILE}.")
    for one in ahead:
        at = _pending_until(connection, files, one)
        try:
            segments.stored(files.segments, one)
        except segments.BadSegment as problem:
            raise errors.ArchiveDamaged(detail=f"segments/{one.file_name}: {problem}.") from None
        _forget(connection, one, at)
    if ahead:
        manifest.set_head(files.place, found.last)
    manifest.drop_torn_end(files.place, found.torn)
    _remove_leftovers(connection, files, found)
    shredding.finish(connection, files, found)
    return found


def settle(connection: Connection, files: Files) -> Manifest:
    """Bring files and journal together where nothing is closed in the same transaction; raises as `finish`.

    A kill may have left older pages in the journal than segments have. They get numbers after those: the next page
    counts on from the journal's last, and must not get one that its shelf has had."""
    found = finish(connection, files)
    closed = connection.execute(select(func.max(segment.c.seq_hi))).scalar() or 0
    first, last = connection.execute(select(func.min(page.c.seq), func.max(page.c.seq))).one()
    if first is not None and first <= closed:
        connection.execute(update(page).values(seq=page.c.seq + max(closed, last)))
    return found


def _key_of(files: Files, shelf: str) -> ShelfKey | None:
    """What a shelf is sealed with now."""
    return None if shelf == lines.OWN else ShelfKey(*files.keys.present(shelf))


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one segment will hold."""

    shelf: str
    lo: int
    hi: int
    at: int
    data: bytes


def _batches(connection: Connection) -> Iterator[_Batch]:
    """The pages of the journal by shelf. What others wrote comes first: the lines that say how far a stream is
    read stand on the other shelf, and must never be in a segment before the items that they tell of."""
    found = connection.execute(select(page).order_by(page.c.shelf == lines.OWN, page.c.shelf, page.c.seq))
    for shelf, rows in itertools.groupby(found, key=lambda row: str(row.shelf)):
        bodies: list[bytes] = []
        lo = hi = count = at = 0
        for row in rows:
            lo, hi, at, count = lo or row.seq, row.seq, row.at, count + row.lines
            bodies.append(unpacked(row.body))
            if count >= MAX_LINES:
                yield _Batch(shelf, lo, hi, at, b"".join(bodies))
                bodies, lo, count = [], 0, 0
        if bodies:
            yield _Batch(shelf, lo, hi, at, b"".join(bodies))


def _forget(connection: Connection, one: Segment, at: int) -> None:
    """The pages of a segment that the manifest names are no longer needed."""
    held = page.c.shelf == one.shelf, page.c.seq.between(one.seq_lo, one.seq_hi)
    connection.execute(delete(page).where(*held))
    _know(connection, one, at)


def _know(connection: Connection, one: Segment, at: int) -> None:
    row = {"number": one.number, "line_sha256": one.line_sha256, "seq_lo": one.seq_lo, "seq_hi": one.seq_hi}
    connection.execute(insert(segment).values(**row, at=at))


def _pending_until(connection: Connection, files: Files, one: Segment) -> int:
    """When the newest page was kept that a segment holds; raises ArchiveDamaged where the journal does not have
    just its lines: then the index is older than the segments, or another than they were made from."""
    held = page.c.shelf == one.shelf, page.c.seq.between(one.seq_lo, one.seq_hi)
    count, at = connection.execute(select(func.sum(page.c.lines), func.max(page.c.at)).where(*held)).one()
    if count != one.lines or not _is_of(connection, files, one):
        raise errors.ArchiveDamaged(
            detail=f"segments/{one.file_name}: the index does not know it.",
            remedy="Run: socialguard backup rebuild",
        )
    return int(at)


def _is_of(connection: Connection, files: Files, one: Segment) -> bool:
    """Whether a segment was made from the pages of this journal: its root is that over their lines."""
    try:
        key = files.keys.of(one.shelf, one.key_id) if one.key_id else None
    except (errors.NotFound, errors.Locked):
        key = None
    if one.key_id and key is None:
        return True  # nobody can tell here
    held = page.c.shelf == one.shelf, page.c.seq.between(one.seq_lo, one.seq_hi)
    bodies = connection.execute(select(page.c.body).where(*held).order_by(page.c.seq)).scalars()
    return segments.root_of(b"".join(map(unpacked, bodies)), key).hex() == one.root


def _remove_leftovers(connection: Connection, files: Files, found: Manifest) -> None:
    """Remove files that a kill left and whose lines are all still in the journal; what else is there stays, and is
    named by `verify`."""
    named = {one.file_name for one in found.segments}
    for path in segments.files(files.segments):
        if path.name in named:
            continue
        match = _NAME.fullmatch(path.name.removesuffix(segments.PART))
        if match is None:
            continue
        lo, hi = (int(part) for part in match.groups())
        ends = connection.execute(select(page.c.seq).where(page.c.seq.in_((lo, hi)))).scalars().all()
        if path.name.endswith(segments.PART) or set(ends) == {lo, hi}:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
