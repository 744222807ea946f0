"""The wrong-account detector of a workspace: when it learns, and what is to be said of it."""

from typing import TYPE_CHECKING

from socialguard.audit.interface import Entry

if TYPE_CHECKING:
    from socialguard.guard.affinity.fitting import Fit
    from socialguard.workspace.opened import Workspace

ACTION = "affinity.fit"
RATE = 0.02


def refit(workspace: "Workspace", *, anew: bool = False) -> "Fit":
    """Learn the accounts' confirmed posts that are new; `anew`: all of them. One entry in the log where there was
    something to learn."""
    from socialguard.guard.affinity import fitting

    archive = workspace.archive.database if workspace.layout.archive_index.exists() else None
    found = fitting.refit(workspace.database, archive, workspace.accounts(), RATE, anew=anew)
    if found.learned:
        said = Entry(ACTION, "ok", workspace.actor, obj={"posts": found.learned, "anew": int(found.whole)})
        with workspace.database.write() as connection:
            workspace.log.append(connection, said)
    return found
