"""What `--json` prints for deliveries and everything around them (docs/cli.md), as models: a field more or less,
or of another type, is a failure."""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tests.office import Done

Model = TypeVar("Model", bound=BaseModel)
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
AccountText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:@\S+$")]
DeliveryId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
DraftId = Annotated[str, StringConstraints(pattern=r"^d-\d+$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
State = Literal[
    "draft", "held", "awaiting", "queued", "sending", "sent", "failed", "unknown", "cancelled", "expired"
]


class Shape(BaseModel):
    """A document of exactly these fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorFields(Shape):
    """What went wrong; `needs` and `draft` where there is something to confirm, and a text that was kept."""

    code: int
    name: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")]
    message: Annotated[str, StringConstraints(min_length=5)]
    remedy: str
    needs: list[str] | None = None
    draft: DraftId | None = None
    findings: "list[FindingFields] | None" = None
    problems: "list[ProblemFields] | None" = None


class ProblemFields(Shape):
    """One of the things that are wrong in a file."""

    line: int
    message: str


class Failure(Shape):
    """The document of a command that failed."""

    error: ErrorFields


class FindingFields(Shape):
    """What a check says."""

    check: str
    severity: Literal["note", "warn", "hold", "block"]
    account: AccountText
    message: str
    part: int | None
    span: tuple[int, int] | list[int] | None
    remedy: str
    overridden: str | None


class Place(Shape):
    """The place of a part in its thread, from 1; `after` is the delivery that it answers."""

    part: int
    of: int
    after: DeliveryId | None


class DeliveryFields(Shape):
    """One delivery."""

    id: DeliveryId
    account: AccountText
    state: State
    act: Literal["publish", "edit", "delete"]
    fingerprint: Sha256
    network_id: str | None
    url: str | None
    due: Instant
    reason: str
    draft: DraftId
    campaign: str | None
    thread: Place | None
    findings: list[FindingFields]


class Deliveries(Shape):
    """What became of deliveries; `error` is the gravest of what did not go well."""

    deliveries: list[DeliveryFields]
    error: ErrorFields | None = None


class Cancelled(Deliveries):
    """What `queue cancel` and `undo` print; `noted` are ids that only the emergency file could take."""

    noted: list[str]


class ListedDelivery(DeliveryFields):
    """One delivery in a listing, and whose turn it is."""

    waits_for: Literal["person", "approver", "owner", "time", "turn", "sender", "network"] | None
    stop: "StopFields | None"


class DeliveryPage(Shape):
    """A page of a listing; `more` is the id to go on after."""

    deliveries: list[ListedDelivery]
    more: DeliveryId | None


class MediaFields(Shape):
    """A file of a delivery."""

    file: str
    alt: str


class AttemptFields(Shape):
    """The newest attempt of a delivery."""

    id: str
    started: Instant


class PartFields(Shape):
    """One part of a thread."""

    id: DeliveryId
    state: State
    text: str
    url: str | None


class WordFields(Shape):
    """What a member said of a delivery that waited."""

    decision: Literal["approved", "rejected", "attested"]
    member: str
    at: Instant
    expires: Instant
    reason: str
    on_behalf: str | None
    evidence_sha256: str | None


class WholeDelivery(DeliveryFields):
    """One delivery with its content."""

    text: str
    link: str | None
    media: list[MediaFields]
    parts: list[PartFields]
    attempt: AttemptFields | None
    approvals: list[WordFields]


class OneDelivery(Shape):
    """What `queue show` prints."""

    delivery: WholeDelivery


class CandidateFields(Shape):
    """What a dry run would queue."""

    account: AccountText
    text: str
    thread: Place | None
    length: int
    limit: int
    price_micros: int
    when: Instant | None


class DryRun(Shape):
    """What `post --dry-run` prints."""

    dry_run: Literal[True]
    needs: list[AccountText]
    candidates: list[CandidateFields]
    total_micros: int
    findings: list[FindingFields]


class Whoami(Shape):
    """What `whoami` prints."""

    terminal: bool
    accounts: list[AccountText]
    confirmed_at: Instant | None


class CrisisBegun(Shape):
    crisis: list[str]
    scopes: list[str]
    reason: str
    held: int
    complete: bool


class CrisisEnded(Shape):
    ended: list[str]
    held: int


class CrisisFields(Shape):
    scope: str
    name: str
    reason: str
    actor: str
    since: Instant


class CrisisHeld(Shape):
    id: str
    account: str
    due: Instant


class CrisisStatus(Shape):
    crises: list[CrisisFields]
    held: list[CrisisHeld]


class Frozen(Shape):
    """What `freeze` prints."""

    frozen: list[str]
    scopes: list[str]
    reason: str


class Thawed(Shape):
    """What `thaw` prints."""

    thawed: list[str]
    scopes: list[str]


def shown(done: Done, shape: type[Model], code: int = 0) -> Model:
    """Return the one document on stdout of a run that ended with `code`."""
    assert done.code == code, done
    return shape.model_validate(done.document)


def failed(done: Done, code: int, name: str) -> ErrorFields:
    """Return the error of a run with --json, which says what, why and what to do on one line each."""
    found = shown(done, Failure, code).error
    assert (found.code, found.name) == (code, name)
    assert "\n" not in found.message + found.remedy
    return found


class AlertFields(Shape):
    """One alert."""

    id: int
    kind: str
    account: AccountText | None
    delivery: DeliveryId | None
    message: str
    remedy: str
    count: int
    first_at: Instant
    raised_at: Instant
    seen_at: Instant | None


class Alerts(Shape):
    """`alerts list`."""

    alerts: list[AlertFields]
    unseen: int


class AlertsSeen(Shape):
    """`alerts ack`."""

    seen: list[int]
    unseen: int


class SightingFields(Shape):
    """What was seen on an account and nobody here did."""

    kind: Literal["post", "reply", "repost", "deletion", "profile", "permission"]
    severity: Literal["note", "warn", "critical"]
    suspected: bool
    network_id: str | None
    url: str
    source: str
    at: Instant
    what: str
    reasons: list[Literal["source", "hour", "burst"]]
    evidence: Sha256


class WatchedAccount(Shape):
    """A look at one account."""

    account: AccountText
    sightings: list[SightingFields]
    waits: bool
    asked: int | None
    buried: list[str]
    returned: list[str]
    profile_at: str | None
    skipped: str | None
    error: ErrorFields | None


class ReadingCredential(Shape):
    """`watch credential`."""

    account: AccountText
    scopes: list[str]
    kept: bool
    forgotten: bool


class WatchRun(Shape):
    """`watch run`."""

    accounts: list[WatchedAccount]
    sightings: int


class UsualSource(Shape):
    """A client and how often it was used."""

    source: str
    posts: int


class UsualHour(Shape):
    """An hour of the day and how much was posted in it."""

    hour: int
    posts: int


class Usual(Shape):
    """What is usual by hand."""

    posts: int
    sources: list[UsualSource]
    hours: list[UsualHour]
    most_in_an_hour: int


class WatchBaseline(Shape):
    """`watch baseline`."""

    account: AccountText
    accepted: bool
    forgotten: bool
    learned: Usual | None


class PanickedAccount(Shape):
    """What was done for one account."""

    account: AccountText
    cancelled: list[DeliveryId]
    foreign: list[SightingFields]
    deleted: list[str]
    revoked: bool | None
    page: str | None
    failed: dict[str, ErrorFields]


class Panicked(Shape):
    """`panic`."""

    scopes: list[str]
    accounts: list[PanickedAccount]
    bundle: str | None
    sha256: str
    problem: ErrorFields | None
    confirmation: ErrorFields | None


class SentAlert(Shape):
    """One alert on one channel."""

    alert: int
    channel: str
    ok: bool


class AlertsSent(Shape):
    """`alerts send`."""

    sent: list[SentAlert]


class ChannelAdded(Shape):
    """`alerts channel add`."""

    added: str
    replaced: bool


class Channels(Shape):
    """`alerts channel list`."""

    channels: list[str]


class ChannelRemoved(Shape):
    """`alerts channel remove`."""

    removed: str


class AlertShown(Shape):
    """`alerts show`."""

    alert: AlertFields
    evidence: list[SightingFields]


class CostRow(Shape):
    """The calls of one operation on one account."""

    account: AccountText
    client: str
    operation: str
    currency: Literal["USD"]
    calls: int
    amount_micros: int


class CostTotal(Shape):
    """All rows together."""

    currency: Literal["USD"]
    calls: int
    amount_micros: int


class BudgetFields(Shape):
    """Where a budget stands."""

    client: str | None
    period: Literal["day", "month"]
    limit_micros: int
    spent_micros: int
    waiting_micros: int
    kept_micros: int
    anew: Instant


class Costs(Shape):
    """`costs`."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    first: str = Field(alias="from")
    to: str
    zone: str
    rows: list[CostRow]
    total: CostTotal
    budgets: list[BudgetFields]


class RefusedRow(Shape):
    """A row of a calendar that cannot be queued."""

    line: int
    reason: Annotated[str, StringConstraints(min_length=5)]
    remedy: str


class RowFinding(FindingFields):
    """What a check says of a row that can be queued."""

    line: int


class AccountCount(Shape):
    """How many posts an account gets."""

    account: AccountText
    posts: int


class CalendarFields(Shape):
    """What `plan import` prints."""

    found: int
    valid: int
    queued: int
    deliveries: int
    known: int
    refused: list[RefusedRow]
    accounts: list[AccountCount]
    total_micros: int
    findings: list[RowFinding]
    error: ErrorFields | None = None


class PlannedFields(DeliveryFields):
    """One delivery in a calendar."""

    client: str
    local: str
    zone: str
    text: str
    link: str | None
    media: list[MediaFields]


class CollisionFields(Shape):
    """Two posts of an account that are too close."""

    account: AccountText
    deliveries: list[DeliveryId]
    minutes: int


class GapFields(Shape):
    """Days without a post of an account."""

    account: AccountText
    since: str = Field(alias="from")
    until: str
    days: int


class PlanFields(Shape):
    """What `plan show` prints."""

    since: str = Field(alias="from")
    until: str
    deliveries: list[PlannedFields]
    collisions: list[CollisionFields]
    gaps: list[GapFields]


class PlanExported(Shape):
    """What `plan export` prints beside its file."""

    file: str
    deliveries: int


class CredentialStanding(Shape):
    """How a credential stands."""

    state: Literal["ok", "ends", "ended", "absent", "rotation_due", "revocation_pending", "revoked"]
    expires_at: Instant | None


class BackupStanding(Shape):
    """How old a backup is."""

    read_at: Instant | None
    age_s: int | None


class AccountStanding(Shape):
    """How one account stands."""

    account: AccountText
    client: str
    short_name: str
    frozen: str | None
    last_post: Instant | None
    next_post: Instant | None
    queued: int
    held: int
    awaiting: int
    unknown: int
    credential: CredentialStanding
    backup: BackupStanding
    alerts: int


class MemberStop(Shape):
    """A member nothing of whom goes out."""

    member: str
    since: Instant
    by: str
    reason: str


class Standings(Shape):
    """What `status` prints."""

    accounts: list[AccountStanding]
    frozen_members: list[MemberStop]
    daemon_alive: bool
    alerts: int


class TextDelivery(DeliveryFields):
    """One delivery with its text."""

    text: str


class StopFields(Shape):
    """One freeze, or one crisis."""

    scope: str
    since: Instant
    by: str
    reason: str


class HandoverAlert(Shape):
    """One alert that nobody has seen."""

    id: int
    account: AccountText | None
    message: str
    count: int
    raised_at: Instant


class NoteFields(Shape):
    """One note for the next shift."""

    at: Instant
    by: str
    text: str | None
    entry: int


class HandoverFields(Shape):
    """What `handover` prints."""

    held: list[TextDelivery]
    unknown: list[TextDelivery]
    frozen: list[StopFields]
    crises: list[StopFields]
    next: list[TextDelivery]
    alerts: list[HandoverAlert]
    notes: list[NoteFields]


class Noted(Shape):
    """What `handover --note` prints."""

    noted: int
