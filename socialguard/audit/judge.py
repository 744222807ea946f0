"""Judgements over a log that was read: what its incarnations declare of each other, what witnesses say against it,
and whether changes of the log key were signed by both keys."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from socialguard.audit import declaration, pruned
from socialguard.audit import leaf as leaves
from socialguard.audit.checkpoint import ROTATION_TYPE
from socialguard.audit.declaration import Declaration
from socialguard.audit.interface import LogKey, Tree
from socialguard.audit.pages import Problem, Problems
from socialguard.audit.scan import Scanned
from socialguard.audit.witness import Witness
from socialguard.canon import envelope, jcs


def judge_declarations(
    org: str, owners: Sequence[bytes], scans: Mapping[int, Scanned], current: int, problems: list[Problem]
) -> dict[int, Declaration]:
    """Return the valid declarations, by the incarnation that they are about; adds what is wrong to `problems`.

    Every incarnation but 0 begins with one, and every stored one but the present is the subject of one, whose size
    and root its rows must still have. What was wrong with rows past their intact part is thereby declared, and is
    taken out of the scan's problems."""
    found: dict[int, Declaration] = {}
    for incarnation, result in scans.items():
        if incarnation == 0:
            continue
        try:
            declared = declaration.read(result.first or b"", org, owners)
            if declared.incarnation != incarnation or declared.old.incarnation >= incarnation:
                raise leaves.BadLeaf("a declaration for another incarnation")
        except leaves.BadLeaf as problem:
            problems.append(Problem("incarnation", f"incarnation {incarnation} begins with {problem}.", 13, 0))
            continue
        found[declared.old.incarnation] = declared
    for incarnation, result in scans.items():
        if incarnation == current:
            continue
        declared = found.get(incarnation, _NOTHING)
        if Tree(incarnation, result.frontier.size, result.frontier.root()) != declared.old:
            detail = f"the entries of incarnation {incarnation} are not those that were declared."
            problems.append(Problem("incarnation", detail, 13))
        excused = [p for p in result.problems if p.entry is not None and p.entry < declared.intact]
        result.noted = Problems(excused)
    for declared in found.values():
        if declared.old.incarnation not in scans and declared.old.size:
            detail = f"the entries of incarnation {declared.old.incarnation} are gone."
            problems.append(Problem("incarnation", detail, 13))
    return found


_NOTHING = Declaration(-1, Tree(-1, -1, b""), 2**62, (), None)


def judge_witness(
    witness: Witness, scans: Mapping[int, Scanned], current: int, declared: Mapping[int, Declaration]
) -> list[Problem]:
    """Return the problem that a tree known from elsewhere is to this log; nothing if it agrees or is excused."""
    tree, source = witness.tree, witness.source
    result = scans.get(tree.incarnation)
    if result is not None and result.roots.get(tree.size) == tree.root:
        return []
    if tree.size == 0 or any(each.excuses(tree) for each in declared.values()):
        return []
    if tree.incarnation > current:
        detail = f"{source} knows incarnation {tree.incarnation}; this log is of incarnation {current}."
        return [Problem("shorter", detail, 13)]
    size = 0 if result is None else result.frontier.size
    if tree.size > size:
        detail = f"{source} knows {tree.size} entries; the log has {size}."
        return [Problem("shorter", detail, 13, size)]
    return [Problem("fork", f"{source} knows another log of {tree.size} entries.", 13, tree.size - 1)]


def told_once(problems: Sequence[Problem], sources: Sequence[str]) -> list[Problem]:
    """Return what witnesses say against a log, once for each source: one entry that is gone speaks against every
    checkpoint after it. `sources` are who said each."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem, source in zip(problems, sources, strict=True):
        groups.setdefault((problem.kind, source), []).append(problem)
    told = []
    for (kind, source), group in groups.items():
        if len(group) == 1:
            told += group
        elif kind == "fork":
            sizes = [1 + (one.entry or 0) for one in group]
            detail = (
                f"{source} knows another log: {len(group)} checkpoints, of {min(sizes)} to {max(sizes)} entries, "
                "are not of this one."
            )
            told.append(Problem(kind, detail, 13, min(sizes) - 1))
        else:
            told.append(group[-1])  # the largest that is known says it all
    return told


def judge_prunings(org: str, owners: Sequence[bytes], scans: Mapping[int, Scanned]) -> int:
    """Return how many entries are hashes only; notes those that no owner let go, and acts that no owner signed."""
    acts = []
    for incarnation, result in sorted(scans.items()):
        for seq, data in result.kept:
            try:
                if leaves.decode(data).get("action") == pruned.ACTION:
                    acts.append(pruned.read(data, org, owners))
            except leaves.BadLeaf as problem:
                result.tampered("pruned", f"entry {seq} of incarnation {incarnation} is {problem}.", seq)
    bare = {incarnation: result.bare for incarnation, result in scans.items()}
    newest = scans[max(scans)].noted if scans else Problems()
    return pruned.judge(acts, bare, {number: result.noted for number, result in scans.items()}, newest)


def judge_rotations(org: str, result: Scanned, log_keys: Sequence[LogKey]) -> list[Problem]:
    """Return a problem for each change of the log key that neither both keys signed nor the manifest lists."""
    problems = []
    for seq, data in result.kept:
        try:
            if leaves.decode(data).get("action") == pruned.ACTION:
                continue
            found = rotation(org, result.incarnation, seq, data)
            if not found.by_both and found.new not in log_keys:
                raise leaves.BadLeaf("of a key that no owner listed")
        except (KeyError, TypeError, ValueError):
            problems.append(Problem("log_key", UNSIGNED.format(seq=seq), 13, seq))
    return problems


UNSIGNED: Final = "entry {seq}: the change of the log key is neither signed by both keys nor listed by an owner."


@dataclass(frozen=True, slots=True)
class Rotation:
    """A change of the log key: the key before, the new one with its range, and whether both signed it. Where they
    did not it is for the manifest to say that an owner listed the new one."""

    old: bytes
    new: LogKey
    by_both: bool


def rotation(org: str, incarnation: int, seq: int, data: bytes) -> Rotation:
    """Return what the entry says that changes the log key.

    Raises KeyError, TypeError or ValueError where it is not of this place, or signed and not by both."""
    obj = leaves.decode(data).get("obj")
    if not isinstance(obj, dict):
        raise leaves.BadLeaf("no object")
    stored = str(obj["statement"]).encode("utf-8")
    body = json.loads(stored)
    old, new = jcs.unb64(str(body["old"])), jcs.unb64(str(body["new"]))
    if body["org"] != org or body["incarnation"] != incarnation or body["from_size"] != seq + 1:
        raise leaves.BadLeaf("for another place in the log")
    by_both = obj.keys() != {"statement"}
    if by_both:
        for key, role in ((old, "old"), (new, "new")):
            envelope.verify(key, jcs.unb64(str(obj[f"{role}_signature"])), ROTATION_TYPE, org, stored)
    return Rotation(old, LogKey(new, seq + 1, incarnation), by_both)
