"""What the audit log holds of alerts that the watch raised, so that none is taken off the board unseen."""

from typing import Final

from sqlalchemy import String, cast, exists, literal, select

from socialguard import errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.pages import MAX_PROBLEMS, Problem
from socialguard.model.text import marked
from socialguard.store.database import Database
from socialguard.store.tables import alert, audit_entry

ACTION: Final = "watch.alert"
KIND: Final = "alert"
GONE: Final = marked("alert {number} was raised, and is gone.")
_PREFIX: Final = "alert-"
_BEYOND: Final = "alert."


def entry(actor: Actor, account_id: str, alert_id: int, kind: str, count: int, evidence: str) -> Entry:
    """Return the entry of an alert: of which kind, of how many things, with the hash of the newest one's
    evidence."""
    obj = {"kind": kind, "count": count, "evidence": evidence}
    return Entry(ACTION, "raised", actor, account_id, corr=f"{_PREFIX}{alert_id}", obj=obj)


def disagreements(database: Database) -> list[Problem]:
    """Return the alerts that the log says were raised and that are gone, the first hundred."""
    kept = exists().where(literal(_PREFIX) + cast(alert.c.id, String) == audit_entry.c.corr)
    named = (
        select(audit_entry.c.corr)
        .where(
            audit_entry.c.corr >= _PREFIX,
            audit_entry.c.corr < _BEYOND,
            audit_entry.c.action == ACTION,
            ~kept,
        )
        .distinct()
        .order_by(audit_entry.c.corr)
        .limit(MAX_PROBLEMS)
    )
    with database.read() as connection:
        gone = list(connection.execute(named).scalars())
    return [
        Problem(KIND, GONE.format(number=str(one).removeprefix(_PREFIX)), errors.Tampered.exit_code)
        for one in gone
    ]
