"""Adopting a workspace on a machine that has no pins for it: what can be verified is verified, the rest is named.

The manifest is verified from its founding, the log whole and deep, every credential against its signature and the
log, the stops against the log. Pins that are still there, also those of another machine, are a floor. Nothing that
was tampered with can be adopted. What remains is trust: that nothing newer than what is here was taken away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from socialguard import errors
from socialguard.audit import reader, verify
from socialguard.audit.interface import Actor, Entry, Tree
from socialguard.audit.verify import Report
from socialguard.canon import jcs
from socialguard.ledger.stops import CRISIS, FREEZE
from socialguard.model.text import marked
from socialguard.registry import manifest as manifests
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Role, SignedAccount
from socialguard.store import tables
from socialguard.vault import credential_row, sealed
from socialguard.vault.credentials import WRITE, Vault
from socialguard.vault.pins import KIND as PINS
from socialguard.vault.pins import Seen
from socialguard.workspace.signed import log_keys_of

if TYPE_CHECKING:
    from socialguard.vault.kek import AskPassphrase
    from socialguard.workspace.opened import Workspace

ACTION: Final = "workspace.adopt"
TRUSTED: Final = (
    marked("No newer manifest was signed than the one that is here."),
    marked("No entries were cut off the end of the log after its newest checkpoint."),
    marked("No credential was stored after those that the log knows of."),
    marked("No freeze was made after those that the log knows of."),
)
"""What a machine without pins cannot prove, and takes on trust."""

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Adopted:
    """What this machine knows from now on. `generations` are by account; `trusted` says what nothing here proves;
    `had_pins` whether older pins were found and held."""

    epoch: int
    manifest_sha256: str
    entries: int
    incarnation: int
    root: str
    anchored: str
    generations: Mapping[str, int]
    stops: int
    had_pins: bool
    trusted: tuple[str, ...]


class _Floor:
    """Pins in memory: what was found of older ones, until the new ones are written."""

    def __init__(self, seen: Seen | None) -> None:
        self.seen = seen or Seen()

    def generation(self, account: str) -> int:
        return self.seen.generations.get(account, 0)

    def pin_generation(self, account: str, gen: int) -> None:
        self.seen = replace(self.seen, generations={**self.seen.generations, account: gen})

    def pinned_tree(self) -> Tree | None:
        return self.seen.tree

    def pin_tree(self, tree: Tree) -> None:
        self.seen = replace(self.seen, tree=tree)


def adopt(
    workspace: "Workspace",
    ask: "AskPassphrase | None",
    reason: str,
    progress: Callable[[int, int], None] | None = None,
) -> Adopted:
    """Verify everything, log the act, write new pins for this machine, and return what they hold.

    Raises NotAdopted where there are no keys for this organisation here, Tampered for whatever is not as signed
    and logged, Unreadable where an anchor cannot be asked."""
    found = _older_pins(workspace, ask)
    floor = _Floor(found)
    with workspace.database.read() as connection:
        manifest = manifests.verify_chain(connection, workspace.org)
        if floor.seen.manifest is not None:
            manifests.load(connection, floor.seen.manifest)
    report = _verified(workspace, manifest, floor, progress)
    tree = Tree(report.incarnation, report.entries, jcs.unb64(report.root))
    _require_newest(workspace, manifest)
    with workspace.database.read() as connection:
        _pin_credentials(connection, manifest, workspace, floor)
        stops = _stops(connection, floor)
    floor.seen = replace(floor.seen, manifest=(manifest.epoch, manifest.sha256), freeze=stops)
    with workspace.database.write() as connection:
        workspace.log.require_extends(connection, tree)
        obj = {"epoch": manifest.epoch, "entries": tree.size, "stops": stops, "had_pins": int(found is not None)}
        workspace.log.append(connection, Entry(ACTION, "ok", _actor(workspace), reason=reason, obj=obj))
    floor.pin_tree(tree)
    workspace.identity.adopt_pins(ask, floor.seen)
    trusted = () if found is not None else TRUSTED
    return Adopted(
        epoch=manifest.epoch,
        manifest_sha256=manifest.sha256,
        entries=tree.size,
        incarnation=tree.incarnation,
        root=report.root,
        anchored=report.anchored,
        generations=_named(manifest, floor.seen.generations),
        stops=stops,
        had_pins=found is not None,
        trusted=trusted if report.anchored == "outside" else (*trusted, verify.NOT_PROVED),
    )


def _older_pins(workspace: "Workspace", ask: "AskPassphrase | None") -> Seen | None:
    """Return what older pins hold, those of another machine too; None where there are none."""
    identity = workspace.identity
    try:
        file = sealed.read(identity.place / "pins", workspace.org, PINS)
    except FileNotFoundError:
        identity.kek(identity.worker_source, ask)  # whoever cannot open the keys adopts nothing
        return None
    if file.header.source != identity.worker_source:
        raise errors.Tampered(what=f"The file {file.path}", detail="it names another source of its KEK.")
    try:
        return Seen.decode(file.open(identity.kek(identity.worker_source, ask)))
    except ValueError:
        raise errors.Tampered(what=f"The file {file.path}", detail="it does not hold pins.") from None


def _verified(
    workspace: "Workspace", manifest: Manifest, floor: _Floor, progress: Callable[[int, int], None] | None
) -> Report:
    """Verify the log as `audit verify --deep` does and return its report; refuse whatever it finds."""
    # Also those who left: what they declared then stands in the log for ever.
    owners = [member.ed25519 for member in manifest.members if member.role is Role.OWNER]
    report = verify.verify(
        workspace.database,
        workspace.org,
        log_keys_of(manifest),
        floor,
        workspace.anchors,
        True,
        progress,
        owners=[*owners, *(key.ed25519 for key in manifest.recovery)],
    )
    for problem in report.problems:
        if problem.exit_code == errors.Tampered.exit_code:
            raise errors.Tampered(what="The audit log", detail=problem.detail)
        raise errors.Unreadable(
            path="An anchor of the log",
            detail=problem.detail,
            remedy="Nothing is adopted while an anchor cannot be asked: bring it back, then repeat the command.",
        )
    return report


def _require_newest(workspace: "Workspace", manifest: Manifest) -> None:
    """Refuse a manifest that is older than the newest one that the verified log names."""
    before: tuple[int, int] | None = None
    while entries := reader.page(workspace.database, limit=_PAGE, before=before):
        for entry in entries:
            epoch = entry.obj.get("epoch")
            if entry.action == ACTION or not isinstance(epoch, int):
                continue
            older = epoch > manifest.epoch
            other = epoch == manifest.epoch and entry.actor.proof not in ("claimed", manifest.sha256)
            if older or other:
                raise errors.Tampered(
                    what="The manifest",
                    detail=f"the log names epoch {epoch} of it, which is not the one that is here (rolled back).",
                )
            return
        before = (entries[-1].incarnation, entries[-1].seq)


def _pin_credentials(connection: Connection, manifest: Manifest, workspace: "Workspace", floor: _Floor) -> None:
    vault = Vault(manifest, floor, workspace.log)
    for account in manifest.accounts:
        try:
            gen = vault.generation(connection, account.id)
        except errors.NotFound:
            _require_never_stored(connection, account)
            continue
        floor.pin_generation(account.id, gen)


def _require_never_stored(connection: Connection, account: SignedAccount) -> None:
    """Refuse where the log says that a credential was stored and there is none: with a pin it would be missed."""
    entry = tables.audit_entry.c
    written = select(entry.seq).where(entry.account == account.id, entry.action == WRITE).limit(1)
    if connection.execute(written).first() is not None:
        raise credential_row.tampered(account, "it is gone.")


def _stops(connection: Connection, floor: _Floor) -> int:
    """Return how many stops there are; refuse fewer than were pinned or logged."""
    count = connection.execute(select(func.count()).select_from(tables.stop)).scalar_one()
    logged = connection.execute(
        select(func.count())
        .select_from(tables.audit_entry)
        .where(tables.audit_entry.c.action.in_([FREEZE, CRISIS]))
    ).scalar_one()
    missing = max(floor.seen.freeze, logged) - count
    if missing > 0:
        raise errors.Tampered(what="The list of stops", detail=f"{missing} of them vanished.")
    return int(count)


def _actor(workspace: "Workspace") -> Actor:
    """The person whose keys are here, else the worker of a machine without one."""
    try:
        return workspace.person
    except errors.NotAdopted:
        return workspace.worker


def _named(manifest: Manifest, generations: Mapping[str, int]) -> dict[str, int]:
    names = {one.id: f"{one.network}:@{one.handle}" for one in manifest.accounts}
    return {names[key]: gen for key, gen in sorted(generations.items()) if key in names}
