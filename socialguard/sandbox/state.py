"""What the sandbox remembers: accounts, apps, tokens, media, posts, and the settings that control can change.

One `World` holds everything that survives a restart with `--state`. Handlers run one at a time on the event
loop, so the world needs no locks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from socialguard.sandbox.clock import Clock
from socialguard.sandbox.shelves import Shelves, int_id

# X's snowflakes count milliseconds since 2010-11-04 in their upper 42 bits
SNOWFLAKE_EPOCH_MS = 1288834974657

X_SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
FACEBOOK_SCOPES = (
    "pages_show_list",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_manage_engagement",
    "pages_read_user_content",
    "read_insights",
)


@dataclass(slots=True)
class Account:
    """One identity on one network; `network` is `x` or `facebook`."""

    network: str
    handle: str
    user_id: str
    display_name: str
    created_at: float
    followers_count: int = 0
    protected: bool = False
    subscriber: bool = False
    description: str = ""
    owner_id: str = ""
    owns_app: bool = False


@dataclass(slots=True)
class App:
    """A developer's app: X consumer key or client id, Facebook app id."""

    network: str
    app_id: str
    secret: str = field(default="", repr=False)
    name: str = ""
    live: bool = True
    proof_required: bool = False
    read_only: bool = False


@dataclass(slots=True)
class Token:
    """A token that a client presents; `kind` is oauth1, oauth2, app, page or user."""

    network: str
    kind: str
    value: str = field(repr=False)
    app_id: str
    user_id: str
    issued_at: float
    secret: str = field(default="", repr=False)
    scopes: list[str] = field(default_factory=list)
    expires_at: float | None = None
    data_access_expires_at: float | None = None
    refresh_token: str = field(default="", repr=False)
    revoked: bool = False
    subcode: int | None = None


@dataclass(slots=True)
class Media:
    """A file: its hash and size. The bytes of an upload are in `World.files`; those of a seed are `made` again
    from the id whenever they are asked for."""

    network: str
    media_id: str
    owner_id: str
    sha256: str
    size: int
    mime: str
    created_at: float
    alt_text: str = ""
    width: int = 0
    height: int = 0
    attached_to: str = ""
    made: int = 0


@dataclass(slots=True)
class Post:
    """A post of either network, deleted and unpublished ones included.

    `text` is what the author sent; `shown` what the network shows (X: links as t.co); `urls` the link entities.
    `growth` is how metrics rise with age: name → (final value, seconds until half of it). `on_page` is the Page
    that a visitor wrote to.
    """

    network: str
    post_id: str
    user_id: str
    text: str
    shown: str
    created_at: float
    via: str
    visible_at: float = 0.0
    published: bool = True
    scheduled_at: float | None = None
    deleted_at: float | None = None
    edited_at: float | None = None
    foreign: bool = False
    link: str = ""
    media_ids: list[str] = field(default_factory=list)
    urls: list[dict[str, Any]] = field(default_factory=list)
    mentioned_ids: list[str] = field(default_factory=list)
    reply_to: str = ""
    quote_of: str = ""
    conversation_id: str = ""
    edit_history: list[str] = field(default_factory=list)
    metrics: dict[str, int] = field(default_factory=dict)
    growth: dict[str, tuple[int, float]] = field(default_factory=dict)
    comment_on: str = ""
    on_page: str = ""
    created_by_app: str = ""


@dataclass(slots=True)
class Settings:
    """Switches that `POST /settings` of control changes.

    `limits` overrides X's calls in 15 minutes by operation name (`publish`, `timeline` …) and, under `facebook`,
    the calls of a Page in an hour. With `short_pages` X's pages hold fewer posts than asked for, or none, before
    the list has ended.
    """

    auto_approve: bool = True
    refuse_duplicates: bool = True
    rate_limits: bool = True
    summoned_replies: bool = True
    post_names: bool = False
    short_pages: bool = False
    rotate_refresh_tokens: bool = True
    access_token_seconds: int = 7200
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Grant:
    """An authorization under way: an OAuth 2 code or an OAuth 1 request token."""

    network: str
    value: str = field(repr=False)
    app_id: str
    user_id: str
    redirect_uri: str
    created_at: float
    scopes: list[str] = field(default_factory=list)
    challenge: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)
    used: bool = False


