"""Logging in at a network, as the log sees it, and what becomes of the credential: an account that is added, or
the new credential of one that is there."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from socialguard import errors
from socialguard.audit.interface import Entry
from socialguard.model.account import AccountName, typed_client
from socialguard.model.credential import Credential
from socialguard.registry.names import folded
from socialguard.registry.origin import normalise

if TYPE_CHECKING:
    from socialguard.model.account import Account
    from socialguard.workspace.opened import Workspace

ACTION: Final = "account.login"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new account goes: as the options of `account add` say. `origin` None means the network's own."""

    origin: str | None = None
    client: str | None = None
    short_name: str | None = None
    labels: Sequence[str] = ()
    zone: str | None = None
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one credential: the account has it, as generation `gen`; `added` False means that the account
    was there before."""

    account: "Account"
    gen: int
    added: bool


def origin_for(workspace: "Workspace", network: str, account: "Account | None", given: str | None) -> str:
    """Return where the login goes: an account's own origin, else the one that was given, else the network's."""
    wanted = None if given is None else normalise(given)
    if account is None:
        return wanted or normalise(workspace.network(network).origin)
    if wanted is not None and wanted != account.origin:
        raise errors.UsageError(detail=f"{account} is at {account.origin}, not at {wanted}.")
    return account.origin


def registered(workspace: "Workspace", name: AccountName) -> "Account | None":
    """Return the account of that name, None where there is none."""
    with workspace.database.read() as connection:
        books = workspace.signed.books(connection)
        for one in books.manifest.accounts:
            if (one.network, folded(one.handle)) == (name.network, folded(name.handle)):
                return books.registry.account(connection, one.id)
    return None


def require_free(account: "Account | None", *, rotate: bool) -> None:
    """Refuse an account that is there, unless its credential is to be replaced."""
    if account is not None and not rotate:
        raise errors.UsageError(
            detail=f"There is an account {account} already.",
            remedy="To replace its credential add --rotate, or run: socialguard account rotate {account}"
            " --credential -",
            account=account,
        )


def require_fit(workspace: "Workspace", network: str, name: AccountName | None, placement: Placement) -> None:
    """Refuse a placement that could not be stored, before anybody logs in for it."""
    from socialguard.registry import enrolment, names

    enrolment.require_zone(placement.zone or "UTC")
    for label in placement.labels:
        names.require_name("label", label)
    if placement.client is not None:
        names.require_name("client", placement.client)
    if name is None:
        return
    origin = placement.origin or workspace.network(network).origin
    new = enrolment.NewAccount(name, "not-asked-yet", origin, placement.client, placement.short_name)
    with workspace.database.read() as connection:
        planned = enrolment.planned(workspace.signed.books(connection).manifest, new)
        for known in enrolment.clients(connection):
            if known != planned.client and typed_client(known) == typed_client(planned.client):
                raise errors.UsageError(
                    detail=f"There is a client {known}; {planned.client} would be another one."
                )


def logged(workspace: "Workspace", network: str, origin: str, way: str, act: Callable[[], T]) -> T:
    """Do a login with its intent in the log before, and its outcome after; return what `act` returns."""
    corr = secrets.token_hex(8)

    def note(outcome: str) -> None:
        obj = {"network": network, "origin": origin, "way": way}
        with workspace.database.write() as connection:
            workspace.log.require_extends(connection, workspace.pins.pinned_tree())
            workspace.log.append(connection, Entry(ACTION, outcome, workspace.person, corr=corr, obj=obj))

    note("intent")
    try:
        result = act()
    except errors.SocialGuardError as problem:
        note(problem.name)
        raise
    note("ok")
    return result


def admit(
    workspace: "Workspace", name: AccountName, credential: Credential, placement: Placement, *, rotate: bool
) -> Outcome:
    """Add the account `name` with its credential, or with `rotate` replace that of the account that is there.

    Raises as `vault.admission.add` and `rotate`."""
    from socialguard.vault import admission

    there = registered(workspace, name)
    require_free(there, rotate=rotate)
    if there is not None:
        origin_for(workspace, name.network, there, placement.origin)
        gen = admission.rotate(workspace.custody, there.id, credential, "logged in again")
        return Outcome(there, gen, added=False)
    added = admission.add(
        workspace.custody,
        admission.Admission(
            name=name,
            credential=credential,
            workers=[workspace.identity.worker_id],
            origin=placement.origin,
            client=placement.client,
            short_name=placement.short_name,
            labels=placement.labels,
            attended=placement.attended,
            zone=placement.zone or workspace.settings.zone or "UTC",
        ),
    )
    return Outcome(added, workspace.pins.generation(added.id), added=True)
