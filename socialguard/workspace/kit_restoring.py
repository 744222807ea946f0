"""The way back with nothing but the recovery kit and the workspace, or its backup, when an owner's keys are lost.

The kit signs one epoch of the manifest, which lists a new owner, worker and log key and nothing else; the new
owner then takes the lost ones out, seals every credential anew and begins the log again, all in one transaction.
The new keys lie beside the identity directory until all is done: until then nothing can be sent from here, and a
call that was broken off is gone on with. Everything is frozen, what was queued is held, credentials are due for a
new one, and an alert and the log say that the kit was used."""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import errors, settings
from socialguard.audit import reader
from socialguard.audit.reader import Filter
from socialguard.audit.verify import NOT_PROVED
from socialguard.ledger import stops
from socialguard.model.account import AccountState
from socialguard.model.credential import Credential
from socialguard.model.text import marked
from socialguard.registry import changes, founding, members
from socialguard.registry.recovered import recovered
from socialguard.registry.signed import LogKey, Member, Role, Status, name_digest
from socialguard.vault import identity as identities
from socialguard.vault import keys, private_files, resealing, shelf_keys
from socialguard.vault.identity import MEMBER, WORKER
from socialguard.workspace import acknowledging, adoption, membership, restoring, stopping
from socialguard.workspace.kit_looking import beside, is_in_force, look, manifest_of, who_comes_back
from socialguard.workspace.layout import Layout
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.audit.declaration import Declaration
    from socialguard.registry.manifest import Manifest
    from socialguard.vault.kek import AskPassphrase, Kek
    from socialguard.vault.recovery import Kit