@dataclass(slots=True)
class World:
    """Everything that the sandbox remembers. `strangers` are people without a credential: they write mentions and
    comments. `costs` is user id → operation → [calls, units, millionths of a US dollar]. Posts come in by `keep`.
    """

    clock: Clock = field(default_factory=Clock)
    accounts: list[Account] = field(default_factory=list)
    strangers: dict[str, Account] = field(default_factory=dict)
    apps: list[App] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    posts: dict[str, Post] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    costs: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    last_id: int = 0
    shelves: Shelves = field(default_factory=Shelves, repr=False)
    taken: set[int] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        for post in self.posts.values():
            self.shelves.add(post)
        self.taken.update(int_id(name) for name in (*self.posts, *self.media))

    def keep(self, post: Post) -> None:
        """Put a post into the world, and into every list that shows it."""
        self.posts[post.post_id] = post
        self.shelves.add(post)

    def publish(self, post: Post, moment: float) -> None:
        """Make an unpublished post public, as of `moment`."""
        self.shelves.remove(post)
        post.published, post.created_at, post.scheduled_at = True, moment, None
        self.shelves.add(post)

    def person(self, network: str, user_id: str) -> Account | None:
        """Return whoever has this user id: an account or a stranger."""
        found = self.strangers.get(user_id)
        return found if found and found.network == network else self.account(network, user_id)

    def account(self, network: str, name: str) -> Account | None:
        """Return the account of `network` with this handle (any case) or user id."""
        wanted = name.removeprefix(f"{network}:").removeprefix("@").casefold()
        for account in self.accounts:
            if account.network == network and wanted in (account.handle.casefold(), account.user_id):
                return account
        return None

    def app(self, network: str, app_id: str) -> App | None:
        """Return the app of `network` with this id."""
        return next((a for a in self.apps if a.network == network and a.app_id == app_id), None)

    def posts_of(self, network: str, user_id: str) -> Iterator[Post]:
        """Return the posts of an account, newest first, deleted and unpublished ones included; no comments."""
        return self.shelves.of(network, user_id).newest_first()

    def in_order(self) -> list[Post]:
        """Return all posts by time, then id: seeds and foreign posts may be older than what is there."""
        return sorted(self.posts.values(), key=lambda post: (post.created_at, int_id(post.post_id)))

    def new_id(self, moment: float) -> str:
        """Return a snowflake for `moment`: above 2^53 for any date after 2011, never given twice."""
        base = max(int(moment * 1000) - SNOWFLAKE_EPOCH_MS, 1) << 22
        value = base | secrets.randbelow(1 << 12)
        if abs(moment - self.clock.now()) < 1 and self.last_id < (base + (60_000 << 22)):
            # two posts within one millisecond keep their order
            value = max(value, self.last_id + 1)
            self.last_id = value
        while value in self.taken:
            value += 1
        self.taken.add(value)
        return str(value)

    def visible(self, post: Post) -> bool:
        """Tell whether timelines show the post now."""
        if post.deleted_at is not None or not post.published:
            return False
        if post.network == "x" and post.edit_history[-1] != post.post_id:
            return False
        return not post.visible_at or post.visible_at <= self.clock.now()

    def publish_due(self) -> None:
        """Publish scheduled posts whose time has come."""
        now = self.clock.now()
        for post in list(self.shelves.scheduled.values()):
            due = post.scheduled_at is not None and post.scheduled_at <= now
            if due and not post.published and post.deleted_at is None:
                self.publish(post, float(post.scheduled_at or now))

    def metrics_of(self, post: Post) -> dict[str, int]:
        """Return a post's metrics now; those that grow rise with its age towards their final value."""
        if not post.growth:
            return post.metrics
        age = max(0.0, self.clock.now() - post.created_at)
        grown = {name: int(final * (1 - 0.5 ** (age / half))) for name, (final, half) in post.growth.items()}
        return {**post.metrics, **grown}

    def count(self, network: str, operation: str) -> None:
        """Count one request of `operation`."""
        network_counts = self.counts.setdefault(network, {})
        network_counts[operation] = network_counts.get(operation, 0) + 1
