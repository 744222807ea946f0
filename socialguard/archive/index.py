"""The tables of the index, written from lines and from nothing else: the same lines make the same tables, whether
they were fetched just now or come from segments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from socialguard.archive.lines import Line
from socialguard.canon import jcs
from socialguard.store import dialect
from socialguard.store.archive_tables import attachment, blob, cursor, item, metric, profile, version

Key = tuple[str, str]
"""An item: account id and the network's own id."""

_CHUNK: Final = 500  # ids asked for at once: PostgreSQL and SQLite both take that many parameters
_HIGHEST: Final = (
    select(func.coalesce(func.max(item.c.id), 0)).scalar_subquery(),
    select(func.coalesce(func.max(version.c.id), 0)).scalar_subquery(),
)
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


def apply(connection: Connection, lines: Sequence[Line], known: Mapping[Key, int]) -> None:
    """Write lines into the tables, in their order. `known` has the row ids of all items that are not new in
    them."""
    rows = _Rows(connection, dict(known))
    for line in lines:
        _TAKERS[str(line["t"])](rows, line)
    rows.write()


class _Rows:
    """The rows that lines make, written at once: one statement a table."""

    def __init__(self, connection: Connection, known: dict[Key, int]) -> None:
        self._connection = connection
        self._ids = known
        self._item_id, self._version_id = connection.execute(select(*_HIGHEST)).one()
        self._items: list[dict[str, Any]] = []
        self._edited: list[dict[str, Any]] = []
        self._versions: list[dict[str, Any]] = []
        self._metrics: list[dict[str, Any]] = []
        self._counted: dict[int, int] = {}
        self._attachments: list[dict[str, Any]] = []
        self._blobs: list[dict[str, Any]] = []
        self._stored: list[dict[str, Any]] = []
        self._profiles: list[dict[str, Any]] = []
        self._cursors: dict[tuple[Any, ...], dict[str, Any]] = {}

    def item(self, line: Any) -> None:  # Any: a line is of our own writing, proven by its segment's root
        account_id, network_id, number, at, body = line["account"], line["id"], line["n"], line["at"], line["body"]
        if number == 1:
            self._item_id += 1
            row = self._ids[account_id, network_id] = self._item_id
            counts = line["metrics"]
            self._items.append(
                {
                    "id": row,
                    "account_id": account_id,
                    "network_id": network_id,
                    "kind": body["kind"],
                    "own": line["own"],
                    "created_at": body["created"],
                    "versions": 1,
                    "snapshots": 1 if counts else 0,
                }
            )
            if counts:
                self._metrics.append({"item_id": row, "number": 1, "taken_at": at, "counts": encoded(counts)})
        else:
            row = self._ids[account_id, network_id]
            edited = {"row": row, "kind": body["kind"], "created_at": body["created"], "versions": number}
            self._edited.append(edited)
        self._version_id += 1
        content = {key: value for key, value in body.items() if key != "text"}
        self._versions.append(
            {
                "id": self._version_id,
                "item_id": row,
                "number": number,
                "sha256": bytes.fromhex(line["hash"]),
                "salt": jcs.unb64(line["salt"]),
                "text": body["text"].replace("\0", "\ufffd"),  # PostgreSQL holds no NUL in a text
                "content": encoded(content),
                "author_name": line["author_name"].replace("\0", "\ufffd"),
                "seen_at": at,
            }
        )
        urls = line["urls"]
        for one in body["attachments"]:
            self._attachments.append({"item_id": row, "key": one["key"], "url": urls.get(one["key"])})

    def metrics(self, line: Any) -> None:
        row, number = self._ids[line["account"], line["id"]], line["n"]
        self._counted[row] = number
        counts = encoded(line["counts"])
        self._metrics.append({"item_id": row, "number": number, "taken_at": line["at"], "counts": counts})

    def page(self, line: Any) -> None:
        key = {"account_id": line["account"], "stream": line["stream"], "gap": line["gap"]}
        self._cursors[tuple(key.values())] = {
            **key,
            "since": _mark(line["since"]),
            "newest": _mark(line["newest"]),
            "next": line["next"],
            "open": line["open"],
            "reached_limit": line["limit"],
            "read_at": line["at"],
        }

    def profile(self, line: Any) -> None:
        content = encoded(line["profile"])
        self._profiles.append({"account_id": line["account"], "taken_at": line["at"], "content": content})

    def blob(self, line: Any) -> None:
        self._blobs.append({"sha256": line["sha256"], "size": line["size"], "content_type": line["type"]})
        row = self._ids[line["account"], line["id"]]
        self._stored.append({"row": row, "name": line["key"], "digest": line["sha256"]})

    def write(self) -> None:
        say = self._connection.execute
        if self._items:
            say(insert(item), self._items)
        if self._edited:
            say(_EDITED, self._edited)
        if self._versions:
            say(insert(version), self._versions)
            dialect.index_texts(self._connection, [(row["id"], row["text"]) for row in self._versions])
        if self._metrics:
            say(insert(metric), self._metrics)
        if self._counted:
            say(_COUNTED, [{"row": row, "snapshots": number} for row, number in self._counted.items()])
        dialect.upsert(self._connection, attachment, self._attachments, "url")
        dialect.upsert(self._connection, blob, self._blobs)
        if self._stored:
            say(_STORED, self._stored)
        if self._profiles:
            say(insert(profile), self._profiles)
        dialect.upsert(self._connection, cursor, list(self._cursors.values()))


_TAKERS: Final = {
    "item": _Rows.item,
    "metrics": _Rows.metrics,
    "page": _Rows.page,
    "profile": _Rows.profile,
    "blob": _Rows.blob,
}


def encoded(value: object) -> str:
    """Return canonical JSON as the text that a column holds."""
    return jcs.encode(value).decode()


def _mark(value: object) -> str | None:
    return None if value is None else encoded(value)
