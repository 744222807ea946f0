"""A network that is down when a scheduled post is due, or a disk that cannot take what this machine must remember
of it: nothing was created, so the post waits and is tried again.

It goes on until the post would be late by more than policy allows, counted from the time that was confirmed; then
a person says whether it is still right. A post that a person sends now fails at once: they see it, and decide."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.log import AuditLog
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, State
from socialguard.model.text import marked
from socialguard.publishing import limits, threads
from socialguard.publishing.accept import dated, since
from socialguard.publishing.submission import since_of

PAUSE: Final = timedelta(seconds=20)
"""Between two attempts: a network that comes back is reached soon, and the log is not flooded."""
OUTCOME: Final = "unreached"
"""What the log calls an attempt after which the post waits for the next."""
_GOES_ON: Final = marked("It stays queued and is tried again until {until}.")


def verdict(
    value: Delivery, account: Account, problem: errors.NotReached | errors.Unwritable
) -> tuple[State, str, errors.SocialGuardError]:
    """Return what becomes of a delivery whose network could not be reached, or which this machine could not begin:
    its state, the outcome for the log, and what is said of it."""
    if value.not_before is None:
        return State.FAILED, "failed", problem
    again = clock.now() + PAUSE
    end = value.not_before + timedelta(seconds=value.max_late)
    if again > end:
        said: dict[str, Any] = {
            "delivery": value.id,
            "account": account,
            "due": dated(value.not_before, account.zone),
            "now": dated(clock.now(), account.zone),
        }
        if isinstance(problem, errors.Unwritable):
            return State.HELD, "held", errors.Late(**said)
        network = problem.fields.get("network", account.network)
        return State.HELD, "held", errors.NeverReached(network=network, **said)
    problem.fields |= {"reset": again, "until": since(end, account.zone)}
    problem.remedy = _GOES_ON  # type: ignore[misc] # this one is not repeated by hand
    return State.QUEUED, OUTCOME, problem


def late_from(connection: Connection, log: AuditLog, value: Delivery) -> datetime:
    """Return the time from which a delivery counts as late: the one that was confirmed where its network could not
    be reached since, for an attempt never earns it more time; else its due time, as a network's limit may have put
    it off. Of a part of a thread never earlier than the part before it went out."""
    if value.not_before is not None and value.due > value.not_before:
        course = log.course(connection, value.fingerprint, since_of(value.nonce))
        moved = [said.outcome for said in course if said.outcome in (OUTCOME, limits.LIMITED)]
        if moved[-1:] == [OUTCOME]:
            value = replace(value, due=value.not_before)
    return threads.free_since(connection, value)
