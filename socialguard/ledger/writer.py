"""The transitions of deliveries, each inside the caller's write transaction, beside its audit entry."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.ledger import rows
from socialguard.ledger.states import may_follow
from socialguard.model.delivery import Delivery, Receipt, State
from socialguard.store.prepared import Prepared
from socialguard.store.process import here
from socialguard.store.tables import attempt, confirmation, delivery, draft, receipt

_KEEP: Final = Prepared(insert(draft).returning(draft.c.id))
_QUEUE: Final = Prepared(insert(delivery))
_TAKEN: Final = Prepared(select(delivery.c.id).where(delivery.c.id == bindparam("id")))
_CONFIRM: Final = Prepared(insert(confirmation))
_ATTEMPT: Final = Prepared(insert(attempt))
_RECEIPT: Final = Prepared(insert(receipt))
_MOVE: Final = Prepared(
    update(delivery).where(
        delivery.c.id == bindparam("old_id"),
        delivery.c.state == bindparam("old_state"),
        delivery.c.attempt_id.is_not_distinct_from(bindparam("old_attempt")),
    )
)
_STILL: Final = Prepared(
    select(delivery.c.id)
    .where(
        delivery.c.id == bindparam("id"),
        delivery.c.state == bindparam("state"),
        delivery.c.attempt_id == bindparam("attempt"),
    )
    .with_for_update()
)
_STEP: Final = Prepared(update(attempt).where(attempt.c.id == bindparam("named")))
_END: Final = Prepared(update(attempt).where(attempt.c.id == bindparam("ended")))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a delivery. `deadline` is the instant after which its owner cannot still be sending."""

    id: str
    delivery_id: str
    started_at: datetime
    deadline: datetime


def keep_draft(connection: Connection, text: str, payload: Mapping[str, object], author: str) -> str:
    """Keep what an author wrote and return the draft's id (`d-31`)."""
    number = _KEEP.scalar(
        connection,
        text=text,
        payload=json.dumps(payload),
        author=author,
        created_at=jcs.timestamp(clock.now()),
    )
    return f"{rows.DRAFT_PREFIX}{number}"


def rewrite_draft(connection: Connection, draft_id: str, text: str, payload: Mapping[str, object]) -> bool:
    """Change a draft of which nothing was made, and return whether that was so; any other stays as it is."""
    number = rows.draft_number(draft_id)
    made = exists().where(delivery.c.draft_id == number)
    changed = connection.execute(
        update(draft).where(draft.c.id == number, ~made).values(text=text, payload=json.dumps(payload))
    )
    return changed.rowcount == 1


def new_id(connection: Connection, besides: Collection[str]) -> str:
    """Return an id for a delivery, eight hexadecimal digits, that no other has and none of `besides` is. They are
    short, since people type them: among 10,000 drawn at random two are the same in one case of a hundred."""
    while True:
        drawn = secrets.token_hex(4)
        if drawn not in besides and _TAKEN.scalar(connection, id=drawn) is None:
            return drawn


def queue(connection: Connection, value: Delivery) -> None:
    """Insert a new delivery in the state that it carries (queued, held or awaiting)."""
    _QUEUE.run(connection, **rows.from_delivery(value))


def record_confirmation(
    connection: Connection, value: Delivery, *, context: str | None, how: str, member: str
) -> None:
    """Record who confirmed exactly this fingerprint, and how (`inside`, `typed`, `named`)."""
    _CONFIRM.run(
        connection,
        delivery_id=value.id,
        fingerprint=value.fingerprint,
        context=context,
        how=how,
        member=member,
        confirmed_at=jcs.timestamp(clock.now()),
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
    changed = _MOVE.run(
        connection,
        old_id=value.id,
        old_state=value.state.value,
        old_attempt=value.attempt_id,
        state=new.value,
        state_reason=reason[:500],
        updated_at=jcs.timestamp(clock.now()),
        due=jcs.timestamp(due or value.due),
        attempt_id=attempt_id or value.attempt_id,
    )
    if changed != 1:
        raise errors.Busy(what=f"Delivery {value.id}")


def put_aside(connection: Connection, delivery_id: str, reason: str) -> None:
    """Hold a queued delivery, whatever its row holds beside its state."""
    changed = update(delivery).where(delivery.c.id == delivery_id, delivery.c.state == State.QUEUED.value)
    values = {"state": State.HELD.value, "state_reason": reason[:500], "updated_at": jcs.timestamp(clock.now())}
    connection.execute(changed.values(**values))


def claim(connection: Connection, value: Delivery, started: Attempt) -> None:
    """Make a queued delivery `sending` by this process (DESIGN: Exactly once)."""
    process = here()
    _ATTEMPT.run(
        connection,
        id=started.id,
        delivery_id=started.delivery_id,
        started_at=jcs.timestamp(started.started_at),
        deadline=jcs.timestamp(started.deadline),
        host=process.host,
        boot_id=process.boot_id,
        pid=process.pid,
        pid_started=process.started,
    )
    move(connection, value, State.SENDING, attempt_id=started.id)


def record_step(connection: Connection, value: Delivery, remote_id: str) -> None:
    """Store the id with which a two-step publish of `value`'s attempt can be finished.

    Raises Busy where another process has taken the attempt: then nothing of it may become public any more."""
    held = {"id": value.id, "state": value.state.value, "attempt": value.attempt_id}
    if _STILL.first(connection, **held) is None:
        raise errors.Busy(what=f"Delivery {value.id}")
    _STEP.run(connection, named=value.attempt_id, remote_id=remote_id)


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
    _END.run(connection, ended=value.attempt_id, outcome=new.value, detail=reason[:500], finished_at=now)
    if proof is not None:
        _RECEIPT.run(
            connection,
            delivery_id=value.id,
            account_id=value.account_id,
            network_id=proof.network_id,
            url=proof.url,
            published_at=jcs.timestamp(proof.published_at),
            recorded_at=now,
            how=how,
        )
