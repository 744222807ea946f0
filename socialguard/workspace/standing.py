"""How every account stands, on one screen: what went out last, what goes out next, what waits, whether its
credential lives, how old its backup is, and what nobody has seen yet."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from socialguard import clock
from socialguard.ledger import approvals, standing, stops
from socialguard.ledger.standing import Queue
from socialguard.ledger.stops import Stop
from socialguard.model.account import Account, AccountState
from socialguard.model.delivery import State
from socialguard.vault import health

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.workspace.opened import Workspace

SOON: Final = timedelta(days=7)
"""A credential that ends within this is told as one that ends soon."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one account stands. `credential` is `ok`, `ends` (within a week), `ended`, `absent`, or the
    state that is kept of it; `stop` is what freezes it, None where nothing does."""

    account: Account
    last_at: datetime | None
    next_at: datetime | None
    queue: Queue
    credential: str
    credential_ends: datetime | None
    backup_at: datetime | None
    alerts: int
    stop: Stop | None

    def count(self, *states: State) -> int:
        """Return how many deliveries are in these states."""
        return sum(self.queue.counts.get(state, 0) for state in states)


def read(workspace: "Workspace", accounts: Sequence[Account]) -> tuple[Standing, ...]:
    """Return how these accounts stand, in their order; a few queries however many there are."""
    from socialguard.alerts import reader as alerts

    read_at = _backups(workspace)
    with workspace.database.read() as connection:
        last = standing.last_posts(connection)
        queues = standing.queues(connection)
        terms = health.terms(connection)
        unseen = alerts.unseen_by_account(connection)
        stopped = in_force(workspace, connection)
    by_scope = {stop.scope: stop for stop in reversed(stopped) if stop.kind == stops.FREEZE}
    found = []
    for account in accounts:
        queue = queues.get(account.id, Queue())
        credential, ends = _credential(account, terms.get(account.id))
        found.append(
            Standing(
                account=account,
                last_at=last.get(account.id),
                next_at=queue.next_at,
                queue=queue,
                credential=credential,
                credential_ends=ends,
                backup_at=read_at.get(account.id),
                alerts=unseen.get(account.id, 0),
                stop=next((by_scope[one] for one in stops.scopes_of(account) if one in by_scope), None),
            )
        )
    return tuple(found)


class Freezes:
    """The freezes in force, held against many deliveries."""

    def __init__(self, workspace: "Workspace", connection: "Connection") -> None:
        self._connection = connection
        self._found = [stop for stop in in_force(workspace, connection) if stop.kind == stops.FREEZE]
        self._on_members = any(stop.scope.startswith(stops.MEMBER) for stop in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def on_members(self) -> list[Stop]:
        """Return those on members, oldest first."""
        return [stop for stop in self._found if stop.scope.startswith(stops.MEMBER)]

    def on(self, account: Account, submitter: str, fingerprint: str) -> Stop | None:
        """Return the oldest that keeps a delivery from going out, None where none does."""
        scopes = set(stops.scopes_of(account))
        if self._on_members:
            given = (one.member for one in approvals.of(self._connection, fingerprint))
            scopes.update(stops.member_scopes([submitter, *given]))
        return next((stop for stop in self._found if stop.scope in scopes), None)


def scope_told(scope: str, accounts: Mapping[str, object], members: Mapping[str, str]) -> str:
    """Return the scope of a stop as people write it; `accounts` and `members` are names by id."""
    kind, _, value = scope.partition(":")
    if kind == "account":
        return str(accounts.get(value, scope))
    if kind == "member":
        return f"{stops.MEMBER}{members.get(value, value)}"
    return scope.removeprefix("name:")


def in_force(workspace: "Workspace", connection: "Connection") -> tuple[Stop, ...]:
    """Return every stop in force, those of the emergency file included, oldest first."""
    found = stops.in_force(connection)
    if not workspace.emergency.holds_any():
        return found
    from socialguard.workspace.stopping import noted  # brings half the house, for a file that is mostly empty

    return (*found, *noted(workspace.emergency).stops)


def _credential(account: Account, term: health.Term | None) -> tuple[str, datetime | None]:
    if account.state is not AccountState.ACTIVE:
        return account.state.value, None if term is None else term.expires_at
    if term is None:
        return "absent", None
    if term.state != "active":
        return term.state, term.expires_at
    if term.expires_at is None:
        return "ok", None
    left = term.expires_at - clock.now()
    if left <= timedelta(0):
        return "ended", term.expires_at
    return ("ends" if left <= SOON else "ok"), term.expires_at


def knows_backups(workspace: "Workspace") -> bool:
    """Whether the backups' ages can be told: the index of an archive is for the user of its daemon alone."""
    index = workspace.layout.archive_index
    return not index.exists() or os.access(index, os.R_OK)


def _backups(workspace: "Workspace") -> dict[str, datetime]:
    if not workspace.layout.archive_index.exists():
        return {}
    from socialguard.archive.glance import read_times

    return read_times(workspace.layout.archive_index)
