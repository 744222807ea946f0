"""Whether the rows of `audit_entry` say what their leaves say, fast enough for hundreds of thousands.

A leaf that the log wrote begins and ends, byte for byte, as its columns and two parts of fixed form make it, which
is seen several times faster than by a JSON parser; whatever does not is parsed and judged by that."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

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

# What no column says must be of its form, so that nothing of another part hides in it.
_FORM: Final = re.compile(
    r'"kind":"[^"\\]*","proof":"[^"\\]*","via":"[^"\\]*"'  # of the actor
    r'|\{"host":"[^"\\]*","pid":[0-9]+,"uid":[0-9]+\}'  # of the source
)
_NONCE: Final = 24  # characters: 16 bytes in base64
_OBJ: Final = '","obj":{'
_TIME: Final = '2026-11-27T09:00:00.000000Z","v":1}'
_AFTER: Final = len(',"ts":"') + len(_TIME)
_MARK: Final = '"fingerprint":'
_MOST: Final = 8192  # frames to remember


def disagreements(rows: Sequence[Any], org: str, *, deep: bool) -> list[tuple[int, str]]:
    """Return the index of each row whose leaf is not a leaf of `org` or whose columns it contradicts, with what is
    wrong. Rows are as `COLUMNS`. `deep` asks for the canonical form too."""
    judged = rows if deep else [row for row in rows if not _surely_agrees(row, org)]
    return [(row[0], wrong) for row in judged if (wrong := _wrong(row, org, deep=deep)) is not None]


def _surely_agrees(row: Any, org: str) -> bool:
    """Return whether a leaf begins and ends as its columns make it, with a nonce and `obj` between; False where
    only the parser can tell. RFC 8785 sorts keys, so there is one order."""
    text: str
    seq, leaf, _, ts, actor, action, account, outcome, corr, fingerprint = row
    words = f"{corr}{fingerprint}{ts}"
    if '"' in words or "\\" in words:
        return False
    try:
        text = leaf.decode()
    except UnicodeDecodeError:
        return False
    frame = _frames.get((org, account, action, actor, outcome))
    if frame is None or not (text.startswith(frame.head) and text.startswith(frame.source, frame.source_at)):
        frame = _frame_of(text, org, account, action, actor, outcome)
        if frame is None:
            return False
    begin = f'{frame.head}null,"nonce":"' if corr is None else f'{frame.head}"{corr}","nonce":"'
    tail = f'{frame.middle}{seq}{frame.source}{ts}","v":1}}'
    nonce, obj, end = len(begin), len(begin) + _NONCE, len(text) - len(tail)
    if not (text.startswith(begin) and text.startswith(_OBJ, obj) and text.endswith(tail)) or obj >= end:
        return False
    if text.find('"', nonce) != obj or text.find("\\", nonce, obj) >= 0:
        return False
    obj += len(_OBJ)
    if fingerprint is None:
        return text.find(_MARK, obj, end) < 0
    # A key of that name in an object within is another's: the parser tells those apart.
    return text.find(f'{_MARK}"{fingerprint}"', obj, end) >= 0 and text.find("{", obj, end) < 0


class _Frame(NamedTuple):
    """What the leaves of many rows have in common, byte for byte: up to `corr`, from `obj` to `seq`, and from it
    to the time, with where that begins, counted from the end."""

    head: str
    middle: str
    source: str
    source_at: int


_frames: dict[tuple[str | None, ...], _Frame] = {}
"""The frame seen last for an organisation, account, action, actor and outcome: a log says much again and again."""


def _frame_of(text: str, org: str, account: str | None, action: str, actor: str, outcome: str) -> _Frame | None:
    """Return the frame of a leaf with these columns, and keep it; None where it has another form."""
    words = f"{account}{action}{actor}{outcome}"
    if '"' in words or "\\" in words:
        return None
    about = "null" if account is None else f'"{account}"'
    head = f'{{"account":{about},"action":"{action}","actor":{{"id":"{actor}",'
    who = text[len(head) : text.find("}", len(head))]
    where = text[text.rfind("{") : -_AFTER]
    if not (_is_formed(who) and _is_formed(where)):
        return None
    if len(_frames) >= _MOST:
        _frames.clear()
    middle = f'}},"org":"{org}","outcome":"{outcome}","reason_sha256":null,"seq":'
    source = f',"src":{where},"ts":"'
    frame = _Frame(f'{head}{who}}},"corr":', middle, source, -len(source) - len(_TIME))
    _frames[org, account, action, actor, outcome] = frame
    return frame


@lru_cache(maxsize=4096)
def _is_formed(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


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
