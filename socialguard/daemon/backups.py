"""Backups by each account's cron, in a thread of their own: a slow one delays no post.

One at a time, since all write to one archive: an account that hangs delays other backups by minutes at most."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from socialguard.daemon import crontab
from socialguard.daemon.disk import forecast
from socialguard.daemon.interface import Backup, Problem, sparing_posts
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.rounds import Rounds
from socialguard.model.account import Account
from socialguard.settings import Settings
from socialguard.workspace.opened import Workspace

NAME: Final = "backup"
THREADS: Final = 1


def require_crons(settings: Settings) -> None:
    """Raise SettingsInvalid for a cron that is none."""
    crontab.require(settings.backup_cron, "[backup] cron")
    for name, expression in settings.backup_crons.items():
        crontab.require(expression, f"[backup.crons] {name}")


class Backups:
    """The backups of every account. Raises SettingsInvalid for a cron that is none."""

    def __init__(
        self,
        workspace: Workspace,
        backup: Backup,
        lanes: Lanes,
        stop: threading.Event,
        failed: Callable[[Exception], None],
    ) -> None:
        self._workspace = workspace
        self._backup = backup
        self._stop = stop
        require_crons(workspace.settings)
        self._rounds = Rounds(workspace, NAME, lanes, self._when, self._run, failed)

    def look(self) -> None:
        """Offer a turn to each account whose time has come; raises Problem where the disk is too full for it."""
        if forecast(self._workspace.layout).is_scarce:
            raise Problem("stopped: the disk is nearly full")
        self._rounds.offer()

    def _run(self, account: Account) -> None:
        with sparing_posts():
            self._backup.run(account, self._stop)

    def _when(self, account: Account, after: datetime) -> datetime:
        settings = self._workspace.settings
        expression = settings.backup_crons.get(str(account), settings.backup_cron)
        return crontab.following(expression, account.zone, after)
