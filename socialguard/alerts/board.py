"""Raising alerts, and marking them as seen.

An alert is a template of the message catalogue and its fields, so that it is told in the language of whoever reads
it. The same cause (kind, account, delivery) only moves its time and its count as long as nobody has seen it, and
for a day afterwards: whoever knows that a budget is spent is not told so every hour."""

import json
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from socialguard import clock, errors
from socialguard.alerts import notice, reader
from socialguard.canon import jcs
from socialguard.store.tables import alert

_FIELD_LIMIT: Final = 500
QUIET: Final = timedelta(days=1)
"""How long a cause that was seen is not told again."""
_SAME: Final = (
    select(alert.c.id, alert.c.message, alert.c.raised_at)
    .where(
        or_(alert.c.seen_at.is_(None), alert.c.seen_at > bindparam("quiet")),
        alert.c.kind == bindparam("kind"),
        alert.c.account_id.is_not_distinct_from(bindparam("account_id")),
        alert.c.delivery_id.is_not_distinct_from(bindparam("delivery_id")),
    )
    .order_by(alert.c.id.desc())
    .limit(1)
)


class _Together(threading.local):
    """Whether this thread is in a block that notes once."""

    waits = False


class Board:
    """Where alerts are raised. `place` is the small file from which every command knows of them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._together = _Together()

    def raise_(
        self,
        connection: Connection,
        kind: str,
        template: str,
        fields: Mapping[str, object],
        *,
        account_id: str | None = None,
        delivery_id: str | None = None,
        remedy: str = "",
        again: bool = False,
    ) -> int:
        """Raise an alert in the caller's write transaction and return its id; what is open and unseen of the same
        cause is moved. `again`: what happened is new each time, so that what was seen is not quiet for a day."""
        cause = {"kind": kind, "account_id": account_id, "delivery_id": delivery_id}
        now = jcs.timestamp(clock.now())
        quiet = {"quiet": now if again else jcs.timestamp(clock.now() - QUIET)}
        same = connection.execute(_SAME, cause | quiet).one_or_none()
        count, first = (1, now) if same is None else _so_far(same.id, same.message, same.raised_at)
        kept = {name: str(value)[:_FIELD_LIMIT] for name, value in fields.items()}
        message = json.dumps(
            {"template": template, "fields": kept, "count": count, "first": first, "remedy": remedy}
        )
        if same is None:
            row = {**cause, "message": message, "raised_at": now}
            alert_id = int(connection.execute(insert(alert).returning(alert.c.id), row).scalar_one())
        else:
            alert_id = same.id
            changed = update(alert).where(alert.c.id == same.id)
            connection.execute(changed.values(message=message, raised_at=now))
        self.note(connection)
        return alert_id

    def raise_error(
        self,
        connection: Connection,
        kind: str,
        problem: errors.SocialGuardError,
        *,
        account_id: str | None = None,
        delivery_id: str | None = None,
    ) -> None:
        """Raise an alert that says what an error says, and what to do."""
        template = errors.template_of(type(problem))
        self.raise_(
            connection,
            kind,
            template,
            problem.fields,
            account_id=account_id,
            delivery_id=delivery_id,
            remedy=problem.remedy,
        )

    def see(self, connection: Connection, ids: Collection[int] | None) -> tuple[int, ...]:
        """Mark alerts as seen, all or only `ids`, and return those that were not yet; NotFound for an id that no
        alert has."""
        open_ids = {one.id for one in reader.page(connection, unseen=True, limit=None)}
        chosen = open_ids if ids is None else open_ids & set(ids)
        if ids is not None:
            known = set(connection.execute(select(alert.c.id).where(alert.c.id.in_(list(ids)))).scalars())
            for missing in sorted(set(ids) - known):
                raise errors.NotFound(kind="alert", name=missing, hint="Run: socialguard alerts list --all")
        seen = update(alert).where(alert.c.id.in_(sorted(chosen)))
        connection.execute(seen.values(seen_at=jcs.timestamp(clock.now())))
        self.note(connection)
        return tuple(sorted(chosen))

    def close(self, connection: Connection, kind: str, delivery_id: str) -> None:
        """Mark the alerts of a kind about a delivery as seen: what they asked for is done."""
        unseen = alert.c.seen_at.is_(None) & (alert.c.kind == kind) & (alert.c.delivery_id == delivery_id)
        if connection.execute(update(alert).where(unseen).values(seen_at=jcs.timestamp(clock.now()))).rowcount:
            self.note(connection)

    @contextmanager
    def noting_once(self, connection: Connection) -> Iterator[None]:
        """Note what is unseen at the end of the block, and not after each alert that it raises or closes."""
        self._together.waits = True
        try:
            yield
        finally:
            self._together.waits = False
        self.note(connection)

    def note(self, connection: Connection) -> None:
        """Write down for every command what is unseen as this transaction sees it. Where the transaction is rolled
        back after all, the file tells of one that is not there, until the next note."""
        if self._together.waits:
            return
        found = reader.page(connection, unseen=True, limit=1)
        notice.write(self._place, reader.count_unseen(connection), found[0] if found else None)


def _so_far(alert_id: int, message: str, raised_at: str) -> tuple[int, str]:
    try:
        told = reader.parse_message(alert_id, message)
    except errors.Tampered:  # what happened now is told all the same
        return 1, raised_at
    return told.count + 1, told.first or raised_at
