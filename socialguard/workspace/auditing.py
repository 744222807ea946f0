"""Access as a security team asks for it: who could do what at an instant, what was made of it, what stands out.

Rights are those of the manifest that the owners signed and that was in force then; uses, dates and changes of
tokens are what the log says. `NOT_SHOWN` is what the log cannot know, and goes with every answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from socialguard import errors
from socialguard.audit import pruning, usage
from socialguard.canon import jcs
from socialguard.model.mfa import weakness
from socialguard.model.text import marked
from socialguard.registry import founding
from socialguard.registry import manifest as manifests
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import ALLOWED, Right, Role, SignedAccount, Status
from socialguard.store.tables import manifest as manifest_table
from socialguard.workspace.access import member_since
from socialguard.workspace.membership import GRANT, REVOKE, corr_of

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace

UNUSED_AFTER: Final = timedelta(days=90)
NOT_SHOWN: Final = (
    marked(
        "Log-ins at the networks themselves, with a password or in their own apps: only the network knows them."
    ),
    marked("Who opened the recovery kit, or a copy of an export: both work without this program."),
    marked("What happened while this program did not run, or on a machine that it does not run on."),
    marked("Who sat at the keyboard: an entry without a signature is a claim of this machine."),
)
"""What the log cannot show, as sentences for people."""

_USED_BY: Final = {
    Right.PUBLISH: ("delivery.queue", "delivery.cancel"),
    Right.AUTHOR: ("delivery.queue",),
    Right.APPROVE: ("delivery.approve", "delivery.reject"),
    Right.SEND: ("delivery.send", "credential.refresh", "backup.run", "account.verify"),
}
"""What a right was used for, by the actions of entries."""

ADDED: Final = "account.add"
WRITE: Final = "credential.write"
CHANGED: Final = ("credential.rotate", "credential.refresh", "account.add", "account.login")
"""Actions that bring another token."""
_WANTED: Final = (GRANT, REVOKE, ADDED)


@dataclass(frozen=True, slots=True)
class Standing:
    """One right of one member on one account, and what was made of it. `since` and `by` are empty where the log
    holds no entry of it; `last_used` where it was never used. `mfa` is the second factor of the account's log-in,
    empty where nobody looked."""

    account: str
    account_id: str
    client: str
    member: str
    name: str
    role: str
    right: str
    through: str
    until: str
    counts: bool
    since: str
    by: str
    last_used: str
    uses: int
    mfa: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands out: `kind` is `unused_right`, `shared_credential`, `stale_credential`, `never_rotated`,
    `one_owner`, `weak_mfa`; account and member are names, empty where it is about neither."""

    kind: str
    account: str = ""
    member: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Who could do what at an instant, by the manifest of an epoch."""

    at: datetime
    epoch: int
    rights: tuple[Standing, ...]
    findings: tuple[Finding, ...]


def picture(workspace: "Workspace", at: datetime, selector: str | None = None) -> Picture:
    """Return who could do what at `at`, on one account or on all; raises NotFound before the founding."""
    with workspace.database.read() as connection:
        manifest = in_force(workspace, connection, at)
        wanted = None
        if selector is not None:
            wanted = workspace.signed.books(connection).registry.resolve(connection, [selector])[0].id
        uses = usage.uses(connection, at, _WANTED, account=wanted)
        names = {key: one.name for key, one in founding.profiles(connection, manifest).items()}
        grants = _grants(connection, uses)
        owned = {one: _owner_since(connection, one, at) for one in manifest.owners}
    accounts = [one for one in manifest.accounts if wanted in (None, one.id)]
    rights = [row for one in accounts for row in _rights(manifest, one, at, names, grants, owned, uses)]
    found = [*_unused(rights, at), *(each for one in accounts for each in _tokens(one, at, uses))]
    found += [
        Finding("weak_mfa", name_of(one), "", "" if one.mfa is None else jcs.timestamp(one.mfa.checked_at))
        for one in accounts
        if weakness(one.mfa, at) is not None
    ]
    if len(manifest.owners) == 1:
        found += [Finding("one_owner", name_of(one), names.get(manifest.owners[0], "")) for one in accounts]
    return Picture(at, manifest.epoch, tuple(rights), tuple(found))


def in_force(workspace: "Workspace", connection: Connection, at: datetime) -> Manifest:
    """Return the manifest in force at an instant, proved by the hashes of all later ones up to the one that this
    machine knows. When each came into force is what the log says: the first entry that names its hash."""
    present = workspace.signed.books(connection).manifest
    column = manifest_table.c
    epochs = connection.execute(select(column.epoch, column.sha256).order_by(column.epoch)).all()
    begun = usage.first_proofs(connection, {one.sha256 for one in epochs}, pruning.GOES)
    row, last = None, ""
    for one in epochs:
        last = max(last, begun.get(one.sha256, last))  # without an entry, as in a gap: with the one before it
        if last < jcs.timestamp(at):
            row = one
    if row is None:
        raise errors.NotFound(kind="manifest", name=jcs.timestamp(at), hint="The workspace is younger than that.")
    if (row.epoch, row.sha256) == (present.epoch, present.sha256):
        return present
    if manifests.load(connection, (row.epoch, row.sha256)).sha256 != present.sha256:
        raise errors.Tampered(what="The manifest", detail=f"epoch {row.epoch} is not one of this organisation.")
    return manifests.at_epoch(connection, row.epoch)


def name_of(account: SignedAccount) -> str:
    """Return an account as people name it."""
    return f"{account.network}:@{account.handle}"


def _grants(connection: Connection, uses: usage.Uses) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Return when and by whom each right was granted last, by account, member and right."""
    places = [at for (_, _, action), one in uses.items() if action in (GRANT, ADDED) for at in one.at]
    found: dict[tuple[str, str, str], tuple[str, str]] = {}
    for one in usage.entries(connection, places):
        account = one.account or ""
        if one.action == GRANT:
            found[account, str(one.obj.get("member")), str(one.obj.get("right"))] = (one.ts, one.actor)
            continue
        workers = one.obj.get("workers")
        for worker in workers if isinstance(workers, list) else []:
            found[account, str(worker), Right.SEND.value] = (one.ts, one.actor)
    return found


