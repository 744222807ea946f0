"""What `--json` prints, as models: a field more or less, or of another type, is a failure."""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from tests.office import Done
from tests.shapes import WordFields

Model = TypeVar("Model", bound=BaseModel)


class Shape(BaseModel):
    """A document of exactly these fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


def shown(done: Done, shape: type[Model]) -> Model:
    """Return the one document on stdout of a run that went well."""
    assert done.code == 0, done
    return shape.model_validate(done.document)


class ErrorFields(Shape):
    code: int
    name: str
    message: str
    remedy: str
    needs: list[str] | None = None


class AccountFields(Shape):
    account: str
    id: str
    network: str
    handle: str
    user_id: str
    client: str
    short_name: str
    display_name: str
    followers: int | None
    labels: list[str]
    origin: str
    zone: str
    attended: bool
    state: Literal["active", "rotation_due", "revocation_pending", "revoked"]


class Holding(Shape):
    generation: int
    state: str
    created_at: str
    age_days: int
    last_used_at: str | None
    expires_at: str | None
    recipients: list[str]


class InspectionFields(Shape):
    scopes: list[str]
    expires_at: str | None
    issued_at: str | None
    api_version: str
    app_live: bool | None
    warnings: list[str]


class IdentityFields(Shape):
    user_id: str
    handle: str
    url: str


class MfaFields(Shape):
    method: Literal["app", "key", "sms", "none"]
    checked_at: str
    by: str


class MfaRow(Shape):
    account: str
    mfa: MfaFields | None
    problem: str | None


class MfaSet(Shape):
    """What `mfa set` and `mfa show` print."""

    mfa: MfaRow


class MfaList(Shape):
    """What `mfa list` prints."""

    mfa: list[MfaRow]


class ShownAccount(AccountFields):
    contact: str | None
    mfa: MfaFields | None
    credential: Holding
    inspection: InspectionFields | None


class VerifiedAccount(AccountFields):
    credential: Holding
    identity: IdentityFields
    renamed_to: str | None
    inspection: InspectionFields


class RotatedAccount(AccountFields):
    generation: int


class OneAccount(Shape):
    account: AccountFields


class OneShown(Shape):
    account: ShownAccount


class OneVerified(Shape):
    account: VerifiedAccount


class OneRotated(Shape):
    account: RotatedAccount


class RestoredFields(Shape):
    put_aside: str | None
    incarnation: int
    held: list[str]
    unknown: list[str]


class Restored(Shape):
    restored: RestoredFields


class PassphraseChanged(Shape):
    changed: bool


class LogKeyChanged(Shape):
    log_key: str
    offer: str | None = None
    worker: str | None = None


class Accounts(Shape):
    accounts: list[AccountFields]


class RevocationFields(Shape):
    account: str
    revoked: bool
    page: str | None
    logged: bool


class Revocation(Shape):
    revocation: RevocationFields


class ImportedRow(Shape):
    line: int
    account: str
    error: dict[str, Any] | None


class ImportedRows(Shape):
    rows: list[ImportedRow]


class Exported(Shape):
    file: str
    accounts: list[str]
    recipients: list[str]


class RewrappedRow(Shape):
    account: str
    generation: int


class Rewrapped(Shape):
    rewrapped: list[RewrappedRow]


class Locked(Shape):
    locked: bool
    was_unlocked: bool


class Kit(Shape):
    key_id: str
    age_recipient: str
    accounts: list[str]
    file: str | None


class KitProofFields(Shape):
    key_id: str
    credentials: int
    sealed: int
    opened: str | None


class KitProof(Shape):
    kit: KitProofFields


class KitUsedFields(Shape):
    put_aside: str | None
    owner: str
    worker: str
    replaced: list[str]
    epoch: int
    incarnation: int
    lost: int
    anchored: str
    trusted: list[str]
    held: list[str]
    unknown: list[str]
    rotation_due: list[str]
    revoked: list[str]


class KitUsed(Shape):
    recovered: KitUsedFields


class AdoptedFields(Shape):
    epoch: int
    manifest_sha256: str
    entries: int
    incarnation: int
    root: str
    anchored: Literal["none", "local", "outside"]
    generations: dict[str, int]
    stops: int
    had_pins: bool
    trusted: list[str]


class Adopted(Shape):
    adopted: AdoptedFields


class ContactFields(Shape):
    account: str | None
    member: str | None
    contact: str | None


class Contact(Shape):
    contact: ContactFields


class ChangeFields(Shape):
    rule: str
    before: bool | int | str | list[str] | None
    after: bool | int | str | list[str] | None
    accounts: list[str]


class AppliedFields(Shape):
    file: str
    sha256: str
    epoch: int
    changed: bool
    changes: list[ChangeFields]


class Applied(Shape):
    policy: AppliedFields


class FindingFields(Shape):
    check: str
    severity: Literal["note", "warn", "hold", "block"]
    account: str
    message: str
    part: int | None
    span: list[int] | None
    remedy: str
    overridden: str | None


class Findings(Shape):
    findings: list[FindingFields]


class RuleFields(Shape):
    rule: str
    value: bool | int | str | list[str]
    place: str | None


class DifferenceFields(Shape):
    file: str
    changes: list[ChangeFields]


class Difference(Shape):
    policy: DifferenceFields


class EffectiveFields(Shape):
    account: str
    secure: bool
    grace: int
    reconfirm_after: int
    approvals: int
    approver: str
    approval_hours: int
    holds: str
    max_late: int
    checks: dict[str, str]
    places: dict[str, str]
    effective: list[RuleFields]
    sha256: str
    file_is_applied: bool


class Effective(Shape):
    policy: EffectiveFields


class CheckedFields(Shape):
    file: str
    labels: list[str]
    accounts: list[str]


class Checked(Shape):
    policy: CheckedFields


class DraftMedia(Shape):
    file: str
    alt: str
    part: int


class DraftDelivery(Shape):
    id: str
    state: str


class DraftFields(Shape):
    id: str
    created_at: str
    author: str
    text: str
    to: list[str]
    media: list[DraftMedia]
    link: str | None
    reply_to: str | None
    at: str | None
    variants: dict[str, str]
    divide: Literal["nowhere", "lines", "sentences"]
    numbered: bool
    campaign: str | None
    deliveries: list[DraftDelivery]


class Drafts(Shape):
    drafts: list[DraftFields]
    more: str | None


class OneDraft(Shape):
    draft: DraftFields


class BackedUp(Shape):
    account: str
    items_new: int
    items_changed: int
    items_total: int
    gaps_open: int
    metrics_taken: int
    files_new: int
    files_failed: int
    files_wait: bool
    calls: int
    cost_micros: int
    network_shows_no_more: list[Literal["posts", "mentions"]]
    stopped: bool
    skipped: Literal["revoked", "revocation_pending", "removed"] | None
    error: ErrorFields | None


class BackupRun(Shape):
    accounts: list[BackedUp]
    announced_micros: int | None


class KeptAccount(Shape):
    account: str
    items: int
    own: int
    newest_at: str | None
    read_at: str | None
    age_s: int | None
    gaps_open: int
    files: int
    files_wanted: int
    file_bytes: int
    next_run: str | None
    network_shows_no_more: list[Literal["posts", "mentions"]]


class BackupStatus(Shape):
    accounts: list[KeptAccount]
    bytes: int


class KeptItem(Shape):
    item: str
    account: str
    network_id: str
    kind: Literal["post", "reply", "repost", "mention", "comment"]
    own: bool
    author_id: str
    author_name: str
    text: str
    created_at: str
    url: str
    reply_to: str | None
    edits: int
    metrics: dict[str, int]
    deleted: bool


class KeptItems(Shape):
    items: list[KeptItem]
    more: str | None


class KeptVersion(Shape):
    seen_at: str
    text: str
    hash: str
    content: dict[str, Any]


class KeptSnapshot(Shape):
    taken_at: str
    metrics: dict[str, int]


class KeptFile(Shape):
    key: str
    url: str | None
    sha256: str | None


class WholeItem(KeptItem):
    versions: list[KeptVersion]
    snapshots: list[KeptSnapshot]
    files: list[KeptFile]
    deleted_at: str | None
    deleted_why: Literal["gone", "by_us"] | None


class OneItem(Shape):
    item: WholeItem


class ArchiveProblem(Shape):
    where: str
    what: str


class ShelfDestroyed(Shape):
    account: str
    month: str
    at: str


class ArchiveVerified(Shape):
    status: Literal["whole", "damaged"]
    segments: int
    lines: int
    files: int
    unopened: int
    plain: int
    destroyed: list[ShelfDestroyed]
    problems: list[ArchiveProblem]


class ArchiveSealed(Shape):
    segments: int
    before: str | None
    after: str | None


class MonthDestroyed(Shape):
    account: str
    month: str
    items: int
    copies: list[str]


class ArchiveRebuilt(Shape):
    before: str | None
    after: str
    lines: int
    reason: Literal["missing", "damaged", "schema"] | None


class LoggedInRow(Shape):
    account: str
    outcome: Literal["added", "rotated", "failed"]
    generation: int | None
    error: ErrorFields | None


class LoggedIn(Shape):
    accounts: list[LoggedInRow]


class DutyFields(Shape):
    name: str
    last_run: str | None
    last_ok: str | None
    next_run: str | None
    lag_s: float
    error: str | None


class DiskFields(Shape):
    free_bytes: int
    full_on: str | None


class DaemonStatus(Shape):
    alive: bool
    since: str | None
    pid: int | None
    duties: list[DutyFields]
    disk: DiskFields


class UpgradedFields(Shape):
    before: str
    now: str
    copied_to: str | None
    entries: int


class Upgraded(Shape):
    upgraded: UpgradedFields


class Invited(Shape):
    invitation: str
    id: str
    name: str
    role: str
    contractor: bool
    expires: str


class Joined(Shape):
    request: str
    code: str
    member: str
    org: str


class ChangedFields(Shape):
    id: str
    role: str
    status: Literal["active", "suspended", "removed"]
    contractor: bool
    epoch: int
    sealed_anew: list[str]
    rotation_due: list[str]
    in_force: bool
    waiting_for: list[str]


class ChangedMember(Shape):
    member: ChangedFields


class LoginPage(Shape):
    account: str
    page: str


class WorkerNear(Shape):
    id: str
    reach: Literal["keys", "machine", "unknown"]


class OffboardedFields(ChangedFields):
    could_open: list[str]
    to_rotate: list[str]
    pages: list[LoginPage]
    deliveries: list[str]
    workers: list[WorkerNear]
    group: str | None


class Offboarded(Shape):
    offboarded: OffboardedFields


class GrantFields(ChangedFields):
    right: str
    accounts: list[str]
    until: str | None


class Granted(Shape):
    grant: GrantFields


class RevokedFields(ChangedFields):
    accounts: list[str]


class RightsRevoked(Shape):
    revoked: RevokedFields


class MemberFields(Shape):
    id: str
    name: str
    role: str
    status: Literal["active", "suspended", "removed"]
    contractor: bool
    contact: str | None
    since: str
    by: str
    identity_checked: str | None
    accounts: int


class MemberList(Shape):
    members: list[MemberFields]


class AccessFields(Shape):
    account: str
    client: str
    member: str
    name: str
    role: str
    contractor: bool
    right: Literal["publish", "author", "approve", "send"]
    through: Literal["owner", "grant"]
    until: str | None
    counts: bool
    since: str | None
    by: str | None


class AccessList(Shape):
    access: list[AccessFields]


class ApprovalFields(Shape):
    needed: int
    given: int
    words: list[WordFields]
    changes: list[str] | None


class Decided(Shape):
    deliveries: list[dict[str, Any]]
    approval: ApprovalFields
    error: ErrorFields | None = None


class ApprovalRequest(Shape):
    request: str


class ApprovalAnswer(Shape):
    approval: str
    account: str
    text: str


class ReviewFields(Shape):
    id: str
    account: str
    code: str
    due: str


class ReviewExported(Shape):
    file: str
    deliveries: list[ReviewFields]


class AffinityKnown(Shape):
    account: str
    posts: int
    enough: bool
    judged: int
    false_alarms: int
    rate: float
    drift: float | None


class AffinityWeek(Shape):
    week: str
    alarms: int
    overrules: int


class AffinityStatusDocument(Shape):
    accounts: list[AffinityKnown]
    weeks: list[AffinityWeek]


class AffinityFitDocument(Shape):
    learned: int
    anew: bool


class RecoveryStep(Shape):
    step: Literal["credential", "identity", "review", "thaw"]
    done: bool
    detail: str
    todo: str


class ForeignThing(Shape):
    number: int
    reviewed: bool
    kind: str
    severity: str
    suspected: bool
    network_id: str | None
    url: str
    source: str
    at: str
    what: str
    reasons: list[str]
    evidence: str


class RecoveryStop(Shape):
    scope: str
    since: str
    by: str
    reason: str


class RecoveryFields(Shape):
    account: str
    done: bool
    frozen: list[RecoveryStop]
    steps: list[RecoveryStep]
    foreign: list[ForeignThing]
    problem: ErrorFields | None


class Recovered(Shape):
    """What `recover` prints."""

    recovery: RecoveryFields


class DeclaredGap(Shape):
    incarnation: int
    first: int
    last: int


class IncidentAccepted(Shape):
    """What `audit incident accept` prints."""

    incarnation: int
    intact: int
    gaps: list[DeclaredGap]
    held: list[str]
    unknown: list[str]


class AuditExport(Shape):
    """What `audit export` prints."""

    directory: str
    entries: int
    size: int
    incarnation: int
    root: str
    checkpoints: int
    keys: int
    proofs: int


class LoggedActor(Shape):
    id: str
    name: str | None
    kind: str
    via: str
    proof: str


class LoggedFields(Shape):
    seq: int
    is_pruned: bool
    leaf_hash: str
    incarnation: int
    ts: str
    actor: LoggedActor
    action: str
    account: str | None
    outcome: str
    corr: str | None
    fingerprint: str | None
    reason: str | None
    obj: dict[str, Any]


class AuditList(Shape):
    """What `audit list` prints."""

    entries: list[LoggedFields]


class AuditPrune(Shape):
    """What `audit prune` prints."""

    before: str
    entries: int
    pruned: int
    kept_by: str | None


class AnchorFields(Shape):
    name: str
    place: str | None
    outside: bool
    size: int | None
    at: str | None
    waiting_since: str | None


class AuditAnchors(Shape):
    """What `audit anchor list` prints."""

    anchors: list[AnchorFields]


class AuditAnchorKey(Shape):
    """What `audit anchor key` prints."""

    anchor: str


class RightRow(Shape):
    account: str
    client: str
    member: str
    name: str
    role: str
    right: Literal["publish", "author", "approve", "send"]
    through: Literal["owner", "grant"]
    until: str | None
    counts: bool
    since: str | None
    by: str | None
    last_used: str | None
    uses: int
    mfa: Literal["app", "key", "sms", "none"] | None


class FindingRow(Shape):
    kind: Literal[
        "unused_right", "shared_credential", "stale_credential", "never_rotated", "one_owner", "weak_mfa"
    ]
    account: str | None
    member: str | None
    since: str | None


class AuditAccessFields(Shape):
    at: str
    epoch: int
    rights: list[RightRow]
    findings: list[FindingRow]
    not_shown: list[str]


class AuditAccess(Shape):
    """What `audit access` prints."""

    access: AuditAccessFields


class AuditPerson(Shape):
    """What `audit person` prints."""

    file: str
    report: dict[str, Any]


class SignedFileFields(Shape):
    file: str
    kind: Literal["evidence", "person-report"]
    signer: str
    name: str
    status: Literal["active", "suspended", "removed"]
    made_at: str
    files: int


class AuditChecked(Shape):
    """What `audit check` prints."""

    checked: SignedFileFields


class SignFields(Shape):
    name: str
    state: Literal["ok", "warn", "bad"]
    detail: str
    remedy: str


class DoctorFields(Shape):
    well: bool
    signs: list[SignFields]


class Doctor(Shape):
    """What `doctor` prints."""

    doctor: DoctorFields


class Demo(Shape):
    """What `demo` prints."""

    demo: Literal["ok"]
    steps: list[str]
    kept: str | None
