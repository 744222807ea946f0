"""An embargo that policy names holds also what was queued before the policy did.

The check `embargo` looks when a post is written; the sender looks again when it is due. A person who passed the
check with a reason said so in the log's first word on the delivery (`passed`), and is obeyed."""

from sqlalchemy import Connection

from socialguard import errors
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery
from socialguard.publishing.interface import Desk
from socialguard.publishing.submission import since_of

CHECK = "embargo"


def problem_of(connection: Connection, desk: Desk, value: Delivery, account: Account) -> errors.Embargoed | None:
    """Return why a delivery may not go out now: its account is under an embargo. A deletion is never held."""
    if value.act is Act.DELETE:
        return None
    window = desk.trust.embargo(connection, account)
    if not window:
        return None
    course = desk.log.course(connection, value.fingerprint, since_of(value.nonce))
    if course and CHECK in str(course[0].obj.get("passed", "")).split(","):
        return None
    return errors.Embargoed(delivery=value.id, account=account, window=window)
