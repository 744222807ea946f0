"""What others read of drafts: what an author wrote, for whom, and what became of it. A draft is never lost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select

from socialguard import errors
from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.model.delivery import State
from socialguard.store.tables import delivery, draft

_OUT = (State.SENT.value, State.SENDING.value, State.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft. `payload` is the rest of the request (`to`, `media`, `link`, `reply_to`, `at`), `author` a
    member's id, `deliveries` the state of each delivery made of it, by id."""

    id: str
    text: str
    payload: Mapping[str, Any]
    author: str
    created_at: datetime
    deliveries: Mapping[str, str]


def page(
    connection: Connection, *, before: str | None = None, limit: int = 50, unsent: bool = False
) -> list[Draft]:
    """Return up to `limit` drafts, newest first, older than the draft `before`; with `unsent` only those of which
    nothing went out."""
    query = select(draft).order_by(draft.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(draft.c.id < _number(before))
    if unsent:
        query = query.where(
            ~exists().where(delivery.c.draft_id == draft.c.id, delivery.c.state.in_(_OUT)),
        )
    found = connection.execute(query).all()
    made = select(delivery.c.draft_id, delivery.c.id, delivery.c.state).where(
        delivery.c.draft_id.in_([row.id for row in found])
    )
    states: dict[int, dict[str, str]] = {}
    for row in connection.execute(made.order_by(delivery.c.created_at, delivery.c.id)):
        states.setdefault(row.draft_id, {})[row.id] = row.state
    return [_draft(row, states.get(row.id, {})) for row in found]


def get(connection: Connection, draft_id: str) -> Draft:
    """Return one draft; NotFound where there is none of that id."""
    row = connection.execute(select(draft).where(draft.c.id == _number(draft_id))).one_or_none()
    if row is None:
        raise _absent(draft_id)
    made = select(delivery.c.id, delivery.c.state).where(delivery.c.draft_id == row.id)
    states = connection.execute(made.order_by(delivery.c.created_at, delivery.c.id))
    return _draft(row, {one.id: one.state for one in states})


def _draft(row: Any, states: Mapping[str, str]) -> Draft:  # Any: a row of the table
    return Draft(
        id=f"{rows.DRAFT_PREFIX}{row.id}",
        text=row.text,
        payload=json.loads(row.payload),
        author=row.author,
        created_at=jcs.parse_timestamp(row.created_at),
        deliveries=dict(states),
    )


def _number(draft_id: str) -> int:
    try:
        number = rows.draft_number(draft_id)
    except ValueError:
        raise _absent(draft_id) from None
    if not 0 <= number < 1 << 63:
        raise _absent(draft_id)
    return number


def _absent(draft_id: str) -> errors.NotFound:
    return errors.NotFound(kind="draft", name=draft_id, hint="Run: socialguard draft list")
