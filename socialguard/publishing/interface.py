"""What publishing needs from other rooms, and the values that it exchanges with a face.

`Trust` answers from what is signed (manifest, policy, pins, vault), `Gate` is the guard; `workspace` supplies
both. Neither has a permissive default.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import Connection

from socialguard.alerts.board import Board
from socialguard.audit.interface import Actor, Tree
from socialguard.audit.log import AuditLog, Since
from socialguard.ledger.purse import Purse
from socialguard.ledger.stops import Stop
from socialguard.model.account import Account
from socialguard.model.challenge import Challenge
from socialguard.model.credential import Credential
from socialguard.model.delivery import Act, Content, Delivery, Media
from socialguard.model.finding import Finding
from socialguard.model.lookups import Lookups
from socialguard.networks.interface import Identity, Network
from socialguard.publishing.media import MediaStore
from socialguard.publishing.skew import Clocks
from socialguard.publishing.together import Together
from socialguard.registry.signed import Member, Right
from socialguard.store.database import Database


@dataclass(frozen=True, slots=True)
class Rules:
    """What policy says of one account: seconds of grace, seconds that a delivery may be late, how many approvals
    it needs, whose count (`any`, `approver`, `owner`) and for how many hours; what passes a hold (`override`,
    `approval`); whether a crisis holds what waits for the account."""

    grace: int
    max_late: int
    approvals: int
    approver: str
    approval_hours: int
    holds: str
    heeds_crisis: bool = True


@dataclass(frozen=True, slots=True)
class Weakness:
    """What is wrong with the second factor of an account, and whether policy lets nobody pass it."""

    detail: str
    blocks: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One delivery before it is one: the account and everything that would be public, with its length and
    limit in the network's own unit, its price in millionths of a US dollar, its grace and how late it may go out
    in seconds. `after` is the delivery that it answers; a part of a thread that names none answers the part of its
    account before it."""

    account: Account
    act: Act
    content: Content
    length: int
    limit: int
    price: int
    grace: int
    max_late: int
    when: datetime | None
    target: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Where the request comes from: `context` identifies an operator's terminal session, None without one."""

    context: str | None
    operator: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person gave: `typed` at the prompt in a terminal, and `sure` to a second question where a text does
    not sound like its account; `named` by `--confirm` without a terminal."""

    typed: str | None = None
    sure: str | None = None
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Noted:
    """What waits in the emergency file: stops, and the ids of deliveries that were cancelled."""

    stops: tuple[Stop, ...]
    cancelled: frozenset[str]


class Trust(Protocol):
    """What is signed and sealed. Every method may raise Tampered or NotAdopted."""

    org: str

    def resolve(self, connection: Connection, selectors: Sequence[str]) -> tuple[Account, ...]:
        """Return the accounts that selectors name, each once, in the order given."""
        ...

    def account(self, connection: Connection, account_id: str) -> Account:
        """Return one account, its row held against the manifest."""
        ...

    def needs_approver(self, connection: Connection, account: Account) -> bool:
        """Return whether a text that does not sound like the account needs an approver there."""
        ...

    def rules(self, connection: Connection, account: Account) -> Rules:
        """Return what the applied policy says of an account; Tampered where it is not the signed one."""
        ...

    def sign(self, kind: str, body: Mapping[str, object]) -> tuple[str, bytes]:
        """Return the member's id and the signature over `body` (FORMATS: envelope of type `kind`)."""
        ...

    def require_signed(
        self, connection: Connection, kind: str, body: Mapping[str, object], member: str, signature: bytes
    ) -> None:
        """Refuse unless `member` signed exactly `body`: a delivery's submitter, or an owner who thawed. What the
        submitter may do now is asked apart (`may`)."""
        ...

    def is_signed(
        self, connection: Connection, kind: str, body: Mapping[str, object], member: str, signature: bytes
    ) -> bool:
        """Return whether `member`, as the manifest lists it, signed exactly `body`."""
        ...

    def may(self, connection: Connection, member: str, right: Right, account: Account) -> bool:
        """Return whether an active member has a right on an account now."""
        ...

    def member(self, connection: Connection, member: str) -> Member | None:
        """Return what an owner signed about a member, None where nothing was."""
        ...

    def named(self, connection: Connection, member: str) -> str:
        """Return the name of a member, as people know it."""
        ...

    def epoch(self, connection: Connection) -> int:
        """Return the epoch of the manifest."""
        ...

    def vouch(self, kind: str, body: Mapping[str, object]) -> tuple[str, bytes]:
        """Return the key id of this machine's worker and its signature over `body`."""
        ...

    def require_vouched(
        self,
        connection: Connection,
        kind: str,
        body: Mapping[str, object],
        account: Account,
        *,
        key_id: str,
        signature: bytes,
    ) -> None:
        """Refuse unless a worker that may send on the account signed exactly `body`."""
        ...

    def sends(self, connection: Connection, account: Account) -> bool:
        """Return whether this machine's worker may send on the account; else another's does."""
        ...

    def require_intact_log(self, connection: Connection) -> None:
        """Refuse unless the audit log extends what was pinned, in a database that does nothing by itself."""
        ...

    def require_anchored(self, connection: Connection) -> None:
        """Refuse (AnchorOverdue) where no anchor outside has taken the log for as long as the settings allow."""
        ...

    def require_intact_stops(self, connection: Connection) -> None:
        """Refuse where a stop vanished, or was lifted without a signature."""
        ...

    def noted(self) -> Noted:
        """Return what waits in the emergency file now."""
        ...

    def stops(
        self, connection: Connection, account: Account, noted: Noted, hands: Callable[[], Collection[str]]
    ) -> tuple[Stop, ...]:
        """Return the freezes in force on an account and on the members in whose hands a delivery was, those of the
        emergency file included; `hands` is asked only where a member is frozen at all."""
        ...

    def member_stop(self, connection: Connection, member: str) -> Stop | None:
        """Return the freeze in force on a member, None where there is none."""
        ...

    def require_may_lift(self, connection: Connection) -> None:
        """Refuse (NotAllowed) unless this machine's member may help to lift a stop."""
        ...

    def is_lifter(self, connection: Connection) -> bool:
        """Return whether this machine's member is an owner: only an owner's signature lifts a stop."""
        ...

    def thaw_needs(self, connection: Connection, stop: Stop) -> int:
        """Return how many persons policy asks for to lift a freeze: the most that an account under it asks for."""
        ...

    def may_agree(self, connection: Connection, member: str, stop: Stop) -> bool:
        """Return whether a member's word counts for lifting a freeze: an owner's, or that of who may approve on
        every account under it."""
        ...

    def crises(self, connection: Connection, account: Account) -> tuple[tuple[Since, Stop], ...]:
        """Return the crises that ever were on an account, oldest first, each with where the log says that it
        began."""
        ...

    def embargo(self, connection: Connection, account: Account) -> str:
        """Return the embargo that policy lays on an account now, in words; empty where there is none."""
        ...

    def second_factor(self, connection: Connection, account: Account) -> Weakness | None:
        """Return what policy finds wrong with the second factor of an account now, None where it finds nothing."""
        ...

    def checkpoint(self, connection: Connection) -> Tree:
        """Sign the log as it stands in this write transaction and return its tree."""
        ...

    def pin_log(self, tree: Tree) -> None:
        """Remember a committed tree outside the workspace, durably."""
        ...

    def credential(self, connection: Connection, account: Account, intent: int) -> tuple[Credential, int]:
        """Open the credential of an account for the logged intent of that index: the value and its generation."""
        ...

    def renewal_is_due(self, connection: Connection, account: Account) -> bool:
        """Return whether the credential of an account is about to end, or has ended."""
        ...

    def renew(self, account: Account) -> None:
        """Renew the credential of an account at its network; raises what the network's refusal means only where
        the credential has ended."""
        ...

    def begin(self, attempt_id: str) -> None:
        """Note outside the workspace that an attempt begins to send now. What is not noted when its process has
        died sent nothing; a death of the machine may lose the note."""
        ...

    def has_begun(self, attempt_id: str) -> bool:
        """Return whether that was noted on this machine."""
        ...

    def end(self, attempt_id: str) -> None:
        """Forget the note of an attempt whose outcome is recorded."""
        ...

    def mark_used(self, connection: Connection, account: Account) -> None:
        """Record that the credential was used now."""
        ...

    def identity_is_due(self, connection: Connection, account: Account, generation: int) -> bool:
        """Return whether the network must be asked again who the credential belongs to."""
        ...

    def record_identity(self, connection: Connection, account: Account, generation: int, found: Identity) -> None:
        """Record that the network said so now."""
        ...


