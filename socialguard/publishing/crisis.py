"""Crisis mode: what was queued before something happened does not go out until a person looked at it.

A crisis is a stop on a scope. Whatever was queued before it is held, one by one, also where the crisis is over
again before its time comes; what is queued while it lasts has to pass the check `crisis` with a reason. Which of
two came first is told by the audit log: a delivery's signed nonce names the log's size when it was queued. Where
policy sets `checks.crisis` below `hold` for an account, its posts go on."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.audit.interface import Entry
from socialguard.ledger import reader, stops, writer
from socialguard.ledger.stops import CRISIS, Stop
from socialguard.model.account import Account
from socialguard.model.credential import redact
from socialguard.model.delivery import Act, Delivery, State
from socialguard.publishing.accept import dated
from socialguard.publishing.freeze import lift
from socialguard.publishing.interface import Desk
from socialguard.publishing.submission import since_of

_AT_ONCE: Final = 100
"""Deliveries that are held in one transaction, so that no sender waits long."""
MARK: Final = "CRISIS  "
"""How the reason begins for which a delivery is held."""


class NoCrisis(errors.NotFound):
    """There is no crisis."""

    remedy = "Run: socialguard crisis status"

    @property
    def name(self) -> str:
        """The name that scripts know: nothing was found, as anywhere else."""
        return "not_found"


def problem_of(connection: Connection, desk: Desk, value: Delivery, account: Account) -> errors.InCrisis | None:
    """Return why a delivery may not go out: a crisis came after it was queued. A deletion is never held."""
    if value.act is Act.DELETE:
        return None
    queued = since_of(value.nonce)
    met = [stop for begun, stop in desk.trust.crises(connection, account) if queued <= begun]
    if not met or not desk.trust.rules(connection, account).heeds_crisis:
        return None
    last = met[-1]
    return errors.InCrisis(
        delivery=value.id, account=account, since=dated(last.since, account.zone), reason=last.reason
    )


def hold_waiting(desk: Desk, scopes: Sequence[str]) -> tuple[Delivery, ...]:
    """Hold every queued post on the scopes that a crisis holds, and return them; raises what `Trust` does where it
    cannot be asked: the sender holds each when its time comes."""
    with desk.database.read() as connection:
        ids = [value.id for value in reader.in_states(connection, State.QUEUED)]
    held: list[Delivery] = []
    for first in range(0, len(ids), _AT_ONCE):
        with desk.database.write() as connection:
            for delivery_id in ids[first : first + _AT_ONCE]:
                held.extend(_hold(connection, desk, delivery_id, scopes))
    return tuple(held)


def end(desk: Desk, scopes: Sequence[str] | None, reason: str) -> tuple[Stop, ...]:
    """Lift the crises on the scopes (None: every one), each by a signed statement, and return them. What is held
    stays held. Raises NotFound where there is none."""
    lifted = lift(desk, CRISIS, scopes, reason, action="crisis.end")
    if not lifted:
        if scopes is None:
            raise NoCrisis
        raise errors.NotFound(kind="crisis on", name=", ".join(scopes), hint=NoCrisis.remedy)
    return lifted


def held(connection: Connection) -> tuple[Delivery, ...]:
    """Return what a crisis holds, by the time at which it was due."""
    return tuple(each for each in reader.in_states(connection, State.HELD) if each.state_reason.startswith(MARK))


def _hold(connection: Connection, desk: Desk, delivery_id: str, scopes: Sequence[str]) -> list[Delivery]:
    value = reader.get(connection, delivery_id)
    account = desk.trust.account(connection, value.account_id)
    if value.state is not State.QUEUED or not set(scopes) & set(stops.scopes_of(account)):
        return []
    problem = problem_of(connection, desk, value, account)
    if problem is None:
        return []
    writer.move(connection, value, State.HELD, problem.message())
    entry = Entry(
        action="delivery.hold",
        outcome="ok",
        actor=desk.person,
        account=value.account_id,
        fingerprint=value.fingerprint,
        reason=redact(redact(problem.message())[:480]),
        obj={"delivery": value.id},
    )
    desk.log.append(connection, entry)
    return [reader.get(connection, delivery_id)]
