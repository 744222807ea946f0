"""Whether the rows of `audit_entry` say what their leaves say, fast enough for hundreds of thousands.

A leaf that the log wrote matches one pattern, which reads its fields three times faster than a JSON parser;
whatever does not match, or seems to disagree, is parsed and judged by that."""

import re
from collections.abc import Sequence
from typing import Any, Final

from socialguard.audit import leaf as leaves
from socialguard.canon import jcs

COLUMNS: Final = (
    "seq",
    "leaf",
    "leaf_hash",
    "ts",
    "actor",
    "action",
    "account",
    "outcome",
    "corr",
    "fingerprint",
)
"""The order in which the functions here take a row."""

# Possessive: what ends at the next quotation mark is never tried shorter.
_TEXT: Final = r'"([^"\\]*+)"'
_MAYBE: Final = rf"(?:null|{_TEXT})"
_ANY: Final = r'"[^"\\]*+"'
# RFC 8785 sorts keys, so the order is fixed. Everything after `obj` holds a fixed number of quotation marks, so
# there is one way to match it, counted from the end: what stands inside `obj` cannot pass for it.
_LEAF: Final = re.compile(
    rf'\{{"account":{_MAYBE},"action":{_TEXT},'
    rf'"actor":\{{"id":{_TEXT},"kind":{_ANY},"proof":{_ANY},"via":{_ANY}\}},'
    rf'"corr":{_MAYBE},"nonce":{_ANY},"obj":(\{{.*\}}),"org":{_TEXT},"outcome":{_TEXT},'
    rf'"reason_sha256":(?:null|{_ANY}),"seq":([0-9]+),'
    rf'"src":\{{"host":{_ANY},"pid":[0-9]+,"uid":[0-9]+\}},"ts":{_TEXT},"v":1\}}',
    re.DOTALL,
)
_FINGERPRINT_KEY: Final = '"fingerprint":'


def disagreements(rows: Sequence[Any], org: str, *, deep: bool) -> list[tuple[int, str]]:
    """Return the index of each row whose leaf is not a leaf of `org` or whose columns it contradicts, with what is
    wrong. Rows are as `COLUMNS`. `deep` asks for the canonical form too."""
    match = _LEAF.fullmatch
    suspects = []
    for row in rows:
        seq, leaf, _, ts, actor, action, account, outcome, corr, fingerprint = row
        try:
            found = match(leaf.decode())
        except UnicodeDecodeError:
            found = None
        if found is None:
            suspects.append(row)
            continue
        obj = found[5]
        if (
            found.groups() != (account, action, actor, corr, obj, org, outcome, str(seq), ts)
            or (fingerprint is None) == (_FINGERPRINT_KEY in obj)
            or (fingerprint is not None and not _holds(obj, fingerprint))
        ):
            suspects.append(row)
    judged = rows if deep else suspects
    return [(row[0], wrong) for row in judged if (wrong := _wrong(row, org, deep=deep)) is not None]


def _holds(obj: str, fingerprint: Any) -> bool:
    """Return whether `obj` surely names this fingerprint: a key of that name in an object within `obj` is
    another's, and a value with a quotation mark can pass for more: the parser tells those apart."""
    plain = isinstance(fingerprint, str) and fingerprint.isalnum()
    return plain and f'{_FINGERPRINT_KEY}"{fingerprint}"' in obj and obj.find("{", 1) < 0


def _wrong(row: Any, org: str, *, deep: bool) -> str | None:
    """Return what is wrong with a row, judged by its parsed leaf; None if nothing is."""
    seq, leaf, _, ts, actor, action, account, outcome, corr, fingerprint = row
    try:
        fields = _canonical(leaf) if deep else leaves.decode(leaf)
        said = leaves.columns(fields)
    except (leaves.BadLeaf, jcs.NotCanonical) as problem:
        return f"its leaf is {problem}"
    if fields.get("v") != leaves.VERSION:
        return "its leaf has a version that this program does not know"
    if fields.get("org") != org:
        return "its leaf is of another organisation"
    if said.seq != seq:
        return f"its leaf is that of entry {said.seq}"
    if said != leaves.Columns(seq, ts, actor, action, account, outcome, corr, fingerprint):
        return "its columns do not say what its leaf says"
    return None


def _canonical(leaf: bytes) -> dict[str, object]:
    value = jcs.decode(leaf)
    if not isinstance(value, dict):
        raise leaves.BadLeaf("not an object")
    return value
