"""What a delivery waits for, in one word: whoever reads a list knows whose turn it is."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from socialguard import clock
from socialguard.cli.words import later
from socialguard.model.delivery import State

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.workspace.opened import Workspace

PERSON: Final = later("a person")
APPROVER: Final = later("an approver")
OWNER: Final = later("an owner")
TIME: Final = later("its time")
TURN: Final = later("its turn")
SENDER: Final = later("the sender")
NETWORK: Final = later("the network")

CODES: Final = {
    PERSON: "person",
    APPROVER: "approver",
    OWNER: "owner",
    TIME: "time",
    TURN: "turn",
    SENDER: "sender",
    NETWORK: "network",
}
"""The same for scripts."""


def waits_for(state: State, *, is_due: bool, is_frozen: bool, is_behind: bool = False) -> str | None:
    """Return whom or what a delivery waits for, as the catalogue has it; None where it is settled.

    A person releases, settles or cancels; an approver approves; an owner thaws; its turn comes when what
    `is_behind` another of the account that was put off; the sender is the daemon, or `queue run`."""
    if state in (State.HELD, State.UNKNOWN, State.DRAFT):
        return PERSON
    if state is State.AWAITING:
        return APPROVER
    if state is State.QUEUED and is_frozen:
        return OWNER
    if state is State.QUEUED and is_due:
        return TURN if is_behind else SENDER
    if state is State.QUEUED:
        return TIME
    return NETWORK if state is State.SENDING else None


def behind(workspace: "Workspace", connection: "Connection", account_ids: Collection[str]) -> dict[str, str]:
    """Return the due deliveries of these accounts that wait behind one which keeps its place, and behind which."""
    from socialguard.ledger import due
    from socialguard.networks.interface import Resolve

    found: dict[str, str] = {}
    keeping = due.keeping(connection, clock.now()).intersection(account_ids) if account_ids else ()
    for account in workspace.accounts() if keeping else ():
        if account.id in keeping:
            goes_again = workspace.network(account.network).resolve is Resolve.TWO_STEP
            found |= due.behind(connection, account.id, clock.now(), goes_again=goes_again)
    return found
