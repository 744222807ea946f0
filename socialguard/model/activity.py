"""What networks tell of an account's activity, as plain values: items, metrics, media, profiles, pages of them.

A page is what one request brought, newest first. Where it goes on is `next`: an opaque string of the adapter's,
good also days later and after other posts were made (an id or a time, never a token that ends)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from socialguard.model.stream import Stream as Stream  # beside what is read from one


class Kind(StrEnum):
    """What an item is."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    MENTION = "mention"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or video of an item: where its bytes are (None where the network does not tell), what it is, its
    alt text."""

    key: str
    """The network's own id of it, or its address without a query."""
    type: str
    url: str | None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One post, reply, mention or comment as its network tells it. `own`: the account itself wrote it. `content`
    is all that the network told of it beside the fields here and without metrics, as JSON with strings for ids."""

    network_id: str
    kind: Kind
    own: bool
    author_id: str
    author_name: str
    text: str
    created_at: datetime
    url: str
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    content: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its network shows it now. `posts` is how many it says that it has, None where it does not."""

    user_id: str
    handle: str
    display_name: str
    followers: int | None
    posts: int | None
    content: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest item that was known when a reading began: below it all is read already. Without an id it is a
    moment: what was made later is asked for."""

    network_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """What one request of a stream brought. `next` is where to go on, None at the end: the network has nothing
    older than this, or nothing newer than the mark that was given. `reached_limit` tells that it ended because the
    network shows no more than its newest so many (X: 3,200 posts, 800 mentions)."""

    items: tuple[Item, ...]
    next: str | None
    reached_limit: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """Calls of one operation (`posts.read`, `user.read` …) and what they cost: `units` is what the network counts
    (posts returned, users returned), `micros` millionths of a US dollar."""

    operation: str
    calls: int
    units: int
    micros: int
