"""Reading accounts: by selector, by id, all of them. What the manifest signed is compared with every row that
is read, and a row that differs is `Tampered`: nobody moves a credential to another origin by an UPDATE.

Selectors are `x:@acme`, a short name, `client:acme`, `label:fr`, `label:fr+eu` (both labels). There is no
prefix matching and no default, and a selector that names nothing is an error.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.account import Account, AccountName, AccountState, typed_client
from socialguard.registry.manifest import Manifest
from socialguard.registry.names import folded
from socialguard.registry.signed import SignedAccount

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Connection, Row, Select

    from socialguard.store.prepared import Prepared

_TRUSTED: Final = ("network", "user_id", "handle", "origin", "client", "short_name", "attended")
_STATES: Final = frozenset(state.value for state in AccountState) - {AccountState.REMOVED.value}
_BATCH: Final = 500  # ids in one IN list


@dataclass(frozen=True, slots=True)
class Facts:
    """What the registry keeps beside an account: nothing that protects. `inspection` is the JSON document
    that the last verification stored; None means that it never happened."""

    created_at: datetime
    contact: str | None
    identity_checked_at: datetime | None
    identity_checked_gen: int | None
    inspection: str | None


@cache
def _reads(narrow: bool) -> "tuple[Select[Any], Select[Any]]":
    """Return the queries for accounts and for their labels, of `ids` only where `narrow`; built once."""
    from sqlalchemy import bindparam, select

    from socialguard.store.tables import account as table
    from socialguard.store.tables import label

    query = select(*(table.c[name] for name in ("id", *_TRUSTED, "display_name", "followers", "zone", "state")))
    worn = select(label.c.account_id, label.c.name).order_by(label.c.account_id, label.c.name)
    if narrow:
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        query, worn = query.where(table.c.id.in_(ids)), worn.where(label.c.account_id.in_(ids))
    return query, worn


@cache
def _reads_one() -> "tuple[Prepared, Prepared]":
    """Return the same queries for one account, as every post asks them."""
    from sqlalchemy import bindparam

    from socialguard.store.prepared import Prepared
    from socialguard.store.tables import account as table
    from socialguard.store.tables import label

    query, worn = _reads(narrow=False)
    return (
        Prepared(query.where(table.c.id == bindparam("id"))),
        Prepared(worn.where(label.c.account_id == bindparam("id"))),
    )


@cache
def _facts() -> "Prepared":
    from sqlalchemy import bindparam, select

    from socialguard.store.prepared import Prepared
    from socialguard.store.tables import account as table

    return Prepared(select(table).where(table.c.id == bindparam("id")))


class Registry:
    """The accounts of one manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def resolve(self, connection: "Connection", selectors: Sequence[str]) -> tuple[Account, ...]:
        """Return the accounts that the selectors name, each once, in the order of the selectors and,
        within one, by name.

        Raises UsageError where none is given, UnknownAccount, AmbiguousName, and Tampered for a row that is
        not as signed."""
        if not selectors:
            raise errors.UsageError(detail="No account is named.", remedy="Name one with --to x:@acme.")
        chosen: dict[str, SignedAccount] = {}
        for selector in selectors:
            for signed in self._named(connection, selector):
                chosen.setdefault(signed.id, signed)
        found = {one.id: one for one in self._read(connection, chosen.values())}
        return tuple(found[account_id] for account_id in chosen)

    def account(self, connection: "Connection", account_id: str) -> Account:
        """Return one account by its id; raises UnknownAccount, Tampered."""
        signed = self.manifest.account(account_id)
        if signed is None:
            raise errors.UnknownAccount(name=account_id)
        return next(self._read(connection, [signed]))

    def all(self, connection: "Connection") -> tuple[Account, ...]:
        """Return every account, sorted by name; raises Tampered also for a row that nobody signed."""
        from sqlalchemy import select

        from socialguard.store.tables import account as table

        ids = connection.execute(select(table.c.id).where(table.c.state != AccountState.REMOVED.value)).scalars()
        for account_id in ids:
            if self.manifest.account(account_id) is None:
                raise _tampered(account_id, "no owner signed it.")
        return tuple(sorted(self._read(connection, self.manifest.accounts), key=lambda one: one.name))

    def facts(self, connection: "Connection", account_id: str) -> Facts:
        """Return what is kept beside an account; raises UnknownAccount."""
        row = _facts().first(connection, id=account_id)
        if row is None or self.manifest.account(account_id) is None:
            raise errors.UnknownAccount(name=account_id)
        checked = row.identity_checked_at
        return Facts(
            created_at=jcs.parse_timestamp(row.created_at),
            contact=row.contact,
            identity_checked_at=None if checked is None else jcs.parse_timestamp(checked),
            identity_checked_gen=row.identity_checked_gen,
            inspection=row.inspection,
        )

    def _named(self, connection: "Connection", selector: str) -> Sequence[SignedAccount]:
        kind, colon, value = selector.partition(":")
        everyone = self.manifest.accounts
        if not colon:
            return [self._by_short_name(selector)]
        if kind == "client":
            found = [one for one in everyone if typed_client(one.client) == typed_client(value)]
        elif kind == "label":
            found = self._labelled(connection, value.split("+"))
        else:
            name = AccountName.parse(selector)
            found = [
                one
                for one in everyone
                if one.network == name.network and folded(one.handle) == folded(name.handle)
            ]
        if not found:
            raise errors.UnknownAccount(name=selector)
        # the manifest is in the order of ids, which mean nothing to a person
        return sorted(found, key=lambda one: (one.network, one.handle))

    def _by_short_name(self, selector: str) -> SignedAccount:
        everyone = self.manifest.accounts
        for one in everyone:
            if one.short_name == selector:
                return one
        handle = selector.removeprefix("@")
        meant = [str(AccountName(one.network, one.handle)) for one in everyone if one.handle == handle]
        if len(meant) > 1:
            raise errors.AmbiguousName(name=selector, candidates=", ".join(sorted(meant)), example=min(meant))
        raise errors.UnknownAccount(name=selector, remedy=f"Write it in full: {meant[0]}" if meant else None)

    def _labelled(self, connection: "Connection", labels: Sequence[str]) -> list[SignedAccount]:
        from sqlalchemy import func, select

        from socialguard.store.tables import label as table

        wanted = set(labels)
        ids = connection.execute(
            select(table.c.account_id)
            .where(table.c.name.in_(wanted))
            .group_by(table.c.account_id)
            .having(func.count() == len(wanted))
        ).scalars()
        wearing = set(ids)
        return [one for one in self.manifest.accounts if one.id in wearing]

    def _read(self, connection: "Connection", signed: Iterable[SignedAccount]) -> Iterator[Account]:
        """Yield each account with what its row adds, after holding the row against the manifest."""
        wanted = list(signed)
        if len(wanted) == 1:
            yield self._read_one(connection, wanted[0])
            return
        # Everything in one sweep where many are wanted: an IN list of thousands is slower than the table.
        ids = [one.id for one in wanted]
        narrow = len(ids) <= _BATCH
        query, worn = _reads(narrow)
        given = {"ids": ids} if narrow else {}
        rows = {row.id: row for row in connection.execute(query, given)}
        labels: dict[str, list[str]] = {}
        for account_id, name in connection.execute(worn, given):
            labels.setdefault(account_id, []).append(name)
        for one in wanted:
            yield _joined(one, rows.get(one.id), tuple(labels.get(one.id, ())))

    def _read_one(self, connection: "Connection", signed: SignedAccount) -> Account:
        row, worn = _reads_one()
        labels = tuple(each.name for each in worn.all(connection, id=signed.id))
        return _joined(signed, row.first(connection, id=signed.id), labels)


