"""The backups of one workspace, as its faces meet them."""

from typing import Final

from socialguard import errors
from socialguard.backup import pricing, run
from socialguard.backup.interface import Desk, Estimate, Outcome, Stop, Told, untold
from socialguard.ledger.purse import EVERY_BUDGET
from socialguard.model.account import Account
from socialguard.model.text import marked

ALERT: Final = "backup"
_PASSING: Final = (errors.RateLimited, errors.NotReached, errors.Busy, errors.DiskLow)
"""What the next run may find gone; how full the disk is has a duty of its own."""
_ASK: Final = marked("Run: socialguard backup run {accounts} {words}")


class Backup:
    """Backs up accounts of a workspace."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def is_first(self, account: Account) -> bool:
        """Return whether the backup of an account would be its first and costs money; raises ArchiveDamaged,
        Unreadable where the index cannot tell."""
        self._desk.archive.require_current()
        return pricing.is_first(self._desk, account)

    def estimate(self, account: Account) -> Estimate:
        """Ask the network for what is needed to tell the price of a first backup, and tell it."""
        return pricing.estimate(self._desk, account)

    def back_up(self, account: Account, stop: Stop, told: Told = untold) -> Outcome:
        """Fetch what is new of one account and return what came of it; `close` when all are done."""
        return run.back_up(self._desk, account, stop, told)

    def close(self) -> None:
        """Close what was fetched into segments."""
        self._desk.archive.close_pages()

    def run(self, account: Account, stop: Stop) -> None:
        """Fetch what is new of one account, without a person: the duty of a daemon. Raises what went wrong, and
        PriceUnconfirmed for a first backup whose price somebody has to agree to; what does not end by itself is an
        alert besides."""
        problem = self._run(account, stop)
        if problem is None:
            return
        if not isinstance(problem, _PASSING) and problem.fields.get("reason") != "unavailable":
            self._alert(account, problem)
        raise problem

    def _alert(self, account: Account, problem: errors.SocialGuardError) -> None:
        """Tell what does not end by itself. A budget of all accounts is spent once, and told once."""
        is_of_all = isinstance(problem, errors.ReadsStopped) and problem.fields.get("section") == EVERY_BUDGET
        with self._desk.custody.database.write() as connection:
            if is_of_all:
                self._desk.alerts.raise_error(connection, problem.name, problem)
            else:
                self._desk.alerts.raise_error(connection, ALERT, problem, account_id=account.id)

    def read_lists(self, account: Account, stop: Stop) -> None:
        """Fetch only what is new in the lists of one account, in an emergency; raises as `run`, and raises no
        alert."""
        pricing.require_agreed([account], self._first_price(account), None, remedy=_ASK)
        run.read_lists(self._desk, account, stop)

    def _require_agreed(self, account: Account) -> None:
        price = self._first_price(account)
        if price:
            besides = pricing.spent_lately(self._desk)
            pricing.require_agreed([account], price, None, besides=besides, remedy=_ASK)

    def _first_price(self, account: Account) -> int:
        """What a first backup of an account costs at the most, 0 where it was begun; raises why it is unknown."""
        if not self.is_first(account):
            return 0
        price = pricing.known_price(self._desk, account)
        if price > pricing.FREE_LIMIT and not pricing.is_told(self._desk, account):
            price = pricing.told_price(self._desk, account)
        return price

    def _run(self, account: Account, stop: Stop) -> errors.SocialGuardError | None:
        try:
            self._require_agreed(account)
        except errors.SocialGuardError as refused:
            return refused
        outcome = run.back_up(self._desk, account, stop)
        try:
            self._desk.archive.close_old()
        except errors.SocialGuardError as problem:
            return outcome.error or problem
        return outcome.error
