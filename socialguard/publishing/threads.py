"""The order of a thread: each part answers the post of the one before it, and goes out only when that one is sent.

Whose turn it is is decided in the claim's transaction. A part whose predecessor will never be sent is held: `queue
resume` makes what is left anew, signed behind the last part that is public."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from itertools import takewhile

from sqlalchemy import Connection

from socialguard import errors
from socialguard.audit.log import AuditLog
from socialguard.ledger import reader
from socialguard.ledger.states import FINAL, WAITING
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.model.fingerprint import fingerprint
from socialguard.model.text import marked
from socialguard.publishing.accept import EDITED
from socialguard.publishing.submission import since_of, statement_of
from socialguard.store.database import Database


class Turn(Enum):
    """When a delivery may go out: now, when the part before it is sent, or never."""

    NOW = auto()
    LATER = auto()
    NEVER = auto()


class NothingToResume(errors.UsageError):
    """{detail}"""

    remedy = "Run: socialguard queue show {delivery}"


class StoppedBefore(errors.UsageError):
    """The thread stopped before part {place}, which waits behind it."""

    remedy = "Go on first: socialguard queue resume {delivery}"


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a thread: the delivery that it goes on behind (None: nothing of it is public), the contents
    that are to go out, the deliveries that still wait and are to be cancelled for them, and its campaign."""

    after: str | None
    contents: tuple[Content, ...]
    waiting: tuple[str, ...]
    campaign: str | None = None

    def beginning(self, text: str) -> "Rest":
        """Return the same with another text for its first part."""
        return replace(self, contents=(replace(self.contents[0], text=text), *self.contents[1:]))


def turn_of(connection: Connection, value: Delivery) -> Turn:
    """Return when a delivery may go out, as far as its thread is concerned."""
    if value.after_id is None:
        return Turn.NOW
    before = _before(connection, value)
    if before.state is State.SENT:
        return Turn.NOW
    return Turn.NEVER if before.state in FINAL or before.state is State.HELD else Turn.LATER


def stopped(connection: Connection, value: Delivery, account: Account) -> errors.ThreadStopped:
    """Return what is said of a part that will never have its turn."""
    before = _before(connection, value)
    place = value.content.thread_position or 0
    return errors.ThreadStopped(
        part=place + 1,
        of=value.content.thread_size,
        account=account,
        before=place,
        delivery=before.id,
        state=before.state.value,
    )


def free_since(connection: Connection, value: Delivery) -> datetime:
    """Return since when a delivery could go out: a part of a thread is not late because the one before it was
    slow."""
    before = None if value.after_id is None else reader.published_at(connection, value.after_id)
    return value.due if before is None else max(value.due, before)


def require_answerable(connection: Connection, log: AuditLog, org: str, value: Delivery, account: Account) -> None:
    """Refuse a part whose predecessor is not what the log says was sent on this account: it would answer a post
    that nobody confirmed."""
    if value.after_id is None:
        return
    before = _before(connection, value)
    course = log.course(connection, fingerprint(statement_of(org, before, account)), since_of(before.nonce))
    sent = [said for said in course if said.action == "delivery.send" and said.outcome == "sent"]
    if before.act is not Act.PUBLISH or not sent or sent[-1].obj.get("network_id") != before.network_id:
        raise errors.Tampered(
            what=f"Delivery {value.id}", detail="the log does not know the post that it would answer."
        )


def answered(connection: Connection, value: Delivery) -> str | None:
    """Return the network's id of the post that a delivery answers, None where it answers none."""
    if value.after_id is None:
        return value.content.reply_to
    before = _before(connection, value)
    if before.network_id is None:
        raise errors.Tampered(what=f"Delivery {value.id}", detail="the post that it answers has no receipt.")
    return before.network_id


def _before(connection: Connection, value: Delivery) -> Delivery:
    """Return the delivery that another answers."""
    try:
        return reader.get(connection, value.after_id or "")
    except errors.NotFound:
        detail = "the part of its thread before it is gone."
        raise errors.Tampered(what=f"Delivery {value.id}", detail=detail) from None


# ── the rest of a thread ─────────────────────────────────────────────────────────────────────────────────


def following(connection: Connection, value: Delivery) -> list[Delivery]:
    """Return the parts that come after a delivery, in order: of each place the one that was made last."""
    found: list[Delivery] = []
    while parts := reader.answering(connection, (found[-1] if found else value).id):
        found.append(parts[-1])
    return found


def rest_of(connection: Connection, value: Delivery) -> Rest:
    """Return what is left of the thread that `value` is a part of.

    Raises NothingToResume where it is none, goes on by itself, or is public as a whole."""
    if value.content.thread_position is None or value.act is not Act.PUBLISH:
        raise NothingToResume(detail=f"Delivery {value.id} is no part of a thread.", delivery=value.id)
    parts = parts_of(connection, value)
    left = [part for part in parts if part.state is not State.SENT]
    if not left:
        raise NothingToResume(detail="Every part of the thread is public.", delivery=value.id)
    first = left[0]
    if first.state in (State.QUEUED, State.SENDING, State.UNKNOWN, State.AWAITING):
        detail = f"Part {(first.content.thread_position or 0) + 1} ({first.id}) is {first.state.value}."
        raise NothingToResume(detail=f"{detail} The thread goes on when it is sent.", delivery=first.id)
    gone = next((part for part in left if part.state is State.CANCELLED), None)
    if gone is not None:
        how = marked("was made anew") if gone.state_reason == EDITED else marked("was cancelled")
        detail = f"Part {(gone.content.thread_position or 0) + 1} ({gone.id}) {how}."
        raise NothingToResume(detail=detail, delivery=gone.id)
    return Rest(first.after_id, tuple(part.content for part in left), waiting_of(left), first.campaign_id)


def rest_behind(database: Database, value: Delivery, text: str) -> Rest:
    """Return a part that waits, with another text, and what follows it: that answers a delivery which will be
    replaced, and so is made anew, too."""
    with database.read() as connection:
        if turn_of(connection, value) is Turn.NEVER:
            raise StoppedBefore(place=(value.content.thread_position or 0) + 1, delivery=value.id)
        # What was cancelled stays so, and what came after it was cancelled with it.
        parts = list(takewhile(lambda part: part.state in WAITING, [value, *following(connection, value)]))
    rest = Rest(value.after_id, tuple(part.content for part in parts), waiting_of(parts), value.campaign_id)
    return rest.beginning(text)


def waiting_of(parts: list[Delivery]) -> tuple[str, ...]:
    """Return the ids of those that still wait."""
    return tuple(part.id for part in parts if part.state in WAITING)


def parts_of(connection: Connection, value: Delivery) -> list[Delivery]:
    """Return the thread that a delivery is part of, in order, none where it is part of none; where a part was made
    anew, the new one."""
    if value.content.thread_position is None:
        return []
    first = value
    while first.after_id is not None:
        first = reader.get(connection, first.after_id)
    return [first, *following(connection, first)]
