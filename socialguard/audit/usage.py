"""Who did what how often, out of the whole log in one pass: the columns beside the leaves are read, which only
`audit verify` holds against what was signed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, String, case, cast, func, select

from socialguard.audit import leaf as leaves
from socialguard.canon import jcs
from socialguard.store.tables import audit_entry

_E = audit_entry.c
_IN: Final = 500


@dataclass(frozen=True, slots=True)
class Use:
    """How often somebody did something on an account, first and last when; `at` are the (incarnation, seq) of the
    entries whose action was asked for."""

    count: int
    first: str
    last: str
    at: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: when, by whom, what, on which account, what else it says, what it belongs to, and, where that was
    asked for, where it stands: its (incarnation, seq)."""

    ts: str
    actor: str
    action: str
    account: str | None
    outcome: str
    obj: Mapping[str, object]
    corr: str | None = None
    at: tuple[int, int] = (0, 0)


Uses = Mapping[tuple[str | None, str, str], Use]
"""By account, actor and action."""


def uses(connection: Connection, until: datetime, wanted: Iterable[str], *, account: str | None = None) -> Uses:
    """Return what was done before `until`, on one account or in the whole log, by account, actor and action;
    of the `wanted` actions also where their entries stand."""
    place = func.aggregate_strings(
        case(
            (
                _E.action.in_(list(wanted)),
                cast(_E.incarnation, String) + ":" + cast(_E.seq, String),
            )
        ),
        ",",
    )
    # `|| ''` for the whole log: SQLite would else look every row up by the index of accounts.
    by = _E.account if account is not None else _E.account.concat("")
    columns = (by, _E.actor, _E.action, func.count(), func.min(_E.ts), func.max(_E.ts), place)
    query = select(*columns).where(_E.ts < jcs.timestamp(until)).group_by(by, _E.actor, _E.action)
    if account is not None:
        query = query.where(_E.account == account)
    found = {}
    for name, actor, action, count, first, last, places in connection.execute(query):
        at = tuple(tuple(int(part) for part in each.split(":")) for each in (places or "").split(",") if each)
        found[name, actor, action] = Use(count, first, last, at)  # type: ignore[arg-type]
    return found


def entries(connection: Connection, places: Iterable[tuple[int, int]]) -> list[Told]:
    """Return the entries at some (incarnation, seq), oldest first."""
    wanted: dict[int, list[int]] = {}
    for incarnation, seq in sorted(places):
        wanted.setdefault(incarnation, []).append(seq)
    query = select(_E.ts, _E.leaf).order_by(_E.seq)
    told = []
    for incarnation, sequence in wanted.items():
        for low in range(0, len(sequence), _IN):
            some = query.where(_E.incarnation == incarnation, _E.seq.in_(sequence[low : low + _IN]))
            told += [_told(bytes(row.leaf)) for row in connection.execute(some)]
    return told


def about(connection: Connection, corr: str, until: datetime | None = None) -> list[Told]:
    """Return the entries that share a `corr`, all or those before `until`, oldest first."""
    query = select(_E.leaf).where(_E.corr == corr)
    if until is not None:
        query = query.where(_E.ts < jcs.timestamp(until))
    rows = connection.execute(query.order_by(_E.incarnation, _E.seq))
    return [_told(bytes(row.leaf)) for row in rows]


def of_fingerprints(connection: Connection, fingerprints: Iterable[str], action: str, outcome: str) -> list[Told]:
    """Return the entries of these fingerprints with that action and outcome, in no order, and where they stand."""
    wanted = sorted(fingerprints)
    told = []
    for low in range(0, len(wanted), _IN):
        some = select(_E.leaf, _E.incarnation, _E.seq).where(
            _E.fingerprint.in_(wanted[low : low + _IN]), _E.action == action, _E.outcome == outcome
        )
        rows = connection.execute(some)
        told += [replace(_told(bytes(row.leaf)), at=(row.incarnation, row.seq)) for row in rows]
    return told


def newest_about(connection: Connection, actions: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return where the newest entry of these actions stands, by the member whom it is about."""
    query = select(_E.leaf, _E.incarnation, _E.seq).where(_E.action.in_(list(actions)))
    rows = connection.execute(query.order_by(_E.incarnation, _E.seq))
    return {str(_told(bytes(row.leaf)).obj.get("member")): (row.incarnation, row.seq) for row in rows if row.leaf}


def newest(connection: Connection, account: str, action: str) -> Told | None:
    """Return the newest entry of an action on an account, None where there is none."""
    query = select(_E.leaf).where(_E.account == account, _E.action == action)
    leaf = connection.execute(query.order_by(_E.incarnation.desc(), _E.seq.desc()).limit(1)).scalar()
    return None if leaf is None else _told(bytes(leaf))


def places(connection: Connection, actor: str, action: str | None = None) -> frozenset[tuple[str, int]]:
    """Return on which machines (opaque ids), and as which of their users, an actor made entries, of one action
    where it is given."""
    query = select(_E.leaf).where(_E.actor == actor)
    if action is not None:
        query = query.where(_E.action == action)
    sources = (leaves.decode(bytes(leaf)).get("src") for (leaf,) in connection.execute(query))
    return frozenset((str(one.get("host")), int(one.get("uid", -1))) for one in sources if isinstance(one, dict))


def first_proofs(connection: Connection, wanted: Collection[str], passing: Collection[str]) -> dict[str, str]:
    """Return when the log first named each of `wanted`, hashes of signed statements, as the proof behind an entry;
    entries of the actions `passing` are passed over."""
    rows = connection.execute(
        select(_E.leaf).where(_E.action.not_in(list(passing))).order_by(_E.incarnation, _E.seq)
    )
    found: dict[str, str] = {}
    for (leaf,) in rows:
        fields = leaves.decode(bytes(leaf)) if leaf else {}
        if fields and (proof := leaves.actor_of(fields).proof) in wanted:
            found.setdefault(proof, str(fields.get("ts")))
    return found


def _told(leaf: bytes) -> Told:
    fields = leaves.decode(leaf)
    said = leaves.columns(fields)
    obj = fields.get("obj")
    told = obj if isinstance(obj, dict) else {}
    return Told(said.ts, said.actor, said.action, said.account, said.outcome, told, said.corr)
