"""The watch's own turns, beside what every backup has judged: each hour, and each day where looking costs money.

They share the backups' lane, since both write to one archive."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from socialguard.daemon.interface import Problem, sparing_posts
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.rounds import Rounds
from socialguard.model.account import Account
from socialguard.workspace.opened import Workspace

NAME: Final = "watch"
SECONDS: Final = 30.0
FREE: Final = timedelta(hours=1)
PAID: Final = timedelta(days=1)
AGAIN: Final = timedelta(minutes=2)
"""How soon an account is judged again of which a send was in doubt."""


class Watching:
    """The looks at every account."""

    def __init__(self, workspace: Workspace, lanes: Lanes, failed: Callable[[Exception], None]) -> None:
        self._workspace = workspace
        self._waiting: set[str] = set()
        self._rounds = Rounds(workspace, NAME, lanes, self.when, self.turn, failed)

    def look(self) -> None:
        """Offer a turn to each account whose time has come."""
        self._rounds.offer()

    def turn(self, account: Account) -> None:
        """Look at one account; raises Problem where that did not go well."""
        with sparing_posts():
            outcome = self._workspace.watch.look(account)
        self._waiting.discard(account.id)
        if outcome.waits:
            self._waiting.add(account.id)
        if outcome.error is not None:
            raise Problem(outcome.error.message())

    def when(self, account: Account, after: datetime) -> datetime:
        """Return when an account is looked at next."""
        if account.id in self._waiting:
            return after + AGAIN
        is_paid = self._workspace.network(account.network).reading.metrics_price
        return after + (PAID if is_paid else FREE)
