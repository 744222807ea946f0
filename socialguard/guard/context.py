"""Contexts: what an operator in one terminal session has confirmed, and when."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from socialguard import clock
from socialguard.canon import jcs
from socialguard.model.account import Account
from socialguard.model.context import Context
from socialguard.store.tables import context


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a context last confirmed: account ids, the client of the last target, and when."""

    account_ids: frozenset[str]
    last_target: str | None
    confirmed_at: datetime
    used_at: datetime


def recall(connection: Connection, context_id: str) -> Remembered | None:
    """Return what the context confirmed last, or None for a new one."""
    row = connection.execute(select(context).where(context.c.id == context_id)).one_or_none()
    if row is None:
        return None
    return Remembered(
        account_ids=frozenset(json.loads(row.confirmed)),
        last_target=row.last_target,
        confirmed_at=jcs.parse_timestamp(row.confirmed_at),
        used_at=jcs.parse_timestamp(row.used_at),
    )


def remember(connection: Connection, who: Context, targets: Sequence[Account]) -> None:
    """Make `targets` the confirmed set of the context, as of now."""
    now = jcs.timestamp(clock.now())
    connection.execute(delete(context).where(context.c.id == who.id))
    connection.execute(
        insert(context).values(
            id=who.id,
            operator=who.operator,
            confirmed=json.dumps(sorted(account.id for account in targets)),
            last_target=targets[-1].id,
            confirmed_at=now,
            used_at=now,
        )
    )


def touch(connection: Connection, who: Context, last_target: str) -> None:
    """Note that the context was used inside its confirmed set."""
    now = jcs.timestamp(clock.now())
    connection.execute(context.update().where(context.c.id == who.id).values(used_at=now, last_target=last_target))