class Review(Protocol):
    """Reviews many candidates, one after another, by what their accounts posted as of its first look."""

    def unknown(self, connection: Connection, candidates: Sequence[Candidate]) -> Lookups:
        """Return what a policy wants to be looked up and was not yet."""
        ...

    def findings(self, connection: Connection, candidate: Candidate) -> Sequence[Finding]:
        """Return the findings of one candidate."""
        ...


class Gate(Protocol):
    """The guard, as publishing sees it."""

    def review(
        self, connection: Connection, candidates: Sequence[Candidate], *, replaces: Collection[str]
    ) -> tuple[Finding, ...]:
        """Return the findings of every check, at the severities of the policy; the deliveries `replaces` will be
        cancelled."""
        ...

    def unknown(self, connection: Connection, candidates: Sequence[Candidate]) -> Lookups:
        """Return what a policy wants to be looked up and was not yet."""
        ...

    def look_up(self, wanted: Lookups, seconds: float = ...) -> None:
        """Ask servers and networks for `seconds`, and remember what they say; never inside a transaction."""
        ...

    def reviewing(self) -> Review:
        """Return what reviews one candidate after another, for many of them."""
        ...

    def challenge(
        self, connection: Connection, candidates: Sequence[Candidate], session: Session
    ) -> Challenge | None:
        """Return what a person must confirm, None where the context confirmed these accounts already."""
        ...

    def doubts(
        self, connection: Connection, candidates: Sequence[Candidate], session: Session
    ) -> tuple[Finding, ...]:
        """Return what is held because its text does not sound like its account and nobody can be asked."""
        ...

    def require(
        self,
        connection: Connection,
        candidates: Sequence[Candidate],
        session: Session,
        challenge: Challenge | None,
        answer: Answer,
    ) -> str:
        """Return how the accounts are confirmed (`inside`, `typed`, `named`), and remember it.

        Raises ConfirmationRequired or WrongName where they are not."""
        ...


