"""A second factor that policy asks for is asked for again when a delivery is due: what was checked when it was
written may be older than policy allows by then, or the network's answer another.

Where policy only holds, a person who passed the check with a reason, or an approver, is obeyed; where it blocks,
nobody is."""

from sqlalchemy import Connection

from socialguard import errors
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery
from socialguard.publishing.interface import Desk
from socialguard.publishing.submission import since_of

CHECK = "mfa"


def problem_of(
    connection: Connection, desk: Desk, value: Delivery, account: Account
) -> errors.NoSecondFactor | None:
    """Return why a delivery may not go out now for want of a second factor. A deletion is never held."""
    if value.act is Act.DELETE:
        return None
    found = desk.trust.second_factor(connection, account)
    if found is None:
        return None
    if not found.blocks:
        course = desk.log.course(connection, value.fingerprint, since_of(value.nonce))
        first = course[0] if course else None
        if first is not None and (
            first.outcome == "awaiting" or CHECK in str(first.obj.get("passed", "")).split(",")
        ):
            return None
    return errors.NoSecondFactor(delivery=value.id, account=account, detail=found.detail)
