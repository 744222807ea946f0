"""Freezing and cancelling go on with a locked vault, a full disk or a damaged log: what the database cannot take,
the emergency file does, and the next process that can write brings it in, each record once."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, and_, bindparam, literal, or_, select

from socialguard import errors
from socialguard.audit.emergency import EmergencyFile, Record
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs
from socialguard.ledger import reader, stops, writer
from socialguard.ledger.states import WAITING
from socialguard.ledger.stops import CRISIS, FREEZE, Stop
from socialguard.model.account import AccountName, typed_client
from socialguard.model.delivery import State
from socialguard.publishing.interface import Noted
from socialguard.registry.accounts import unverified
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.store.tables import account, audit_entry, label, member

if TYPE_CHECKING:
    from socialguard.publishing.interface import Result
    from socialguard.workspace.opened import Workspace

CANCEL: Final = "delivery.cancel"
EMERGENCY: Final = "em-"
_STOPS: Final = Prepared(
    select(audit_entry.c.action, audit_entry.c.leaf).where(
        audit_entry.c.corr >= bindparam("first"),
        audit_entry.c.corr < bindparam("beyond"),
        audit_entry.c.action.in_([literal(FREEZE), literal(CRISIS)]),
    )
)
_BEGUN: Final = Prepared(
    select(audit_entry.c.incarnation, audit_entry.c.seq)
    .where(audit_entry.c.corr == bindparam("corr"), audit_entry.c.action == CRISIS)
    .order_by(audit_entry.c.incarnation, audit_entry.c.seq)
)
_NOT_REMOVED: Final = member.c.status != "removed"
_UNWRITABLE: Final = (
    *(errors.AuditUnwritable, errors.Unreadable, errors.Tampered, errors.Busy),
    errors.SettingsInvalid,  # without it nobody knows which database it is
)


class Unstopped(errors.AuditUnwritable):
    """Neither the database nor the emergency file could be written: nothing is recorded."""

    remedy = "Take the machine off the network, or revoke the app's access on the network's own pages."


def scopes_of(workspace: "Workspace", selectors: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes of stops that selectors name: `all`, `client:…`, `label:…`, `member:…` (by name or id), or
    accounts'; `label:fr+eu` is each account that wears both now.

    Accounts are found in plain rows: stopping needs no key. One that cannot be looked up is stopped by name.
    Raises UnknownAccount where the rows can be read and name nothing."""
    return tuple(dict.fromkeys(scope for one in selectors for scope in _scopes(workspace, one)))


def _scopes(workspace: "Workspace", selector: str) -> Sequence[str]:
    kind, colon, names = selector.partition(":")
    if selector == stops.ALL:
        return [selector]
    if kind == "label" and "+" in names:
        return _wearing_all(workspace, selector, names.split("+"))
    if colon and kind == "member":
        return [_member(workspace, selector, names)]
    if colon and kind in ("client", "label"):
        return _worn(workspace, selector, kind, names)
    name = AccountName.parse(selector) if colon else None
    try:
        with workspace.database.read() as connection:
            found = _account_id(connection, name, selector)
    except _UNWRITABLE:
        if name is None:
            raise _unread(selector) from None
        return [f"name:{name}"]
    if found is None:
        raise errors.UnknownAccount(name=selector)
    return [f"account:{found}"]


def _worn(workspace: "Workspace", selector: str, kind: str, name: str) -> Sequence[str]:
    """The scopes of a client or label; one that no account is in is refused: a slip there would stop nothing."""
    column = account.c.client if kind == "client" else label.c.name
    try:
        with workspace.database.read() as connection:
            known = connection.execute(select(column).distinct().order_by(column)).scalars().all()
    except _UNWRITABLE:
        return [selector]
    # A client is selected as it is typed, and stopped by its own name (docs/decisions/0009).
    meant = [one for one in known if one == name or (kind == "client" and typed_client(one) == typed_client(name))]
    if not meant:
        raise errors.UnknownAccount(name=selector)
    return [f"{kind}:{one}" for one in meant]


