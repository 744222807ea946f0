"""Seeing that the settings are others than those that the daemon goes by: it reads them at its start, once."""

from typing import Final

from socialguard import errors, settings
from socialguard.daemon.interface import Problem
from socialguard.workspace.opened import Workspace

NAME: Final = "settings"


class Settled:
    """The settings as they were when the daemon was started."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._path = workspace.layout.settings
        self._known = workspace.settings

    def look(self) -> None:
        """Raise Problem where the file says something else by now, or nothing that can be understood, or where a
        cron is for an account that there is not: by a slip the one that was meant goes by the common cron."""
        try:
            found = settings.of_workspace(self._path)
        except errors.SocialGuardError as problem:
            raise Problem(f"as they are now no command works: {problem.message()}") from None
        if found != self._known:
            raise Problem(
                f"{settings.FILE_NAME} was changed; restart the daemon, it goes by what stood there before"
            )
        known = {str(account) for account in self._workspace.accounts()}
        for name in sorted(self._known.backup_crons.keys() - known):
            raise Problem(f"[backup.crons] {name}: there is no such account; this line does nothing")
