"""How the credentials of all accounts stand, as their rows say, unopened, unverified: to show, never to send."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from socialguard.canon import jcs
from socialguard.store.tables import credential


@dataclass(frozen=True, slots=True)
class Term:
    """The newest credential of an account: its state, and when it ends (None: never, or not told)."""

    state: str
    expires_at: datetime | None


def terms(connection: Connection) -> dict[str, Term]:
    """Return the newest credential of each account that has one."""
    columns = (credential.c.account_id, credential.c.state, credential.c.expires_at)
    found = {}
    for account_id, state, ends in connection.execute(select(*columns).order_by(credential.c.gen)):
        found[account_id] = Term(state, None if ends is None else jcs.parse_timestamp(ends))
    return found
