"""What the submitter of a delivery signs, and whether its row is still that.

The sender asks before it sends, an approver's program before it shows, and a delivery that takes the place of
another is not made from a row that somebody changed."""

import re
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.audit.courses import FINISHED
from socialguard.audit.interface import Tree
from socialguard.audit.log import BEGINNING, Since
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery
from socialguard.model.fingerprint import body, fingerprint
from socialguard.publishing.interface import Desk

SUBMISSION: Final = "delivery"
_NONCE: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,15})\.[0-9a-f]{32}")


def begin_nonce(log: Tree) -> str:
    """Return how the nonce of a delivery begins that is queued now: with the log's incarnation and size. Nothing
    in the log about the delivery is older; its submitter signs that."""
    return f"{log.incarnation}.{log.size}."


def since_of(nonce: str) -> Since:
    """Return the log as it was when a delivery was queued, as its signed nonce says."""
    found = _NONCE.fullmatch(nonce)
    return BEGINNING if found is None else (int(found[1]), int(found[2]))


def statement_of(org: str, value: Delivery, account: Account) -> dict[str, object]:
    """Return what the submitter of a delivery signed, rebuilt from its row and the signed account."""
    return dict(
        body(
            org=org,
            delivery=value.id,
            nonce=value.nonce,
            act=value.act,
            account=account.id,
            user_id=account.user_id,
            content=value.content,
            not_before=value.not_before,
            max_late=value.max_late,
            target=value.target,
            after=value.after_id,
        )
    )


def require_as_signed(connection: Connection, desk: Desk, value: Delivery, account: Account) -> None:
    """Refuse (Tampered) a row that is not what its submitter signed."""
    statement = statement_of(desk.trust.org, value, account)
    if fingerprint(statement) != value.fingerprint:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="its content is not what was confirmed.")
    desk.trust.require_signed(connection, SUBMISSION, statement, value.submitter, value.signature)


def require_waiting(connection: Connection, desk: Desk, value: Delivery, account: Account) -> None:
    """Refuse (Tampered) a waiting row that is not as signed, or of which the log says that it is over."""
    require_as_signed(connection, desk, value, account)
    course = desk.log.course(connection, value.fingerprint, since_of(value.nonce))
    last = course[-1] if course else None
    if last is not None and (last.action, last.outcome) in FINISHED:
        raise errors.Tampered(
            what=f"Delivery {value.id}", detail=f"the log ends it with {last.action} {last.outcome}."
        )