def unverified(connection: "Connection", account_id: str) -> Account:
    """Return an account as its row says, held against nothing: to name it where the vault is locked and something
    is stopped, never to send. One without a row, which nobody here removed, is called by its id: it keeps nobody
    from seeing and stopping what is on it."""
    from sqlalchemy import select

    from socialguard.store.tables import account as table

    row = connection.execute(select(table).where(table.c.id == account_id)).one_or_none()
    if row is None:
        return Account(account_id, "?", account_id, "", "", "", "")
    return Account(
        row.id, row.network, row.handle, row.user_id, row.origin, row.client, row.short_name, zone=row.zone
    )


def clients(connection: "Connection") -> dict[str, tuple[str, str]]:
    """Return network and client of every account by its id, as the rows say, held against nothing: for sums of
    money, never to send."""
    from sqlalchemy import select

    from socialguard.store.tables import account as table

    return {
        row.id: (row.network, row.client)
        for row in connection.execute(select(table.c.id, table.c.network, table.c.client))
    }


def removed(connection: "Connection") -> dict[str, str]:
    """Return the names that accounts had which were removed, by their ids, as their rows say: for showing."""
    from sqlalchemy import select

    from socialguard.store.tables import account as table

    gone = select(table.c.id, table.c.network, table.c.handle).where(table.c.state == AccountState.REMOVED.value)
    return {row.id: f"{row.network}:@{row.handle}" for row in connection.execute(gone.order_by(table.c.id))}


def _joined(signed: SignedAccount, row: "Row[tuple[object, ...]] | None", labels: tuple[str, ...]) -> Account:
    name = f"{signed.network}:@{signed.handle}"
    if row is None:
        raise _tampered(name, "its row is gone.")
    for field in _TRUSTED:
        if getattr(row, field) != getattr(signed, field):
            raise _tampered(name, f"its {field} is not the one that an owner signed.")
    if row.state not in _STATES:
        raise _tampered(name, "its state is not one that this program wrote.")
    return Account(
        id=signed.id,
        network=signed.network,
        handle=signed.handle,
        user_id=signed.user_id,
        origin=signed.origin,
        client=signed.client,
        short_name=signed.short_name,
        attended=signed.attended,
        display_name=row.display_name,
        followers=row.followers,
        labels=labels,
        zone=row.zone,
        state=AccountState(row.state),
        mfa=signed.mfa,
    )


def _tampered(name: str, detail: str) -> errors.Tampered:
    return errors.Tampered(what=f"The account {name}", detail=detail)


def zones_of(connection: "Connection", account_ids: Collection[str]) -> dict[str, str]:
    """Return the time zone of each account, as its row says: for showing."""
    from sqlalchemy import select

    from socialguard.store.tables import account as table

    rows = connection.execute(select(table.c.id, table.c.zone).where(table.c.id.in_(list(account_ids))))
    return {row.id: row.zone for row in rows}
