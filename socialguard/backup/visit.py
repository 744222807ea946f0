"""One visit of an account at its network: what is asked there, and that every call is paid for in order.

A call is asked for at the budgets before it is made, and booked right after its answer, in a transaction of its
own, before anything of the answer is kept: a crash then books nothing twice, and forgets one page at the most."""

from dataclasses import dataclass

from sqlalchemy import Connection

from socialguard.backup.interface import Desk, Outcome, Stop, Told
from socialguard.ledger import usage
from socialguard.model.account import Account
from socialguard.model.activity import Charge
from socialguard.networks.interface import Reading, Session


class Meter:
    """What a session costs on one account: asked for, and booked."""

    def __init__(self, desk: Desk, outcome: Outcome) -> None:
        self._desk = desk
        self._outcome = outcome
        self._booked = 0

    def require(self, micros: int) -> None:
        """Ask whether a read that may cost `micros` is within the budgets; raises ReadsStopped."""
        if micros:
            with self._desk.custody.database.read() as connection:
                self._desk.purse.require_read(connection, self._outcome.account, micros)

    def book(self, session: Session) -> None:
        """Book what the session did since the last time."""
        charges = session.take_charges()
        if charges:
            with self._desk.custody.database.write() as connection:
                self._keep(connection, charges)

    def book_rest(self, connection: Connection, account: Account, session: Session, action: str) -> None:
        """Book, at the end of the session, what is not booked yet; calls that have no price of their own are
        booked as the action (`Custody.on_network`)."""
        charges = session.take_charges()
        rest = session.calls - self._booked - sum(one.calls for one in charges)
        self._keep(connection, (*charges, Charge(action, rest, 0, 0)) if rest > 0 else charges)
        self._outcome.calls = session.calls

    def _keep(self, connection: Connection, charges: tuple[Charge, ...]) -> None:
        usage.book(connection, self._outcome.account, charges)
        self._booked += sum(one.calls for one in charges)
        self._outcome.micros += sum(one.micros for one in charges)


@dataclass(frozen=True, slots=True)
class Visit:
    """What goes on while an account is visited."""

    desk: Desk
    session: Session
    reading: Reading
    meter: Meter
    outcome: Outcome
    stop: Stop
    told: Told

    def goes_on(self) -> bool:
        """Return whether the next call may be made: nobody has told this run to end."""
        self.outcome.is_stopped = self.outcome.is_stopped or self.stop.is_set()
        return not self.outcome.is_stopped
