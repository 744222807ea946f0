"""Keeping credentials alive: renewed before they end, looked at every day, told before a person must act; and
revoking those that are to be, until their network rejects them.

All of it is work of the account's own lane, so that no credential is replaced while a post opens it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from socialguard import clock, errors
from socialguard.daemon.interface import Problem
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.logs import about, log
from socialguard.daemon.rounds import Rounds
from socialguard.model.account import Account, AccountState
from socialguard.vault import upkeep, withdrawal
from socialguard.vault.credentials import Holding
from socialguard.workspace.opened import Workspace

NAME: Final = "tokens"
RENEW: Final = timedelta(minutes=20)
"""X's access tokens live two hours; a renewal that fails is tried several times before one has ended."""
AGAIN: Final = 300.0
INSPECT: Final = timedelta(days=1)
MOST_INSPECTED: Final = 4
"""In one go: an inspection is a call or two, and a fleet must not make them all in one second."""
ENDS_SOON: Final = timedelta(days=7)
_AGAIN: Final = "tried again: the network had not rejected it"


class Tokens:
    """The credentials of every account."""

    def __init__(self, workspace: Workspace, lanes: Lanes, failed: Callable[[Exception], None]) -> None:
        self._workspace = workspace
        self._lanes = lanes
        self._failed = failed
        self._tried: dict[str, float] = {}
        self._rounds = Rounds(workspace, NAME, lanes, _tomorrow, self._inspect, failed, MOST_INSPECTED)

    def look(self) -> None:
        """Offer a turn to each account whose credential ends soon, and to some that were not looked at today."""
        now = clock.monotonic()
        self._tried = {key: at for key, at in self._tried.items() if now - at < AGAIN}
        accounts = self._workspace.accounts()
        for account in accounts:
            work = None if account.id in self._tried else self._work_on(account)
            if work is not None and self._lanes.offer(account.id, work):
                self._tried[account.id] = now
        self._rounds.offer()

    def _work_on(self, account: Account) -> Callable[[], None] | None:
        """What a credential needs now: to be renewed, or revoked until the network rejects it."""
        if account.state is AccountState.REVOCATION_PENDING:
            return partial(self._revoke, account)
        return partial(self._renew, account) if account.is_usable and self._ends_soon(account) else None

    def _ends_soon(self, account: Account) -> bool:
        ends = self._holding(account).expires_at
        return ends is not None and ends - clock.now() < RENEW

    def _holding(self, account: Account) -> Holding:
        workspace = self._workspace
        with workspace.database.read() as connection:
            return workspace.trust.vault(connection).holding(connection, account.id)

    def _renew(self, account: Account) -> None:
        try:
            gen = upkeep.refresh(self._workspace.custody, account.id, seen=self._holding(account).gen)
        except errors.SocialGuardError as problem:
            self._failed(problem)
            log.error("its credential was not renewed", extra=about(account=account, error=problem.message()))
            self._rounds.note(account.id, f"not renewed: {problem.message()}")
            with self._workspace.database.write() as connection:
                self._workspace.alerts.raise_error(connection, problem.name, problem, account_id=account.id)
        else:
            log.info("its credential is renewed", extra=about(account=account, generation=gen))
            self._rounds.note(account.id, None)

    def _revoke(self, account: Account) -> None:
        try:
            done = withdrawal.revoke(self._workspace.custody, account.id, _AGAIN)
        except errors.SocialGuardError as problem:
            log.error("its credential is not revoked yet", extra=about(account=account, error=problem.message()))
            self._rounds.note(account.id, f"not revoked: {problem.message()}")
            return
        if done.revoked:
            log.info("its credential is revoked", extra=about(account=account))
            self._rounds.note(account.id, None)

    def _inspect(self, account: Account) -> None:
        found = upkeep.verify(self._workspace.custody, account.id)
        ends = found.inspection.expires_at
        if ends is not None and ends - clock.now() < ENDS_SOON and found.holding.expires_at is None:
            raise Problem(f"its credential ends on {ends:%Y-%m-%d}; log in again before that")
        if found.renamed_to is not None:
            raise Problem(f"its network calls it {found.renamed_to} now")


def _tomorrow(account: Account, after: datetime) -> datetime:
    return after + INSPECT
