"""Leases: one process at a time does a named thing, and a killed one never blocks it for longer than its time."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.store.database import Database
from socialguard.store.process import Process, here, is_dead
from socialguard.store.tables import lease


@contextmanager
def hold(database: Database, name: str, duration: timedelta) -> Iterator[None]:
    """Hold the lease `name` for the time of the block, `duration` at the most.

    Raises Busy while another live process holds it."""
    token = secrets.token_hex(16)
    with database.write() as connection:
        _take(connection, name, token, clock.now() + duration)
    try:
        yield
    finally:
        with database.write() as connection:
            connection.execute(delete(lease).where(lease.c.name == name, lease.c.token == token))


def _take(connection: Connection, name: str, token: str, until: datetime) -> None:
    row = connection.execute(select(lease).where(lease.c.name == name).with_for_update()).one_or_none()
    if row is not None:
        owner = Process(row.host, row.boot_id, row.pid, row.pid_started)
        if row.expires_at > jcs.timestamp(clock.now()) and not is_dead(owner):
            raise errors.Busy(what=name)
        connection.execute(delete(lease).where(lease.c.name == name))
    process = here()
    connection.execute(
        insert(lease).values(
            name=name,
            token=token,
            host=process.host,
            boot_id=process.boot_id,
            pid=process.pid,
            pid_started=process.started,
            expires_at=jcs.timestamp(until),
        )
    )
