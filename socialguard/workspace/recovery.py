"""The recovery kit in a workspace: its public halves in the signed manifest, every credential sealed to it, and
the proof that the kit at hand opens them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from socialguard import errors
from socialguard.audit.interface import Entry
from socialguard.registry import manifest as manifests

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.model.account import Account
    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest
    from socialguard.vault.recovery import Kit
    from socialguard.workspace.opened import Workspace

NEW = "recovery.new"
TEST = "recovery.test"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a kit was proved to do: `sealed` of `credentials` are sealed to it, and `opened` names the account
    whose credential it did open, None where there is none."""

    key_id: str
    credentials: int
    sealed: int
    opened: str | None


def new_kit(workspace: "Workspace", access: str) -> "Kit":
    """Return a new kit of this organisation; nothing knows of it yet."""
    from socialguard.vault import recovery

    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    return recovery.new_kit(workspace.org, manifest.sha256, access)


def enlist(workspace: "Workspace", kit: "Kit") -> None:
    """Put the public halves of a kit into the signed manifest, instead of any before."""
    public = kit.public()

    def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        return manifests.append(connection, manifest.with_recovery(public), [owner])

    workspace.custody.amend(NEW, None, act, obj={"recovery": public.id})


def seal_all(workspace: "Workspace", on_account: Callable[[], None]) -> tuple[str, ...]:
    """Seal every credential anew, to the kit in force too, and return the accounts.

    Each account is one transaction: if this is interrupted, `vault rewrap --all` seals the rest."""
    from socialguard.vault import upkeep

    done = []
    for account in workspace.accounts():
        upkeep.rewrap(workspace.custody, [account.id])
        done.append(str(account))
        on_account()
    return tuple(done)


def prove(workspace: "Workspace", kit: "Kit") -> Proof:
    """Prove that a kit is the manifest's and opens a stored credential; every proof leaves an entry.

    Raises UsageError for another organisation's kit, Stale for one that was replaced, Tampered where a credential
    that should open for it does not."""
    from socialguard.vault import recovery

    with workspace.database.read() as connection:
        books = workspace.signed.books(connection)
        key = recovery.check(kit, workspace.org, books.manifest.recovery)
        accounts = books.registry.all(connection)
        vault = workspace.custody.vault(books.manifest)
        sealed = [one for one in accounts if key.sealing_id in vault.holding(connection, one.id).recipients]
    opened = _opened(workspace, kit, sealed[0]) if sealed else None
    if opened is None:
        with workspace.database.write() as connection:
            workspace.log.append(connection, Entry(TEST, "ok", workspace.person, obj={"recovery": key.id}))
    return Proof(key.id, len(accounts), len(sealed), opened)


def _opened(workspace: "Workspace", kit: "Kit", account: "Account") -> str:
    """Open one credential with the kit, the intent logged before and the outcome after."""
    corr = secrets.token_hex(8)

    def said(outcome: str) -> Entry:
        return Entry(TEST, outcome, workspace.person, account.id, corr, obj={"recovery": kit.public().id})

    with workspace.database.write() as connection:
        workspace.log.require_extends(connection, workspace.pins.pinned_tree())
        intent = workspace.log.append(connection, said("intent"))
    outcome = "ok"
    try:
        with workspace.database.read() as connection:
            manifest = workspace.signed.books(connection).manifest
            workspace.custody.vault(manifest).use(connection, account, kit.keys, intent=intent)
    except errors.SocialGuardError as problem:
        outcome = problem.name
        raise
    finally:
        with workspace.database.write() as connection:
            workspace.log.append(connection, said(outcome))
    return str(account)


def require_elsewhere(workspace: "Workspace", path: Path) -> None:
    """Refuse a place for the kit that lies in the workspace or beside the keys: it would be lost, or found, with
    them."""
    place = path.expanduser().absolute()
    place = place.parent.resolve() / place.name
    for room in (workspace.layout.home, workspace.identity.place):
        if place.is_relative_to(room.resolve()):
            raise errors.UsageError(
                detail=f"{path} lies in {room}: a kit there is lost, or found, together with what it recovers.",
                remedy="Name a place elsewhere, best on a medium that you then take away.",
            )
