"""What is done to a database as it is opened: test switches are armed where they may be, and what was left undone
by a full disk or a killed process is brought in. Mostly there is nothing."""

import contextlib
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from socialguard import clock, errors
from socialguard.store.database import Database

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace


def arm(database: Database) -> None:
    """Honour the clock and crash variables only where every account is on the loopback interface."""
    from socialguard.publishing import crash

    offset, point = os.environ.get(clock.VARIABLE), os.environ.get(crash.VARIABLE)
    if not offset and not point:
        return
    if not _is_loopback_only(database):
        raise errors.UsageError(
            detail=f"{clock.VARIABLE} and {crash.VARIABLE} work only where every account is on 127.0.0.1.",
            remedy="Unset them.",
        )
    if offset:
        clock.shift(clock.parse_offset(offset))
    crash.arm(point)


def absorb(workspace: "Workspace", database: Database) -> None:
    """Bring in what was noted while the database could not be written."""
    with contextlib.suppress(errors.Tampered):  # the sender refuses; a stop and whoever looks go on
        if workspace.emergency.records():
            from socialguard.workspace import stopping

            stopping.absorb(workspace.emergency, database, workspace.log)


def settle(workspace: "Workspace", database: Database) -> None:
    """End a change of the log key that was killed, or take the key that an owner took in; where no key is at hand
    the next command does it."""
    with contextlib.suppress(errors.NotAdopted, errors.Locked):
        if workspace.identity.is_log_key_changing():
            from socialguard.workspace.key_changes import settle_log_key

            settle_log_key(workspace, database)


def _is_loopback_only(database: Database) -> bool:
    from sqlalchemy import select

    from socialguard.store.tables import account

    with database.read() as connection:
        origins = connection.execute(select(account.c.origin).distinct()).scalars().all()
    return all(urlsplit(origin).hostname in ("127.0.0.1", "::1", "localhost") for origin in origins)
