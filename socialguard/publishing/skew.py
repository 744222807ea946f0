"""The clock. A delivery is held while this machine's clock and its network's are over five minutes apart: what
goes out "at nine" would go out at another time, and how late it is could not be told.

Only an answer tells a network's time, and one comes before the post where the credential's owner is asked for. So
what the last answer showed is remembered, beside the time since the machine started: where the clock was wrong
then, or was set since, the owner is asked for again, and that answer decides."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from socialguard import clock, errors
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery
from socialguard.networks.interface import Network, Session
from socialguard.store import small_file
from socialguard.store.process import boot_id

MOST: Final = timedelta(minutes=5)
_WORTH_NOTING: Final = 30.0  # seconds: less than this changes with every answer


class _Seen(NamedTuple):
    """Seconds that our clock was ahead, what it showed when the machine started, and which start that was."""

    ahead: float
    base: float
    boot: str


class Clocks:
    """How this machine's clock stands to each network's; `place` keeps it for the next process."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._known: dict[str, object] | None = None

    def is_doubtful(self, network: str) -> bool:
        """Return whether the network must be asked before anything goes out: by what is known the clocks are too
        far apart now."""
        seen = self._seen(network)
        moved = _base() - seen.base if seen.boot == boot_id() else 0.0
        return abs(seen.ahead + moved) > MOST.total_seconds()

    def note(self, network: str, session: Session) -> None:
        """Remember what the newest answer of a session shows."""
        if session.server_time is None:
            return
        now = _Seen((clock.machine() - session.server_time).total_seconds(), _base(), boot_id())
        before = self._seen(network)
        changes = abs(now.ahead - before.ahead), abs(now.base - before.base)
        if now.boot != before.boot or max(changes) > _WORTH_NOTING:
            self._known = {**self._all(), network: list(now)}
            small_file.write(self._place, self._known)

    def _seen(self, network: str) -> _Seen:
        found = self._all().get(network)
        try:
            ahead, base, boot = found if isinstance(found, list) else (0.0, 0.0, "")
            return _Seen(float(ahead), float(base), str(boot))
        except (ValueError, TypeError):
            return _Seen(0.0, 0.0, "")

    def _all(self) -> dict[str, object]:
        if self._known is None:
            self._known = small_file.read(self._place)
        return self._known


def require_right(network: Network, session: Session, value: Delivery, account: Account) -> None:
    """Refuse to send while the newest answer shows a clock that is too far from ours; raises ClockWrong."""
    if (found := wrong(network, session, value, account)) is not None:
        raise found


def wrong(
    network: Network, session: Session | None, value: Delivery, account: Account
) -> errors.ClockWrong | None:
    """Return the error for a clock that the newest answer shows to be wrong; None where it shows no such thing."""
    if session is None or session.server_time is None:
        return None
    apart = difference(session.server_time)
    if apart <= MOST:
        return None
    minutes = f"{round(apart.total_seconds() / 60)} min"
    return errors.ClockWrong(network=network.title, difference=minutes, delivery=value.id, account=account)


def difference(theirs: datetime) -> timedelta:
    """Return how far our clock is from an instant of theirs. A test that moves our clock (`clock.VARIABLE`) means
    a later day for both: where the machine's own clock agrees with theirs, the clock is right."""
    return min(abs(clock.now() - theirs), abs(clock.machine() - theirs))


def _base() -> float:
    """What the clock showed when the machine started: it changes only when the clock is set."""
    return clock.machine().timestamp() - clock.since_boot()
