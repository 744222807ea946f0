"""How late a daemon is that is killed again and again: what is due every second, and how long each waits for its
first attempt while a daemon is up."""

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from socialguard.canon import jcs
from socialguard.store.tables import attempt, delivery
from tests import fleet
from tests.daemon.running import daemon
from tests.office import Office

LATEST: Final = 2.0
"""Seconds that what is due may wait while a daemon is up; what comes after its attempt began is the network's."""
AT_ONCE: Final = 5
"""Deliveries that become due in each second."""
LONGEST: Final = 6.0
"""Seconds after it is ready until a daemon is killed, at the most."""
_AHEAD: Final = timedelta(seconds=3601)  # by which a daemon's clock is moved (`fleet.LATER`)


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of it: how often a daemon was killed, and the longest wait of each delivery, in seconds."""

    kills: int
    waits: Sequence[float]

    def figures(self) -> dict[str, float]:
        """Return the counts and the waits, as they are printed."""
        ordered = sorted(self.waits)
        return {
            "kills": self.kills,
            "due": len(ordered),
            "median_s": round(ordered[len(ordered) // 2], 2),
            "longest_s": round(ordered[-1], 2),
            "too_late": sum(wait > LATEST for wait in ordered),
            "load": round(os.getloadavg()[0], 1),
        }


def stock(office: Office, accounts: Sequence[str], seconds: int, begin: int) -> tuple[list[str], datetime]:
    """Queue deliveries for so many seconds from soon on; return their texts and when the first is due, by a
    daemon's clock. `begin` numbers the texts."""
    lead = timedelta(seconds=20 + seconds * AT_ONCE / 20)  # to queue them takes a while, too
    start, texts = datetime.now(UTC) + lead, []
    for second in range(seconds):
        at = [accounts[(second * AT_ONCE + each) % len(accounts)] for each in range(AT_ONCE)]
        after = (start + timedelta(seconds=second) - datetime.now(UTC)).total_seconds()
        texts += fleet.queue(office, at, 1, seconds=after, begin=begin + second)
    return texts, start + timedelta(hours=1)


def keep_time(office: Office, dice: random.Random, first: datetime, seconds: int) -> Kept:
    """Run daemons one after the other and kill each, until the last of what was stocked is due; then measure."""
    end = first + timedelta(seconds=seconds)
    while _now() < first - timedelta(seconds=2):
        time.sleep(0.1)
    ups: list[tuple[datetime, datetime]] = []
    while _now() < end:
        with daemon(office, **fleet.LATER) as running:
            ready = _now()
            time.sleep(dice.uniform(0.0, LONGEST))
            ups.append((ready, _now()))
            running.kill()
    return Kept(len(ups), [_wait(due, begun, ups) for due, begun in _begun(office, first)])


def _now() -> datetime:
    """The time by the clock of the daemon."""
    return datetime.now(UTC) + _AHEAD


def _begun(office: Office, first: datetime) -> list[tuple[datetime, datetime | None]]:
    """When each delivery from `first` on was due, and when its first attempt began."""
    query = (
        select(delivery.c.due, func.min(attempt.c.started_at))
        .outerjoin(attempt, delivery.c.id == attempt.c.delivery_id)
        .where(delivery.c.due >= jcs.timestamp(first - timedelta(seconds=1)))
        .group_by(delivery.c.id, delivery.c.due)
    )
    with office.entered() as workspace, workspace.database.read() as connection:
        found = connection.execute(query).all()
    return [(jcs.parse_timestamp(due), None if at is None else jcs.parse_timestamp(at)) for due, at in found]


def _wait(due: datetime, begun: datetime | None, ups: Sequence[tuple[datetime, datetime]]) -> float:
    """How long a delivery waited under one daemon, at the most."""
    waits = ((min(end, begun or end) - max(ready, due)).total_seconds() for ready, end in ups)
    return max(0.0, *waits)