USED: Final = "recovery.restore"
DONE: Final = "recovery.hold"
LOST: Final = "lost"
"""The kind of an empty credential, in the place of one that nobody opens."""
REMOVED: Final = "member.remove"
KIND: Final = "recovery_used"
_TELL: Final = marked("The recovery kit was used: {name} has new keys, and every key of an owner before is out.")
_REMEDY: Final = marked(
    "Was it you? If not: whoever holds the kit holds every account. Run: socialguard panic all"
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done: where the files that stood here lie, what is lost of the log, what this machine took on
    trust, what is held or unknown, and whose token must be replaced at the network. `unsealed` are accounts whose
    credential the kit does not open: log in anew."""

    put_aside: Path | None
    owner: str
    worker: str
    replaced: tuple[str, ...]
    epoch: int
    incarnation: int
    lost: int
    anchored: str
    trusted: tuple[str, ...]
    held: tuple[str, ...]
    unknown: tuple[str, ...]
    rotation_due: tuple[str, ...]
    revoked: tuple[str, ...]


def restore(
    home: Path,
    kit: "Kit",
    owner: str | None,
    backup: Path | None,
    daemon: str,
    new_kek: "Callable[[], Kek]",
    ask: "AskPassphrase | None",
    reason: str,
) -> Recovered:
    """Make this machine the owner's, with the kit; `backup` is put in the place of the workspace first.

    Raises as `look`; Busy while the process that holds the lease `daemon` works, Unreadable where an anchor cannot
    be asked, Tampered for whatever is not as signed and logged. What was broken off is gone on with."""
    layout, aside = Layout(home), None
    base = beside()
    kek = None
    if not is_in_force(layout, kit):
        look(home, kit, owner, backup)
        restoring.require_no_daemon(layout, daemon)
        if backup is not None:
            restoring.require_backup(layout, backup)
            aside = restoring.put_in_place(layout, backup)
        shutil.rmtree(base / kit.org, ignore_errors=True)  # of a call that came to nothing: nobody lists them
        kek = new_kek()
        _take_over(layout, kit, kek, base, owner, reason)
    known = () if kek is None else (kek,)
    done = _settle(layout, kit, identities.open_identity(base, kit.org, known), ask, reason, aside)
    (base / kit.org).rename(identities.directory(settings.identity_base(), kit.org))
    with contextlib.suppress(OSError):  # another organisation's may lie there
        base.rmdir()
    private_files.sync_directory(settings.identity_base())
    return done


# ── the one transaction ──────────────────────────────────────────────────────────────────────────────────


def _take_over(layout: Layout, kit: "Kit", kek: "Kek", base: Path, owner: str | None, reason: str) -> None:
    from socialguard.workspace.accepting import begin_again

    with Workspace(layout.home) as workspace:
        with workspace.database.read() as connection:
            before = manifest_of(connection, kit)
            back = who_comes_back(connection, before, owner)
            names = founding.profiles(connection, before)
        restoring.require_whole_log(workspace.database, before, "The log of the workspace")
        _make_identity(workspace, before, kek, base)
        new = _listed(workspace, names[back.id].name, before)

        def change(connection: "Connection", declared: "Declaration") -> None:
            _change(connection, workspace, kit, before, back, new, declared, reason)

        own = workspace.identity  # its log key is listed by `change`
        begin_again(workspace, before, reason, signer=lambda _: own.log_key(own.log_public, None), beside=change)


def _make_identity(workspace: Workspace, before: "Manifest", kek: "Kek", base: Path) -> None:
    """Make new keys beside the identity directory, with pins that know the manifest as it was verified."""
    member_id, worker_id = f"m-{secrets.token_hex(6)}", f"w-{secrets.token_hex(6)}"
    pairs = keys.KeyPair.generate(), keys.KeyPair.generate(), keys.LogKey.generate()
    identities.create(base, workspace.org, kek, *pairs, member_id, worker_id)
    workspace.identity = identities.open_identity(base, workspace.org, (kek,))
    workspace.pins.pin_manifest(before.epoch, before.sha256)


@dataclass(frozen=True, slots=True)
class _New:
    """The members that the kit adds, and their names by id."""

    owner: Member
    worker: Member
    names: dict[str, str]


def _listed(workspace: Workspace, name: str, before: "Manifest") -> _New:
    own = workspace.identity
    person, works = own.public(MEMBER), own.public(WORKER)
    names = {own.member_id: name, own.worker_id: f"worker of {name}"}
    owner, worker = (
        Member(id, pair.x25519, pair.ed25519, role, name_sha256=name_digest(id, names[id]))
        for id, pair, role in ((own.member_id, person, Role.OWNER), (own.worker_id, works, Role.WORKER))
    )
    return _New(owner, worker, names)


def _change(
    connection: "Connection",
    workspace: Workspace,
    kit: "Kit",
    before: "Manifest",
    back: Member,
    new: _New,
    declared: "Declaration",
    reason: str,
) -> None:
    """Sign the kit's epoch and those that take the lost keys out; seal all anew; log each act."""
    custody, key = workspace.custody, workspace.keys.member()
    log_key = LogKey(workspace.identity.log_public, 0, declared.incarnation)
    membership.sign_thaws_again(workspace, connection, back.id)  # while the manifest lists who lifted them
    after = founding.recover(
        connection, kit.keys, before, recovered(before, new.owner, new.worker, log_key), new.names
    )

    def said(action: str, obj: dict[str, object]) -> None:
        told = {"epoch": after.epoch, **obj}
        workspace.log.append(
            connection, custody.entry(action, "ok", None, reason=reason, obj=told, proof=after.sha256)
        )

    out = [back.id, *before.workers]
    said(
        USED,
        {
            "recovery": kit.public().id,
            "owner": new.owner.id,
            "worker": new.worker.id,
            "replaced": out,
            "lost": sum(gap.last - gap.first + 1 for gap in declared.gaps),
        },
    )
    for lost in out:
        after = members.set_status(connection, key, after, lost, Status.REMOVED)
        said(REMOVED, {"member": lost})
    sealed, _ = resealing.rekey(connection, custody, before, after, opener=kit.keys)
    _give_up(connection, workspace, after, sealed)
    shelf_keys.reseal(connection, custody, before, after, opener=kit.keys)
    fields = {"name": new.names[new.owner.id]}
    workspace.alerts.raise_(connection, KIND, _TELL, fields, remedy=_REMEDY, again=True)


def _give_up(
    connection: "Connection", workspace: Workspace, manifest: "Manifest", sealed: Collection[str]
) -> None:
    """Put an empty credential in the place of each that the kit does not open: what is stored may be signed by a
    member who is out, and a credential that is gone would look like a theft."""
    vault, key = workspace.custody.vault(manifest), workspace.keys.member()
    for account in manifest.accounts:
        if account.id in sealed:
            continue
        try:
            vault.holding(connection, account.id)
        except errors.NotFound:
            continue  # there never was one
        vault.store(connection, account.id, Credential(account.network, LOST, {}), key, workspace.person)
        changes.set_state(connection, account.id, AccountState.REVOKED)


# ── afterwards, as often as it takes ─────────────────────────────────────────────────────────────────────


def _settle(
    layout: Layout,
    kit: "Kit",
    identity: identities.Identity,
    ask: "AskPassphrase | None",
    reason: str,
    aside: Path | None,
) -> Recovered:
    """Freeze all, adopt what is here, hold what was queued; then tell what was done."""
    with _with_keys(layout, identity, ask) as workspace:
        adopted = adoption.adopt(workspace, ask, reason)
    with _with_keys(layout, identity, ask) as workspace:
        stopping.freeze(workspace, [stops.ALL], reason)
        acknowledging.acknowledge(workspace)
        held, unknown = restoring.hold_all(workspace, DONE, reason)
        (used,) = reader.page(workspace.database, Filter(action=USED), limit=1)
        states = {str(one): one.state for one in workspace.accounts()}
    lost = used.obj["lost"]
    return Recovered(
        put_aside=aside,
        owner=str(used.obj["owner"]),
        worker=str(used.obj["worker"]),
        replaced=tuple(str(one) for one in _list(used.obj["replaced"])),
        epoch=adopted.epoch,
        incarnation=adopted.incarnation,
        lost=lost if isinstance(lost, int) else 0,
        anchored=adopted.anchored,
        trusted=adoption.TRUSTED if adopted.anchored == "outside" else (*adoption.TRUSTED, NOT_PROVED),
        held=held,
        unknown=unknown,
        rotation_due=tuple(name for name, state in states.items() if state is AccountState.ROTATION_DUE),
        revoked=tuple(name for name, state in states.items() if state is AccountState.REVOKED),
    )


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


@contextlib.contextmanager
def _with_keys(layout: Layout, identity: identities.Identity, ask: "AskPassphrase | None") -> Iterator[Workspace]:
    with Workspace(layout.home, ask=ask) as workspace:
        workspace.identity = identity
        yield workspace
