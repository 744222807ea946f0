"""The index made anew from the segments alone: in one transaction, so that nobody sees a half of it."""

from typing import Final

from sqlalchemy import Connection, func, insert, select

from socialguard import errors
from socialguard.archive import closing, index, instants, lines, manifest, root, segments
from socialguard.archive.closing import Files
from socialguard.archive.interface import Progress, Rebuilt, Segment
from socialguard.store import dialect
from socialguard.store.archive_tables import SCHEMA_VERSION, archive_meta, metadata, page, segment, shredded

_CHUNK: Final = 2000


def rebuild(connection: Connection, files: Files, progress: Progress, where: str) -> Rebuilt:
    """Make the tables again from all segments, after closing the journal; `where` names the index.

    Raises PagesOpen where pages cannot be closed, ArchiveDamaged for a segment that is not as it was written; then
    nothing was changed."""
    try:
        closing.close(connection, files)
    except errors.ArchiveDamaged as problem:
        pages = connection.execute(select(func.count()).select_from(page)).scalar_one()
        if pages and not connection.execute(select(func.count()).select_from(segment)).scalar_one():
            # An index that was begun while the files were away: it is set aside, and its pages are fetched again.
            raise errors.Unreadable(path=where, detail="it knows no segment that there is.") from None
        if pages:
            raise errors.PagesOpen(pages=pages, detail=problem.message()) from None
    _require_all(connection, files)
    before = root.canonical_root(connection)
    count = fill(connection, files, progress)
    return Rebuilt(before, root.canonical_root(connection), count)


def _require_all(connection: Connection, files: Files) -> None:
    """Refuse where the manifest has lost lines that this index still knows: what they held stands only here."""
    kept = {one.line_sha256 for one in files.manifest().segments}
    lost = [one for one in connection.execute(select(segment.c.line_sha256)).scalars() if one not in kept]
    if lost:
        raise errors.ArchiveDamaged(
            detail=f"{manifest.FILE}: {len(lost)} lines are missing that the index knows.",
            remedy="Put the files of the archive back; until then the index is all that holds them.",
        )


def fill(connection: Connection, files: Files, progress: Progress) -> int:
    """Replace all tables by what the segments hold; return how many lines they have. Raises ArchiveDamaged."""
    found = files.manifest()
    for problem in found.problems:
        raise errors.ArchiveDamaged(detail=f"{problem.where}: {problem.what}.")
    create(connection)
    total = sum(one.lines for one in found.segments)
    done = 0
    for one in found.segments:
        _replay(connection, one, [] if one.shelf in found.destroyed else _read(files, one))
        done += one.lines
        progress(done, total)
    for shelf, at in found.destroyed.items():
        connection.execute(insert(shredded).values(shelf=shelf, at=instants.parsed(at)))
    return total


def _read(files: Files, one: Segment) -> list[bytes]:
    try:
        return files.read(one)
    except segments.KeyLost as problem:
        raise errors.ArchiveDamaged(
            detail=f"segments/{one.file_name}: {problem}.",
            remedy="Restore socialguard.db, which holds it; or let it go: socialguard backup shred",
        ) from None
    except segments.BadSegment as problem:
        raise errors.ArchiveDamaged(detail=f"segments/{one.file_name}: {problem}.") from None


def create(connection: Connection) -> None:
    """Make all tables, empty, in place of those that are there."""
    dialect.drop_search(connection)
    metadata.drop_all(connection)
    metadata.create_all(connection)
    dialect.create_search(connection)
    connection.execute(insert(archive_meta).values(schema_version=SCHEMA_VERSION))


def _replay(connection: Connection, one: Segment, stored: list[bytes]) -> None:
    newest = 0
    for at in range(0, len(stored), _CHUNK):
        found = [lines.read(line) for line in stored[at : at + _CHUNK]]
        new = {(line.account, line.item) for line in found if line.kind == "item" and line.values["number"] == 1}
        named = {(line.account, line.item) for line in found if line.item}
        index.apply(connection, found, index.ids_of(connection, named - new))
        newest = max(newest, *(line.values["at"] for line in found))
    row = {"number": one.number, "line_sha256": one.line_sha256, "seq_lo": one.seq_lo, "seq_hi": one.seq_hi}
    connection.execute(insert(segment).values(**row, at=newest))
