"""The bytes of one entry: how a leaf is written, and what the table's columns must say for it.

A leaf is the canonical JSON that FORMATS fixes; its hash is what the tree holds. Everything else in a row of
`audit_entry` is read off the leaf and is believed only after `columns` of the leaf says the same.
"""

import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from typing import Final

from socialguard import errors
from socialguard.audit.interface import Actor, Entry, Said
from socialguard.canon import jcs
from socialguard.model.credential import HIDDEN, redact
from socialguard.store.process import host_id

VERSION: Final = 1
MAX_REASON: Final = 500
NONCE_BYTES: Final = 16
SALT_BYTES: Final = 16
INTENT: Final = "intent"
"""The outcome of an entry that says what is about to be done."""

_REASON_PREFIX: Final = b"socialguard/reason/v1\n"
# Ids and words of our own making: what a database column of either kind holds, and what needs no escape.
_ID: Final = re.compile(r"[A-Za-z0-9_.:@/+=-]{1,64}")
_OUTCOME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,31}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_RESERVED: Final = frozenset({"fingerprint", "clock_back"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the derived columns of a row must hold."""

    seq: int
    ts: str
    actor: str
    action: str
    account: str | None
    outcome: str
    corr: str | None
    fingerprint: str | None


class BadLeaf(ValueError):
    """Bytes that are not a leaf of this log."""


def encode(
    entry: Entry, *, org: str, seq: int, ts: str, salt: bytes | None = None, clock_back: str | None = None
) -> bytes:
    """Return the leaf of `entry` at index `seq`.

    `salt` goes with a reason; `clock_back` is what the clock showed where that is before the entry above, and
    flags it. Raises ValueError for an entry that no honest caller makes (`refuse_unfit`)."""
    refuse_unfit(entry)
    obj = dict(entry.obj)
    if entry.fingerprint is not None:
        obj["fingerprint"] = entry.fingerprint
    if clock_back is not None:
        obj["clock_back"] = clock_back
    actor = entry.actor
    return jcs.encode(
        {
            "v": VERSION,
            "seq": seq,
            "ts": ts,
            "org": org,
            "nonce": jcs.b64(secrets.token_bytes(NONCE_BYTES)),
            "actor": {"id": actor.id, "kind": actor.kind, "via": actor.via, "proof": actor.proof},
            "action": entry.action,
            "account": entry.account,
            "outcome": entry.outcome,
            "corr": entry.corr,
            "reason_sha256": None if not entry.reason or salt is None else reason_hash(salt, entry.reason),
            "obj": obj,
            "src": {"uid": _uid(), "pid": os.getpid(), "host": host_id()},
        }
    )


def refuse_unfit(entry: Entry) -> None:
    """Raise ValueError for an entry with ids or words that are not plain, UsageError for a reason that is too
    long or holds a secret."""
    ids = (entry.action, entry.actor.id, entry.actor.kind, entry.actor.via, entry.actor.proof)
    given = [*ids, *(each for each in (entry.account, entry.corr) if each is not None)]
    if not all(_ID.fullmatch(each) for each in given) or not _OUTCOME.fullmatch(entry.outcome):
        raise ValueError("an id, action or outcome of an audit entry is not a plain word of at most 64 characters")
    if entry.fingerprint is not None and not _FINGERPRINT.fullmatch(entry.fingerprint):
        raise ValueError("a fingerprint is 64 hex digits")
    if not _RESERVED.isdisjoint(entry.obj):
        raise ValueError("fingerprint and clock_back in obj are set by the log alone")
    if entry.reason:
        refuse_reason(entry.reason)


def refuse_reason(reason: str) -> None:
    """Raise UsageError for a reason that is too long or holds something shaped like a secret."""
    if len(reason) > MAX_REASON:
        raise errors.UsageError(detail=f"A reason has at most {MAX_REASON} characters, not {len(reason)}.")
    if "\0" in reason:
        raise errors.UsageError(detail="A reason cannot hold a null character.")
    # What was already taken out of a text looks like a value, too.
    shown = reason.replace(HIDDEN, ";")
    if redact(shown) != shown:
        raise errors.UsageError(detail="The reason holds something that looks like a secret; write it without.")


def reason_hash(salt: bytes, reason: str) -> str:
    """Return hex SHA-256 of `socialguard/reason/v1\\n` ‖ salt ‖ reason in UTF-8: without the salt, which can
    be erased with the reason, it tells nothing."""
    return hashlib.sha256(_REASON_PREFIX + salt + reason.encode("utf-8")).hexdigest()


def decode(leaf: bytes) -> dict[str, object]:
    """Return the fields of a leaf, without asking for its canonical form; raises BadLeaf."""
    try:
        value = json.loads(leaf)
    except (ValueError, RecursionError):
        raise BadLeaf("not JSON") from None
    if not isinstance(value, dict):
        raise BadLeaf("not an object")
    return value


def columns(fields: dict[str, object]) -> Columns:
    """Return what the columns beside these leaf fields must hold; raises BadLeaf where one is missing."""
    try:
        actor, obj = fields["actor"], fields["obj"]
        if not isinstance(actor, dict) or not isinstance(obj, dict):
            raise BadLeaf("actor and obj are objects")
        return Columns(
            fields["seq"],  # type: ignore[arg-type] # compared with a row, where another type is unequal
            fields["ts"],  # type: ignore[arg-type]
            actor["id"],
            fields["action"],  # type: ignore[arg-type]
            fields["account"],  # type: ignore[arg-type]
            fields["outcome"],  # type: ignore[arg-type]
            fields["corr"],  # type: ignore[arg-type]
            obj.get("fingerprint"),
        )
    except KeyError as problem:
        raise BadLeaf(f"{problem.args[0]} is missing") from None


def said(columns: Columns, obj: object) -> Said:
    """Return what an entry says of the fingerprint that it names."""
    told = obj if isinstance(obj, dict) else {}
    return Said(columns.action, columns.outcome, told, columns.corr, columns.actor, columns.ts)


def actor_of(fields: dict[str, object]) -> Actor:
    """Return the actor of a leaf; raises BadLeaf."""
    actor = fields.get("actor")
    if not isinstance(actor, dict):
        raise BadLeaf("actor is an object")
    return Actor(*(str(actor.get(key, "")) for key in ("id", "kind", "via", "proof")))


def _uid() -> int:
    getuid = getattr(os, "getuid", None)  # Windows has none
    return int(getuid()) if getuid is not None else 0
