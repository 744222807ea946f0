"""What the checks see of a delivery: recent posts from ledger and archive, our other accounts, crises, and where
its links lead. Read once for all deliveries of a request."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import Connection

from socialguard import clock
from socialguard.guard.interface import Copy, Crisis, Glance, Ours, Reached, Recent, Shelf, Subject
from socialguard.guard.languages import languages_of
from socialguard.ledger import reader, stops
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.networks.interface import Limits
from socialguard.registry.policy_checks import CheckRules

_RECENT: Final = timedelta(days=7)
_PUBLISHED: Final = 50
"""Own posts with a receipt that are looked at, the newest."""
_COPIES: Final = 200
"""Posts of other accounts on a network that are looked at, the newest."""
_NOT_ONES_OWN: Final = frozenset({State.CANCELLED, State.EXPIRED, State.FAILED})


class Facts(Protocol):
    """What is asked of registry and networks."""

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


class Surroundings:
    """What stands around the deliveries of one request, in one transaction."""

    def __init__(
        self,
        connection: Connection,
        facts: Facts,
        shelf: Shelf,
        candidates: Sequence[Candidate],
        *,
        replaces: str | None,
        reached: Mapping[str, Reached],
    ) -> None:
        self._connection = connection
        self._facts = facts
        self._shelf = shelf
        self._candidates = candidates
        self._replaces = replaces
        self._reached = reached
        self._ours = tuple(facts.ours(connection))
        self._crises = [stop for stop in stops.in_force(connection) if stop.kind == stops.CRISIS]
        self._newest: dict[str, tuple[tuple[str, Copy], ...]] = {}

    def subject(self, candidate: Candidate, rules: Mapping[str, CheckRules]) -> Subject:
        """Return what the checks see of one of the deliveries."""
        account, content = candidate.account, candidate.content
        waiting = [
            value
            for value in reader.unsettled(self._connection, account.id)
            if value.id != self._replaces and value.act is Act.PUBLISH
        ]
        public = reader.published(self._connection, account.id, limit=_PUBLISHED)
        seen = self._shelf.glance(account.id)
        limits = self._facts.limits(account.network)
        return Subject(
            account=account,
            content=content,
            length=candidate.length,
            limits=limits,
            recent=_recent(waiting, public, seen),
            languages=languages_of(account, rules),
            is_ours=self._facts.is_ours,
            due=candidate.when,
            slots=_slots(waiting, public, seen),
            past=() if seen is None else tuple(text for _, text, _ in seen.posts),
            ours=tuple(one for one in self._ours if one.id != account.id),
            copies=self._copies(candidate) if limits.forbids_copies else (),
            crises=self._crises_on(account),
            link_price=self._facts.link_price(account.network, content),
            reached=self._reached,
        )

    def _crises_on(self, account: Account) -> tuple[Crisis, ...]:
        scopes = stops.scopes_of(account)
        return tuple(Crisis(stop.since, stop.reason) for stop in self._crises if stop.scope in scopes)

    def _copies(self, candidate: Candidate) -> tuple[Copy, ...]:
        """What other accounts of the network say: those of this request, and those that said it lately."""
        account = candidate.account
        beside = [
            Copy(str(one.account), one.content.text, one.content.link)
            for one in self._candidates
            if one.account.network == account.network and one.account.id != account.id
        ]
        if account.network not in self._newest:
            self._newest[account.network] = self._look_at(account.network)
        return (*beside, *(copy for owner, copy in self._newest[account.network] if owner != account.id))

    def _look_at(self, network: str) -> tuple[tuple[str, Copy], ...]:
        there = {one.id: f"{one.network}:@{one.handle}" for one in self._ours if one.network == network}
        since = clock.now() - _RECENT
        return tuple(
            (value.account_id, Copy(there[value.account_id], value.content.text, value.content.link))
            for value in reader.newest(self._connection, since, _COPIES)
            if value.account_id in there
            and value.act is Act.PUBLISH
            and value.state not in _NOT_ONES_OWN
            and value.id != self._replaces
        )


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
