"""Export the log as a directory that a stranger can check: with this program, or with openssl and a few lines of
any language.

    log.jsonl                  one leaf's exact bytes a line, oldest first: line n is entry n;
                               {"pruned":"<its hash>"} where an owner let the content go (`audit.pruned`)
    before/<n>.jsonl           the same of incarnation n, where the log was begun again after an incident
    checkpoints/<n>-<size>.note  signed notes (C2SP): the last of each day and of each log key, and the newest
    keys/<key id>.vkey         the verifier keys (C2SP) of those notes
    proofs/inclusion.jsonl     for the entries chosen: {"seq","size","proof"}, RFC 6962, base64, lowest node first
    reasons.jsonl              {"incarnation","seq","salt","reason"} of those reasons that were not erased

Everything stands under the newest checkpoint; the caller makes one first. A directory appears whole or not at all.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from socialguard import errors
from socialguard.audit import checkpoint as checkpoints
from socialguard.audit.interface import LogKey
from socialguard.audit.proofs import Prover
from socialguard.audit.reader import Filter, rows
from socialguard.audit.tree import LOG
from socialguard.canon import jcs, merkle, note
from socialguard.store.database import Database
from socialguard.store.tables import audit_entry, audit_reason, checkpoint

LOG_FILE: Final = "log.jsonl"
BEFORE: Final = "before"
NOTES: Final = "checkpoints"
KEYS: Final = "keys"
PROOFS: Final = "proofs/inclusion.jsonl"
REASONS: Final = "reasons.jsonl"
PRUNED: Final = "pruned"
"""The one key of a line that stands for an entry without content."""
_BATCH: Final = 4096
_E = audit_entry.c
_C = checkpoint.c


@dataclass(frozen=True, slots=True)
class Exported:
    """How many entries, checkpoints, keys and inclusion proofs a directory holds, and the size of the tree."""

    entries: int
    size: int
    incarnation: int
    root: bytes
    checkpoints: int
    keys: int
    proofs: int


def export(
    database: Database, org: str, log_keys: Sequence[LogKey], directory: Path, wanted: Filter | None = None
) -> Exported:
    """Write the whole log into a new directory, with inclusion proofs for the entries `wanted` (all of them where
    it is None).

    Raises UsageError where the directory exists or the log has no checkpoint, DiskFull, and Tampered where the
    entries are not those of the newest checkpoint."""
    if directory.exists():
        raise errors.UsageError(detail=f"{directory} exists already.", remedy="Name a new directory.")
    points = _points(database)
    if not points:
        raise errors.UsageError(
            detail="The log has no checkpoint yet.", remedy="Run: socialguard audit checkpoint"
        )
    part = directory.with_name(f"{directory.name}.{os.getpid()}.part")
    try:
        for name in (".", BEFORE, NOTES, KEYS, Path(PROOFS).parent):
            (part / name).mkdir(mode=0o700, parents=True)
        made = _fill(database, org, log_keys, part, points, wanted or Filter())
        if not any((part / BEFORE).iterdir()):
            (part / BEFORE).rmdir()
        part.rename(directory)
    except OSError as problem:
        raise errors.DiskFull(path=directory) from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return made


def _fill(
    database: Database, org: str, log_keys: Sequence[LogKey], part: Path, points: Sequence[Any], wanted: Filter
) -> Exported:
    chosen = [_point(database, *at) for at in _chosen(points, log_keys)]
    newest = chosen[-1]
    frontier = merkle.Frontier.from_bytes(newest.frontier)
    count, hashes = 0, list[bytes]()
    for incarnation in _incarnations(database):
        present = incarnation == newest.incarnation
        path = part / LOG_FILE if present else part / BEFORE / f"{incarnation}.jsonl"
        below = newest.size if present else 2**62
        with path.open("xb") as file:
            for found in _leaves(database, incarnation, below):
                file.writelines(_line(leaf, leaf_hash) for leaf, leaf_hash in found)
                count += len(found)
                if present:
                    hashes += [merkle.leaf_hash(leaf) if leaf else leaf_hash for leaf, leaf_hash in found]
    prover = Prover(hashes)
    if (prover.size, prover.root()) != (frontier.size, frontier.root()):
        raise errors.Tampered(what=LOG, detail="its entries are not those of its newest checkpoint.")
    for one in chosen:
        (part / NOTES / f"{one.incarnation:06d}-{one.size:020d}.note").write_bytes(one.note)
    keys = {_key(org, one, log_keys) for one in chosen} - {None}
    for key in keys:
        assert key is not None
        (part / KEYS / f"{key.key_id.hex()}.vkey").write_text(f"{key.vkey()}\n", encoding="ascii")
    proofs = _write_lines(part / PROOFS, _proofs(database, newest.incarnation, prover, wanted))
    _write_lines(part / REASONS, _reasons(database, newest.incarnation, newest.size))
    root = frontier.root()
    return Exported(count, frontier.size, newest.incarnation, root, len(chosen), len(keys), proofs)


def _points(database: Database) -> Sequence[Any]:
    """Return where every checkpoint stands and when it was made, oldest first."""
    query = select(_C.incarnation, _C.size, _C.made_at).order_by(_C.incarnation, _C.size)
    with database.read() as connection:
        return connection.execute(query).all()


def _chosen(points: Sequence[Any], log_keys: Sequence[LogKey]) -> list[tuple[int, int]]:
    """Return the last checkpoint of each day and of each key: every send makes one, and the last says it all."""
    last = {}
    for one in points:
        key = checkpoints.key_for(log_keys, one.incarnation, one.size)
        last[one.incarnation, one.made_at[:10], key] = (one.incarnation, one.size)
    return sorted(last.values())


def _point(database: Database, incarnation: int, size: int) -> Any:
    query = select(_C.incarnation, _C.size, _C.note, _C.frontier)
    with database.read() as connection:
        return connection.execute(query.where(_C.incarnation == incarnation, _C.size == size)).one()


def _incarnations(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(_E.incarnation).distinct().order_by(_E.incarnation)).scalars())


def _line(leaf: bytes, leaf_hash: bytes) -> bytes:
    return leaf + b"\n" if leaf else jcs.encode({PRUNED: leaf_hash.hex()}) + b"\n"


def _leaves(database: Database, incarnation: int, below: int) -> Iterator[list[tuple[bytes, bytes]]]:
    """Give the leaves of an incarnation in their order with the hash kept of each, in short transactions."""
    low = -1
    query = (
        select(_E.seq, _E.leaf, _E.leaf_hash).where(_E.incarnation == incarnation, _E.seq < below).order_by(_E.seq)
    )
    while True:
        with database.read() as connection:
            found = connection.execute(query.where(_E.seq > low).limit(_BATCH)).all()
        if not found:
            return
        yield [(bytes(row.leaf), bytes(row.leaf_hash)) for row in found]
        low = found[-1].seq


def _key(org: str, point: Any, log_keys: Sequence[LogKey]) -> note.VerifierKey | None:
    found = checkpoints.key_for(log_keys, point.incarnation, point.size)
    return None if found is None else note.VerifierKey(checkpoints.origin(org, point.incarnation), found.public)


def _proofs(database: Database, incarnation: int, prover: Prover, wanted: Filter) -> Iterator[bytes]:
    for row in rows(database, wanted):
        if row.incarnation == incarnation and row.seq < prover.size:
            proof = [jcs.b64(each) for each in prover.proof(row.seq)]
            yield jcs.encode({"seq": row.seq, "size": prover.size, "proof": proof})


def _reasons(database: Database, incarnation: int, size: int) -> Iterator[bytes]:
    last = (-1, -1)
    r = audit_reason.c
    query = select(r.incarnation, r.seq, r.salt, r.reason).order_by(r.incarnation, r.seq).limit(_BATCH)
    while True:
        after = (r.incarnation > last[0]) | ((r.incarnation == last[0]) & (r.seq > last[1]))
        with database.read() as connection:
            found = connection.execute(query.where(after)).all()
        if not found:
            return
        for row in found:
            if (row.incarnation, row.seq) < (incarnation, size):
                value = {"incarnation": row.incarnation, "seq": row.seq, "reason": row.reason}
                yield jcs.encode(value | {"salt": jcs.b64(row.salt)})
        last = (found[-1].incarnation, found[-1].seq)


def _write_lines(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open("xb") as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count
