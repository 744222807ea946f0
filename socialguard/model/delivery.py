"""Deliveries: a draft for one account, the unit that is checked, confirmed, sent and reconciled."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """The states of a delivery (DESIGN.md, Exactly once)."""

    DRAFT = "draft"
    HELD = "held"
    AWAITING = "awaiting"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Act(StrEnum):
    """What a delivery does at the network."""

    PUBLISH = "publish"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Media:
    """One file to publish: SHA-256 (hex) of the bytes that are sent, their type and size, the alt text, and
    the name and modification time of the file that they came from, for the card. `removed` is what that file told
    and the bytes that are sent do not (`place`, `camera`, `notes`); `width` and `height` are 0 for no image."""

    sha256: str
    content_type: str
    size: int
    alt: str
    file_name: str
    modified_at: datetime | None = None
    removed: tuple[str, ...] = ()
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that will be public. `reply_to` is the network's id of a post; `thread_position` counts
    from 0 and is None outside a thread, as is `thread_size`, the number of its parts."""

    text: str
    media: tuple[Media, ...] = ()
    link: str | None = None
    reply_to: str | None = None
    thread_position: int | None = None
    visibility: str = "public"
    warning: str | None = None
    language: str | None = None
    thread_size: int | None = None

    @property
    def part(self) -> int | None:
        """Its place in a thread as people count, from 1; None outside one."""
        return None if self.thread_position is None else self.thread_position + 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as the ledger keeps it. `target` is the network id that an edit or delete acts on; `due`
    is the instant from which it may be sent (the grace period included); `max_late` is in seconds;
    `wall_time` and `zone` are what the person asked for; `after_id` is the delivery whose post this one answers:
    the part before it in a thread."""

    id: str
    draft_id: str
    account_id: str
    act: Act
    content: Content
    nonce: str
    fingerprint: str
    submitter: str
    signature: bytes
    state: State
    due: datetime
    created_at: datetime
    not_before: datetime | None = None
    wall_time: str | None = None
    zone: str | None = None
    max_late: int = 900
    target: str | None = None
    after_id: str | None = None
    campaign_id: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    state_reason: str = ""
    attempt_id: str | None = None
    network_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof of a published post: the network's id, its URL and when the network says it was made."""

    network_id: str
    url: str
    published_at: datetime
