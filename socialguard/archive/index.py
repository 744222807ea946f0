"""The tables of the index, written from lines and from nothing else: the same lines make the same tables, whether
they were fetched just now or come from segments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from socialguard.archive.lines import Line
from socialguard.canon import jcs
from socialguard.store import dialect
from socialguard.store.archive_tables import (
    VERSIONS,
    attachment,
    blob,
    cursor,
    item,
    metric,
    profile,
    tombstone,
    version,
)
from socialguard.store.prepared import Prepared

Key = tuple[str, str]
"""An item: account id and the network's own id."""

_CHUNK: Final = 500  # ids asked for at once: PostgreSQL and SQLite both take that many parameters
_HIGHEST: Final = Prepared(select(func.coalesce(func.max(item.c.id), 0)))
_NEW_ITEM: Final = Prepared(insert(item))
_NEW_VERSION: Final = Prepared(insert(version))
_NEW_METRIC: Final = Prepared(insert(metric))
_NEW_PROFILE: Final = Prepared(insert(profile))
_EDITED: Final = (
    update(item)
    .where(item.c.id == bindparam("row"))
    .values(kind=bindparam("kind"), created_at=bindparam("created_at"), versions=bindparam("versions"))
)
_COUNTED: Final = update(item).where(item.c.id == bindparam("row")).values(snapshots=bindparam("snapshots"))
_STORED: Final = (
    update(attachment)
    .where(attachment.c.item_id == bindparam("row"), attachment.c.key == bindparam("name"))
    .values(sha256=bindparam("digest"))
)


