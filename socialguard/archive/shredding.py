"""What others wrote to an account in a month is destroyed: its key first, then all that the index holds of it.

A signed line of the manifest says so before anything is gone, so that a kill at any point leaves what the next
closing finishes, and so that a key that comes back with an old database is destroyed again. The sealed segments
stay where they are, here and off-site: nobody can open them any more, and the chain over their bytes still
holds."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select

from socialguard import clock, errors
from socialguard.archive import blobs, instants, manifest
from socialguard.archive.index import version_id
from socialguard.store import dialect
from socialguard.store.archive_tables import (
    VERSIONS,
    attachment,
    blob,
    item,
    metric,
    page,
    shredded,
    tombstone,
    version,
)

if TYPE_CHECKING:
    from socialguard.archive.closing import Files
    from socialguard.archive.manifest import Manifest

_CHUNK: Final = 500
_FORGET: Final = delete(version).where(version.c.id.between(bindparam("first"), bindparam("last")))


def require_sealed(found: "Manifest", shelf: str) -> None:
    """Refuse while segments of an account's others lie there that were written before they were sealed."""
    account = shelf.rpartition("/")[0] + "/"
    plain = sum(1 for one in found.segments if one.shelf.startswith(account) and not one.key_id)
    if plain:
        raise errors.UsageError(
            detail=f"{plain} segments of this account are not sealed: an older version wrote them.",
            remedy="Seal them first: socialguard backup seal",
        )


def declare(files: "Files", found: "Manifest", shelf: str) -> None:
    """Say in the manifest that the key of a shelf is destroyed. Raises ArchiveDamaged."""
    for problem in found.problems:
        raise errors.ArchiveDamaged(detail=f"{problem.where}: {problem.what}.")
    if shelf not in found.destroyed:
        files.prepare()
        now = instants.written(instants.micros(clock.now()))
        manifest.append(files.place, [manifest.destroyed_line(files.seal, shelf, now, found.prev)])


def finish(connection: Connection, files: "Files", found: "Manifest") -> int:
    """Destroy what the manifest says is destroyed and the index still knows; return how many items went."""
    if not found.destroyed:
        return 0
    known = set(connection.execute(select(shredded.c.shelf)).scalars())
    gone = 0
    for shelf, at in found.destroyed.items():
        if shelf not in known:
            files.keys.destroy(shelf)
            gone += _purge(connection, files, shelf)
            connection.execute(insert(shredded).values(shelf=shelf, at=instants.parsed(at)))
    return gone


def _purge(connection: Connection, files: "Files", shelf: str) -> int:
    """Take a shelf's items out of journal and index."""
    dialect.overwrite_deleted(connection)
    connection.execute(delete(page).where(page.c.shelf == shelf))
    _others, account_id, month = shelf.split("/")
    query = select(item.c.id).where(*_of_others(account_id, month))
    ids = connection.execute(query.order_by(item.c.id)).scalars().all()
    for at in range(0, len(ids), _CHUNK):
        _forget(connection, files, ids[at : at + _CHUNK])
    dialect.merge_texts(connection)
    return len(ids)


def _of_others(account_id: str, month: str) -> tuple[ColumnElement[bool], ...]:
    return (
        item.c.account_id == account_id,
        item.c.own.is_(False),
        item.c.created_at.between(*_bounds(month)),
    )


def _bounds(month: str) -> tuple[int, int]:
    """First and last microsecond of a month."""
    year, number = int(month[:4]), int(month[5:])
    following = f"{year + number // 12:04}-{number % 12 + 1:02}"
    start = "-01T00:00:00.000000Z"
    return instants.parsed(month + start), instants.parsed(following + start) - 1


def _forget(connection: Connection, files: "Files", ids: Sequence[int]) -> None:
    texts: dict[int, list[str]] = {}
    versions = version.c.id.between(item.c.id * VERSIONS + 1, (item.c.id + 1) * VERSIONS - 1)
    said = select(item.c.id, version.c.text).join(version, versions).where(item.c.id.in_(ids))
    for one, text in connection.execute(said.order_by(version.c.id)):
        texts.setdefault(one, []).append(text)
    dialect.forget_texts(connection, [(one, "\n".join(some)) for one, some in texts.items()])
    spans = [{"first": version_id(one, 1), "last": version_id(one + 1, 0) - 1} for one in ids]
    connection.execute(_FORGET, spans)
    query = select(item.c.account_id, item.c.network_id, attachment.c.key, attachment.c.sha256)
    media = connection.execute(query.join(item).where(item.c.id.in_(ids))).all()
    for table in (attachment, metric, tombstone):
        connection.execute(delete(table).where(table.c.item_id.in_(ids)))
    connection.execute(delete(item).where(item.c.id.in_(ids)))
    for account_id, network_id, key, _sha256 in media:
        blobs.drop_part(files.place, f"{account_id} {network_id} {key}")
    for sha256 in {row.sha256 for row in media if row.sha256 is not None}:
        _forget_file(connection, files, sha256)


def _forget_file(connection: Connection, files: "Files", sha256: str) -> None:
    """Delete a file of media that no kept item has any more."""
    if connection.execute(select(attachment.c.key).where(attachment.c.sha256 == sha256).limit(1)).first():
        return
    with contextlib.suppress(FileNotFoundError):
        blobs.path_of(files.place, sha256).unlink()
    connection.execute(delete(blob).where(blob.c.sha256 == sha256))


def count(connection: Connection, account_id: str, month: str) -> int:
    """Return how many items of others are kept of a month."""
    query = select(func.count()).select_from(item).where(*_of_others(account_id, month))
    return int(connection.execute(query).scalar_one())
