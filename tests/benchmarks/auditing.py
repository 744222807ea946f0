"""What the audit log costs: an append in its transaction, and the verification of 200,000 entries."""

import json
import os
import resource
import secrets
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, update

from socialguard import clock
from socialguard.audit import checkpoint
from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Actor, Entry, LogKey, Signer, Tree
from socialguard.audit.log import QUEUED, AuditLog
from socialguard.audit.tree import require_head
from socialguard.audit.verify import verify
from socialguard.canon import jcs, merkle
from socialguard.ledger import writer
from socialguard.store import tables
from socialguard.store.database import Database
from socialguard.store.process import host_id
from socialguard.vault import keys
from socialguard.workspace import auditing
from socialguard.workspace.opened import Workspace
from tests.benchmarks import company
from tests.benchmarks.table import Line, milliseconds

ENTRIES: Final = 200_000
APPENDS: Final = 400
APPEND_LIMIT: Final = 0.0008
VERIFY_RATE: Final = 100_000
VERIFY_RUNS: Final = 5
ACCESS_ENTRIES: Final = 1_000_000
ACCESS_LIMIT: Final = 3.0
_BATCH: Final = 5_001
_PER_POST: Final = 3  # entries: queued, intent, outcome; the claim of each post signs a checkpoint


def log_key(workspace: Workspace) -> keys.LogKey:
    """Return the key that signs the log."""
    with workspace.database.read() as connection:
        return workspace.log_signer(connection)


