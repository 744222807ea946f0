"""What is known of one account, and how it is written: a line of JSON, then arrays of numbers. Nothing of it is
code, and no text of a post is in it. A file of several accounts is a line of JSON with the length of each, then
one after another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Counts, Floats
from socialguard.guard.affinity.linear import Line

_FORM: Final = "socialguard affinity 6"


def _no_scores() -> Floats:
    return np.zeros((0, 2))


@dataclass(slots=True)
class Memory:
    """One account's counts, the two suspicions of its newest posts before they were learned (posts × 2), and its
    side of the linear judge; `level` is as of a calibration. `base` is how many posts the calibration knew,
    `newest` is when its newest post was public. Of the `later` posts, those learned since the calibration, `asked`
    would have been asked about: what false alarms really are; `credit` is what the thresholds make of that."""

    counts: Counts = field(default_factory=Counts.empty)
    scores: Floats = field(default_factory=_no_scores)
    line: Line | None = None
    level: float = 0.0
    base: int = 0
    later: int = 0
    asked: int = 0
    newest: float = 0.0
    credit: float = 0.0

    def dump(self, about: dict[str, Any]) -> bytes:
        """Return it as bytes, with `about` (plain values) beside it."""
        keys, seen = self.counts.table
        arrays: list[NDArray[np.generic]] = [keys, seen, self.scores]
        if self.line is not None:
            arrays += [self.line.keys, self.line.weights]
        head = {
            "form": _FORM,
            "posts": self.counts.posts,
            "newest": self.newest,
            "level": self.level,
            "credit": self.credit,
            "base": self.base,
            "later": self.later,
            "asked": self.asked,
            "about": about,
            "arrays": [[array.dtype.str, array.shape] for array in arrays],
        }
        return b"".join([json.dumps(head).encode(), b"\n", *(array.tobytes() for array in arrays)])


def load(data: bytes) -> tuple[Memory, dict[str, Any]]:
    """Return what `dump` wrote, and what it wrote beside it. Raises ValueError where it is not of this form."""
    try:
        return _read(data)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError("this is not what this version wrote of an account") from error


def joined(kept: Mapping[str, bytes]) -> bytes:
    """Return several accounts as one file."""
    sizes = json.dumps({account: len(data) for account, data in kept.items()})
    return b"".join([sizes.encode(), b"\n", *kept.values()])


def parted(data: bytes) -> dict[str, bytes]:
    """Return the accounts that were `joined`. Raises ValueError where the bytes are no such file, or cut off."""
    head, _, rest = data.partition(b"\n")
    kept, at = {}, 0
    try:
        for account, size in json.loads(head).items():
            kept[account] = rest[at : at + size]
            at += size
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError("this is no file of a portfolio") from error
    if at != len(rest):
        raise ValueError("the file of the portfolio is not as long as it says")
    return kept


def _read(data: bytes) -> tuple[Memory, dict[str, Any]]:
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    if not isinstance(head, dict) or head.get("form") != _FORM:
        raise ValueError("not what this version wrote")
    arrays: list[NDArray[Any]] = []
    at = 0
    for code, shape in head["arrays"]:
        kind = np.dtype(code)
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(rest, dtype=kind, count=count, offset=at).reshape(shape))
        at += count * kind.itemsize
    if at != len(rest):
        raise ValueError("its length is not what it says")
    keys, seen, scores = arrays[:3]
    side = arrays[3:]
    memory = Memory(
        Counts(keys, seen, int(head["posts"])),
        scores,
        Line(side[0], side[1]) if side else None,
        level=float(head["level"]),
        credit=float(head["credit"]),
        base=int(head["base"]),
        newest=float(head["newest"]),
        later=int(head["later"]),
        asked=int(head["asked"]),
    )
    return memory, dict(head["about"])
