"""What the archive holds, as others read it: lists, one item with its history, full text, ages and counts."""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, outerjoin, select

from socialguard.archive import instants
from socialguard.archive.index import version_id
from socialguard.model.activity import Kind, Stream
from socialguard.store import dialect
from socialguard.store.archive_tables import (
    VERSIONS,
    attachment,
    cursor,
    item,
    metric,
    profile,
    tombstone,
    version,
)

MAX_QUERY: Final = 10_000
"""Characters of a search that are looked at."""
_PHRASES_AT_ONCE: Final = 50
_MOST_SIGNS: Final = 200
"""SQLite takes conditions of a depth of 1,000; the longest signs are asked for."""
IS_STREAM: Final = cursor.c.stream.in_([literal(stream.value) for stream in Stream])
"""Beside streams, `cursor` holds when metrics and profiles were looked at (`looking`)."""
_NEWEST: Final = version.c.id == item.c.id * VERSIONS + item.c.versions
_COUNTS: Final = and_(metric.c.item_id == item.c.id, metric.c.number == item.c.snapshots)


@dataclass(frozen=True, slots=True)
class Summary:
    """An item as it stands now. `id` is its place in the archive's order; `versions` more than 1: it was
    edited."""

    id: int
    account_id: str
    network_id: str
    kind: Kind
    own: bool
    author_id: str
    author_name: str
    text: str
    created_at: datetime
    url: str
    reply_to: str | None
    versions: int
    metrics: dict[str, int]
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What an item said from `seen_at` on."""

    number: int
    text: str
    content: dict[str, object]
    sha256: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An item's metrics at a moment."""

    taken_at: datetime
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: its key, its address, and the hash of its bytes, None where they are not kept."""

    key: str
    url: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One item and its whole history. `deleted` is when it was known that its network shows it no more, and how;
    None while nothing is known of that."""

    summary: Summary
    versions: tuple[Version, ...]
    snapshots: tuple[Snapshot, ...]
    files: tuple[File, ...]
    deleted: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of an account is kept. `read_at` is when it was last read, None for never; `gaps` how many of its
    parts are not read to their end."""

    items: int
    own: int
    gaps: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is not kept yet."""

    network_id: str
    key: str
    url: str
    own: bool


def items(
    connection: Connection,
    *,
    account_ids: Sequence[str] | None = None,
    own: bool | None = None,
    kinds: Sequence[Kind] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: Summary | None = None,
    limit: int = 50,
) -> tuple[Summary, ...]:
    """Return items, newest first. `before` is the last one of the page before this; `until` is not included."""
    query = select(item.c.id)
    if own is not None:
        query = query.where(item.c.own.is_(own))
    if kinds is not None:
        query = query.where(item.c.kind.in_([kind.value for kind in kinds]))
    if since is not None:
        query = query.where(item.c.created_at >= instants.micros(since))
    if until is not None:
        query = query.where(item.c.created_at < instants.micros(until))
    return _page(connection, query, account_ids, before, limit)