class Turns:
    """Where the threads of one process meet to share transactions: `claims` begin sends, `ends` record them."""

    def __init__(self) -> None:
        self.claims: Together[Any, Any] = Together()
        self.ends: Together[Callable[[Connection], None], None] = Together()


@dataclass(frozen=True, slots=True)
class Desk:
    """All that publishing works with."""

    database: Database
    log: AuditLog
    trust: Trust
    gate: Gate
    media: MediaStore
    network: Callable[[str], Network]
    person: Actor
    worker: Actor
    alerts: Board
    purse: Purse
    clocks: Clocks
    turns: Turns = field(default_factory=Turns)


MOST_PARTS: Final = 25
"""Parts of one thread: more than that nobody reads, and each is a post of its own."""


class Divide(StrEnum):
    """Where a text becomes several posts: nowhere; at lines of three hyphens; there, and at the ends of sentences
    wherever a part is still too long for its network."""

    NOWHERE = "nowhere"
    LINES = "lines"
    SENTENCES = "sentences"


class Attached(NamedTuple):
    """A file to publish, what it shows, and the part of a thread that it belongs to, from 1."""

    path: Path
    alt: str
    part: int = 1


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks to publish. `at` is None for now; `grace` None means the policy's; `overrides` maps
    a check to the reason for passing it; `kept_media` are in the store already; `replaces` is the delivery that
    this one is an edit of; `draft` is the kept draft that it comes from. `variants` maps a network (`x`) or an
    account (`x:@acme`) to the text that goes there instead; `numbered` puts (1/3) behind each part of a thread."""

    text: str
    selectors: Sequence[str]
    media: Sequence[Attached] = ()
    kept_media: Sequence[Media] = ()
    link: str | None = None
    reply_to: str | None = None
    at: str | None = None
    grace: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    replaces: str | None = None
    draft: str | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    divide: Divide = Divide.NOWHERE
    numbered: bool = False
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that was checked, waiting for its answer. Nothing is queued yet; the draft is kept. The parts of a
    thread stand together and in order; `replaces` are the deliveries that are cancelled for it; `log` is the audit
    log as of which it was checked, None where that is not known; `campaign` is what all of it belongs to."""

    draft_id: str
    candidates: tuple[Candidate, ...]
    findings: tuple[Finding, ...]
    challenge: Challenge | None
    session: Session
    made_at: datetime
    zone: str
    wall: datetime | None = None
    replaces: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    log: Tree | None = None
    campaign: str | None = None

    @property
    def texts(self) -> dict[tuple[str, int | None], str]:
        """The text of each account and part of a thread, as the findings count its characters."""
        return {(str(item.account), item.content.part): item.content.text for item in self.candidates}

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """The findings for which nothing may go out."""
        return tuple(finding for finding in self.findings if finding.stops)


@dataclass(frozen=True, slots=True)
class Result:
    """One delivery after something happened to it, and the error to tell where it did not go well; `is_stuck`
    where its credential could not be renewed, so that nothing was tried and it stands as it stood."""

    delivery: Delivery
    account: Account
    error: Exception | None = None
    is_stuck: bool = False


def exit_code(results: Iterable[Result]) -> int:
    """Return the exit code that stands for all results: the gravest (DESIGN.md, Exit codes)."""
    from socialguard import errors

    codes = [
        item.error.exit_code if isinstance(item.error, errors.SocialGuardError) else int(item.error is not None)
        for item in results
    ]
    return errors.gravest(codes)