def ids_of(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    """Return the row ids of items that are kept."""
    wanted: dict[str, list[str]] = {}
    for account_id, network_id in keys:
        wanted.setdefault(account_id, []).append(network_id)
    found: dict[Key, int] = {}
    for account_id, ids in wanted.items():
        for at in range(0, len(ids), _CHUNK):
            query = select(item.c.network_id, item.c.id).where(
                item.c.account_id == account_id, item.c.network_id.in_(ids[at : at + _CHUNK])
            )
            found |= {(account_id, network_id): row for network_id, row in connection.execute(query)}
    return found


def version_id(item_id: int, number: int) -> int:
    """Return the row id of a version: those of one item stand together, and need no index of their own."""
    return item_id * VERSIONS + number


def apply(connection: Connection, lines: Sequence[Line], known: Mapping[Key, int]) -> None:
    """Write lines into the tables, in their order. `known` has the row ids of all items that are not new in
    them."""
    rows = _Rows(connection, dict(known))
    for line in lines:
        _TAKERS[line.kind](rows, line, line.values)
    rows.write()


class _Rows:
    """The rows that lines make, written at once: one statement a table."""

    def __init__(self, connection: Connection, known: dict[Key, int]) -> None:
        self._connection = connection
        self._ids = known
        self._last_id = int(_HIGHEST.scalar(connection) or 0)
        self._items: list[dict[str, Any]] = []
        self._edited: list[dict[str, Any]] = []
        self._versions: list[dict[str, Any]] = []
        self._texts: list[tuple[int, str]] = []
        self._metrics: list[dict[str, Any]] = []
        self._counted: dict[int, int] = {}
        self._attachments: dict[tuple[int, str], dict[str, Any]] = {}
        self._blobs: dict[str, dict[str, Any]] = {}
        self._stored: list[dict[str, Any]] = []
        self._profiles: list[dict[str, Any]] = []
        self._cursors: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._tombstones: list[dict[str, Any]] = []

    def item(self, line: Line, values: dict[str, Any]) -> None:
        number, at, counts = values["number"], values["at"], values["counts"]
        if number == 1:
            self._last_id += 1
            row = self._ids[line.account, line.item] = self._last_id
            self._items.append(
                {
                    "id": row,
                    "account_id": line.account,
                    "network_id": line.item,
                    "kind": values["kind"],
                    "own": values["own"],
                    "created_at": values["created_at"],
                    "versions": 1,
                    "snapshots": 1 if counts else 0,
                }
            )
            self._texts.append((row, values["text"]))
            if counts:
                self._metrics.append({"item_id": row, "number": 1, "taken_at": at, "counts": counts})
        else:
            row = self._ids[line.account, line.item]
            edited = {"row": row, "kind": values["kind"], "created_at": values["created_at"], "versions": number}
            self._edited.append(edited)
        self._versions.append(
            {
                "id": version_id(row, number),
                "sha256": values["sha256"],
                "text": values["text"],
                "content": values["content"],
                "author_name": values["author_name"],
                "seen_at": at,
            }
        )
        for key, url in values["files"].items():
            self._attachments[row, key] = {"item_id": row, "key": key, "url": url}

    def metrics(self, line: Line, values: dict[str, Any]) -> None:
        row, number = self._ids[line.account, line.item], values["n"]
        self._counted[row] = number
        counts = encoded(values["counts"])
        self._metrics.append({"item_id": row, "number": number, "taken_at": values["at"], "counts": counts})

    def page(self, line: Line, values: dict[str, Any]) -> None:
        key = {"account_id": line.account, "stream": values["stream"], "gap": values["gap"]}
        self._cursors[tuple(key.values())] = {
            **key,
            "since": _mark(values["since"]),
            "newest": _mark(values["newest"]),
            "next": values["next"],
            "open": values["open"],
            "reached_limit": values["limit"],
            "read_at": values["at"],
        }

    def profile(self, line: Line, values: dict[str, Any]) -> None:
        content = encoded(values["profile"])
        self._profiles.append({"account_id": line.account, "taken_at": values["at"], "content": content})

    def blob(self, line: Line, values: dict[str, Any]) -> None:
        sha256 = values["sha256"]
        self._blobs[sha256] = {"sha256": sha256, "size": values["size"], "content_type": values["type"]}
        self._stored.append({"row": self._ids[line.account, line.item], "name": values["key"], "digest": sha256})

    def tombstone(self, line: Line, values: dict[str, Any]) -> None:
        row = self._ids[line.account, line.item]
        self._tombstones.append({"item_id": row, "reason": values["reason"], "seen_at": values["at"]})

    def write(self) -> None:
        connection = self._connection
        _NEW_ITEM.many(connection, self._items)
        _NEW_VERSION.many(connection, self._versions)
        dialect.index_texts(connection, self._texts)
        if self._edited:
            connection.execute(_EDITED, self._edited)
            self._index_edits()
        _NEW_METRIC.many(connection, self._metrics)
        if self._counted:
            counted = [{"row": row, "snapshots": number} for row, number in self._counted.items()]
            connection.execute(_COUNTED, counted)
        dialect.upsert(connection, attachment, list(self._attachments.values()), "url")
        dialect.upsert(connection, blob, list(self._blobs.values()))
        if self._stored:
            connection.execute(_STORED, self._stored)
        _NEW_PROFILE.many(connection, self._profiles)
        if self._tombstones:
            connection.execute(insert(tombstone), self._tombstones)
        dialect.upsert(connection, cursor, list(self._cursors.values()))

    def _index_edits(self) -> None:
        """An edited item is found by the words of all its versions."""
        first: dict[int, int] = {}
        for edit in self._edited:
            first.setdefault(edit["row"], edit["versions"])
        for row, number in first.items():
            query = select(version.c.text).where(version.c.id.between(version_id(row, 1), version_id(row + 1, 0)))
            texts = self._connection.execute(query.order_by(version.c.id)).scalars().all()
            dialect.reindex_texts(self._connection, row, texts[: number - 1], texts)


_TAKERS: Final = {
    "item": _Rows.item,
    "metrics": _Rows.metrics,
    "page": _Rows.page,
    "profile": _Rows.profile,
    "blob": _Rows.blob,
    "tombstone": _Rows.tombstone,
}


def encoded(value: object) -> str:
    """Return canonical JSON as the text that a column holds."""
    return jcs.encode(value).decode()


def _mark(value: object) -> str | None:
    return None if value is None else encoded(value)
