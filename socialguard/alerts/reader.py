"""What others read of alerts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.text import marked
from socialguard.store.tables import alert

CHANGED: Final = marked("This alert was changed outside this program. Run: socialguard audit verify")
_NO_TIME: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: what happened, as a template of the message catalogue with its fields; how often (`count`), when
    for the first and the last time, when a person saw it (None: nobody has), and what to do, as a template too
    (empty where nothing is known)."""

    id: int
    kind: str
    account_id: str | None
    delivery_id: str | None
    template: str
    fields: Mapping[str, str]
    count: int
    first_at: datetime
    raised_at: datetime
    seen_at: datetime | None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What the message of a row says."""

    template: str
    fields: dict[str, str]
    count: int
    first: str
    remedy: str


def page(connection: Connection, *, unseen: bool, limit: int | None, before: int | None = None) -> list[Alert]:
    """Return alerts, the newest first, those that nobody has seen or all; `before` goes on below that id."""
    query = select(alert).order_by(alert.c.raised_at.desc(), alert.c.id.desc())
    if unseen:
        query = query.where(alert.c.seen_at.is_(None))
    if before is not None:
        query = query.where(alert.c.id < before)
    return [_alert(row) for row in connection.execute(query if limit is None else query.limit(limit))]


def _alert(row: Row[Any]) -> Alert:
    """Return the alert of a row; one that this program did not write hides no other, and says what it is."""
    try:
        if not all(type(each) in (str, NoneType) for each in (row.kind, row.account_id, row.delivery_id)):
            raise TypeError
        return _as_written(row)
    except (errors.Tampered, ValueError, TypeError):
        return Alert(
            id=row.id,
            kind=row.kind if type(row.kind) is str else "",
            account_id=row.account_id if type(row.account_id) is str else None,
            delivery_id=None,
            template=CHANGED,
            fields={},
            count=1,
            first_at=_NO_TIME,
            raised_at=_NO_TIME,
            seen_at=None if row.seen_at is None else _NO_TIME,
        )


def _as_written(row: Row[Any]) -> Alert:
    told = parse_message(row.id, row.message)
    return Alert(
        id=row.id,
        kind=row.kind,
        account_id=row.account_id,
        delivery_id=row.delivery_id,
        template=told.template,
        fields=told.fields,
        count=told.count,
        first_at=jcs.parse_timestamp(told.first),
        raised_at=jcs.parse_timestamp(row.raised_at),
        seen_at=None if row.seen_at is None else jcs.parse_timestamp(row.seen_at),
        remedy=told.remedy,
    )


def open_ids(connection: Connection, kind: str, account_id: str) -> tuple[int, ...]:
    """Return the ids of the alerts of a kind on an account that nobody has seen."""
    query = select(alert.c.id).where(
        alert.c.seen_at.is_(None), alert.c.kind == kind, alert.c.account_id == account_id
    )
    return tuple(connection.execute(query).scalars())


def get(connection: Connection, alert_id: int) -> Alert:
    """Return one alert; NotFound where there is none of that id."""
    row = connection.execute(select(alert).where(alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise errors.NotFound(kind="alert", name=alert_id, hint="Run: socialguard alerts list --all")
    return _alert(row)


def count_unseen(connection: Connection) -> int:
    """Return how many alerts nobody has seen."""
    query = select(func.count()).select_from(alert).where(alert.c.seen_at.is_(None))
    return int(connection.execute(query).scalar_one())


def unseen_by_account(connection: Connection) -> dict[str | None, int]:
    """Return how many alerts nobody has seen, by account; None for those that are about none."""
    query = select(alert.c.account_id, func.count()).where(alert.c.seen_at.is_(None)).group_by(alert.c.account_id)
    return {row.account_id: int(row[1]) for row in connection.execute(query)}


def parse_message(alert_id: int, text: str) -> Message:
    """Return what the message of a row says; Tampered for one that this program did not write."""
    try:
        data = json.loads(text)
        fields = {str(name): str(value) for name, value in data["fields"].items()}
        return Message(
            str(data["template"]), fields, int(data["count"]), str(data["first"]), str(data.get("remedy", ""))
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise errors.Tampered(what=f"Alert {alert_id}", detail="its row is not one of ours.") from None
