"""Verify the whole log: every stored byte against its tree, the tree against checkpoints, pins and anchors.

What a clean report proves: that nothing which a checkpoint states, and an anchor outside received, was changed
later. Alone on one machine the log proves neither that it is complete nor who typed."""

from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from socialguard import clock, errors
from socialguard.audit import checkpoint, pruned
from socialguard.audit.anchors.interface import Anchor
from socialguard.audit.declaration import Declaration, Gap
from socialguard.audit.interface import LogKey, Tree, TreePin
from socialguard.audit.judge import (
    judge_declarations,
    judge_prunings,
    judge_rotations,
    judge_witness,
    told_once,
)
from socialguard.audit.pages import Problem
from socialguard.audit.readers import readers
from socialguard.audit.scan import Scanned, Wanted, scan
from socialguard.audit.tree import Head, as_stored, read_head
from socialguard.audit.witness import Witness, gather
from socialguard.canon import jcs, merkle, note
from socialguard.model.text import marked
from socialguard.store.database import Database
from socialguard.store.tables import audit_entry
from socialguard.store.tables import checkpoint as checkpoint_table

NOT_PROVED: Final = marked(
    "No anchor outside this machine holds the log: it proves neither that it is complete nor who typed."
)
"""The sentence that goes with `anchored: none` and `anchored: local`."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `status` is `whole`, `whole, gap n–m declared` or `tampered`; `entries` and `root` (base64,
    as in a checkpoint) are those of the present tree; `anchored` is `none`, `local` or `outside`; `unproven`
    counts the entries after the last checkpoint, `pruned` those of which only the hash is kept; `exit_code` is the
    gravest of the problems, 0 without one."""

    status: str
    entries: int
    root: str
    anchored: str
    problems: tuple[Problem, ...]
    exit_code: int
    unproven: int = 0
    pruned: int = 0
    incarnation: int = 0
    gaps: tuple[Gap, ...] = ()

    def also(self, problems: Sequence[Problem]) -> "Report":
        """Return the report with more signs of tampering, found by what was held against the log."""
        if not problems:
            return self
        every = (*self.problems, *problems)
        gravest = errors.gravest(problem.exit_code for problem in every)
        return replace(self, status="tampered", problems=every, exit_code=gravest)


@dataclass(slots=True)
class _Checkpoints:
    """Judges stored checkpoints while the rows are read, and remembers the last good one of each incarnation."""

    org: str
    log_keys: Sequence[LogKey]
    deep: bool
    good: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    bad: set[int] = field(default_factory=set)
    begin: dict[int, bytes] = field(default_factory=dict)

    def check(self, result: Scanned, stored: object, kept: object, edge: merkle.Edge) -> None:
        """Note a checkpoint that does not state the tree that was read, the first in an incarnation only: every
        later one follows from it."""
        if result.incarnation in self.bad:
            return
        # A log has one for every third entry or so: what is the same in each is made once.
        begin = self.begin.get(result.incarnation)
        if begin is None:
            begin = self.begin[result.incarnation] = (
                f"{checkpoint.origin(self.org, result.incarnation)}\n".encode()
            )
        text = b"%b%d\n%b" % (begin, edge.size, b2a_base64(edge.root))  # with the line feed after it
        if not isinstance(stored, bytes) or not stored.startswith(text) or kept != edge.stored:
            since = self.good.get(result.incarnation, (0, b""))[0]
            detail = f"entries {since}–{edge.size - 1} are not those that the checkpoint after them states."
            result.tampered("checkpoint", detail, since)
            self.bad.add(result.incarnation)
            return
        if self.deep:
            self.check_signature(result, stored)
        self.good[result.incarnation] = (edge.size, stored)

    def check_signature(self, result: Scanned, stored: bytes) -> None:
        """Note a checkpoint that its key did not sign."""
        try:
            checkpoint.opened(stored, self.org, self.log_keys)
        except note.BadNote as problem:
            result.tampered("checkpoint", f"a stored checkpoint is not signed as it must be: {problem}.")


def verify(
    database: Database,
    org: str,
    log_keys: Sequence[LogKey],
    pins: TreePin | None,
    anchors: Sequence[Anchor],
    deep: bool = False,
    progress: Progress | None = None,
    *,
    owners: Sequence[bytes] = (),
    require_anchor: bool = False,
    stale_after: timedelta | None = None,
) -> Report:
    """Read the whole log and report what is wrong with it; reads in short transactions and writes nothing.

    `owners` are the public keys that may declare a gap; `stale_after` is how old the oldest unanchored entry may
    get; `deep` adds the canonical form of every leaf and the signature of every checkpoint, where otherwise only
    the newest checkpoint's is checked, and those that anchors hold. `progress` gets (done, all)."""
    witnesses, problems = gather(org, log_keys, pins, anchors)  # before the head, which only grows
    head, stored, trouble = _survey(database)
    problems += trouble
    judge = _Checkpoints(org, log_keys, deep)
    counter = _counter(progress, sum(stored.values()))
    scans: dict[int, Scanned] = {}
    with readers(database, sum(stored.values())) as reader:
        for incarnation in sorted(stored):
            wanted = Wanted(
                org,
                frozenset(w.tree.size for w in witnesses if w.tree.incarnation == incarnation),
                frozenset({checkpoint.ROTATE, pruned.ACTION}),
                judge.check,
                deep,
            )
            present = head is not None and incarnation == head.incarnation
            below = head.frontier.size if head is not None and present else 2**62
            scans[incarnation] = scan(database, incarnation, below, wanted, reader, counter)
    for incarnation, (_, data) in judge.good.items():
        if not deep:
            judge.check_signature(scans[incarnation], data)
    current = max(scans, default=0) if head is None else head.incarnation
    bare = judge_prunings(org, owners, scans)
    declared = judge_declarations(org, owners, scans, current, problems)
    problems += _present(database, head, scans.get(current))
    for result in scans.values():
        problems += judge_rotations(org, result, log_keys)
        problems += result.problems
    against = [
        (problem, witness.source)
        for witness in sorted(witnesses, key=lambda one: (one.tree.incarnation, one.tree.size))
        for problem in judge_witness(witness, scans, current, declared)
    ]
    problems += told_once([problem for problem, _ in against], [source for _, source in against])
    newest = scans.get(current, Scanned(current))
    problems += _anchoring(database, newest, witnesses, anchors, require_anchor, stale_after)
    proved = judge.good.get(current, (0, b""))[0]
    return replace(_report(newest, problems, declared, _class_of(witnesses, newest), proved), pruned=bare)


