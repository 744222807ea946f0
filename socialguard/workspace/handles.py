"""Asking a network which handles somebody has: with the credential of an account that posts there, logged, within
the budget, and booked."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from socialguard.model.account import Account

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace

ACTION: Final = "handles.read"


def which_exist(workspace: "Workspace", account: Account, names: Sequence[str]) -> Mapping[str, bool]:
    """Return which handles somebody has at the network of `account`; nothing where it does not tell.

    Raises ReadsStopped, and what a call may raise."""
    network = workspace.network(account.network)
    if not network.tells_handles:
        return {}
    with workspace.database.read() as connection:
        workspace.purse.require_read(connection, account, network.reading.profile_price * len(names))
    return workspace.custody.on_network(
        ACTION, account.id, lambda _account, session: session.which_exist(names), lambda *_: None
    )
