"""Trees of the log that are known from elsewhere: pins and anchors. A log that denies one was changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from socialguard.audit import checkpoint
from socialguard.audit.anchors.interface import Anchor, AnchorFailed
from socialguard.audit.interface import LogKey, Tree, TreePin
from socialguard.audit.pages import Problem
from socialguard.canon import note


@dataclass(frozen=True, slots=True)
class Witness:
    """A tree, who remembers it, and whether that lies outside this machine."""

    tree: Tree
    source: str
    outside: bool = False
    anchor: bool = True


def gather(
    org: str, log_keys: Sequence[LogKey], pins: TreePin | None, anchors: Sequence[Anchor]
) -> tuple[list[Witness], list[Problem]]:
    """Return every tree that pins and anchors know, one for each tree and source, and what is wrong with them.

    An anchor that cannot be read is a problem (15): without it nobody knows what it would say."""
    witnesses: dict[Witness, None] = {}
    problems: list[Problem] = []
    pinned = None if pins is None else pins.pinned_tree()
    if pinned is not None:
        witnesses[Witness(pinned, "the pin on this machine", anchor=False)] = None
    for anchor in anchors:
        try:
            for data in anchor.notes(org):
                try:
                    tree = checkpoint.opened(data, org, log_keys)
                except note.BadNote as problem:
                    detail = f"the anchor {anchor.name} holds a checkpoint that is not ours: {problem}."
                    problems.append(Problem("anchor", detail, 13))
                    continue
                witnesses[Witness(tree, f"the anchor {anchor.name}", anchor.outside)] = None
        except AnchorFailed as problem:
            problems.append(Problem("unreachable", problem.message(), problem.exit_code))
    return list(witnesses), problems
