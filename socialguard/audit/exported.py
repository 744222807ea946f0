"""Check an exported log (`audit.exporting`) with nothing but its directory and a key that is known from elsewhere.

What a clean report proves: whoever holds the log key stated exactly these entries. It does not prove that there is
no other log with that key: hold the checkpoints against an anchor for that (notes from there may be laid into
`checkpoints/`, and are checked like the others)."""

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.audit import checkpoint, declaration, pruned
from socialguard.audit import leaf as leaves
from socialguard.audit.exporting import BEFORE, LOG_FILE, NOTES, PROOFS, REASONS
from socialguard.audit.interface import Tree
from socialguard.audit.judge import UNSIGNED, Rotation, rotation
from socialguard.audit.pages import Problems, rising
from socialguard.audit.verify import Report
from socialguard.canon import jcs, merkle, note

_BATCH: Final = 4096
_LONGEST: Final = 1_000_000
_PREFIX: Final = "socialguard/"
_BARE: Final = re.compile(rb'\{"pruned":"([0-9a-f]{64})"\}')


@dataclass(slots=True)
class _Log:
    """One incarnation as its file gives it."""

    incarnation: int
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    bare: "array[int]" = field(default_factory=lambda: array("Q"))
    prunings: list[pruned.Act] = field(default_factory=list)
    first: bytes = b""
    last_ts: str = ""
    rotations: list[Rotation] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a note in the directory says, not yet believed."""

    name: str
    data: bytes
    tree: Tree


def verify(directory: Path, pinned: Sequence[bytes], progress: Callable[[int], None] = lambda _: None) -> Report:
    """Return what is found in an exported log; `pinned` are the public log keys (32 bytes) that are trusted.

    A key that a pinned one handed over to, in an entry that both signed, is trusted from there on. Raises
    Unreadable where the directory is not an export."""
    noted = Problems()
    org, stated = _notes(directory, noted)
    current = max(one.tree.incarnation for one in stated)
    logs = {}
    for number in range(current + 1):
        path = directory / LOG_FILE if number == current else directory / BEFORE / f"{number}.jsonl"
        if number == current or path.exists():
            sizes = {one.tree.size for one in stated if one.tree.incarnation == number}
            logs[number] = _read(path, number, org, sizes, noted, progress)
    acts = [act for log in logs.values() for act in log.prunings]
    bare = pruned.judge(acts, {number: log.bare for number, log in logs.items()}, {}, noted)
    keys = _Keys(pinned, logs.values(), noted)
    proved = _judge_notes(org, stated, logs, keys, noted)
    gaps = _judge_before(logs, current, noted)
    present = logs[current]
    if current not in proved and not any(one.kind == "key" for one in noted.found):
        noted.tampered("checkpoint", "no checkpoint of the present log is signed by the key that is trusted.")
    _judge_proofs(directory / PROOFS, present, noted)
    _judge_reasons(directory / REASONS, logs, noted)
    found = noted.found
    status = "tampered" if found else f"whole, gap {', '.join(map(str, gaps))} declared" if gaps else "whole"
    return Report(
        status=status,
        entries=present.frontier.size,
        root=jcs.b64(present.frontier.root()),
        anchored="none",
        problems=tuple(found),
        exit_code=errors.gravest(one.exit_code for one in found),
        unproven=present.frontier.size - proved.get(current, 0),
        pruned=bare,
        incarnation=current,
        gaps=tuple(gaps),
    )


def public_key(text: str) -> bytes:
    """Return the public key of a C2SP verifier key; raises UsageError."""
    try:
        return note.VerifierKey.from_vkey(text.strip()).public
    except note.BadNote as problem:
        raise errors.UsageError(
            detail=f"This is not a verifier key: {problem}.", remedy="It reads socialguard/…/0+0123abcd+…"
        ) from None


class _Keys:
    """Which keys may sign what: the pinned ones, and those that one of them handed over to or took over from. A
    change that not both keys signed is an owner's word, which an export does not hold: the new key must be a
    pinned one."""

    def __init__(self, pinned: Sequence[bytes], logs: Iterable[_Log], noted: Problems) -> None:
        self.trusted = set(pinned)
        changes = []
        for one in (one for log in logs for one in log.rotations):
            if one.by_both or one.new.public in pinned:
                changes.append(one)
            else:
                noted.tampered("log_key", UNSIGNED.format(seq=one.new.from_size - 1), one.new.from_size - 1)
        signed = [{one.old, one.new.public} for one in changes if one.by_both]
        for _ in signed:
            for pair in signed:
                if pair & self.trusted:
                    self.trusted |= pair
        self._from = {one.new.public: (one.new.incarnation, one.new.from_size) for one in changes}
        self._to = {one.old: (one.new.incarnation, one.new.from_size) for one in changes}

    def may_sign(self, tree: Tree) -> list[bytes]:
        """Return the trusted keys in whose range a tree falls."""
        at = (tree.incarnation, tree.size)
        return [
            key
            for key in self.trusted
            if self._from.get(key, (0, 0)) <= at and (key not in self._to or at < self._to[key])
        ]


def _notes(directory: Path, noted: Problems) -> tuple[str, list[_Stated]]:
    """Return the organisation and what each note states; all are of one log."""
    found: list[_Stated] = []
    org = ""
    try:
        paths = sorted((directory / NOTES).iterdir())
        for path in paths:
            data = _bounded(path)
            try:
                stated = note.Checkpoint.from_text(note.parse(data).text)
                head, _, number = stated.origin.rpartition("/")
                if not head.startswith(_PREFIX) or not number.isascii() or not number.isdigit():
                    raise note.BadNote("it is of another log")
                if org not in ("", head.removeprefix(_PREFIX)):
                    raise note.BadNote("it is of another log")
            except note.BadNote as problem:
                noted.tampered("checkpoint", f"the checkpoint {path.name} is none: {problem}.")
                continue
            org = head.removeprefix(_PREFIX)
            found.append(_Stated(path.name, data, Tree(int(number), stated.size, stated.root)))
    except OSError:
        raise errors.Unreadable(path=directory.name, detail="it holds no checkpoints; is it an export?") from None
    if not found or max(one.tree.incarnation for one in found) > 10_000:
        raise errors.Unreadable(path=directory.name, detail="it holds no checkpoints; is it an export?")
    return org, found


def _read(
    path: Path, incarnation: int, org: str, sizes: set[int], noted: Problems, progress: Callable[[int], None]
) -> _Log:
    """Read one file of leaves: their order, their form, and the roots at `sizes`."""
    log = _Log(incarnation)
    for lines in _batches(path):
        start = log.frontier.size
        hashes = merkle.leaf_hashes(lines)
        full, fields = [], []
        for seq, line in enumerate(lines, start):
            bare = _BARE.fullmatch(line)
            if bare is not None:
                log.bare.append(seq)
                hashes[seq - start] = bytes.fromhex(bare[1].decode("ascii"))
                continue
            one = _fields(line, seq, org, noted)
            full.append(seq)
            fields.append(one)
            if one.get("action") == checkpoint.ROTATE:
                _rotation(log, org, seq, line, noted)
            if one.get("action") == pruned.ACTION:
                _pruning(log, org, seq, line, noted)
            if isinstance(one.get("reason_sha256"), str):
                log.reasons[seq] = str(one["reason_sha256"])
        times = [str(one.get("ts", "")) for one in fields]
        rising(noted, full, times, log.last_ts)
        log.last_ts = times[-1] if times else log.last_ts
        log.first = log.first or lines[0]
        log.hashes += hashes
        end = start + len(lines)
        inside = sorted({size for size in sizes if start < size <= end} | {end})
        for edge in merkle.edges(log.frontier, hashes, inside):
            log.roots[edge.size] = edge.root
            if edge.size == end:
                log.frontier = merkle.Frontier.from_bytes(edge.stored)
        progress(len(lines))
    return log


def _fields(line: bytes, seq: int, org: str, noted: Problems) -> dict[str, object]:
    try:
        fields = leaves.decode(line)
        said = leaves.columns(fields)
    except leaves.BadLeaf as problem:
        noted.tampered("entry", f"entry {seq}: its leaf is {problem}.", seq)
        return {}
    if (fields.get("org"), said.seq, fields.get("v")) != (org, seq, leaves.VERSION):
        noted.tampered("entry", f"entry {seq}: its leaf is that of another entry, log or version.", seq)
    return fields


def _rotation(log: _Log, org: str, seq: int, line: bytes, noted: Problems) -> None:
    try:
        log.rotations.append(rotation(org, log.incarnation, seq, line))
    except (KeyError, TypeError, ValueError):
        noted.tampered("log_key", UNSIGNED.format(seq=seq), seq)


def _pruning(log: _Log, org: str, seq: int, line: bytes, noted: Problems) -> None:
    try:
        log.prunings.append(pruned.read(line, org, None))
    except leaves.BadLeaf as problem:
        noted.tampered("pruned", f"entry {seq} is {problem}.", seq)


def _judge_notes(
    org: str, stated: Sequence[_Stated], logs: dict[int, _Log], keys: _Keys, noted: Problems
) -> dict[int, int]:
    """Return the size of the largest proved checkpoint of each incarnation."""
    proved: dict[int, int] = {}
    for one in stated:
        tree, log = one.tree, logs.get(one.tree.incarnation)
        try:
            note.verify_checkpoint(one.data, checkpoint.origin(org, tree.incarnation), keys.may_sign(tree))
        except note.BadNote as problem:
            noted.tampered("key", f"the checkpoint {one.name}: {problem}.")
            continue
        if log is None:
            noted.tampered("missing", f"the entries of incarnation {tree.incarnation} are not there.")
        elif tree.size > log.frontier.size:
            detail = f"the checkpoint {one.name} states {tree.size} entries; there are {log.frontier.size}."
            noted.tampered("shorter", detail, log.frontier.size)
        elif tree.root != (log.roots[tree.size] if tree.size else merkle.EMPTY_ROOT):
            detail = f"the entries are not those that the checkpoint {one.name} states."
            noted.tampered("fork", detail, tree.size - 1)
        else:
            proved[tree.incarnation] = max(tree.size, proved.get(tree.incarnation, 0))
    return proved


def _judge_before(logs: dict[int, _Log], current: int, noted: Problems) -> list[declaration.Gap]:
    """Return the gaps that were declared; entry 0 of an incarnation names the tree of the one before it."""
    gaps: list[declaration.Gap] = []
    named: set[int] = set()
    at = current
    while at > 0 and at in logs:
        try:
            declared = declaration.proved(logs[at].first)
        except leaves.BadLeaf as problem:
            noted.tampered("incarnation", f"incarnation {at} begins with {problem}.", 0)
            break
        old, log = declared.old, logs.get(declared.old.incarnation, _Log(declared.old.incarnation))
        if old.incarnation >= at or (log.frontier.size, log.frontier.root()) != (old.size, old.root):
            noted.tampered("incarnation", f"the entries of incarnation {old.incarnation} are not those declared.")
            break
        gaps = [*declared.gaps, *gaps]
        named.add(old.incarnation)
        at = old.incarnation
    for number in logs.keys() - named - {current}:
        noted.tampered("incarnation", f"nothing declares what became of incarnation {number}.")
    return gaps


def _judge_proofs(path: Path, log: _Log, noted: Problems) -> None:
    for lines in _batches(path):
        for line in lines:
            try:
                value = json.loads(line)
                seq, size = int(value["seq"]), int(value["size"])
                proof = [jcs.unb64(each) for each in value["proof"]]
                root = log.roots[size]
                fits = merkle.verify_inclusion(log.hashes[seq], seq, size, proof, root)
            except (KeyError, IndexError, TypeError, ValueError):
                fits, seq = False, -1
            if not fits:
                noted.tampered("proof", "an inclusion proof does not prove its entry.", None if seq < 0 else seq)
                return


def _judge_reasons(path: Path, logs: dict[int, _Log], noted: Problems) -> None:
    for lines in _batches(path):
        for line in lines:
            try:
                value = json.loads(line)
                seq, named = int(value["seq"]), logs[int(value["incarnation"])].reasons.get(int(value["seq"]))
                fits = named == leaves.reason_hash(jcs.unb64(value["salt"]), value["reason"])
            except (KeyError, TypeError, ValueError, AttributeError):
                fits, seq = False, -1
            if not fits:
                noted.tampered("reason", f"the reason of entry {seq} is not the one that was given.", seq)
                return


def _batches(path: Path) -> Iterator[list[bytes]]:
    """Give the lines of a file without their ends, some thousand at a time."""
    try:
        with path.open("rb") as file:
            while lines := list(islice(iter(lambda: file.readline(_LONGEST), b""), _BATCH)):
                yield [line.removesuffix(b"\n") for line in lines]
    except OSError as problem:
        raise errors.Unreadable(path=path.name, detail=problem.strerror or "it cannot be read.") from None


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(note.MAX_NOTE_BYTES + 1)
