"""Backups for a daemon: the archive is opened when the first one is due, so that what is wrong with it stops no
post."""

import threading

from socialguard.model.account import Account
from socialguard.workspace.opened import Workspace


class LateBackup:
    """The backups of a workspace (`daemon.interface.Backup`), for several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._opening = threading.Lock()

    def run(self, account: Account, stop: threading.Event) -> None:
        """Fetch what is new of an account; end at a page's end once `stop` is set. Raises what went wrong."""
        with self._opening:  # what is opened twice at once is two things
            backup = self._workspace.backup
        backup.run(account, stop)
