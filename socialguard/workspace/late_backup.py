"""Backups for a daemon: the archive is opened when the first one is due, so that what is wrong with it stops no
post."""

import threading

from socialguard import errors
from socialguard.backup.backup import ALERT, Backup
from socialguard.model.account import Account
from socialguard.workspace.opened import Workspace


class LateBackup:
    """The backups of a workspace (`daemon.interface.Backup`), for several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._opening = threading.Lock()

    def run(self, account: Account, stop: threading.Event) -> None:
        """Fetch what is new of an account; end at a page's end once `stop` is set. Raises what went wrong."""
        self._opened().run(account, stop)

    def _opened(self) -> Backup:
        with self._opening:  # what is opened twice at once is two things
            try:
                return self._workspace.backup
            except errors.SocialGuardError as problem:
                with self._workspace.database.write() as connection:
                    self._workspace.alerts.raise_error(connection, ALERT, problem)
                raise
