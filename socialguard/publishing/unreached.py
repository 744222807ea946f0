"""A network that is down when a scheduled post is due: nothing was created, so the post waits and is tried again.

It goes on until the post would be late by more than policy allows, counted from the time that was confirmed; then
a person says whether it is still right. A post that a person sends now fails at once: they see it, and decide."""

from datetime import timedelta
from typing import Final

from socialguard import clock, errors
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, State
from socialguard.model.text import marked
from socialguard.publishing.accept import since

PAUSE: Final = timedelta(seconds=20)
"""Between two attempts: a network that comes back is reached soon, and the log is not flooded."""
OUTCOME: Final = "unreached"
"""What the log calls an attempt after which the post waits for the next."""
_GOES_ON: Final = marked("It stays queued and is tried again until {until}.")


def verdict(
    value: Delivery, account: Account, problem: errors.NotReached
) -> tuple[State, str, errors.SocialGuardError]:
    """Return what becomes of a delivery whose network could not be reached: its state, the outcome for the log,
    and what is said of it."""
    if value.not_before is None:
        return State.FAILED, "failed", problem
    again = clock.now() + PAUSE
    end = value.not_before + timedelta(seconds=value.max_late)
    if again > end:
        held = errors.NeverReached(
            delivery=value.id,
            account=account,
            network=problem.fields.get("network", account.network),
            due=since(value.not_before, account.zone),
            now=since(clock.now(), account.zone),
        )
        return State.HELD, "held", held
    problem.fields |= {"reset": again, "until": since(end, account.zone)}
    problem.remedy = _GOES_ON  # type: ignore[misc] # this one is not repeated by hand
    return State.QUEUED, OUTCOME, problem