def append_lines(base: Path) -> list[Line]:
    """Measure a transaction that keeps a draft, with an audit entry and without, in turn."""
    made = company.found(base)
    with company.under(made.environment), Workspace(made.home) as workspace:
        database, log, actor = workspace.database, workspace.log, workspace.person
        fill(database, workspace.org, log_key(workspace), ENTRIES // 10)
        with_entry: list[float] = []
        without: list[float] = []
        for number in range(APPENDS):
            first = number % 2 == 0
            for logged in (first, not first):
                (with_entry if logged else without).append(_transaction(database, actor, log if logged else None))
    added = statistics.median(a - b for a, b in zip(with_entry, without, strict=True))
    return [
        Line(
            measure="audit: an append adds",
            ours=milliseconds(added),
            peer=f"transaction: {milliseconds(statistics.median(without))}",
            limit=f"≤ {milliseconds(APPEND_LIMIT)}, {APPENDS} pairs",
            ok=added <= APPEND_LIMIT,
        )
    ]


def verify_lines(base: Path, entries: int = ENTRIES) -> list[Line]:
    """Measure `audit verify` on a log of so many entries as posts leave it, with a checkpoint for each."""
    made = company.found(base)
    with company.under(made.environment), Workspace(made.home) as workspace:
        key = log_key(workspace)
        fill(workspace.database, workspace.org, key, entries)
        log_keys = [LogKey(key.public)]
        database, org, pins = workspace.database, workspace.org, workspace.pins

        def seconds(deep: bool = False) -> float:
            began = time.perf_counter()
            report = verify(database, org, log_keys, pins, [], deep)
            if report.status != "whole" or report.problems or report.entries < entries:
                raise SystemExit(f"the log made for the measure is not whole: {report}")
            return time.perf_counter() - began

        every, alone, processor = [], [], 0.0
        for _ in range(VERIFY_RUNS):
            every.append(seconds())
            with _one_processor():
                before = time.process_time()
                alone.append(seconds())
                processor += time.process_time() - before
        deep = entries / seconds(deep=True)
    rate, rate_alone = (entries / statistics.median(each) for each in (every, alone))
    return [
        Line(
            measure=f"audit verify, {entries:,} entries",
            ours=f"{rate:,.0f} entries/s",
            peer=f"on one processor: {rate_alone:,.0f} entries/s",
            limit=f"≥ {VERIFY_RATE:,} entries/s, {VERIFY_RUNS} runs in turn",
            ok=rate >= VERIFY_RATE,
        ),
        Line(
            measure="audit verify: processor time of an entry, in one process",
            ours=f"{processor / VERIFY_RUNS / entries * 1e6:.1f} µs",
        ),
        Line(measure="audit verify --deep", ours=f"{deep:,.0f} entries/s"),
        Line(measure="audit verify: most memory of this process", ours=f"{memory():.0f} MiB"),
    ]


def access_lines(base: Path, entries: int = ACCESS_ENTRIES) -> list[Line]:
    """Measure `audit access` over a log of so many entries: rights, uses, what stands out; without the start of
    the program."""
    made = company.build(base, accounts=50, deliveries=50)
    with company.under(made.environment), Workspace(made.home) as workspace:
        fill(workspace.database, workspace.org, log_key(workspace), entries)
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            found = auditing.picture(workspace, clock.now())
            seconds.append(time.perf_counter() - began)
            if not found.rights:
                raise SystemExit("there are no rights to show")
    taken = statistics.median(seconds)
    return [
        Line(
            measure=f"audit access, {entries:,} entries",
            ours=f"{taken:.2f} s",
            limit=f"≤ {ACCESS_LIMIT:.0f} s, 3 runs",
            ok=taken <= ACCESS_LIMIT,
        )
    ]


@contextmanager
def _one_processor() -> Iterator[None]:
    """Let this process have one processor: then it reads a log alone (decision 31)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _transaction(database: Database, actor: Actor, log: AuditLog | None) -> float:
    """Return the seconds of one committed transaction."""
    fingerprint = secrets.token_hex(32)
    began = time.perf_counter()
    with database.write() as connection:
        draft = writer.keep_draft(connection, "A text that is kept", {}, actor.id)
        if log is not None:
            obj = {"delivery": draft, "act": "publish", "confirmed": "named"}
            entry = Entry(QUEUED, "queued", actor, account="a-0123456789abcdef", fingerprint=fingerprint, obj=obj)
            log.append(connection, entry)
    return time.perf_counter() - began


def fill(database: Database, org: str, signer: Signer, count: int) -> None:
    """Append `count` entries as posts would have left them, in few transactions: leaves, tree, checkpoints."""
    for low in range(0, count, _BATCH):
        with database.write() as connection:
            _fill_some(connection, org, signer, min(_BATCH, count - low))


def _fill_some(connection: Connection, org: str, signer: Signer, count: int) -> None:
    head = require_head(connection, lock=True)
    frontier = head.frontier
    began = max(datetime(2026, 1, 1, tzinfo=UTC), jcs.parse_timestamp(head.last_ts))
    entries, points = [], []
    stamp = head.last_ts
    for at, entry in enumerate(_entries(count)):
        stamp = jcs.timestamp(began + timedelta(milliseconds=at))
        leaf = _leaf(entry, org, frontier.size, stamp)
        row = {"incarnation": head.incarnation, "seq": frontier.size, "leaf": leaf}
        row |= {"leaf_hash": merkle.leaf_hash(leaf), "ts": stamp, "actor": entry.actor.id, "action": entry.action}
        row |= {"account": entry.account, "outcome": entry.outcome, "corr": entry.corr}
        entries.append(row | {"fingerprint": entry.fingerprint})
        frontier = frontier.append(merkle.leaf_hash(leaf))
        if entry.outcome == leaves.INTENT:
            points.append(_point(org, head.incarnation, frontier, signer))
    connection.execute(insert(tables.audit_entry), entries)
    connection.execute(insert(tables.checkpoint), points)
    moved = {"size": frontier.size, "frontier": frontier.to_bytes(), "last_ts": stamp}
    connection.execute(update(tables.audit_head).where(tables.audit_head.c.id == 1).values(**moved))


def memory() -> float:
    """Return the most memory that this process ever took, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _leaf(entry: Entry, org: str, seq: int, ts: str) -> bytes:
    """Return the leaf of an entry of plain ASCII, several times faster than the log makes it; that it is one,
    `audit verify --deep` says."""
    actor = {"id": entry.actor.id, "kind": entry.actor.kind, "proof": entry.actor.proof, "via": entry.actor.via}
    fields = {
        "account": entry.account,
        "action": entry.action,
        "actor": actor,
        "corr": entry.corr,
        "nonce": jcs.b64(secrets.token_bytes(leaves.NONCE_BYTES)),
        "obj": {**entry.obj, "fingerprint": entry.fingerprint},
        "org": org,
        "outcome": entry.outcome,
        "reason_sha256": None,
        "seq": seq,
        "src": {"host": host_id(), "pid": os.getpid(), "uid": os.getuid()},
        "ts": ts,
        "v": leaves.VERSION,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _entries(count: int) -> Iterator[Entry]:
    person, worker = Actor("m-0123456789ab", "person", "cli"), Actor("w-0123456789ab", "worker", "cli")
    for post in range(count // _PER_POST + 1):
        account, corr, mark = f"a-{post % 1000:016x}", secrets.token_hex(8), secrets.token_hex(32)
        obj = {"delivery": f"{post:08x}", "act": "publish"}
        steps = (
            Entry(QUEUED, "queued", person, account, None, mark, obj=obj | {"confirmed": "named"}),
            Entry("delivery.send", leaves.INTENT, worker, account, corr, mark, obj=obj),
            Entry("delivery.send", "sent", worker, account, corr, mark, obj=obj | {"network_id": "1", "calls": 1}),
        )
        yield from steps[: max(0, count - post * _PER_POST)]


def _point(org: str, incarnation: int, frontier: merkle.Frontier, signer: Signer) -> dict[str, object]:
    tree = Tree(incarnation, frontier.size, frontier.root())
    return {
        "incarnation": incarnation,
        "size": frontier.size,
        "note": checkpoint.signed(org, tree, signer),
        "frontier": frontier.to_bytes(),
        "made_at": jcs.timestamp(clock.now()),
    }
