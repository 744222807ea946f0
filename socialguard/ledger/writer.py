"""The transitions of deliveries, each inside the caller's write transaction, beside its audit entry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import may_follow
from socialguard.model.delivery import Delivery, Receipt, State
from socialguard.store.process import here
from socialguard.store.tables import attempt, confirmation, delivery, draft, receipt

# Built once, and values given beside them: what costs in a write is the making of statements.
_KEEP: Final = insert(draft).returning(draft.c.id)
_MOVE: Final = update(delivery).where(
    delivery.c.id == bindparam("old_id"),
    delivery.c.state == bindparam("old_state"),
    delivery.c.attempt_id.is_not_distinct_from(bindparam("old_attempt")),
)
_END: Final = update(attempt).where(attempt.c.id == bindparam("ended"))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a delivery. `deadline` is the instant after which its owner cannot still be sending."""

    id: str
    delivery_id: str
    started_at: datetime
    deadline: datetime


def keep_draft(connection: Connection, text: str, payload: Mapping[str, object], author: str) -> str:
    """Keep what an author wrote and return the draft's id (`d-31`)."""
    result = connection.execute(
        _KEEP,
        {
            "text": text,
            "payload": json.dumps(payload),
            "author": author,
            "created_at": jcs.timestamp(clock.now()),
        },
    )
    return f"{rows.DRAFT_PREFIX}{result.scalar_one()}"


def queue(connection: Connection, value: Delivery) -> None:
    """Insert a new delivery in the state that it carries (queued, held or awaiting)."""
    connection.execute(insert(delivery), rows.from_delivery(value))


def record_confirmation(
    connection: Connection, value: Delivery, *, context: str | None, how: str, member: str
) -> None:
    """Record who confirmed exactly this fingerprint, and how (`inside`, `typed`, `named`)."""
    connection.execute(
        insert(confirmation),
        {
            "delivery_id": value.id,
            "fingerprint": value.fingerprint,
            "context": context,
            "how": how,
            "member": member,
            "confirmed_at": jcs.timestamp(clock.now()),
        },
    )


def move(
    connection: Connection,
    value: Delivery,
    new: State,
    reason: str = "",
    *,
    due: datetime | None = None,
    attempt_id: str | None = None,
) -> None:
    """Change a delivery's state, and nothing if another process did so since `value` was read.

    Raises Busy in that case, SocialGuardError for a change that the states do not allow."""
    if not may_follow(value.state, new):
        raise errors.SocialGuardError(
            detail=f"Delivery {value.id} is {value.state.value} and cannot become {new.value}."
        )
    changes: dict[str, object] = {
        "state": new.value,
        "state_reason": reason[:500],
        "updated_at": jcs.timestamp(clock.now()),
    }
    if due is not None:
        changes["due"] = jcs.timestamp(due)
    if attempt_id is not None:
        changes["attempt_id"] = attempt_id
    old = {"old_id": value.id, "old_state": value.state.value, "old_attempt": value.attempt_id}
    result = connection.execute(_MOVE, {**old, **changes})
    if result.rowcount != 1:
        raise errors.Busy(what=f"Delivery {value.id}")


def claim(connection: Connection, value: Delivery, started: Attempt) -> None:
    """Make a queued delivery `sending` by this process (DESIGN: Exactly once)."""
    process = here()
    connection.execute(
        insert(attempt),
        {
            "id": started.id,
            "delivery_id": started.delivery_id,
            "started_at": jcs.timestamp(started.started_at),
            "deadline": jcs.timestamp(started.deadline),
            "host": process.host,
            "boot_id": process.boot_id,
            "pid": process.pid,
            "pid_started": process.started,
        },
    )
    move(connection, value, State.SENDING, attempt_id=started.id)


def record_step(connection: Connection, value: Delivery, remote_id: str) -> None:
    """Store the id with which a two-step publish of `value`'s attempt can be finished.

    Raises Busy where another process has taken the attempt: then nothing of it may become public any more."""
    still = select(delivery.c.id).where(
        delivery.c.id == value.id,
        delivery.c.state == value.state.value,
        delivery.c.attempt_id == value.attempt_id,
    )
    if connection.execute(still.with_for_update()).one_or_none() is None:
        raise errors.Busy(what=f"Delivery {value.id}")
    connection.execute(update(attempt).where(attempt.c.id == value.attempt_id).values(remote_id=remote_id))


def settle(
    connection: Connection,
    value: Delivery,
    new: State,
    *,
    reason: str = "",
    proof: Receipt | None = None,
    how: str = "answer",
    due: datetime | None = None,
) -> None:
    """Record how an attempt ended: the state, the attempt's outcome, and the receipt of a published post."""
    move(connection, value, new, reason, due=due)
    now = jcs.timestamp(clock.now())
    connection.execute(
        _END,
        {"ended": value.attempt_id, "outcome": new.value, "detail": reason[:500], "finished_at": now},
    )
    if proof is not None:
        connection.execute(
            insert(receipt),
            {
                "delivery_id": value.id,
                "account_id": value.account_id,
                "network_id": proof.network_id,
                "url": proof.url,
                "published_at": jcs.timestamp(proof.published_at),
                "recorded_at": now,
                "how": how,
            },
        )
