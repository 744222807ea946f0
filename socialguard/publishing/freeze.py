"""Stopping every send on an account, a client, a label or all, and letting it go on by a signed thaw.

Freezing needs no key and no unlocked vault; where the database cannot be written, `workspace.stopping` notes it
in the emergency file, which the sender reads too. Only a thaw lifts it, signed and named in the log.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.ledger import stops
from socialguard.ledger.stops import FREEZE, Stop
from socialguard.model.text import marked
from socialguard.publishing import agreeing
from socialguard.publishing.agreeing import thaw_statement
from socialguard.publishing.interface import Desk
from socialguard.store.database import Database

THAW = "thaw"
__all__ = ["LOGGED", "THAW", "begin", "freeze", "lift", "thaw", "thaw_statement"]
LOGGED = "stop-"
"""How the `corr` of a stop's entry begins, so that the sender finds every one quickly."""


def freeze(database: Database, log: AuditLog, actor: Actor, scopes: Sequence[str], reason: str) -> None:
    """Put a freeze on each scope; one frozen already stays as it is.

    Raises AuditUnwritable, Unreadable, Busy where the database cannot take it."""
    begin(database, log, actor, FREEZE, scopes, reason)


def begin(
    database: Database, log: AuditLog, actor: Actor, kind: str, scopes: Sequence[str], reason: str
) -> tuple[str, ...]:
    """Put a stop of a kind on each scope and return those that had none; raises as `freeze`."""
    with database.write() as connection:
        stopped = {stop.scope for stop in stops.in_force(connection, scopes) if stop.kind == kind}
        fresh = tuple(dict.fromkeys(scope for scope in scopes if scope not in stopped))
        for scope in fresh:
            number = stops.begin(connection, kind, scope, reason=reason, actor=actor.id)
            entry = Entry(kind, "ok", actor, corr=f"{LOGGED}{number}", reason=reason or None, obj={"scope": scope})
            log.append(connection, entry)
    return fresh


def thaw(desk: Desk, scopes: Sequence[str], reason: str) -> tuple[Stop, ...]:
    """Lift every freeze on the scopes, each by a signed statement, and return them.

    Raises NotFound where nothing is frozen there."""
    lifted = lift(desk, FREEZE, scopes, reason, action=THAW)
    if not lifted:
        named = ", ".join(scopes)
        raise errors.NotFound(
            kind="freeze on", name=named, hint=f"Nothing was frozen there at {clock.now():%H:%M}."
        )
    return lifted


def lift(desk: Desk, kind: str, scopes: Sequence[str] | None, reason: str, *, action: str) -> tuple[Stop, ...]:
    """Lift the stops of a kind on the scopes (None: all there are), each by a signed statement that the log names
    as `action`, and return them.

    Where policy asks for more persons than have agreed, or this member is no owner, the member's agreement is
    signed and kept instead: then it raises AgreementNeeded, after all was stored; NotAllowed for who may not
    agree."""
    waiting: errors.AgreementNeeded | None = None
    lifted = []
    with desk.database.write() as connection:
        desk.trust.require_may_lift(connection)
        for stop in stops.in_force(connection, scopes):
            if stop.kind != kind:
                continue
            needed = desk.trust.thaw_needs(connection, stop)
            others = agreeing.counting(connection, desk.trust, stop) - {desk.person.id}
            if desk.trust.is_lifter(connection) and len(others) + 1 >= needed:
                _lift(connection, desk, stop, reason, action)
                lifted.append(stop)
            elif kind != FREEZE:
                raise errors.NotAllowed(
                    who=desk.trust.named(connection, desk.person.id),
                    what=marked("end a crisis"),
                    detail="only an owner does",
                )
            else:
                waiting = agreeing.agree(connection, desk, stop, reason, needed)
    if waiting is not None:
        raise waiting
    return tuple(lifted)


def _lift(connection: Connection, desk: Desk, stop: Stop, reason: str, action: str) -> None:
    agreed = agreeing.signers(connection, desk.trust, stop)
    member, signature = desk.trust.sign(THAW, thaw_statement(stop, agreed))
    stops.lift(connection, stop.id, actor=member, signature=signature)
    obj = {"scope": stop.scope, "stop": stop.id, **({"agreed": list(agreed)} if agreed else {})}
    entry = Entry(action=action, outcome="ok", actor=desk.person, reason=reason or None, obj=obj)
    desk.log.append(connection, entry)