def search(
    connection: Connection,
    query: str,
    *,
    account_ids: Sequence[str] | None = None,
    before: Summary | None = None,
    limit: int = 50,
) -> tuple[Summary, ...]:
    """Return items that hold all words of `query` in any version, newest first; `"…"` holds words together.

    Any text may be asked for: nothing in it is a command. Words are found whole, without regard to case and
    accents; what is no word (an emoji) is found as it stands. Past `MAX_QUERY` characters it is cut."""
    phrases, signs = terms(query)
    if not phrases and not signs:
        return ()
    wanted = select(item.c.id)
    for at in range(0, len(phrases), _PHRASES_AT_ONCE):
        wanted = wanted.where(dialect.holds_phrases(connection, phrases[at : at + _PHRASES_AT_ONCE], VERSIONS))
    if signs:
        any_version = version.alias()
        longest = sorted(signs, key=len, reverse=True)[:_MOST_SIGNS]
        held = [any_version.c.text.contains(sign, autoescape=True) for sign in longest]
        if phrases:
            # Only what holds the words is looked at: signs have no index.
            first = item.c.id * VERSIONS
            held.append(any_version.c.id.between(first, first + VERSIONS - 1))
            wanted = wanted.where(select(any_version.c.id).where(*held).correlate(item).exists())
        else:
            wanted = wanted.where(item.c.id.in_(select(any_version.c.id // VERSIONS).where(*held)))
    return _page(connection, wanted, account_ids, before, limit)


def terms(query: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a search asks for: phrases of words, and signs that are no words; each once."""
    phrases: dict[str, None] = {}
    signs: dict[str, None] = {}
    if len(query) > MAX_QUERY:
        query = "".join(query[:MAX_QUERY].rsplit(None, 1)[:1])
    for part, quoted in _parts(unicodedata.normalize("NFC", query)):
        signs.update(dict.fromkeys(_SIGNS.findall(part)))
        words = _WORD.findall(_SIGNS.sub(" ", part))
        if words:
            phrases.update(dict.fromkeys([" ".join(words)] if quoted else words))
    if not phrases and not signs:  # "£", ":-)"
        signs = dict.fromkeys(query.replace('"', " ").replace("\0", " ").split())
    return tuple(phrases), tuple(signs)


_WORD: Final = re.compile(r"[^\W_]+")
# Pictures and currencies, which are no words, and scripts that put no spaces between theirs: Thai to Khmer,
# Chinese, Japanese, Korean.
_SIGNS: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u20a0-\u20cf\u2100-\u2bff\u3005-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\ufe0f\uff66-\uff9f\u200d\U0001f000-\U0001faff\U00020000-\U0003ffff]+"
)


def _parts(query: str) -> list[tuple[str, bool]]:
    """A query cut at its double quotes; a last one that is not closed means nothing."""
    parts = query.replace("“", '"').replace("”", '"').split('"')
    closed = len(parts) - (len(parts) + 1) % 2
    return [(part, number % 2 == 1 and number < closed) for number, part in enumerate(parts)]


def show(connection: Connection, account_id: str, network_id: str) -> Shown | None:
    """Return one item with all its versions, snapshots and files, oldest first; None where it is not kept."""
    found = connection.execute(
        _summaries().where(item.c.account_id == account_id, item.c.network_id == network_id)
    ).one_or_none()
    if found is None:
        return None
    versions = (
        select(version)
        .where(version.c.id.between(version_id(found.id, 1), version_id(found.id + 1, 0)))
        .order_by(version.c.id)
    )
    snapshots = select(metric).where(metric.c.item_id == found.id).order_by(metric.c.number)
    files = select(attachment).where(attachment.c.item_id == found.id).order_by(attachment.c.key)
    gone = connection.execute(select(tombstone).where(tombstone.c.item_id == found.id)).one_or_none()
    return Shown(
        _summary(found),
        tuple(
            Version(
                row.id % VERSIONS,
                row.text,
                json.loads(row.content),
                bytes(row.sha256).hex(),
                instants.moment(row.seen_at),
            )
            for row in connection.execute(versions)
        ),
        tuple(
            Snapshot(instants.moment(row.taken_at), json.loads(row.counts))
            for row in connection.execute(snapshots)
        ),
        tuple(File(row.key, row.url, row.sha256) for row in connection.execute(files)),
        None if gone is None else (instants.moment(gone.seen_at), gone.reason),
    )


def texts(connection: Connection, account_id: str, *, limit: int, own: bool = True) -> tuple[str, ...]:
    """Return the newest `limit` texts of an account, oldest of them first."""
    query = select(version.c.text).join(item, _NEWEST)
    query = query.where(item.c.account_id == account_id, item.c.own.is_(own))
    query = query.order_by(item.c.created_at.desc(), item.c.id.desc()).limit(limit)
    return tuple(reversed(connection.execute(query).scalars().all()))


def read_at(connection: Connection, account_id: str) -> datetime | None:
    """Return when any stream of an account was last read, None for never."""
    query = select(func.max(cursor.c.read_at)).where(cursor.c.account_id == account_id, IS_STREAM)
    found = connection.execute(query).scalar()
    return None if found is None else instants.moment(found)


def counts(connection: Connection) -> dict[str, Counts]:
    """Return how much is kept, by account id."""
    kept = select(item.c.account_id, item.c.own, func.count()).group_by(item.c.account_id, item.c.own)
    totals: dict[str, list[int]] = {}
    for account_id, is_own, count in connection.execute(kept):
        total = totals.setdefault(account_id, [0, 0])
        total[0] += count
        total[1] += count if is_own else 0
    ages: dict[str, int] = {}
    gaps: dict[str, int] = {}
    for row in connection.execute(select(cursor.c.account_id, cursor.c.open, cursor.c.read_at).where(IS_STREAM)):
        ages[row.account_id] = max(row.read_at, ages.get(row.account_id, 0))
        gaps[row.account_id] = gaps.get(row.account_id, 0) + bool(row.open)
    found = {}
    for account_id in sorted({*totals, *ages}):
        count, own = totals.get(account_id, (0, 0))
        age = ages.get(account_id)
        found[account_id] = Counts(
            count, own, gaps.get(account_id, 0), None if age is None else instants.moment(age)
        )
    return found


def newest_profile(connection: Connection, account_id: str) -> dict[str, object] | None:
    """Return an account's profile as it was last seen, None where it was never."""
    query = select(profile.c.content).where(profile.c.account_id == account_id)
    found = connection.execute(query.order_by(profile.c.taken_at.desc()).limit(1)).scalar()
    if found is None:
        return None
    value: dict[str, object] = json.loads(found)
    return value


def wanted_files(connection: Connection, account_id: str, limit: int = 100) -> tuple[Wanted, ...]:
    """Return attachments whose bytes are not kept and that have an address, newest items first."""
    query = (
        select(item.c.network_id, item.c.own, attachment.c.key, attachment.c.url)
        .join(item, item.c.id == attachment.c.item_id)
        .where(item.c.account_id == account_id, attachment.c.sha256.is_(None), attachment.c.url.is_not(None))
        .order_by(item.c.created_at.desc(), item.c.id.desc(), attachment.c.key)
        .limit(limit)
    )
    return tuple(Wanted(row.network_id, row.key, row.url, bool(row.own)) for row in connection.execute(query))


def _page(
    connection: Connection,
    wanted: Select[Any],
    account_ids: Sequence[str] | None,
    before: Summary | None,
    limit: int,
) -> tuple[Summary, ...]:
    """The newest of the items whose ids are selected. Which they are is found before anything is joined to
    them."""
    if account_ids is not None:
        wanted = wanted.where(item.c.account_id.in_(account_ids))
    if before is not None:
        wanted = wanted.where(_below(before))
    newest = item.c.created_at.desc(), item.c.id.desc()
    query = _summaries().where(item.c.id.in_(wanted.order_by(*newest).limit(limit).correlate(None)))
    return tuple(_summary(row) for row in connection.execute(query.order_by(*newest)))


def _summaries() -> Select[Any]:
    source = outerjoin(
        outerjoin(item.join(version, _NEWEST), metric, _COUNTS), tombstone, tombstone.c.item_id == item.c.id
    )
    return select(
        item.c.id,
        item.c.account_id,
        item.c.network_id,
        item.c.kind,
        item.c.own,
        item.c.created_at,
        item.c.versions,
        version.c.text,
        version.c.content,
        version.c.author_name,
        metric.c.counts,
        tombstone.c.reason,
    ).select_from(source)


def _below(last: Summary) -> ColumnElement[bool]:
    at = instants.micros(last.created_at)
    return or_(item.c.created_at < at, and_(item.c.created_at == at, item.c.id < last.id))


def _summary(row: Row[Any]) -> Summary:
    content = json.loads(row.content)
    return Summary(
        row.id,
        row.account_id,
        row.network_id,
        Kind(row.kind),
        bool(row.own),
        content.get("author", ""),
        row.author_name,
        row.text,
        instants.moment(row.created_at),
        content.get("url", ""),
        content.get("reply_to"),
        row.versions,
        {} if row.counts is None else json.loads(row.counts),
        row.reason is not None,
    )
