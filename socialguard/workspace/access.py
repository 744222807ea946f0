"""Who can do what, since when and by whose act: what the manifest signs, and what the log says of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from socialguard.audit import leaf
from socialguard.model.account import Account
from socialguard.registry import founding
from socialguard.registry.signed import ALLOWED, Member, Right, Role, Status
from socialguard.store.tables import audit_entry, audit_reason
from socialguard.workspace.membership import ADD, GRANT, corr_of

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace

_FOUND: Final = "workspace.found"
_ACCOUNT_ADD: Final = "account.add"


@dataclass(frozen=True, slots=True)
class Since:
    """When something began and by whose act, as the log says; empty where the log holds no entry of it."""

    at: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """One right of one member on one account. `through` is `owner`, whose right needs no grant, or `grant`;
    `counts` is false where it ended, or its member is suspended."""

    account: Account
    member: Member
    name: str
    right: Right
    through: str
    until: str
    counts: bool
    since: Since
    by_name: str


def of_account(workspace: "Workspace", connection: Connection, account: Account) -> tuple[Access, ...]:
    """Return every right on an account, members in the order of the manifest."""
    manifest = workspace.signed.books(connection).manifest
    signed = manifest.account(account.id)
    assert signed is not None
    names = {key: one.name for key, one in founding.profiles(connection, manifest).items()}
    found = []
    granted = _granted(connection, account.id)
    for member in manifest.members:
        if member.role is Role.OWNER and member.status is not Status.REMOVED:
            since = member_since(connection, member.id)
            found += [(member, right, "owner", "", since) for right in Right if right in ALLOWED[Role.OWNER]]
        for one in signed.grants:
            if one.member == member.id:
                since = granted.get((one.member, one.right.value), Since())
                found.append((member, one.right, "grant", one.until, since))
    return tuple(
        Access(
            account=account,
            member=member,
            name=names[member.id],
            right=right,
            through=through,
            until=until,
            counts=manifest.may(member.id, right, account.id),
            since=since,
            by_name=names.get(since.by, since.by),
        )
        for member, right, through, until, since in found
    )


def of_member(workspace: "Workspace", connection: Connection, member_id: str) -> tuple[Access, ...]:
    """Return every right of a member, by account."""
    registry = workspace.signed.books(connection).registry
    accounts = registry.all(connection)
    rights = (one for account in accounts for one in of_account(workspace, connection, account))
    return tuple(one for one in rights if one.member.id == member_id)


def member_since(connection: Connection, member_id: str) -> Since:
    """Return since when somebody is a member in the present role, and by whose act."""
    entry = audit_entry.c
    query = select(entry.ts, entry.actor).where(
        entry.corr == corr_of(member_id), entry.action.in_([ADD, "member.role"])
    )
    row = connection.execute(query.order_by(entry.incarnation.desc(), entry.seq.desc()).limit(1)).first()
    if row is None:
        founded = select(entry.ts, entry.actor).where(entry.seq == 0, entry.action == _FOUND)
        row = connection.execute(founded.limit(1)).first()
    return Since() if row is None else Since(row.ts, row.actor)


def worker_made_by(connection: Connection, member_id: str) -> str | None:
    """Return the worker whose keys were made with those of a member, on one machine: the founder's; None where
    there is none."""
    entry = audit_entry.c
    query = select(entry.leaf).where(entry.incarnation == 0, entry.seq == 0, entry.action == _FOUND)
    stored = connection.execute(query).scalar()
    obj = leaf.decode(bytes(stored)).get("obj") if stored else None
    if not isinstance(obj, dict) or obj.get("owner") != member_id:
        return None
    return str(obj.get("worker"))


def identity_checked(connection: Connection, member_id: str) -> str | None:
    """Return how an owner made sure who a member is, as the log keeps it; None where it does not."""
    entry, why = audit_entry.c, audit_reason.c
    both = audit_entry.join(audit_reason, (why.incarnation == entry.incarnation) & (why.seq == entry.seq))
    query = select(why.reason).select_from(both).where(entry.corr == corr_of(member_id), entry.action == ADD)
    return connection.execute(query.limit(1)).scalar()


def _granted(connection: Connection, account_id: str) -> dict[tuple[str, str], Since]:
    """Return when each right on an account was granted last, by member and right; a worker's comes with the
    account."""
    entry = audit_entry.c
    query = select(entry.ts, entry.actor, entry.action, entry.leaf).where(
        entry.account == account_id, entry.action.in_([GRANT, _ACCOUNT_ADD])
    )
    found: dict[tuple[str, str], Since] = {}
    for row in connection.execute(query.order_by(entry.incarnation, entry.seq)):
        obj = leaf.decode(bytes(row.leaf)).get("obj")
        told = obj if isinstance(obj, dict) else {}
        since = Since(row.ts, row.actor)
        if row.action == GRANT:
            found[str(told.get("member")), str(told.get("right"))] = since
        else:
            found.update({(str(worker), Right.SEND.value): since for worker in _workers(told)})
    return found


def _workers(obj: dict[str, object]) -> list[object]:
    workers = obj.get("workers")
    return workers if isinstance(workers, list) else []
