"""What the log says of a delivery, from the first word to the last, and how a word is added to it.

What its row says counts only as far as this goes: who writes the database can put rows back or make them up."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.audit.interface import Entry, Said
from socialguard.audit.leaf import INTENT
from socialguard.canon import jcs
from socialguard.ledger import word
from socialguard.model.account import Account
from socialguard.model.credential import redact
from socialguard.model.delivery import Act, Delivery, Receipt
from socialguard.publishing import approval, limits, unreached
from socialguard.publishing.interface import Desk
from socialguard.publishing.submission import since_of

# The log's first word on a delivery that may go out, said once: it was confirmed and queued.
QUEUED: Final = ("delivery.queue", "queued")
# The newest word on one that may go out again: its last attempt proved that nothing is public. A worker signs it:
# entries carry no signature, and whoever writes the database could append one. After any other (sent, failed,
# cancelled, held …) it never goes out.
REOPENED: Final = frozenset({limits.LIMITED, "not_public", unreached.OUTCOME})


def require_open(connection: Connection, desk: Desk, value: Delivery, account: Account) -> int:
    """Refuse a row that says `queued`, or a time, where the log says otherwise: it was opened again, put off,
    never approved, or never queued here. Return how many approvals it was queued with the need of."""
    course = desk.log.course(connection, value.fingerprint, since_of(value.nonce))
    if not course or (course[0].action, course[0].outcome) not in (QUEUED, approval.AWAITED):
        raise errors.Tampered(what=f"Delivery {value.id}", detail="the log does not know it.")
    last = course[-1]
    asked = course[0].obj.get("approvals", 0)
    is_approved = (last.action, last.outcome) == approval.APPROVED and all(
        said.action in approval.WHILE_WAITING for said in course[1:]
    )
    if course[0].outcome != QUEUED[1] and len(course) == 1:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="the log holds no approval of it.")
    if len(course) > 1 and not is_approved:
        _require_reopened(connection, desk, value, account, course)
    if last.obj.get("due") != jcs.timestamp(value.due):
        raise errors.Tampered(what=f"Delivery {value.id}", detail="its time is not the one in the log.")
    return max(int(course[0].outcome != QUEUED[1]), asked if isinstance(asked, int) else 0)


def _require_reopened(
    connection: Connection, desk: Desk, value: Delivery, account: Account, course: Sequence[Said]
) -> None:
    """Refuse unless a worker signed that the newest attempt made nothing public."""
    last = course[-1]
    if last.action != "delivery.send" or last.outcome not in REOPENED:
        raise errors.Tampered(
            what=f"Delivery {value.id}", detail=f"the log ends it with {last.action} {last.outcome}."
        )
    attempts = [said.corr for said in course if said.outcome == INTENT]
    said = word.statement(replace(value, attempt_id=attempts[-1] if attempts else None), last.outcome)
    try:
        signature = jcs.unb64(str(last.obj.get("signature")))
    except jcs.NotCanonical:
        signature = b""
    key_id = str(last.obj.get("key_id"))
    desk.trust.require_vouched(connection, word.TYPE, said, account, key_id=key_id, signature=signature)


def append(
    connection: Connection,
    desk: Desk,
    value: Delivery,
    outcome: str,
    *,
    reason: str | None = None,
    receipt: Receipt | None = None,
    calls: int | None = None,
) -> int:
    """Append what happened to a delivery to the log and return the entry's index."""
    obj: dict[str, object] = {"delivery": value.id, "act": value.act.value, "due": jcs.timestamp(value.due)}
    network_id = receipt.network_id if receipt is not None else None
    if outcome == word.SENT and value.act is Act.DELETE:
        network_id = value.target
    if network_id is not None:
        obj["network_id"] = network_id
    if calls is not None:
        obj["calls"] = calls
    if outcome in REOPENED or outcome == word.SENT:
        key_id, signature = desk.trust.vouch(word.TYPE, word.statement(value, outcome, network_id))
        obj |= {"key_id": key_id, "signature": jcs.b64(signature)}
    return desk.log.append(
        connection,
        Entry(
            action="delivery.send",
            outcome=outcome,
            actor=desk.worker,
            account=value.account_id,
            corr=value.attempt_id,
            fingerprint=value.fingerprint,
            # Words that hold what looks like a secret by chance, cut ones too, keep no end out of the log.
            reason=None if reason is None else redact(redact(reason)[:480]),
            obj=obj,
        ),
    )
