"""The wrong-account detector of a workspace: when it learns, and what is to be said of it."""

from typing import TYPE_CHECKING

from socialguard.audit.interface import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialguard.guard.affinity.fitting import Fit
    from socialguard.model.account import Account
    from socialguard.workspace.opened import Workspace

ACTION = "affinity.fit"


def rates(workspace: "Workspace", accounts: "Sequence[Account]") -> dict[str, float]:
    """Return, by account id, which part of its genuine posts policy lets the detector ask about."""
    with workspace.database.read() as connection:
        rules = {one.id: workspace.trust.check_rules(connection, one)["affinity"] for one in accounts}
    return {name: float(str(one.parameters["rate"])) / 100 for name, one in rules.items()}


def refit(workspace: "Workspace", *, anew: bool = False) -> "Fit":
    """Learn the accounts' confirmed posts that are new; `anew`: all of them. One entry in the log where there was
    something to learn."""
    from socialguard.guard.affinity import fitting

    archive = workspace.archive.database if workspace.layout.archive_index.exists() else None
    accounts = workspace.accounts()
    with workspace.database.read() as connection:
        registry = workspace.signed.books(connection).registry
        added = {one.id: registry.facts(connection, one.id).created_at for one in accounts}
    found = fitting.refit(workspace.database, archive, accounts, rates(workspace, accounts), added, anew=anew)
    if found.learned:
        said = Entry(ACTION, "ok", workspace.actor, obj={"posts": found.learned, "anew": int(found.whole)})
        with workspace.database.write() as connection:
            workspace.log.append(connection, said)
    return found