def _member(workspace: "Workspace", selector: str, name: str) -> str:
    """The scope of whatever a member submits or approves; a removed one is found by id only."""
    query = select(member.c.id).where(or_(member.c.id == name, and_(member.c.name == name, _NOT_REMOVED)))
    try:
        with workspace.database.read() as connection:
            found = connection.execute(query).scalars().all()
    except _UNWRITABLE:
        detail = f"The members cannot be read, so {selector} is not known."
        raise errors.UsageError(detail=detail, remedy="Stop everything: socialguard freeze --all") from None
    if len(found) > 1:
        raise errors.AmbiguousName(
            name=name,
            candidates=", ".join(found),
            example=found[0],
            remedy="Name the member by id, for example {example}.",
        )
    if not found:
        raise errors.NotFound(kind="member", name=name, hint="Run: socialguard member list")
    return f"{stops.MEMBER}{found[0]}"


def _wearing_all(workspace: "Workspace", selector: str, labels: Sequence[str]) -> Sequence[str]:
    worn: dict[str, set[str]] = {}
    try:
        with workspace.database.read() as connection:
            query = select(label.c.account_id, label.c.name).where(label.c.name.in_(labels))
            for account_id, name in connection.execute(query):
                worn.setdefault(account_id, set()).add(name)
    except _UNWRITABLE:
        raise _unread(selector) from None
    found = [f"account:{account_id}" for account_id, names in sorted(worn.items()) if names == set(labels)]
    if not found:
        raise errors.UnknownAccount(name=selector)
    return found


def _unread(selector: str) -> errors.UsageError:
    detail = f"The registry cannot be read, so {selector} is not known."
    return errors.UsageError(detail=detail, remedy="Write it as x:@acme.")


def freeze(workspace: "Workspace", selectors: Sequence[str], reason: str) -> tuple[str, ...]:
    """Stop every send in the scopes that the selectors name and return the scopes. Of the reason what looks like a
    secret is not kept."""
    from socialguard.publishing import freeze as freezing

    actor = workspace.stopper
    reason = workspace.without_secrets(reason)
    scopes = scopes_of(workspace, selectors)
    try:
        with workspace.database.hurried(lasting=True):
            freezing.freeze(workspace.database, workspace.log, actor, scopes, reason)
    except _UNWRITABLE:
        for scope in scopes:
            _note(workspace.emergency, FREEZE, actor, reason, {"scope": scope})
    return scopes


def cancel(workspace: "Workspace", delivery_id: str, reason: str) -> "Result | None":
    """Cancel a waiting delivery; None where only the emergency file could take it."""
    from socialguard.publishing import takeback

    reason = workspace.without_secrets(reason)
    try:
        database = workspace.database
        with database.read() as connection:
            account = unverified(connection, reader.get(connection, delivery_id).account_id)
        with database.hurried(lasting=True):
            done = takeback.cancel(database, workspace.log, workspace.stopper, account, delivery_id, reason)
    except _UNWRITABLE:
        _note(workspace.emergency, CANCEL, workspace.stopper, reason, {"delivery": delivery_id})
        return None
    _call_off(workspace, [delivery_id])
    return done


def cancel_waiting(workspace: "Workspace", account_ids: Sequence[str], reason: str) -> tuple[tuple[str, str], ...]:
    """Cancel all that waits on these accounts and return account and id of each; where the database cannot be
    written, the emergency file takes them one by one."""
    from socialguard.publishing import takeback

    reason = workspace.without_secrets(reason)
    try:
        database = workspace.database
        with database.hurried(lasting=True):
            done = takeback.cancel_waiting(database, workspace.log, workspace.stopper, account_ids, reason)
    except _UNWRITABLE:
        with workspace.database.read() as connection:
            waiting = [one for one in reader.in_states(connection, *WAITING) if one.account_id in account_ids]
        for value in waiting:
            _note(workspace.emergency, CANCEL, workspace.stopper, reason, {"delivery": value.id})
        return tuple((value.account_id, value.id) for value in waiting)
    _call_off(workspace, [delivery_id for _, delivery_id in done])
    return done


