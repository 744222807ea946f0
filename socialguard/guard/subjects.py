"""What the checks see of a delivery: recent posts from ledger and archive, our other accounts, crises, and where
its links lead. Read once for all that is checked together."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import Connection

from socialguard import clock
from socialguard.guard.interface import Copy, Crisis, Glance, Ours, Reached, Recent, Shelf, Subject
from socialguard.guard.languages import languages_of
from socialguard.ledger import reader, stops
from socialguard.ledger.stops import Stop
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content, Delivery
from socialguard.networks.interface import Limits
from socialguard.registry.policy_checks import CheckRules

_RECENT: Final = timedelta(days=7)
_PUBLISHED: Final = 50
"""Own posts with a receipt that are looked at, the newest."""
_COPIES: Final = 200
"""Posts of other accounts on a network that are looked at, the newest."""
_BESIDE: Final = 50
"""Deliveries of one request that are held against each other."""


class Facts(Protocol):
    """What is asked of registry and networks."""

    def check_rules(self, connection: Connection, account: Account) -> Mapping[str, CheckRules]:
        """Return what policy makes of each check."""
        ...

    def limits(self, network: str) -> Limits:
        """Return what a network takes."""
        ...

    def is_ours(self, text: str) -> bool:
        """Return whether a text is a credential of one of our accounts."""
        ...

    def ours(self, connection: Connection) -> Sequence[Ours]:
        """Return all our accounts, as the manifest names them."""
        ...

    def link_price(self, network: str, content: Content) -> int:
        """Return what the links of a post add to its price, in millionths of a US dollar."""
        ...


class Candidate(Protocol):
    """A delivery that would be made, as far as the checks look at it."""

    @property
    def account(self) -> Account:
        """Where it would go."""
        ...

    @property
    def content(self) -> Content:
        """Everything that would be public."""
        ...

    @property
    def length(self) -> int:
        """Its length, in the network's unit."""
        ...

    @property
    def when(self) -> datetime | None:
        """When it is due; None means now."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked up: where links lead, and by network which handles somebody has; None where that failed."""

    reached: dict[str, Reached] = field(default_factory=dict)
    handles: dict[str, dict[str, bool | None]] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    """Network and handle of what was asked for, answered or not."""


@dataclass(frozen=True, slots=True)
class _Owned:
    """A post of one of our accounts."""

    account_id: str
    network: str
    copy: Copy


@dataclass(frozen=True, slots=True)
class _Said:
    """What an account said lately, and when it speaks."""

    recent: tuple[Recent, ...]
    slots: tuple[datetime, ...]
    past: tuple[str, ...]


class Surroundings:
    """What stands around deliveries that are checked together. Each account and network is read at the first look
    and remembered: a calendar of thousands of posts asks about the same few."""

    def __init__(self, facts: Facts, shelf: Shelf, *, replaces: Collection[str], seen: Seen) -> None:
        self._facts = facts
        self._shelf = shelf
        self._replaces = replaces
        self._seen = seen
        self._ours: tuple[Ours, ...] | None = None
        self._crises: tuple[Stop, ...] = ()
        self._rules: dict[str, Mapping[str, CheckRules]] = {}
        self._said: dict[str, _Said] = {}
        self._newest: dict[str, tuple[_Owned, ...]] = {}
        self._beside: deque[_Owned] = deque(maxlen=_BESIDE)

    def stand_beside(self, candidates: Iterable[Candidate]) -> None:
        """Let the deliveries of one request count as copies of each other; of very many only the last ones."""
        for one in candidates:
            copy = Copy(str(one.account), one.content.text, one.content.link)
            self._beside.append(_Owned(one.account.id, one.account.network, copy))

    def rules(self, connection: Connection, account: Account) -> Mapping[str, CheckRules]:
        """Return what policy makes of each check on an account."""
        if account.id not in self._rules:
            self._rules[account.id] = self._facts.check_rules(connection, account)
        return self._rules[account.id]

    def subject(self, connection: Connection, candidate: Candidate, rules: Mapping[str, CheckRules]) -> Subject:
        """Return what the checks see of one delivery."""
        account, content = candidate.account, candidate.content
        if self._ours is None:
            self._ours = tuple(self._facts.ours(connection))
            self._crises = tuple(stop for stop in stops.in_force(connection) if stop.kind == stops.CRISIS)
        if account.id not in self._said:
            self._said[account.id] = self._listen(connection, account.id)
        said, scopes = self._said[account.id], stops.scopes_of(account)
        limits = self._facts.limits(account.network)
        return Subject(
            account=account,
            content=content,
            length=candidate.length,
            limits=limits,
            recent=said.recent,
            languages=languages_of(account, rules),
            is_ours=self._facts.is_ours,
            due=candidate.when,
            slots=said.slots,
            past=said.past,
            ours=tuple(one for one in self._ours if one.id != account.id),
            copies=self._copies(connection, account, self._ours) if limits.forbids_copies else (),
            crises=tuple(Crisis(stop.since, stop.reason) for stop in self._crises if stop.scope in scopes),
            link_price=self._facts.link_price(account.network, content),
            reached=self._seen.reached,
            handles=self._seen.handles.get(account.network, {}),
        )

    def _listen(self, connection: Connection, account_id: str) -> _Said:
        waiting = [
            value
            for value in reader.unsettled(connection, account_id)
            if value.id not in self._replaces and value.act is Act.PUBLISH
        ]
        public = reader.published(connection, account_id, limit=_PUBLISHED)
        seen = self._shelf.glance(account_id)
        return _Said(
            recent=_recent(waiting, public, seen),
            slots=_slots(waiting, public, seen),
            past=() if seen is None else tuple(text for _, text, _ in seen.posts),
        )

    def _copies(self, connection: Connection, account: Account, ours: Sequence[Ours]) -> tuple[Copy, ...]:
        """What other accounts of the network say: those of this request, and those that said it lately."""
        network = account.network
        if network not in self._newest:
            there = {one.id: f"{one.network}:@{one.handle}" for one in ours if one.network == network}
            self._newest[network] = tuple(
                _Owned(account_id, network, Copy(there[account_id], said.text, said.link))
                for key, account_id, said in reader.lately(connection, clock.now() - _RECENT, _COPIES)
                if account_id in there and key not in self._replaces
            )
        said = (*self._beside, *self._newest[network])
        return tuple(one.copy for one in said if one.network == network and one.account_id != account.id)


def _recent(
    waiting: Sequence[Delivery], public: Sequence[reader.Published], seen: Glance | None
) -> tuple[Recent, ...]:
    """The account's posts of the last days, newest first; what the archive has of ours is one and the same."""
    since = clock.now() - _RECENT
    found = [
        Recent(value.id, value.content.text, value.content.link, value.state.value, value.created_at)
        for value in waiting
    ]
    found += [
        Recent(post.delivery_id, post.text, post.link, "sent", post.published_at)
        for post in public
        if post.published_at >= since
    ]
    ours = {post.network_id for post in public}
    for network_id, text, at in seen.posts if seen is not None else ():
        if network_id not in ours and at >= since:
            found.append(Recent(network_id, text, None, "sent", at))
    return tuple(sorted(found, key=lambda item: item.at, reverse=True))


def _slots(
    waiting: Sequence[Delivery], public: Sequence[reader.Published], seen: Glance | None
) -> tuple[datetime, ...]:
    archived = () if seen is None else tuple(at for _, _, at in seen.posts)
    return (*(value.due for value in waiting), *(post.published_at for post in public), *archived)
