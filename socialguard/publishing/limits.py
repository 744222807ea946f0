"""A network's limit on an account: what waited behind what it put off could not go out, and is not late for that.

The ledger only points at what was limited; since when and until when, the log says."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from socialguard import clock
from socialguard.audit.interface import Said
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs
from socialguard.ledger import due, reader
from socialguard.model.delivery import Delivery
from socialguard.publishing.submission import since_of

LIMITED: Final = "limited"
"""What the log calls an attempt that a network's limit ended."""


def ended(connection: Connection, log: AuditLog, value: Delivery, start: datetime) -> datetime:
    """Return until when limits kept the account of a due delivery from sending, at most until now; `start` where
    none did after that."""
    found = start
    for other in reader.tried_again(connection, value.account_id, start - due.PUT_OFF):
        for said in log.course(connection, other.fingerprint, since_of(other.nonce)):
            if said.outcome == LIMITED:
                found = max(found, _end(said) or found)
    return min(found, max(clock.now(), start))


def _end(said: Said) -> datetime | None:
    """Until when a limit was, None where it was so long that it held up nothing else."""
    try:
        until, since = jcs.parse_timestamp(str(said.obj.get("due"))), jcs.parse_timestamp(said.ts)
    except jcs.NotCanonical:
        return None
    return until if until - since <= due.PUT_OFF else None
