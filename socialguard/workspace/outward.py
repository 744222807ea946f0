"""Alerts of a workspace, sent outside: its channels, and whom to call about each account."""

from typing import TYPE_CHECKING

from socialguard.vault.sealed_texts import Channels

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.alerts.outward import Sent
    from socialguard.alerts.reader import Alert
    from socialguard.workspace.opened import Workspace


def channels(workspace: "Workspace") -> Channels:
    """Return the channels of this machine."""
    return Channels(workspace.identity.place / "channels", workspace.org)


def send(workspace: "Workspace") -> "tuple[Sent, ...]":
    """Send what is due to every channel; nothing is opened where there is none."""
    kept = channels(workspace)
    if not kept.names():
        return ()
    from socialguard.alerts import outward
    from socialguard.registry.accounts import unverified

    def about(connection: "Connection", one: "Alert") -> tuple[str, str]:
        if one.account_id is None:
            return "", ""
        facts = workspace.signed.books(connection).registry.facts(connection, one.account_id)
        return str(unverified(connection, one.account_id)), facts.contact or ""

    return outward.send_due(workspace.database, kept.opened(workspace.keys.worker()), about)
