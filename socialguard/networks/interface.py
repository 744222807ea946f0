"""The one protocol that every network fulfils. A network is found by the entry point `socialguard.networks`;
adding one touches no other file.

A `Network` states facts (limits, length, price) and opens a `Session` for one credential at one origin; a
session makes the calls. A session never stores a credential: a refreshed one is returned and `vault` keeps it.

What a write means when it fails is the adapter's to say, with the classes of `socialguard.errors`:
`NotReached`, `NetworkRefused`, `AuthenticationNeeded` and `RateLimited` prove that nothing was created;
`OutcomeUnknown` is everything else. No retry ever wraps a write.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from socialguard.model.credential import Credential
from socialguard.model.delivery import Receipt
from socialguard.model.stream import Stream

# Who publishes reads no activity.
if TYPE_CHECKING:
    from socialguard.model.activity import ActivityPage, Charge, Mark, Profile

_GROUP: Final = "socialguard.networks"


class Resolve(StrEnum):
    """How an `unknown` outcome is found out (DESIGN.md, Exactly once)."""

    RECONCILE = "reconcile"
    TWO_STEP = "two_step"
    IDEMPOTENT = "idempotent"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network allows in one post, as data of `dated` (ISO date) that `socialguard.toml` can override.
    `text` is in the network's own unit; sizes are in bytes. `tallest` and `widest` are the width of an image in
    hundredths of its height beyond which it is cropped where people read, 0 where it is not; `forbids_copies`
    tells that its rules forbid the same text on several accounts of one owner."""

    text: int
    images: int
    image_bytes: int
    image_types: tuple[str, ...]
    alt_text: int
    dated: str
    tallest: int = 0
    widest: int = 0
    forbids_copies: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading an account's activity costs, in millionths of a US dollar for each item that the network
    returns (all 0 where it is free), and how far back it reaches: items of a stream, None where it shows
    everything. `page_size` is how many items one request brings at the most."""

    prices: Mapping[Stream, int]
    reach: Mapping[Stream, int | None]
    page_size: int
    profile_price: int
    metrics_price: int
    metrics_batch: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the network says that a credential belongs to."""

    user_id: str
    handle: str
    display_name: str
    followers: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the network tells about a credential. None means that it does not tell; `app_live` is None when
    it cannot be proved that the app is Live; `warnings` are message-catalogue sentences for a person."""

    scopes: tuple[str, ...]
    expires_at: datetime | None
    issued_at: datetime | None
    api_version: str
    app_live: bool | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes of one image to publish, and its alt text."""

    data: bytes
    content_type: str
    alt: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A post as it goes out. `resume` is what an earlier attempt of the same delivery stored by `on_step`."""

    text: str
    link: str | None = None
    reply_to: str | None = None
    uploads: tuple[Upload, ...] = ()
    resume: str | None = None


@dataclass(frozen=True, slots=True)
class RemotePost:
    """A post as the network shows it: `text` as its author wrote it (links resolved, entities unescaped,
    appended media links removed); `public` is False for an unpublished one."""

    network_id: str
    text: str
    created_at: datetime
    url: str
    link: str | None = None
    reply_to: str | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class Revocation:
    """Whether the network confirmed a revocation; if it has no call for that, the page where a person can."""

    confirmed: bool
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """An account that a login may manage, with the credential for it."""

    identity: Identity
    credential: Credential


class Session(Protocol):
    """The calls on one account. Every method may raise `NotReached`, `NetworkRefused`, `RateLimited`,
    `AuthenticationNeeded`; the writes also `OutcomeUnknown`."""

    @property
    def calls(self) -> int:
        """How many HTTP requests were made so far (the audit log and the ledger of costs book it)."""
        ...

    @property
    def server_time(self) -> datetime | None:
        """The `Date` of the newest answer."""
        ...

    def identity(self) -> Identity:
        """Return who the credential belongs to."""
        ...

    def publish(self, post: Outgoing, on_step: Callable[[str], None]) -> Receipt:
        """Publish and return the receipt. A two-step network calls `on_step(id)` when it holds an id with
        which the attempt can be finished or found later, before anything is public."""
        ...

    def delete(self, network_id: str) -> None:
        """Delete a post; one that is already gone counts as deleted."""
        ...

    def timeline(self, since: datetime) -> Iterator[RemotePost]:
        """Yield the account's own posts made at `since` (by our clock) or later, newest first, unpublished ones
        too. A session whose answers showed that our clock is ahead reads as much further back."""
        ...

    def find(self, network_id: str) -> RemotePost | None:
        """Return one post, or None where the network says that there is none."""
        ...

    def assume(self, user_id: str, handle: str) -> None:
        """Take it as known whose credential this is, so that no call is made, and paid, to ask. For reads of what
        that user published; it proves nothing."""
        ...

    def activity(self, stream: Stream, *, since: "Mark | None", at: str | None) -> "ActivityPage":
        """Make one request for a page of a stream, newest first: from the newest on where `at` is None, else from
        where an earlier page said `next`; nothing at or below `since` (of one without an id: made before it). A
        page may repeat items of another."""
        ...

    def metrics(self, network_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Return the metrics of own posts as they are now, by id; what the network does not show is left out
        (which proves no deletion). At most `Reading.metrics_batch` ids a call."""
        ...

    def profile(self) -> "Profile":
        """Return the account as its network shows it now."""
        ...

    def which_exist(self, handles: Sequence[str]) -> Mapping[str, bool]:
        """Return which handles somebody has, in some seconds; what the network does not tell is left out."""
        ...

    def take_charges(self) -> "tuple[Charge, ...]":
        """Return what the requests since the last call of this method cost, by operation, and forget it: whoever
        takes it books it. Posting and deleting are priced by `Network.price` and are not among it."""
        ...

    def inspect(self) -> Inspection:
        """Return scopes, expiry and the like."""
        ...

    def refresh(self) -> Credential | None:
        """Return a refreshed credential; None where this kind needs no refresh."""
        ...

    def revoke(self) -> Revocation:
        """Ask the network to forget the credential."""
        ...


