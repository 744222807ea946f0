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


class Failure(Shape):
    """The document of a command that failed."""

    error: ErrorFields


class FindingFields(Shape):
    """What a check says."""

    check: str
    severity: Literal["note", "warn", "hold", "block"]
    account: AccountText
    message: str
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
    thread: Place | None
    findings: list[FindingFields]


class Deliveries(Shape):
    """What became of deliveries; `error` is the gravest of what did not go well."""

    deliveries: list[DeliveryFields]
    error: ErrorFields | None = None


class Cancelled(Deliveries):
    """What `queue cancel` and `undo` print; `noted` are ids that only the emergency file could take."""

    noted: list[str]


class DeliveryPage(Shape):
    """A page of a listing; `more` is the id to go on after."""

    deliveries: list[DeliveryFields]
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


class WholeDelivery(DeliveryFields):
    """One delivery with its content."""

    text: str
    link: str | None
    media: list[MediaFields]
    parts: list[PartFields]
    attempt: AttemptFields | None


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
    confirmed_at: str | None


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
    since: str


class CrisisHeld(Shape):
    id: str
    account: str
    due: str


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
    """`alerts seen`."""

    seen: list[int]
    unseen: int


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
