"""The canonical root: one hash of all that an archive holds, the same wherever and however it is stored.

It is the RFC 6962 root over the hashes of canonical rows of items, versions, snapshots of metrics, profiles,
tombstones and files, sorted. Row ids, local times and how far streams are read are no part of it."""

from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring as quoted
from typing import Any, Final

from sqlalchemy import Connection, select

from socialguard.canon import merkle
from socialguard.store.archive_tables import VERSIONS, blob, item, metric, profile, tombstone, version
from socialguard.store.prepared import Prepared

_BATCH: Final = 2000


def canonical_root(connection: Connection) -> str:
    """Return the canonical root of an index, in hex."""
    hashes: list[bytes] = []
    for query, render in _KINDS:
        for rows in query.batches(connection, _BATCH):
            hashes += merkle.leaf_hashes(render(rows))
    hashes.sort()
    return merkle.root(hashes).hex()


# Rendered by hand: `jcs.encode` of each would take most of the time; a test holds them to it. Texts and JSON that
# the index holds are canonical already, or quoted here as RFC 8785 does.


def _items(rows: Iterable[Any]) -> Iterator[bytes]:
    for account, network_id, kind, own, created in rows:
        yield (
            f'{{"account":{quoted(account)},"created":{created},"id":{quoted(network_id)},"kind":"{kind}",'
            f'"own":{"true" if own else "false"},"t":"item"}}'
        ).encode()


def _versions(rows: Iterable[Any]) -> Iterator[bytes]:
    for account, network_id, number, sha256, text, content, name in rows:
        yield (
            f'{{"account":{quoted(account)},"author_name":{quoted(name)},"content":{content},"hash":"{sha256.hex()}",'
            f'"id":{quoted(network_id)},"n":{number},"t":"version","text":{quoted(text)}}}'
        ).encode()


def _metrics(rows: Iterable[Any]) -> Iterator[bytes]:
    for account, network_id, number, taken_at, counts in rows:
        yield (
            f'{{"account":{quoted(account)},"at":{taken_at},"counts":{counts},"id":{quoted(network_id)},'
            f'"n":{number},"t":"metric"}}'
        ).encode()


def _profiles(rows: Iterable[Any]) -> Iterator[bytes]:
    for account, taken_at, content in rows:
        yield f'{{"account":{quoted(account)},"at":{taken_at},"profile":{content},"t":"profile"}}'.encode()


def _tombstones(rows: Iterable[Any]) -> Iterator[bytes]:
    for account, network_id, reason in rows:
        row = f'"account":{quoted(account)},"id":{quoted(network_id)},"reason":{quoted(reason)},"t":"tombstone"'
        yield f"{{{row}}}".encode()


def _blobs(rows: Iterable[Any]) -> Iterator[bytes]:
    for sha256, size in rows:
        yield f'{{"sha256":"{sha256}","size":{size},"t":"blob"}}'.encode()


_OF_ITEM: Final = (item.c.account_id, item.c.network_id)
_KINDS: Final[tuple[tuple[Prepared, Callable[[Iterable[Any]], Iterator[bytes]]], ...]] = tuple(
    (Prepared(query), render)
    for query, render in (
        (select(*_OF_ITEM, item.c.kind, item.c.own, item.c.created_at), _items),
        (
            select(
                *_OF_ITEM,
                (version.c.id % VERSIONS).label("number"),
                version.c.sha256,
                version.c.text,
                version.c.content,
                version.c.author_name,
            ).join(item, item.c.id == version.c.id // VERSIONS),
            _versions,
        ),
        (
            select(*_OF_ITEM, metric.c.number, metric.c.taken_at, metric.c.counts).join(
                item, item.c.id == metric.c.item_id
            ),
            _metrics,
        ),
        (select(profile.c.account_id, profile.c.taken_at, profile.c.content), _profiles),
        (select(*_OF_ITEM, tombstone.c.reason).join(item, item.c.id == tombstone.c.item_id), _tombstones),
        (select(blob.c.sha256, blob.c.size), _blobs),
    )
)
