"""A duty that each account has in its own time: a backup by its cron, an inspection every day.

When it ran last is kept for each account, so that a window that was missed (the machine slept, no daemon worked)
is made up for once, and a restart repeats nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from socialguard import clock, errors
from socialguard.daemon.interface import Problem
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.logs import about, log
from socialguard.model.account import Account
from socialguard.model.credential import redact
from socialguard.store import duties
from socialguard.store.duties import DutyRun
from socialguard.workspace.opened import Workspace

MOST_AT_ONCE: Final = 1_000


class When(Protocol):
    """When an account's turn comes after an instant."""

    def __call__(self, account: Account, after: datetime) -> datetime:
        """Return the next instant after `after`."""
        ...


class Rounds:
    """Turns of the duty `name`. `work` is done in the account's lane; `failed` is called with what it raised."""

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        lanes: Lanes,
        when: When,
        work: Callable[[Account], None],
        failed: Callable[[Exception], None],
        most: int = MOST_AT_ONCE,
    ) -> None:
        self._workspace = workspace
        self._name = name
        self._lanes = lanes
        self._when = when
        self._work = work
        self._failed = failed
        self._most = most

    def offer(self) -> None:
        """Offer a turn to the accounts whose time has come, at most so many, the one that is latest first."""
        accounts = {one.id: one for one in self._workspace.accounts() if one.is_usable}
        kept = self._kept(accounts)
        now = clock.now()
        due = sorted((self._next(accounts[key], run), key) for key, run in kept.items())
        self._promise({key: (kept[key], at) for at, key in due})
        offered = 0
        for at, key in due:
            if at > now or offered >= self._most:
                return
            offered += self._lanes.offer(key, partial(self._turn, accounts[key], at, kept[key]))

    def _promise(self, turns: Mapping[str, tuple[DutyRun, datetime]]) -> None:
        """Keep when each turn is, where that has changed: the settings, or the clock, are others."""
        moved = [replace(run, next_run=at) for run, at in turns.values() if run.next_run != at]
        if moved:
            with self._workspace.database.write() as connection:
                duties.record(connection, moved)

    def note(self, account_id: str, error: str | None) -> None:
        """Keep what went wrong with an account beside its turns, None for nothing."""
        name = self._row(account_id)
        with self._workspace.database.write() as connection:
            run = next((one for one in duties.runs(connection) if one.name == name), DutyRun(name))
            noted = DutyRun(name, run.last_run, run.last_ok, run.next_run, run.lag, error)
            duties.record(connection, [noted])

    def _kept(self, accounts: Mapping[str, Account]) -> dict[str, DutyRun]:
        """The last turn of each account. One that is new waits for its time; one that is gone is forgotten."""
        prefix = self._row("")
        with self._workspace.database.read() as connection:
            kept = {run.name.removeprefix(prefix): run for run in duties.runs(connection)
                    if run.name.startswith(prefix)}  # fmt: skip
        gone = [self._row(key) for key in kept if key not in accounts]
        now = clock.now()
        new = {
            key: DutyRun(self._row(key), next_run=self._when(one, now))
            for key, one in accounts.items()
            if key not in kept
        }
        if gone or new:
            with self._workspace.database.write() as connection:
                duties.forget(connection, gone)
                duties.record(connection, new.values())
        return {key: run for key, run in (kept | new).items() if key in accounts}

    def _next(self, account: Account, run: DutyRun) -> datetime:
        """When its turn is. Reckoned from the last one, since the cron in the settings may be another by now; a
        last one in the future is of a clock that was wrong, and counts as none."""
        now = clock.now()
        if run.last_run is not None and run.last_run <= now:
            return self._when(account, run.last_run)
        if run.next_run is not None and run.next_run <= now:
            return run.next_run  # it was promised, and nobody was there
        return self._when(account, now)

    def _turn(self, account: Account, at: datetime, before: DutyRun) -> None:
        began = clock.now()
        error = self._attempt(account)
        run = DutyRun(
            name=self._row(account.id),
            last_run=began,
            last_ok=before.last_ok if error else began,
            next_run=self._when(account, began),
            lag=max(began - at, timedelta(0)),
            error=error,
        )
        with self._workspace.database.write() as connection:
            duties.record(connection, [run])

    def _attempt(self, account: Account) -> str | None:
        try:
            self._work(account)
        except Problem as problem:
            error = redact(str(problem))
        except errors.SocialGuardError as problem:
            self._failed(problem)
            error = redact(problem.message())
        except Exception as problem:  # noqa: BLE001 - the outermost place of a turn
            log.exception("turn failed", extra=about(duty=self._name, account=account))
            return f"{type(problem).__name__} (the log has more)"
        else:
            return None
        log.warning("turn did not succeed", extra=about(duty=self._name, account=account, error=error))
        return error

    def _row(self, account_id: str) -> str:
        return f"{self._name} {account_id}"
