"""The one way into the archive: what was fetched becomes lines, a page of the journal, and rows of the index, in
the caller's transaction. What is there already, unchanged, leaves no trace."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, insert, outerjoin, select

from socialguard import clock, errors
from socialguard.archive import crash, gaps, index, instants, lines
from socialguard.archive.interface import Gap, Kept
from socialguard.archive.lines import Body, Line
from socialguard.model.activity import ActivityPage, Item, Profile
from socialguard.store import dialect
from socialguard.store.archive_tables import (
    VERSIONS,
    attachment,
    item,
    metric,
    page,
    profile,
    segment,
    shredded,
    tombstone,
    version,
)
from socialguard.store.prepared import Prepared

_LAST: Final = (
    select(page.c.seq, page.c.at).order_by(page.c.seq.desc()).limit(1),
    select(segment.c.seq_hi, segment.c.at).order_by(segment.c.seq_hi.desc()).limit(1),
)
_STATE: Final = select(
    item.c.id,
    item.c.network_id,
    item.c.own,
    item.c.versions,
    item.c.snapshots,
    item.c.kind,
    item.c.created_at,
    version.c.text,
    version.c.content,
    metric.c.counts,
).select_from(
    outerjoin(
        item.join(version, version.c.id == item.c.id * VERSIONS + item.c.versions),
        metric,
        and_(metric.c.item_id == item.c.id, metric.c.number == item.c.snapshots),
    )
)
_NEW_PAGE: Final = Prepared(insert(page))
_CHUNK: Final = 500
_COUNTS: Final = ("followers", "metrics")
_COUNTED_EVERY: Final = 23 * 3600 * 1_000_000
"""Microseconds. They change from hour to hour, and a profile is kept whole: 200 would add 1 GB a year."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """The place of this transaction in the journal. Time never goes back in it, whatever the clock does."""

    seq: int
    at: str


def keep_page(connection: Connection, gap: Gap, fetched: ActivityPage) -> Kept:
    """Keep a page of a gap: its items, what changed, and how far the gap is read now.

    Raises Busy where another process has moved the gap meanwhile."""
    gaps.require_unmoved(connection, gap)
    moment = _moment(connection)
    then = gaps.after(gap, fetched)
    if not fetched.items and then.newest is None and gaps.touch(connection, gap, instants.parsed(moment.at)):
        if then.is_open or gap.at is not None:
            index.apply(connection, [lines.page_line(then, moment.at)], {})
        # In the index only: a run that finds nothing leaves no line in a segment. Without it the gap begins again.
        return Kept(then, 0, 0, 0)
    destroyed = frozenset(connection.execute(select(shredded.c.shelf)).scalars())
    fetched_items = {one.network_id: (one, body) for one, body in map(lines.fit, reversed(fetched.items))}
    known = _states(connection, gap.account_id, list(fetched_items))
    made: dict[str, list[Line]] = {}
    new = changed = snapshots = 0
    addresses: list[dict[str, object]] = []
    for one, body in reversed(fetched_items.values()):
        state = known.get(one.network_id)
        shelf = _shelf(gap.account_id, state or one)
        if state is None and shelf in destroyed:
            continue  # what was destroyed is not fetched back
        if state is None:
            new += 1
            found = [lines.item_line(gap.account_id, one, one.own, 1, body, moment.at)]
        else:
            found = _changes(gap.account_id, one, body, state, moment.at)
            addresses += [{"item_id": state.id, "key": each.key, "url": each.url} for each in one.attachments]
            changed += any(line.kind == "item" for line in found)
            snapshots += any(line.kind == "metrics" for line in found)
        if found:
            made.setdefault(shelf, []).extend(found)
    made.setdefault(lines.OWN, []).append(lines.page_line(then, moment.at))
    ids = {(gap.account_id, name): row.id for name, row in known.items()}
    _record(connection, moment, made, ids)
    dialect.upsert(connection, attachment, addresses, "url")  # addresses of media expire
    return Kept(then, new, changed, snapshots)


def keep_edits(connection: Connection, account_id: str, seen: Sequence[Item]) -> tuple[int, frozenset[str]]:
    """Keep what was edited of items that are kept; return how many were, and the ids of those that are not kept.

    Metrics are not looked at: they have a schedule of their own."""
    moment = _moment(connection)
    fit = {one.network_id: (replace(one, metrics={}), body) for one, body in map(lines.fit, seen)}
    known = _states(connection, account_id, list(fit))
    made: dict[str, list[Line]] = {}
    addresses: list[dict[str, object]] = []
    for network_id, state in known.items():
        one, body = fit[network_id]
        addresses += [{"item_id": state.id, "key": each.key, "url": each.url} for each in one.attachments]
        if found := _changes(account_id, one, body, state, moment.at):
            made.setdefault(_shelf(account_id, state), []).extend(found)
    _record(connection, moment, made, {(account_id, name): state.id for name, state in known.items()})
    dialect.upsert(connection, attachment, addresses, "url")
    return sum(map(len, made.values())), frozenset(fit) - frozenset(known)


def keep_metrics(connection: Connection, account_id: str, taken: Mapping[str, Mapping[str, int]]) -> int:
    """Keep what changed of the metrics of kept items, by their network's id; return how many snapshots were taken.

    Metrics that are not named keep their values; items that are not kept are left out."""
    moment = _moment(connection)
    known = _states(connection, account_id, list(taken))
    made: dict[str, list[Line]] = {}
    for network_id, state in known.items():
        line = _snapshot(account_id, network_id, state, taken[network_id], moment.at)
        if line is not None:
            made.setdefault(_shelf(account_id, state), []).append(line)
    _record(connection, moment, made, {(account_id, name): state.id for name, state in known.items()})
    return sum(map(len, made.values()))


def keep_profile(connection: Connection, account_id: str, seen: Profile) -> bool:
    """Keep an account's profile where it differs from the one before, once a day where only counts do; return
    whether it was kept."""
    moment = _moment(connection)
    newest = select(profile.c.content, profile.c.taken_at).where(profile.c.account_id == account_id)
    before = connection.execute(newest.order_by(profile.c.taken_at.desc()).limit(1)).one_or_none()
    if before is not None:
        age = instants.parsed(moment.at) - before.taken_at
        now = lines.profile_value(seen)
        then = json.loads(before.content)
        counts = {name: then.get(name) for name in _COUNTS} if age < _COUNTED_EVERY else {}
        if index.encoded(now | counts) == before.content:
            return False
    _record(connection, moment, {lines.OWN: [lines.profile_line(account_id, seen, moment.at)]}, {})
    return True


def keep_stored(
    connection: Connection, account_id: str, network_id: str, key: str, sha256: str, size: int, content_type: str
) -> None:
    """Keep that the file of an attachment lies under its hash; raises NotFound for an item that is not kept."""
    moment = _moment(connection)
    state = _states(connection, account_id, [network_id]).get(network_id)
    if state is None:
        raise errors.NotFound(kind="item", name=network_id, hint="Run: socialguard backup list")
    line = lines.blob_line(account_id, network_id, key, sha256, size, content_type, moment.at)
    _record(connection, moment, {_shelf(account_id, state): [line]}, {(account_id, network_id): state.id})


def keep_tombstones(connection: Connection, account_id: str, gone: Mapping[str, str]) -> tuple[str, ...]:
    """Keep that items are deleted at their network, by their id with how that is known; return those of which it
    was not known before. What is not kept is left out."""
    moment = _moment(connection)
    known = _states(connection, account_id, list(gone))
    ids = [one.id for one in known.values()]
    buried = set(connection.execute(select(tombstone.c.item_id).where(tombstone.c.item_id.in_(ids))).scalars())
    new = {name: one for name, one in known.items() if one.id not in buried}
    made: dict[str, list[Line]] = {}
    for name, one in new.items():
        line = lines.tombstone_line(account_id, name, gone[name], moment.at)
        made.setdefault(_shelf(account_id, one), []).append(line)
    _record(connection, moment, made, {(account_id, name): one.id for name, one in new.items()})
    return tuple(new)


def _changes(account_id: str, one: Item, body: Body, state: "_State", at: str) -> list[Line]:
    """The lines that a kept item brings: a version where its body is new, a snapshot where its metrics are."""
    made: list[Line] = []
    if not state.own and instants.micros(one.created_at) != state.created_at:
        # Its month is where it stands, and what is destroyed with it.
        one, body = lines.fit(replace(one, created_at=instants.moment(state.created_at)))
    line = lines.item_line(account_id, one, state.own, state.versions + 1, body, at)
    if any(line.values[name] != getattr(state, name) for name in ("text", "content", "kind", "created_at")):
        made.append(line)
    snapshot = _snapshot(account_id, one.network_id, state, one.metrics, at)
    return made if snapshot is None else [*made, snapshot]


def _snapshot(account_id: str, network_id: str, state: "_State", taken: Mapping[str, int], at: str) -> Line | None:
    counts = state.counts | lines.counts_of(taken)
    if counts == state.counts:
        return None
    return lines.metrics_line(account_id, network_id, state.snapshots + 1, counts, at)


@dataclass(frozen=True, slots=True)
class _State:
    """What is kept of an item: its newest version and snapshot."""

    id: int
    own: bool
    versions: int
    snapshots: int
    kind: str
    created_at: int
    text: str
    content: str
    counts: dict[str, int]


def _shelf(account_id: str, one: "Item | _State") -> str:
    if one.own:
        return lines.OWN
    created = one.created_at if isinstance(one.created_at, int) else instants.micros(one.created_at)
    return lines.shelf_of(account_id, one.own, created)


def _states(connection: Connection, account_id: str, network_ids: Sequence[str]) -> dict[str, _State]:
    found: dict[str, _State] = {}
    for at in range(0, len(network_ids), _CHUNK):
        wanted = network_ids[at : at + _CHUNK]
        query = _STATE.where(item.c.account_id == account_id, item.c.network_id.in_(wanted))
        for row in connection.execute(query):
            found[row.network_id] = _state(row)
    return found


def _state(row: Any) -> _State:  # Any: a row of `_STATE`
    counts = {} if row.counts is None else json.loads(row.counts)
    return _State(
        row.id,
        bool(row.own),
        row.versions,
        row.snapshots,
        row.kind,
        row.created_at,
        row.text,
        row.content,
        counts,
    )


def _moment(connection: Connection) -> _Moment:
    now = instants.micros(clock.now())
    last = next((row for row in (connection.execute(query).one_or_none() for query in _LAST) if row), None)
    if last is None:
        return _Moment(1, instants.written(now))
    return _Moment(last[0] + 1, instants.written(max(now, last[1] + 1)))


def _record(
    connection: Connection, moment: _Moment, made: Mapping[str, list[Line]], known: Mapping[index.Key, int]
) -> None:
    """Write lines into the journal, a page a shelf, and into the index."""
    if not made:
        return
    rows = [
        {
            "seq": moment.seq + number,
            "shelf": shelf,
            "at": instants.parsed(moment.at),
            "lines": len(made[shelf]),
            "body": packed([line.stored for line in made[shelf]]),
        }
        for number, shelf in enumerate(sorted(made))
    ]
    _NEW_PAGE.many(connection, rows)
    index.apply(connection, [line for shelf in sorted(made) for line in made[shelf]], known)
    crash.at("in_keep")


def packed(encoded: Sequence[bytes]) -> bytes:
    """Return lines as a page of the journal holds them: each with its line break, compressed."""
    import zstandard

    return zstandard.ZstdCompressor(level=1).compress(b"".join(line + b"\n" for line in encoded))


def unpacked(body: bytes) -> bytes:
    """Return the lines of a page of the journal."""
    import zstandard

    return zstandard.ZstdDecompressor().decompress(body)
