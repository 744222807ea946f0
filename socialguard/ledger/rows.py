"""How a delivery is written as a row and read back."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import NoneType
from typing import Any, Final

from sqlalchemy import Row, Select, select

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.delivery import Act, Content, Delivery, Media, State
from socialguard.store.tables import delivery, receipt

DRAFT_PREFIX: Final = "d-"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:@/+=-]{1,64}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_NO_TIME: Final = datetime.fromtimestamp(0, UTC)
_NOT_OURS: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a value that this program did not write can raise."""
_TEXTS: Final = ("id", "account_id", "nonce", "fingerprint", "submitter", "state_reason")
_TEXTS_OR_NONE: Final = (
    "wall_time",
    "zone",
    "target",
    "after_id",
    "campaign_id",
    "attempt_id",
    "network_id",
    "url",
)
_LISTED: Final = ("id", "account_id", "fingerprint", "act", "state_reason", "submitter")


def select_delivery() -> Select[Any]:
    """Return the query for whole deliveries with their receipts, to be narrowed by the caller."""
    joined = delivery.outerjoin(receipt, receipt.c.delivery_id == delivery.c.id)
    return select(delivery, receipt.c.network_id, receipt.c.url).select_from(joined)


def to_delivery(row: Row[Any]) -> Delivery:
    """Return the delivery of a row of `select_delivery`; raises Tampered for one that `from_delivery` did not
    write."""
    try:
        _require_types(row, _TEXTS, _TEXTS_OR_NONE)
        if not (_PLAIN.fullmatch(row.account_id) and _FINGERPRINT.fullmatch(row.fingerprint)):
            raise ValueError  # the log takes no other, and a stop must be logged
        return _to_delivery(row)
    except _NOT_OURS:
        raise _foreign(row.id) from None


def as_far_as_sound(row: Row[Any]) -> Delivery:
    """Return the delivery of a row; of one that `from_delivery` did not write what names it and its state, to be
    told and put aside."""
    try:
        return to_delivery(row)
    except errors.Tampered:
        known = row.state in tuple(State)
        return Delivery(
            id=row.id,
            draft_id=f"{DRAFT_PREFIX}{row.draft_id}",
            account_id=str(row.account_id),
            act=Act.PUBLISH,
            content=Content(""),
            nonce="",
            fingerprint="",
            submitter="",
            signature=b"",
            state=State(row.state) if known else State.HELD,
            due=_NO_TIME,
            created_at=_NO_TIME,
        )


def require_listed(row: Row[Any]) -> None:
    """Raise Tampered for a row of `reader.page` that cannot be shown."""
    try:
        _require_types(row, _LISTED, ("campaign_id", "after_id", "network_id", "url"))
        State(row.state)
        jcs.parse_timestamp(row.due)
        to_content(row.content)
    except _NOT_OURS:
        raise _foreign(row.id) from None


def _require_types(row: Row[Any], texts: Sequence[str], or_none: Sequence[str]) -> None:
    """Raise TypeError where a column of these holds no text: SQLite keeps whatever it is given."""
    texts_are = all(type(getattr(row, name)) is str for name in texts)
    if not (texts_are and all(type(getattr(row, name)) in (str, NoneType) for name in or_none)):
        raise TypeError


def content_of(delivery_id: str, text: str) -> Content:
    """Return the content of a delivery; raises as `to_delivery`."""
    try:
        return to_content(text)
    except _NOT_OURS:
        raise _foreign(delivery_id) from None


def _foreign(delivery_id: str) -> errors.Tampered:
    return errors.Tampered(what=f"Delivery {delivery_id}", detail="its row is not one that this program wrote.")


def _to_delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        draft_id=f"{DRAFT_PREFIX}{row.draft_id}",
        account_id=row.account_id,
        act=Act(row.act),
        content=to_content(row.content),
        nonce=row.nonce,
        fingerprint=row.fingerprint,
        submitter=row.submitter,
        signature=row.signature,
        state=State(row.state),
        due=jcs.parse_timestamp(row.due),
        created_at=jcs.parse_timestamp(row.created_at),
        not_before=_instant(row.not_before),
        wall_time=row.wall_time,
        zone=row.zone,
        max_late=row.max_late,
        target=row.target,
        after_id=row.after_id,
        campaign_id=row.campaign_id,
        options=json.loads(row.options),
        state_reason=row.state_reason,
        attempt_id=row.attempt_id,
        network_id=row.network_id,
        url=row.url,
    )


def from_delivery(value: Delivery) -> dict[str, object]:
    """Return the column values of a delivery."""
    stamp = jcs.timestamp(value.created_at)
    return {
        "id": value.id,
        "draft_id": draft_number(value.draft_id),
        "account_id": value.account_id,
        "act": value.act.value,
        "content": from_content(value.content),
        "nonce": value.nonce,
        "fingerprint": value.fingerprint,
        "submitter": value.submitter,
        "signature": value.signature,
        "state": value.state.value,
        "state_reason": value.state_reason,
        "due": jcs.timestamp(value.due),
        "not_before": None if value.not_before is None else jcs.timestamp(value.not_before),
        "wall_time": value.wall_time,
        "zone": value.zone,
        "max_late": value.max_late,
        "target": value.target,
        "after_id": value.after_id,
        "campaign_id": value.campaign_id,
        "options": json.dumps(value.options),
        "attempt_id": value.attempt_id,
        "created_at": stamp,
        "updated_at": stamp,
    }


def from_content(value: Content) -> str:
    """Return a content as JSON text."""
    return json.dumps(
        {
            "text": value.text,
            "media": [_from_media(item) for item in value.media],
            "link": value.link,
            "reply_to": value.reply_to,
            "thread_position": value.thread_position,
            "visibility": value.visibility,
            "warning": value.warning,
            "language": value.language,
            "thread_size": value.thread_size,
        }
    )


@lru_cache(maxsize=512)
def to_content(text: str) -> Content:
    """Return the content that `from_content` wrote."""
    data: Mapping[str, Any] = json.loads(text)
    return Content(**{**data, "media": tuple(_to_media(item) for item in data["media"])})


def draft_number(draft_id: str) -> int:
    """Return the row id of a draft known to people as `d-31`."""
    return int(draft_id.removeprefix(DRAFT_PREFIX))


def _from_media(item: Media) -> dict[str, object]:
    modified = None if item.modified_at is None else jcs.timestamp(item.modified_at)
    return {
        "sha256": item.sha256,
        "content_type": item.content_type,
        "size": item.size,
        "alt": item.alt,
        "file_name": item.file_name,
        "modified_at": modified,
        "removed": list(item.removed),
        "width": item.width,
        "height": item.height,
    }


def _to_media(data: Mapping[str, Any]) -> Media:
    # A row of an earlier program has no `removed`.
    removed = tuple(data.get("removed", ()))
    return Media(**{**data, "modified_at": _instant(data["modified_at"]), "removed": removed})


def _instant(text: str | None) -> datetime | None:
    return None if text is None else jcs.parse_timestamp(text)
