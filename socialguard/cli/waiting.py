"""What a delivery waits for, in one word: whoever reads a list knows whose turn it is."""

from typing import Final

from socialguard.cli.words import later
from socialguard.model.delivery import State

PERSON: Final = later("a person")
APPROVER: Final = later("an approver")
OWNER: Final = later("an owner")
TIME: Final = later("its time")
SENDER: Final = later("the sender")
NETWORK: Final = later("the network")

CODES: Final = {
    PERSON: "person",
    APPROVER: "approver",
    OWNER: "owner",
    TIME: "time",
    SENDER: "sender",
    NETWORK: "network",
}
"""The same for scripts."""


def waits_for(state: State, *, is_due: bool, is_frozen: bool) -> str | None:
    """Return whom or what a delivery waits for, as the catalogue has it; None where it is settled.

    A person releases, settles or cancels; an approver approves; an owner thaws; the sender is the daemon, or
    `queue run`."""
    if state in (State.HELD, State.UNKNOWN, State.DRAFT):
        return PERSON
    if state is State.AWAITING:
        return APPROVER
    if state is State.QUEUED and is_frozen:
        return OWNER
    if state is State.QUEUED:
        return SENDER if is_due else TIME
    return NETWORK if state is State.SENDING else None
