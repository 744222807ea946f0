"""Sending what is due, and looking what became of what is unknown: the work of the accounts' lanes.

The tick only reads which accounts have something due and offers each one's lane its turn. In its lane an account
sends in order, then looks for what is unknown: what may go out again keeps its place (`ledger.due`), and nothing
waits for the rest."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from socialguard import clock, errors
from socialguard.daemon.interface import Problem
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.logs import about, log
from socialguard.ledger import due
from socialguard.model.delivery import State
from socialguard.publishing import deciding, resolve, send
from socialguard.publishing.interface import Desk, Result

LOOKS: Final = (0.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds after the first look at which an unknown outcome is looked for again: timelines show a post late, and a
look may cost money. Afterwards it waits for a person."""
REFUSED: Final = 10.0
"""Seconds until an account is tried again whose delivery stays queued although it is due: it is frozen, say."""
BROKEN: Final = 60.0
"""Seconds for which a turn that broke off is told, also where what was due there was put off."""
IN_TURN: Final = 2.0
"""Seconds until an account is tried again whose turn it is not: another process sends on it."""


class Publisher:
    """Offers the lanes their work. `stop` ends a lane after the delivery that it is at."""

    def __init__(self, desk: Desk, lanes: Lanes, stop: threading.Event) -> None:
        self._desk = desk
        self._lanes = lanes
        self._stop = stop
        self._lock = threading.Lock()
        self._pauses: dict[str, float] = {}
        self._looks: dict[str, tuple[float, int]] = {}
        self._waiting: dict[str, tuple[str, ...]] = {}
        self._broken: dict[str, tuple[str, float]] = {}

    def publish(self) -> None:
        """Offer a turn to every account that has something due. Raises Problem where the last turn of one broke
        off, since the log cannot be written, say: what is due there is not sent."""
        with self._desk.database.read() as connection:
            accounts = due.accounts(connection, clock.now())
        now, due_now = clock.monotonic(), set(accounts)
        with self._lock:
            self._pauses = {account: until for account, until in self._pauses.items() if until > now}
            free = [account for account in accounts if account not in self._pauses]
            self._broken = {
                account: one for account, one in self._broken.items() if account in due_now or one[1] > now
            }
            broken = [why for why, _ in self._broken.values()]
        for account in free:
            self._lanes.offer(account, partial(self._turn, account))
        if broken:
            raise Problem(f"nothing goes out on {len(broken)} of the accounts with something due: {broken[0]}")

    def reconcile(self) -> None:
        """Mark what died while it was sending, and offer a turn to every account with an outcome to look for."""
        for value in resolve.expire_attempts(self._desk):
            log.warning("a sender died", extra=about(delivery=value.id, account=value.account_id))
        with self._desk.database.read() as connection:
            unknown = due.unknown(connection)
        with self._lock:
            self._waiting = unknown
            known = {one for ids in unknown.values() for one in ids}
            self._looks = {one: looked for one, looked in self._looks.items() if one in known}
        for account in unknown:
            if self._to_look_for(account):
                self._lanes.offer(account, partial(self._turn, account))
        given_up = sum(not self._goes_on(one) for one in known)
        if given_up:
            raise Problem(f"{given_up} outcomes are unknown and wait for a person: socialguard queue list")

    def expire(self) -> None:
        """End what nobody approved in time."""
        for result in deciding.expire_overdue(self._desk):
            self._told(result)

    def _turn(self, account: str) -> None:
        self._send_due(account)
        goes_again = False
        for delivery_id in self._to_look_for(account):
            if self._stop.is_set():
                return
            goes_again |= self._look(delivery_id)
        if goes_again:
            self._send_due(account)

    def _send_due(self, account: str) -> None:
        try:
            self._send_all(account)
        except Exception as problem:
            known = problem.message() if isinstance(problem, errors.SocialGuardError) else None
            with self._lock:
                why = known or f"{type(problem).__name__} (the log has more)"
                now = clock.monotonic()
                self._broken[account] = why, now + BROKEN
                self._pauses[account] = max(self._pauses.get(account, now), now + REFUSED)
            raise
        with self._lock:
            self._broken.pop(account, None)

    def _send_all(self, account: str) -> None:
        while not self._stop.is_set():
            with self._desk.database.read() as connection:
                ids = due.of_account(connection, account, clock.now())
            if not ids or not self._send(account, ids):
                return

    def _send(self, account: str, ids: tuple[str, ...]) -> bool:
        """Send these in order; whether to go on with what is due then."""
        moved = refused = False
        for delivery_id in ids:
            if self._stop.is_set():
                return False
            result = send.send_one(self._desk, delivery_id)
            if result is None:
                continue  # not its turn, or not queued any more
            self._told(result)
            if isinstance(result.error, errors.MemberFrozen | errors.Cancelled):
                refused = True  # it alone: what others queued goes on
                continue
            moved = True
            if result.delivery.state is State.QUEUED:
                # In order: nothing of the account goes out before this.
                self._pause(account, _until(result))
                if isinstance(result.error, errors.Unwritable):
                    raise result.error  # no account can send then
                return False
            if result.delivery.state is State.UNKNOWN:
                self._look(delivery_id)
                return True  # it may be the first of the line again
        if not moved:
            self._pause(account, REFUSED if refused else IN_TURN)
        return moved

    def _pause(self, account: str, seconds: float) -> None:
        with self._lock:
            self._pauses[account] = clock.monotonic() + seconds

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────

    def _to_look_for(self, account: str) -> tuple[str, ...]:
        now = clock.monotonic()
        with self._lock:
            waiting = [(one, *self._looks.get(one, (now, 0))) for one in self._waiting.get(account, ())]
        return tuple(one for one, began, n in waiting if n < len(LOOKS) and now >= began + LOOKS[n])

    def _goes_on(self, delivery_id: str) -> bool:
        with self._lock:
            return self._looks.get(delivery_id, (0.0, 0))[1] < len(LOOKS)

    def _look(self, delivery_id: str) -> bool:
        """Look once; whether it is back in the queue."""
        with self._lock:
            began, looked = self._looks.get(delivery_id, (clock.monotonic(), 0))
            self._looks[delivery_id] = (began, looked + 1)
        results = resolve.reconcile(self._desk, [delivery_id])
        for result in results:
            self._told(result)
        return any(result.delivery.state is State.QUEUED for result in results)

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, result: Result) -> None:
        """Log what became of a delivery, and raise an alert where it failed, or will not be looked for again: no
        person sees it go out. (What is held as late is alerted by the claim.)"""
        tell(result)
        value, problem = result.delivery, result.error
        is_lost = value.state is State.UNKNOWN and not self._goes_on(value.id)
        if not isinstance(problem, errors.SocialGuardError) or not (is_lost or value.state is State.FAILED):
            return
        try:
            with self._desk.database.write() as connection:
                self._desk.alerts.raise_error(
                    connection, problem.name, problem, account_id=value.account_id, delivery_id=value.id
                )
        except errors.SocialGuardError as unraised:
            log.error("an alert could not be raised", extra=about(error=unraised.message()))


_EVENTS: Final[dict[State, tuple[str, Callable[..., None]]]] = {
    State.SENT: ("sent", log.info),
    State.QUEUED: ("it stays queued", log.warning),
    State.HELD: ("held", log.warning),
    State.FAILED: ("failed", log.error),
    State.UNKNOWN: ("its outcome is unknown", log.error),
}


def tell(result: Result) -> None:
    """Log what became of a delivery."""
    event, say = _EVENTS.get(result.delivery.state, (result.delivery.state.value, log.warning))
    problem = result.error
    error = problem.message() if isinstance(problem, errors.SocialGuardError) else problem
    say(event, extra=about(delivery=result.delivery.id, account=result.account, error=error))


def _until(result: Result) -> float:
    """Seconds to leave an account alone whose delivery stays queued: to its new time, else a while."""
    left = (result.delivery.due - clock.now()).total_seconds()
    return min(left, due.PUT_OFF.total_seconds()) if left > 0 else REFUSED
