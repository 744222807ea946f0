"""Restoring a workspace from its backup: a roll-back that an owner declares; nothing goes out by itself after it.

What stood here is put aside, never deleted. The log begins again with the gap declared, against pins and anchors;
this machine then knows the workspace as it is. All is frozen, what was queued is held, what was being sent is
unknown, and credentials are due for a new one: some of them may have been replaced after the backup."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors, settings
from socialguard.audit.interface import Entry, Tree, TreePin
from socialguard.model.account import AccountState
from socialguard.registry.signed import Role
from socialguard.store import lease
from socialguard.vault import identity as identities
from socialguard.workspace import adoption, stopping
from socialguard.workspace.layout import Layout
from socialguard.workspace.opened import Workspace
from socialguard.workspace.signed import log_keys_of

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest
    from socialguard.store.database import Database
    from socialguard.vault.kek import AskPassphrase

ACTION: Final = "workspace.restore"
_REPLACED: Final = ("socialguard.db", "org", "emergency.jsonl", "archive")
_BESIDE: Final = ("socialguard.db-journal", "socialguard.db-wal", "socialguard.db-shm", "archive.db")
_KEPT_IF_THERE: Final = ("socialguard.toml", "policy.toml")
_REASON: Final = "restored from a backup"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: where the files that stood here lie now (None where there were none), the incarnation of
    the log that it began, and the deliveries that are held, and that nobody knows the outcome of."""

    put_aside: Path | None
    incarnation: int
    held: tuple[str, ...]
    unknown: tuple[str, ...]


class _NoPins:
    """What this machine has seen of the log where it has seen nothing."""

    def pinned_tree(self) -> Tree | None:
        return None

    def pin_tree(self, tree: Tree) -> None:
        """`adoption` writes the pins."""


def restore(home: Path, backup: Path, daemon: str, ask: "AskPassphrase | None", reason: str) -> Restored:
    """Put the backup in the directory `backup` in the place of the workspace in `home`, declare what is lost, and
    hold all that is queued.

    Raises UsageError where `backup` is none, or of another organisation; Busy while the process that holds the
    lease `daemon` works; Unreadable where an anchor cannot be asked; Tampered where the backup itself was changed.
    What was begun is begun again by the next call."""
    layout = Layout(home)
    org = require_backup(layout, backup)
    identities.open_identity(settings.identity_base(), org)  # without keys nothing of it can be declared
    require_no_daemon(layout, daemon)
    aside = put_in_place(layout, backup)
    with Workspace(home, ask=ask) as workspace:
        stopping.freeze(workspace, ["all"], reason)
        incarnation = _declare(workspace, reason)
    _set_pins_aside(workspace.identity.place)
    with Workspace(home, ask=ask) as workspace:
        adoption.adopt(workspace, ask, reason)
    with Workspace(home, ask=ask) as workspace:
        held, unknown = hold_all(workspace, ACTION, reason)
    return Restored(aside, incarnation, held, unknown)


def require_backup(layout: Layout, backup: Path) -> str:
    """Return the organisation of the backup in a directory; UsageError where it is none, or another's than the
    workspace's."""
    there = Layout(backup)
    if settings.load(layout.settings).database is not None:
        raise errors.UsageError(
            detail="The database is not a file of the workspace.",
            remedy="Restore it with its own tools; docs/operations.md says how to go on.",
        )
    if not there.database.is_file() or not there.org.is_file():
        raise errors.UsageError(
            detail=f"{backup} holds no backup: there is no socialguard.db with its org.",
            remedy="docs/operations.md, Backup, says what belongs into it.",
        )
    org = there.read_org()
    if layout.org.exists() and layout.read_org() != org:
        raise errors.UsageError(detail=f"{backup} is of another organisation than the workspace in {layout.home}.")
    return org


def require_no_daemon(layout: Layout, daemon: str) -> None:
    """Refuse (Busy) while the process that holds the lease `daemon` works."""
    if not layout.database.exists():
        return
    from socialguard.store.database import connect

    try:
        database = connect(layout.database_url(None))
        with database.read() as connection:
            holder = lease.holder(connection, daemon)
        database.close()
    except (errors.Unreadable, errors.Tampered):
        return  # that is why it is restored
    if holder is not None and holder.is_alive:
        raise errors.Busy(what="The workspace", remedy="Stop its daemon first: systemctl stop socialguard")


def put_in_place(layout: Layout, backup: Path) -> Path | None:
    """Move what the backup replaces into a directory beside it, and copy the backup's files into their places."""
    home = layout.home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    replaced = [name for name in _REPLACED if (backup / name).exists()]
    leaving = [name for name in (*replaced, *_BESIDE) if (home / name).exists()]
    aside = home / f"before-restore-{clock.now():%Y%m%dT%H%M%S%f}"
    if leaving:
        aside.mkdir(mode=0o700)
    for name in leaving:
        (home / name).rename(aside / name)
    for name in (*replaced, *(name for name in _KEPT_IF_THERE if not (home / name).exists())):
        source = backup / name
        if source.is_dir():
            shutil.copytree(source, home / name)
        elif source.exists():
            shutil.copy2(source, home / name)
            (home / name).chmod(0o600)
    if (backup / "media").is_dir():  # named by their hashes: none replaces another
        shutil.copytree(backup / "media", layout.media, dirs_exist_ok=True)
    return aside if leaving else None


def _declare(workspace: Workspace, reason: str) -> int:
    """Begin the log again with what is lost declared, and return its incarnation."""
    from socialguard.registry import manifest as manifests
    from socialguard.workspace.accepting import begin_again

    with workspace.database.read() as connection:
        manifest = manifests.verify_chain(connection, workspace.org)
    require_whole_log(workspace.database, manifest, "The log of the backup")
    pins: TreePin
    try:
        pins = workspace.pins
        pins.pinned_tree()
    except errors.NotAdopted:
        pins = _NoPins()  # another machine: anchors tell what they know
    return begin_again(workspace, manifest, reason, pins=pins).incarnation


def require_whole_log(database: "Database", manifest: "Manifest", what: str) -> None:
    """Refuse (Tampered, of `what`) a log that is not whole by itself: what is lost is declared, what was changed
    is not."""
    from socialguard.audit.verify import verify

    # Also those who left: what they declared then stands in the log for ever.
    owners = [member.ed25519 for member in manifest.members if member.role is Role.OWNER]
    owners += [key.ed25519 for key in manifest.recovery]
    for problem in verify(database, manifest.org, log_keys_of(manifest), None, (), True, owners=owners).problems:
        raise errors.Tampered(what=what, detail=problem.detail)


def _set_pins_aside(place: Path) -> None:
    """What was pinned after the backup would refuse it; the declaration names it."""
    pins = place / "pins"
    if pins.exists():
        pins.replace(place / "pins.before-restore")


def hold_all(workspace: Workspace, action: str, reason: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hold all that is queued, mark what was being sent as unknown, and credentials as due for a new one, under an
    entry `action`; return the ids of what is held, and of what is unknown.

    Some credentials may have been replaced after the backup."""
    from socialguard.registry import changes
    from socialguard.workspace.accepting import hold_queue

    with workspace.database.write() as connection:
        held, unknown = hold_queue(connection, workspace, errors.HeldByRestore, _REASON)
        for account in workspace.signed.books(connection).registry.all(connection):
            if account.state is AccountState.ACTIVE:
                changes.set_state(connection, account.id, AccountState.ROTATION_DUE)
        obj = {"held": list(held), "unknown": list(unknown)}
        workspace.log.append(connection, Entry(action, "ok", workspace.person, reason=reason, obj=obj))
    return held, unknown
