"""Leases: one process at a time does a named thing, and a killed one never blocks it for longer than its time."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.store.database import Database
from socialguard.store.process import Process, here, is_dead
from socialguard.store.tables import lease

_RENEW: Final = (
    update(lease)
    .where(lease.c.name == bindparam("held"), lease.c.token == bindparam("ours"))
    .values(expires_at=bindparam("until"))
)


_given_up: Final[set[str]] = set()
"""Leases that this process gave back and whose rows are still there: the disk was full, or the server away."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease, as which one of its leases, and until when at the most."""

    process: Process
    token: str
    until: datetime

    @property
    def is_alive(self) -> bool:
        """Whether the lease holds: its time has not passed, its owner has not provably ended, and did not give it
        up in this process while the database could not take that."""
        return self.until > clock.now() and self.token not in _given_up and not is_dead(self.process)


class Lease:
    """A lease that its owner keeps by renewing it, each time for `duration`."""

    def __init__(self, database: Database, name: str, duration: timedelta) -> None:
        self.name = name
        self._database = database
        self._duration = duration
        self._token = secrets.token_hex(16)

    def take(self) -> None:
        """Take the lease; raises Busy while another live process holds it."""
        with self._database.write() as connection:
            found = holder(connection, self.name)
            if found is not None and found.is_alive:
                raise errors.Busy(what=self.name)
            connection.execute(delete(lease).where(lease.c.name == self.name))
            connection.execute(insert(lease).values(name=self.name, token=self._token, **self._row()))

    def renew(self, connection: Connection) -> None:
        """Hold the lease for another `duration`; raises Busy where another process has taken it meanwhile."""
        until = jcs.timestamp(clock.now() + self._duration)
        given = {"held": self.name, "ours": self._token, "until": until}
        if connection.execute(_RENEW, given).rowcount != 1:
            raise errors.Busy(what=self.name)

    def release(self) -> None:
        """Give the lease back; harmless where another has it. Where that fails it is over here all the same."""
        _given_up.add(self._token)
        with self._database.write() as connection:
            connection.execute(delete(lease).where(lease.c.name == self.name, lease.c.token == self._token))
        _given_up.discard(self._token)

    def _row(self) -> dict[str, object]:
        process = here()
        return {
            "host": process.host,
            "boot_id": process.boot_id,
            "pid": process.pid,
            "pid_started": process.started,
            "expires_at": jcs.timestamp(clock.now() + self._duration),
        }


@contextmanager
def hold(database: Database, name: str, duration: timedelta, what: str = "") -> Iterator[None]:
    """Hold the lease `name` for the time of the block, `duration` at the most.

    Raises Busy, which says that `what` (else the name) is in use, while another live process holds it."""
    taken = Lease(database, name, duration)
    try:
        taken.take()
    except errors.Busy as busy:
        raise (errors.Busy(what=what) if what and busy.fields.get("what") == name else busy) from None
    try:
        yield
    finally:
        taken.release()


def holder(connection: Connection, name: str) -> Holder | None:
    """Return who took the lease `name` last and has not given it back; None where it is free."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if row is None:
        return None
    owner = Process(row.host, row.boot_id, row.pid, row.pid_started)
    return Holder(owner, row.token, jcs.parse_timestamp(row.expires_at))
