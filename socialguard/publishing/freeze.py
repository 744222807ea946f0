"""Stopping every send on an account, a client, a label or all, and letting it go on by a signed thaw.

Freezing needs no key and no unlocked vault; where the database cannot be written, `workspace.stopping` notes it
in the emergency file, which the sender reads too. Only a thaw lifts it, signed and named in the log.
"""

from collections.abc import Sequence

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs
from socialguard.ledger import stops
from socialguard.ledger.stops import FREEZE, Stop
from socialguard.publishing.interface import Desk
from socialguard.store.database import Database

THAW = "thaw"
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
    as `action`, and return them."""
    with desk.database.write() as connection:
        lifted = [stop for stop in stops.in_force(connection, scopes) if stop.kind == kind]
        for stop in lifted:
            statement = thaw_statement(stop)
            member, signature = desk.trust.sign(THAW, statement)
            stops.lift(connection, stop.id, actor=member, signature=signature)
            desk.log.append(
                connection,
                Entry(
                    action=action,
                    outcome="ok",
                    actor=desk.person,
                    reason=reason or None,
                    obj={"scope": stop.scope, "stop": stop.id},
                ),
            )
    return tuple(lifted)


def thaw_statement(stop: Stop) -> dict[str, object]:
    """Return what a member signs to lift a stop: the very stop, by number, scope and instant."""
    return {"stop": stop.id, "scope": stop.scope, "since": jcs.timestamp(stop.since)}
