"""Stops: freezes and crises; one table that the claim of a delivery reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from socialguard import clock
from socialguard.canon import jcs
from socialguard.model.account import Account
from socialguard.store.prepared import Prepared
from socialguard.store.tables import stop

ALL = "all"
MEMBER: Final = "member:"
FREEZE: Final = "freeze"
"""Nothing goes out while it is in force."""
CRISIS: Final = "crisis"
"""What was queued before it is held until a person looked at it, one by one."""

_EVER: Final = Prepared(select(stop).where(stop.c.kind == bindparam("kind")).order_by(stop.c.id))
_IN_FORCE: Final = Prepared(select(stop).where(stop.c.lifted_at.is_(None)).order_by(stop.c.id))


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop in force. `scope` is `all`, `account:<id>`, `client:<name>`, `label:<name>`, `member:<id>` for
    whatever a member submitted or approved, or `name:x:@acme` where the registry could not be read when it was
    made."""

    id: int
    kind: str
    scope: str
    reason: str
    actor: str
    since: datetime


def scopes_of(account: Account) -> tuple[str, ...]:
    """Return every scope that an account falls under."""
    labels = tuple(f"label:{name}" for name in account.labels)
    return (ALL, f"account:{account.id}", f"name:{account}", f"client:{account.client}", *labels)


def member_scopes(members: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that whatever passed through the hands of these members falls under."""
    return tuple(f"{MEMBER}{one}" for one in members)


def in_force(connection: Connection, scopes: Sequence[str] | None = None) -> tuple[Stop, ...]:
    """Return the stops in force, of `scopes` only where given, oldest first."""
    return tuple(
        _stop(row)
        for row in _IN_FORCE.all(connection)  # few, since each is a person's word: chosen here
        if scopes is None or row.scope in scopes
    )


def ever(connection: Connection, kind: str, scopes: Sequence[str]) -> tuple[Stop, ...]:
    """Return the stops of a kind on `scopes`, those that were lifted too, oldest first."""
    return tuple(_stop(row) for row in _EVER.all(connection, kind=kind) if row.scope in scopes)


def begin(
    connection: Connection, kind: str, scope: str, *, reason: str, actor: str, since: datetime | None = None
) -> int:
    """Put a stop in force and return its number."""
    values = {
        "kind": kind,
        "scope": scope,
        "reason": reason,
        "actor": actor,
        "since": jcs.timestamp(since or clock.now()),
    }
    return int(connection.execute(insert(stop).values(**values).returning(stop.c.id)).scalar_one())


def lift(connection: Connection, stop_id: int, *, actor: str, signature: bytes) -> None:
    """Lift a stop; `signature` is the member's over the statement that the audit log names."""
    connection.execute(
        update(stop)
        .where(stop.c.id == stop_id, stop.c.lifted_at.is_(None))
        .values(lifted_at=jcs.timestamp(clock.now()), lifted_by=actor, lift_signature=signature)
    )


def lifted_by(connection: Connection, actor: str) -> tuple[tuple[Stop, bytes], ...]:
    """Return the stops that a member lifted, each with the signature that lifted it."""
    rows = connection.execute(select(stop).where(stop.c.lifted_by == actor).order_by(stop.c.id))
    return tuple((_stop(row), row.lift_signature or b"") for row in rows)


def sign_again(connection: Connection, stop_id: int, *, actor: str, signature: bytes) -> None:
    """Put another owner's signature under a stop that was lifted."""
    connection.execute(
        update(stop)
        .where(stop.c.id == stop_id, stop.c.lifted_at.is_not(None))
        .values(lifted_by=actor, lift_signature=signature)
    )


def _stop(row: Row[Any]) -> Stop:
    return Stop(row.id, row.kind, row.scope, row.reason, row.actor, jcs.parse_timestamp(row.since))
