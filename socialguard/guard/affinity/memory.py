"""What is known of one account, and how it is written: a line of JSON, then arrays of numbers. Nothing of it is code,
and no text of a post is in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Counts, Floats
from socialguard.guard.affinity.linear import Line

_FORM: Final = "socialguard affinity 1"


def _no_scores() -> Floats:
    return np.zeros((0, 2))


@dataclass(slots=True)
class Memory:
    """One account's counts, the two suspicions of its newest posts before they were learned (posts × 2), its side
    of the linear judge, and `drift`: the part of its newest posts that the limits before would have asked about."""

    counts: Counts = field(default_factory=Counts.empty)
    scores: Floats = field(default_factory=_no_scores)
    line: Line | None = None

    def dump(self, about: dict[str, object]) -> bytes:
        """Return it as bytes, with `about` (plain values) beside it."""
        keys, seen = self.counts.table
        arrays: list[NDArray[np.generic]] = [keys, seen, self.scores]
        if self.line is not None:
            arrays += [self.line.keys, self.line.weights]
        head = {
            "form": _FORM,
            "posts": self.counts.posts,
            "about": about,
            "arrays": [[array.dtype.str, array.shape] for array in arrays],
        }
        return b"".join([json.dumps(head).encode(), b"\n", *(array.tobytes() for array in arrays)])


def load(data: bytes) -> tuple[Memory, dict[str, object]]:
    """Return what `dump` wrote, and what it wrote beside it. Raises ValueError where it is not of this form."""
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    if not isinstance(head, dict) or head.get("form") != _FORM:
        raise ValueError("not what this version wrote")
    arrays, at = [], 0
    for code, shape in head["arrays"]:
        kind = np.dtype(code)
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(rest, dtype=kind, count=count, offset=at).reshape(shape))
        at += count * kind.itemsize
    if at != len(rest):
        raise ValueError("its length is not what it says")
    keys, seen, scores = arrays[:3]
    side: Sequence[NDArray[np.generic]] = arrays[3:]
    memory = Memory(Counts(keys, seen, int(head["posts"])), scores, Line(*side) if side else None)
    return memory, dict(head["about"])