class Network(Protocol):
    """One social network."""

    name: str
    title: str
    """How people call it: `X`, `Facebook`."""
    origin: str
    """Where its API is, e.g. `https://api.x.com`."""
    resolve: Resolve
    threads: bool
    """Whether a post can answer another of the same account, so that several make a thread."""
    tells_handles: bool
    """Whether it can be asked if a handle exists (`Session.which_exist`)."""
    limits: Limits
    reading: Reading

    @property
    def deletion_price(self) -> int:
        """What deleting a post costs, in millionths of a US dollar; 0 where it is free."""
        ...

    def credential(self, document: Mapping[str, object]) -> Credential:
        """Return the credential that a JSON document holds; ValueError, naming fields but no values, where it
        is not of a documented form."""
        ...

    def length(self, text: str, link: str | None) -> int:
        """Return the length of what will be public, in the network's own unit."""
        ...

    def price(self, text: str, link: str | None) -> int:
        """Return what publishing this costs in millionths of a US dollar; 0 where it is free."""
        ...

    def profile_url(self, handle: str, user_id: str) -> str:
        """Return where a person can look at the account."""
        ...

    def matches(self, ours: Outgoing, theirs: RemotePost) -> bool:
        """Return whether a remote post is what `ours` would have made."""
        ...

    def warm(self) -> None:
        """Import what a session needs, which takes a while; a daemon does so before it is in a hurry."""
        ...

    def open(self, credential: Credential, origin: str, account: str) -> Session:
        """Return a session that talks to `origin` and nowhere else; `account` names it in errors."""
        ...


def load(name: str) -> Network:
    """Return the network of that name, found by its entry point; NotFound where nothing provides it. Ours come
    first: no other package can stand in for one, and what all others declare is read only for what is not ours."""
    from importlib.metadata import distribution, entry_points

    from socialguard import errors

    ours = distribution("socialguard").entry_points.select(group=_GROUP, name=name)
    for point in ours or entry_points(group=_GROUP, name=name):
        network: Network = point.load()()
        return network
    raise errors.NotFound(kind="network", name=name, hint="Known networks: " + ", ".join(names()) + ".")


def names() -> Sequence[str]:
    """Return the names of all networks that are installed, sorted."""
    from importlib.metadata import entry_points

    return sorted({point.name for point in entry_points(group=_GROUP)})