def _owner_since(connection: Connection, member: str, at: datetime) -> tuple[str, str]:
    told = usage.about(connection, corr_of(member), at)
    if told:
        return told[-1].ts, told[-1].actor
    founded = member_since(connection, member)
    return founded.at or "", founded.by or ""


def _rights(
    manifest: Manifest,
    account: SignedAccount,
    at: datetime,
    names: dict[str, str],
    grants: dict[tuple[str, str, str], tuple[str, str]],
    owned: dict[str, tuple[str, str]],
    uses: usage.Uses,
) -> list[Standing]:
    rows = []
    for member in manifest.members:
        if member.role is Role.OWNER and member.status is not Status.REMOVED:
            found = [(right, "owner", "") for right in Right if right in ALLOWED[Role.OWNER]]
        else:
            found = [(one.right, "grant", one.until) for one in account.grants if one.member == member.id]
        for right, through, until in found:
            since, by = grants.get((account.id, member.id, right.value), ("", ""))
            if through == "owner":
                since, by = owned.get(member.id, ("", ""))
            used = [use for one in _USED_BY[right] if (use := uses.get((account.id, member.id, one)))]
            rows.append(
                Standing(
                    account=name_of(account),
                    account_id=account.id,
                    client=account.client,
                    member=member.id,
                    name=names.get(member.id, member.id),
                    role=member.role.value,
                    right=right.value,
                    through=through,
                    until=until,
                    counts=member.active
                    and right in ALLOWED[member.role]
                    and (not until or jcs.timestamp(at) < until),
                    since=since,
                    by=names.get(by, by),
                    last_used=max((one.last for one in used), default=""),
                    uses=sum(one.count for one in used),
                    mfa="" if account.mfa is None else account.mfa.method.value,
                )
            )
    return rows


def _unused(rights: Sequence[Standing], at: datetime) -> list[Finding]:
    """Return grants that are older than 90 days and were not used for as long; an owner's rights are no grants."""
    line = jcs.timestamp(at - UNUSED_AFTER)
    return [
        Finding("unused_right", one.account, f"{one.name}: {one.right}", one.last_used or one.since)
        for one in rights
        if one.counts and one.through == "grant" and max(one.last_used, one.since) < line
    ]


def _tokens(account: SignedAccount, at: datetime, uses: usage.Uses) -> list[Finding]:
    """Return what stands out about the credential of an account."""
    name, line = name_of(account), jcs.timestamp(at - UNUSED_AFTER)
    mine = {(actor, action): one for (owner, actor, action), one in uses.items() if owner == account.id}
    changed = [one.last for (_, action), one in mine.items() if action in CHANGED]
    added = [one.first for (_, action), one in mine.items() if action == ADDED]
    used = [one.last for (_, action), one in mine.items() if action in _USED_BY[Right.SEND]]
    found = []
    holders = [one.member for one in account.grants if one.right is Right.SEND]
    if len(holders) > 1:
        found.append(Finding("shared_credential", name, ", ".join(holders)))
    if changed and max(changed) < line and max(changed) == max(added, default=""):
        found.append(Finding("never_rotated", name, "", max(changed)))
    if added and max(used, default="") < line and max(added) < line:
        found.append(Finding("stale_credential", name, "", max(used, default="")))
    return found
