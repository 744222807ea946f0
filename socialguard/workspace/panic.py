"""The emergency stop: freeze, cancel what waits, keep evidence, delete what strangers posted, revoke, tell.

In this order, since each step is worth having where a later one fails: what stops needs no network and no key, and
evidence is taken before anything at a network changes it. What failed is listed; nothing is undone because of
it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors
from socialguard.model.text import marked
from socialguard.watch.interface import Severity, Sighting
from socialguard.workspace import evidence, stopping

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.model.account import Account
    from socialguard.networks.interface import Session
    from socialguard.workspace.opened import Workspace

ACTION: Final = "panic.delete"
KIND: Final = "panic"
RECENT: Final = timedelta(days=7)
"""What strangers posted longer ago is not deleted in a panic: somebody has lived with it."""
_THREADS: Final = 16
_TELL: Final = marked("PANIC  {account}: {reason}. Frozen; posts cancelled: {cancelled}; steps failed: {failed}.")
_BACK: Final = marked("The way back: socialguard recover {account}")


@dataclass(slots=True)
class Panicked:
    """What was done for one account. `foreign` is what strangers posted lately; `deleted` what of it is gone;
    `revoked` is None where nobody asked for it, False while the network still takes the token; `failed` holds what
    went wrong, by step."""

    account: "Account"
    cancelled: list[str] = field(default_factory=list)
    foreign: list[Sighting] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    revoked: bool | None = None
    page: str | None = None
    failed: dict[str, errors.SocialGuardError] = field(default_factory=dict)


@dataclass(slots=True)
class Panic:
    """All of it: the scopes that are frozen, each account, and the bundle of evidence, None where it failed."""

    scopes: tuple[str, ...]
    accounts: list[Panicked]
    bundle: Path | None = None
    sha256: str = ""
    problem: errors.SocialGuardError | None = None

    @property
    def is_partial(self) -> bool:
        """Return whether anything failed, or a network still takes a credential that was to be revoked."""
        left = (one.failed or one.revoked is False for one in self.accounts)
        return self.problem is not None or any(left)


def stop(workspace: "Workspace", selectors: Sequence[str], reason: str, *, fetch: bool) -> Panic:
    """Freeze, cancel what waits, and keep the evidence; `fetch`: ask the networks first what strangers posted."""
    scopes = stopping.freeze(workspace, selectors, reason)
    accounts = _accounts(workspace, selectors)
    by_id = {one.id: Panicked(one) for one in accounts}
    found = Panic(scopes, list(by_id.values()))
    try:
        for account_id, delivery_id in stopping.cancel_waiting(workspace, list(by_id), reason):
            by_id[account_id].cancelled.append(delivery_id)
    except errors.SocialGuardError as problem:
        found.problem = problem
    try:
        _look_at_all(workspace, found, fetch=fetch)
    except errors.KeysElsewhere as problem:  # what is done already counts, and is told
        found.problem = found.problem or problem
    try:
        found.bundle, found.sha256 = evidence.keep(workspace, accounts, reason)
    except errors.SocialGuardError as problem:
        found.problem = found.problem or problem
    return found


def act(workspace: "Workspace", found: Panic, reason: str, *, delete: bool, revoke: bool) -> None:
    """Delete what strangers posted and revoke credentials, of many accounts at once; each is tried twice."""
    if not (delete and any(one.foreign for one in found.accounts)) and not revoke:
        return
    try:
        _make_ready(workspace, found)
    except errors.KeysElsewhere as problem:
        found.problem = found.problem or problem
        return

    def both(one: Panicked) -> None:
        if delete and one.foreign:
            _twice(one, "delete", lambda: _delete(workspace, one, reason))
        if revoke:
            _twice(one, "revoke", lambda: _revoke(workspace, one, reason))

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(both, found.accounts))


def tell(workspace: "Workspace", found: Panic, reason: str) -> None:
    """Raise an alert for each account, and put the whole act into the log; that this fails hides nothing of what
    was done."""
    try:
        _tell(workspace, found, reason)
    except errors.SocialGuardError as problem:
        found.problem = found.problem or problem


def _tell(workspace: "Workspace", found: Panic, reason: str) -> None:
    from socialguard.audit.interface import Entry

    with workspace.database.write() as connection, workspace.alerts.noting_once(connection):
        for one in found.accounts:
            workspace.alerts.raise_(
                connection,
                KIND,
                _TELL,
                {
                    "account": one.account,
                    "reason": reason,
                    "cancelled": len(one.cancelled),
                    "failed": len(one.failed),
                },
                account_id=one.account.id,
                remedy=_BACK,
                again=True,
            )
            obj = {"cancelled": len(one.cancelled), "deleted": one.deleted, "bundle": found.sha256}
            is_partly = bool(one.failed) or one.revoked is False or found.problem is not None
            outcome = "partly_done" if is_partly else "ok"
            workspace.log.append(
                connection, Entry("panic", outcome, workspace.person, one.account.id, reason=reason, obj=obj)
            )


def _accounts(workspace: "Workspace", selectors: Sequence[str]) -> "tuple[Account, ...]":
    if list(selectors) == ["all"]:
        return workspace.accounts()
    with workspace.database.read() as connection:
        return tuple(workspace.signed.books(connection).registry.resolve(connection, selectors))


def _look_at_all(workspace: "Workspace", found: Panic, *, fetch: bool) -> None:
    """Judge what the archive holds of each account; `fetch`: after its network was asked, of many at once."""

    def look(one: Panicked) -> None:
        fetches = fetch and one.account.is_usable
        if fetches:
            _twice(one, "fetch", lambda: workspace.watch.fetch(one.account))  # it judges what it fetched
        _guarded(one, "foreign", lambda: _look(workspace, one, judge=not fetches))

    if not fetch:
        for one in found.accounts:
            look(one)
        return
    _make_ready(workspace, found)
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(look, found.accounts))


def _make_ready(workspace: "Workspace", found: Panic) -> None:
    """Open what the threads share: what is opened twice at once is two things."""
    workspace.keys.worker()
    assert workspace.pins is not None
    assert workspace.custody is not None
    assert workspace.watch is not None
    assert workspace.backup is not None
    for one in found.accounts:
        workspace.network(one.account.network).warm()


def _look(workspace: "Workspace", one: Panicked, *, judge: bool) -> None:
    if judge:
        workspace.watch.examine(one.account)
    one.foreign = [
        each
        for each in workspace.watch.written(one.account, clock.now() - RECENT)
        if each.severity is not Severity.NOTE
    ]


def _delete(workspace: "Workspace", one: Panicked, reason: str) -> None:
    left = [each.subject for each in one.foreign if each.subject not in one.deleted]

    def call(account: "Account", session: "Session") -> None:
        refused: errors.SocialGuardError | None = None
        for network_id in left:
            try:
                session.delete(network_id)
            except errors.AuthenticationNeeded:
                raise
            except errors.SocialGuardError as problem:  # one post that stays keeps no other one public
                refused = refused or problem
            else:
                one.deleted.append(network_id)
        if refused is not None:
            raise refused

    try:
        workspace.custody.on_network(ACTION, one.account.id, call, _nothing, reason=reason)
    finally:
        workspace.watch.note_deleted(one.account, [each for each in one.foreign if each.subject in one.deleted])


def _nothing(connection: "Connection", manifest: object, result: None) -> None:
    """Nothing here changes beside the log."""


def _revoke(workspace: "Workspace", one: Panicked, reason: str) -> None:
    from socialguard.vault import withdrawal

    found = withdrawal.revoke(workspace.custody, one.account.id, reason)
    one.revoked, one.page = found.revoked, found.page


def _twice(one: Panicked, step: str, work: Callable[[], object]) -> None:
    _guarded(one, step, work)
    if step in one.failed:
        _guarded(one, step, work)


def _guarded(one: Panicked, step: str, work: Callable[[], object]) -> None:
    try:
        work()
    except errors.SocialGuardError as problem:
        one.failed[step] = problem
    else:
        one.failed.pop(step, None)