def _call_off(workspace: "Workspace", delivery_ids: Sequence[str]) -> None:
    """Tell approvers no more of what was cancelled; that this fails must not make the stop fail."""
    from socialguard.publishing import approval

    with (
        suppress(errors.SocialGuardError),
        workspace.database.write() as connection,
        workspace.alerts.noting_once(connection),
    ):
        for one in delivery_ids:
            approval.close(connection, workspace.alerts, one)


def noted(file: EmergencyFile) -> Noted:
    """Return what waits in the emergency file; the numbers of its freezes are below 0, since they have none
    yet."""
    records = [each for each in file.records() if isinstance(each, Record)]
    freezes = [each for each in records if each.action == FREEZE]
    stopped = tuple(
        Stop(
            -number,
            FREEZE,
            str(each.obj.get("scope")),
            each.reason,
            each.actor.id,
            jcs.parse_timestamp(each.noted_at),
        )
        for number, each in enumerate(freezes, start=1)
    )
    return Noted(stopped, frozenset(str(each.obj.get("delivery")) for each in records if each.action == CANCEL))


def logged_stops(connection: Connection) -> Counter[tuple[str, str]]:
    """Return how often the log says that each kind of stop was put on each scope, by command or through the
    emergency file."""
    from socialguard.publishing.freeze import LOGGED

    found: Counter[tuple[str, str]] = Counter()
    for prefix in (LOGGED, EMERGENCY):
        beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        for row in _STOPS.all(connection, first=prefix, beyond=beyond):
            obj = json.loads(row.leaf)["obj"]
            found[row.action, str(obj.get("noted", obj).get("scope"))] += 1
    return found


def begun_at(connection: Connection, stop: Stop) -> tuple[int, int]:
    """Return where the log says that a crisis began: incarnation and index. Raises Tampered where it does not."""
    from socialguard.publishing.freeze import LOGGED

    found = _BEGUN.first(connection, corr=f"{LOGGED}{stop.id}")
    if found is None:
        raise errors.Tampered(what="The list of stops", detail="it is not the one in the log.")
    return found.incarnation, found.seq


def absorb(file: EmergencyFile, database: Database, log: AuditLog) -> None:
    """Bring what the emergency file holds into the database, each record once, and then empty the file.

    What cannot be brought in now stays in the file, where the sender still sees it."""
    records = file.records()
    if not records:
        return
    noted = [each for each in records if isinstance(each, Record)]
    try:
        with database.hurried():
            with database.write() as connection:
                ids = [each.id for each in noted]
                there = set(
                    connection.execute(select(audit_entry.c.corr).where(audit_entry.c.corr.in_(ids))).scalars()
                )
                file.absorb(connection, log)
                for each in noted:
                    if each.id not in there:
                        _apply(connection, log, each)
            with database.write() as connection:
                file.absorb(connection, log)
    except _UNWRITABLE:
        return


def _apply(connection: Connection, log: AuditLog, each: Record) -> None:
    if each.action == FREEZE:
        since = jcs.parse_timestamp(each.noted_at)
        scope = str(each.obj.get("scope"))
        stops.begin(connection, FREEZE, scope, reason=each.reason, actor=each.actor.id, since=since)
    if each.action == CANCEL:
        try:
            value = reader.get(connection, str(each.obj.get("delivery")))
        except errors.NotFound:
            return
        if value.state in WAITING:
            writer.move(connection, value, State.CANCELLED, each.reason)
            # Under its fingerprint, so that nobody opens it again unseen.
            entry = Entry(
                CANCEL,
                "ok",
                each.actor,
                account=value.account_id,
                fingerprint=value.fingerprint,
                obj={"delivery": value.id},
            )
            log.append(connection, entry)


def _note(file: EmergencyFile, action: str, actor: Actor, reason: str, obj: dict[str, str]) -> None:
    noted = file.note(action, actor, reason=reason, obj=obj)
    if not noted.file:
        raise Unstopped(detail="the emergency file could not be written")


def _account_id(connection: Connection, name: AccountName | None, selector: str) -> str | None:
    query = select(account.c.id).where(account.c.state != "removed")
    if name is None:
        query = query.where(account.c.short_name == selector)
    else:
        query = query.where(account.c.network == name.network, account.c.handle == name.handle)
    return connection.execute(query).scalar_one_or_none()