def _survey(database: Database) -> tuple[Head | None, dict[int, int], list[Problem]]:
    """Return the head, how many rows each incarnation has, and what is wrong with the head."""
    rows = select(as_stored(audit_entry.c.incarnation), func.count()).group_by(audit_entry.c.incarnation)
    problems: list[Problem] = []
    head = None
    with database.read() as connection:
        found = connection.execute(rows).all()
        try:
            head = read_head(connection)
            if head is None:
                problems.append(Problem("head", "the head of the log is missing.", 13))
        except errors.Tampered as problem:
            problems.append(Problem("head", str(problem.fields.get("detail")), 13))
    counts = {row[0]: int(row[1]) for row in found if type(row[0]) is int}
    if len(counts) != len(found):
        problems.append(Problem("entry", "there are rows of no incarnation.", 13))
    return head, counts, problems


def _present(database: Database, head: Head | None, result: Scanned | None) -> list[Problem]:
    """Return what is wrong between the head, the rows and the checkpoints beyond them, at one moment."""
    if head is None:
        return []
    if result is None or result.frontier != head.frontier:
        return [Problem("head", "the entries are not those of the log's head.", 13)]
    seq, points = audit_entry.c.seq, checkpoint_table.c
    problems = []
    with database.read() as connection:
        now = read_head(connection)
        size = head.frontier.size if now is None else now.frontier.size
        entries = select(seq).where(audit_entry.c.incarnation == head.incarnation, seq >= size).limit(1)
        if connection.execute(entries).first() is not None:
            problems.append(Problem("head", "there are entries beyond the log's head.", 13, size))
        later = select(points.size).where(points.incarnation == head.incarnation, points.size > size).limit(1)
        newer = select(points.size).where(points.incarnation > head.incarnation).limit(1)
        if connection.execute(later).first() is not None or connection.execute(newer).first() is not None:
            problems.append(Problem("shorter", "a checkpoint states more entries than there are.", 13, size))
    return problems


def _class_of(witnesses: Sequence[Witness], result: Scanned) -> str:
    """Return `outside`, `local` or `none`: the best anchor that holds a checkpoint of this very log."""
    held = [w for w in witnesses if w.anchor and _agrees(w.tree, result)]
    if any(w.outside for w in held):
        return "outside"
    return "local" if held else "none"


def _agrees(tree: Tree, result: Scanned) -> bool:
    return tree.incarnation == result.incarnation and result.roots.get(tree.size) == tree.root


def _anchoring(
    database: Database,
    result: Scanned,
    witnesses: Sequence[Witness],
    anchors: Sequence[Anchor],
    require_anchor: bool,
    stale_after: timedelta | None,
) -> list[Problem]:
    """Return 17 where an anchor outside is required and holds nothing, 16 where the oldest entry that the best
    kind of anchor configured does not hold is too old."""
    problems = []
    if require_anchor and _class_of(witnesses, result) != "outside":
        problems.append(Problem("unanchored", "no anchor outside this machine holds this log.", 17))
    if stale_after is None or not anchors:
        return problems
    outside = any(anchor.outside for anchor in anchors)
    held = [w.tree.size for w in witnesses if w.anchor and w.outside >= outside and _agrees(w.tree, result)]
    oldest = max(held, default=0)
    query = select(audit_entry.c.ts).where(
        audit_entry.c.incarnation == result.incarnation, audit_entry.c.seq == oldest
    )
    with database.read() as connection:
        ts = connection.execute(query).scalar()
    if ts is not None and ts < jcs.timestamp(clock.now() - stale_after):
        detail = f"entry {oldest} of {ts} has reached no {'outside ' if outside else ''}anchor yet."
        problems.append(Problem("stale", detail, 16, oldest))
    return problems


def _report(
    result: Scanned, problems: list[Problem], declared: dict[int, Declaration], anchored: str, proved: int
) -> Report:
    gaps = tuple(gap for _, each in sorted(declared.items()) for gap in each.gaps)
    status = "whole"
    if any(problem.exit_code == 13 for problem in problems):
        status = "tampered"
    elif gaps:
        status = f"whole, gap {', '.join(map(str, gaps))} declared"
    return Report(
        status=status,
        entries=result.frontier.size,
        root=jcs.b64(result.frontier.root()),
        anchored=anchored,
        problems=tuple(problems),
        exit_code=errors.gravest(problem.exit_code for problem in problems),
        unproven=result.frontier.size - proved,
        incarnation=result.incarnation,
        gaps=gaps,
    )


def _counter(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    return count
