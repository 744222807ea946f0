"""What becomes of a delivery that somebody changed outside this program: refused, logged, and held, so that it
keeps no other from going out.

Only what is wrong with one delivery is held: what is wrong with the log, the stops or the manifest stops all."""

from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from socialguard import errors
from socialguard.audit.interface import Entry
from socialguard.ledger import reader, writer
from socialguard.model.credential import redact
from socialguard.model.delivery import State
from socialguard.publishing.interface import Desk, Result
from socialguard.registry.accounts import unverified

Outcome = TypeVar("Outcome")


def put_aside(desk: Desk, delivery_id: str, outcome: Outcome) -> Outcome | Result:
    """Return the outcome of a claim, or that the delivery is held where it is the one that was changed."""
    if not isinstance(outcome, errors.Tampered):
        return outcome
    held: Result | None = None
    try:
        with desk.database.write() as connection:
            reason = redact(redact(str(outcome))[:480])
            said = Entry("delivery.refuse", "tampered", desk.worker, reason=reason, obj={"delivery": delivery_id})
            desk.log.append(connection, said)
            if outcome.fields.get("what") == f"Delivery {delivery_id}":
                held = _held(connection, desk, delivery_id, outcome)
    except errors.SocialGuardError:
        return outcome  # a log that cannot be written must not hide why
    outcome.fields["logged"] = True
    return outcome if held is None else held


def _held(connection: Connection, desk: Desk, delivery_id: str, problem: errors.Tampered) -> Result | None:
    """Hold it with an alert; no row is believed for it, the account is only named. Its fingerprint is not put into
    the log: that is a column, too, and may be another delivery's."""
    value = reader.as_far_as_sound(connection, delivery_id)
    if value.state is not State.QUEUED:
        return None
    account = unverified(connection, value.account_id)
    writer.put_aside(connection, value.id, problem.message())
    desk.alerts.raise_error(connection, problem.name, problem, account_id=account.id, delivery_id=value.id)
    return Result(replace(value, state=State.HELD, state_reason=problem.message()), account, problem)
