"""What the watch reads of an account: own items in the order in which they were kept, and what it was like.

"Ours" is no word of the archive: an own item is one that the account wrote, whoever pressed the button."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, outerjoin, select

from socialguard.archive import instants
from socialguard.archive.reader import IS_STREAM
from socialguard.model.activity import Kind
from socialguard.store.archive_tables import VERSIONS, cursor, item, profile, tombstone, version
from socialguard.store.prepared import Prepared

_STREAMS: Final = Prepared(select(cursor.c.open).where(cursor.c.account_id == bindparam("account"), IS_STREAM))
_PROFILES: Final = Prepared(
    select(profile.c.content, profile.c.taken_at)
    .where(profile.c.account_id == bindparam("account"))
    .order_by(profile.c.taken_at.desc())
    .limit(bindparam("most"))
)

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class OwnItem:
    """An item that the account wrote. `id` is its place in the archive's order; `source` the client that the
    network names, empty where it names none; `evidence` the hash of its newest version, as its segment holds
    it."""

    id: int
    network_id: str
    kind: Kind
    created_at: datetime
    url: str
    source: str
    evidence: str
    versions: int


@dataclass(frozen=True, slots=True)
class SeenProfile:
    """A profile as it was seen, and the SHA-256 of what is kept of it, which is `stored`."""

    content: dict[str, object]
    taken_at: datetime
    evidence: str
    stored: str


def own_after(connection: Connection, account_id: str, place: int, limit: int) -> Sequence[OwnItem]:
    """Return own items that were kept after that place, in the order in which they were kept."""
    return [_own(row) for row in _OWN_AFTER.all(connection, account=account_id, place=place, most=limit)]


def holds(connection: Connection, account_id: str, place: int, network_id: str) -> bool:
    """Return whether that item still stands at that place: an index that was made anew counts from the start."""
    query = select(item.c.network_id).where(item.c.id == place, item.c.account_id == account_id)
    return connection.execute(query).scalar() == network_id


def newest_own(connection: Connection, account_id: str, limit: int) -> Sequence[OwnItem]:
    """Return own items that are not known to be deleted, newest first."""
    query = _items().where(item.c.account_id == account_id, item.c.own.is_(True), tombstone.c.item_id.is_(None))
    newest = item.c.created_at.desc(), item.c.id.desc()
    return [_own(row) for row in connection.execute(query.order_by(*newest).limit(limit))]


def own_among(connection: Connection, account_id: str, network_ids: Sequence[str]) -> Sequence[OwnItem]:
    """Return those of these own items that are kept and not known to be deleted, in no order."""
    found: list[OwnItem] = []
    for at in range(0, len(network_ids), _CHUNK):
        asked = item.c.network_id.in_(list(network_ids[at : at + _CHUNK]))
        query = _items().where(item.c.account_id == account_id, item.c.own.is_(True), asked)
        found += [_own(row) for row in connection.execute(query.where(tombstone.c.item_id.is_(None)))]
    return found


def has_gaps(connection: Connection, account_id: str) -> bool:
    """Return whether a part of an account is not read to its end, or nothing of it was ever read."""
    found = [row.open for row in _STREAMS.all(connection, account=account_id)]
    return not found or any(found)


def newest_profile(connection: Connection, account_id: str) -> SeenProfile | None:
    """Return an account's profile as it was seen last, None where it was never."""
    return next(iter(profiles(connection, account_id, 1)), None)


def profiles(connection: Connection, account_id: str, limit: int = 100) -> Sequence[SeenProfile]:
    """Return an account's profiles, newest first: one for each change."""
    return [
        SeenProfile(
            json.loads(row.content),
            instants.moment(row.taken_at),
            hashlib.sha256(row.content.encode()).hexdigest(),
            row.content,
        )
        for row in _PROFILES.all(connection, account=account_id, most=limit)
    ]


def _items() -> Select[Any]:
    newest = item.join(version, version.c.id == item.c.id * VERSIONS + item.c.versions)
    return select(
        item.c.id,
        item.c.network_id,
        item.c.kind,
        item.c.created_at,
        item.c.versions,
        version.c.content,
        version.c.sha256,
    ).select_from(outerjoin(newest, tombstone, tombstone.c.item_id == item.c.id))


def _own(row: Any) -> OwnItem:  # Any: of `_items`
    content = json.loads(row.content)
    told = content.get("content", content)
    source = told.get("source") if isinstance(told, dict) else None
    return OwnItem(
        row.id,
        row.network_id,
        Kind(row.kind),
        instants.moment(row.created_at),
        str(content.get("url", "")),
        source if isinstance(source, str) else "",
        bytes(row.sha256).hex(),
        row.versions,
    )


_OWN_AFTER: Final = Prepared(
    _items()
    .where(item.c.account_id == bindparam("account"), item.c.own.is_(True), item.c.id > bindparam("place"))
    .order_by(item.c.id)
    .limit(bindparam("most"))
)
