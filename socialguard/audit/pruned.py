"""Entries of which only the hash is kept, and the owner's word that they may be: the act `audit.prune`.

Each act is about the entries `low` ≤ seq < `high` of one incarnation, and names by count and hash which of them
lost their content; acts follow one another without a gap. So whoever writes the database cannot empty an entry
that no owner let go and pass it off as pruned. The hash kept of an entry still proves the tree above it."""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from socialguard.audit import leaf as leaves
from socialguard.audit.pages import Problems
from socialguard.canon import envelope, jcs

ACTION: Final = "audit.prune"
STATEMENT_TYPE: Final = "log-prune"
"""The envelope type of the statement."""

VERSION: Final = 1
_PREFIX: Final = b"socialguard/pruned/v1\n"
_SEQ_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Act:
    """One act: which range it is about, how many entries lost their content, and the hash over their indexes."""

    incarnation: int
    low: int
    high: int
    count: int
    sha256: str

    def statement(self, org: str) -> bytes:
        """Return the bytes that an owner signs."""
        return jcs.encode(
            {
                "v": VERSION,
                "org": org,
                "incarnation": self.incarnation,
                "low": self.low,
                "high": self.high,
                "count": self.count,
                "sha256": self.sha256,
            }
        )


def digest(sequence: Iterable[int]) -> str:
    """Return the hash over indexes in their order: `socialguard/pruned/v1\\n` ‖ each in 8 bytes, big-endian."""
    found = hashlib.sha256(_PREFIX)
    for seq in sequence:
        found.update(seq.to_bytes(_SEQ_BYTES, "big"))
    return found.hexdigest()


def read(entry: bytes, org: str, owners: Sequence[bytes] | None) -> Act:
    """Return the act of an entry, signed by one of the public keys `owners`; None where it is enough that the
    entry is proved to be in the log. Raises leaves.BadLeaf."""
    fields = leaves.decode(entry)
    obj = fields.get("obj")
    if fields.get("action") != ACTION or not isinstance(obj, dict):
        raise leaves.BadLeaf("not the pruning of entries")
    try:
        stored = str(obj["statement"]).encode("utf-8")
        body = jcs.decode(stored) if owners is None else _opened(obj, stored, org, owners)
        if not isinstance(body, dict) or (body["v"], body["org"]) != (VERSION, org):
            raise leaves.BadLeaf("of an unknown version or another organisation")
        numbers = [body[name] for name in ("incarnation", "low", "high", "count")]
        if not all(type(one) is int and one >= 0 for one in numbers):
            raise leaves.BadLeaf("not the pruning of entries")
        incarnation, low, high, count = numbers
        return Act(incarnation, low, high, count, str(body["sha256"]))
    except (KeyError, TypeError, jcs.NotCanonical, UnicodeEncodeError):
        raise leaves.BadLeaf("a pruning without its statement") from None


def judge(
    acts: Iterable[Act], bare: Mapping[int, "array[int]"], noted: Mapping[int, Problems], current: Problems
) -> int:
    """Note each entry without content that no act covers, and each act that covers others; return how many entries
    are hashes only. `bare` are their indexes, rising, by incarnation; `acts` are in the order of the log."""
    ranges: dict[int, list[Act]] = {}
    for act in acts:
        known = ranges.setdefault(act.incarnation, [])
        if act.low != (known[-1].high if known else 0):
            current.tampered("pruned", f"the prunings of incarnation {act.incarnation} do not follow one another.")
            return sum(map(len, bare.values()))
        known.append(act)
    for incarnation in sorted(bare.keys() | ranges.keys()):
        found = bare.get(incarnation, array("Q"))
        problems = noted.get(incarnation, current)
        end = 0
        for act in ranges.get(incarnation, []):
            inside = found[bisect_left(found, act.low) : bisect_left(found, act.high)]
            end = act.high
            if (len(inside), digest(inside)) != (act.count, act.sha256):
                detail = f"of the entries {act.low}–{act.high - 1} others lack their content than an owner let go."
                problems.tampered("pruned", detail, act.low)
        beyond = bisect_left(found, end)
        if beyond < len(found):
            problems.tampered(
                "pruned", f"entry {found[beyond]} lacks its content, and no owner let it go.", found[beyond]
            )
    return sum(map(len, bare.values()))


def _opened(obj: Mapping[str, Any], stored: bytes, org: str, owners: Sequence[bytes]) -> dict[str, Any]:
    signature = jcs.unb64(str(obj["signature"]))
    for owner in owners:
        try:
            return envelope.opened(owner, signature, STATEMENT_TYPE, org, stored)
        except envelope.BadSignature:
            continue
    raise leaves.BadLeaf("a pruning that no owner signed")
