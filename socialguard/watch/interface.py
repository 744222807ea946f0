"""What the watch works with, and the values that it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from socialguard import errors
from socialguard.alerts.board import Board
from socialguard.archive.archive import Archive
from socialguard.audit.interface import Actor
from socialguard.audit.log import AuditLog
from socialguard.ledger.purse import Purse
from socialguard.model.account import Account
from socialguard.registry.accounts import Facts
from socialguard.store.database import Database
from socialguard.vault.custody import Custody


class Seen(StrEnum):
    """What a sighting is about."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    DELETION = "deletion"
    PROFILE = "profile"
    PERMISSION = "permission"


class Severity(StrEnum):
    """How bad it looks: `note` fits the baseline and raises no alert."""

    NOTE = "note"
    WARN = "warn"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that happened on an account and that nothing of ours did. `subject` is the network's id of the
    item, or what a profile or a permission became; `evidence` the hash of what the archive holds of it; `at` when
    it happened as far as the network tells; `reasons` why it stands out (`source`, `hour`, `burst`)."""

    kind: Seen
    subject: str
    severity: Severity
    at: datetime
    evidence: str = ""
    url: str = ""
    source: str = ""
    what: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What a look at one account brought. `waits`: a send is in doubt, so nothing was judged. `asked` is how many
    posts the network was asked for, None where it was not asked; `buried` are the ids of posts whose deletion was
    confirmed, and that have a tombstone now, `returned` those that were suspected to be deleted and are shown
    again; `profile_at` is when its profile was read last; `skipped` says why nothing was tried."""

    account: Account
    sightings: list[Sighting] = field(default_factory=list)
    judged: int = 0
    waits: bool = False
    asked: int | None = None
    buried: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    profile_at: datetime | None = None
    skipped: str | None = None
    error: errors.SocialGuardError | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """The public key of somebody whose word makes a post ours; `until` is the entry of the log (incarnation, seq)
    after which it does no more, None where it still does."""

    public: bytes
    until: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the watch works with. `fetch` brings what is new of an account into the archive and raises what
    went wrong, `read_lists` only what is new in its lists; `facts` is what the registry keeps beside an account;
    `signers` are those, by the ids of their keys, whose word makes a post on an account ours: workers, and who may
    publish there; `judges` are the public keys of those who may say now what is usual on an account; `sign`
    returns key id and signature of this machine's member; `watcher` names who looks at an account with a reading
    credential of its own, beside the watch of the workspace, and is empty for that: each has a place of its own,
    since each may have an archive of its own."""

    database: Database
    archive: Callable[[], Archive]
    custody: Callable[[], Custody]
    purse: Purse
    alerts: Board
    fetch: Callable[[Account], None]
    read_lists: Callable[[Account], None]
    facts: Callable[[Connection, str], Facts]
    log: AuditLog
    actor: Actor
    org: str
    signers: Callable[[Connection, str], Mapping[str, Signer]]
    judges: Callable[[Connection, str], Mapping[str, bytes]]
    sign: Callable[[str, Mapping[str, object]], tuple[str, bytes]]
    watcher: Callable[[str], str]

    def kind(self, account_id: str, kind: str) -> str:
        """Return the kind under which this watch keeps what it saw of an account."""
        return f"{kind} {self.watcher(account_id)}".rstrip()
