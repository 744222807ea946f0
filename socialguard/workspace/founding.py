"""Founding a workspace: keys and pins on this machine, the first manifest, the databases, entry 0 of the log."""

import secrets
from pathlib import Path

from socialguard import errors
from socialguard.audit import checkpoint
from socialguard.audit.emergency import EmergencyFile
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.registry import founding
from socialguard.registry import manifest as manifests
from socialguard.registry.signed import Member, Role, name_digest
from socialguard.store import database as databases
from socialguard.vault import identity, private_files
from socialguard.vault.kek import Kek
from socialguard.vault.keys import KeyPair, LogKey
from socialguard.vault.pins import Pins
from socialguard.workspace.layout import Layout


def found(
    layout: Layout, identity_base: Path, *, org_name: str, owner_name: str, kek: Kek, url: str | None
) -> str:
    """Found the workspace of an organisation and return the organisation's id.

    Raises UsageError where there is a workspace already, DiskFull, AuditUnwritable."""
    if layout.org.exists() or layout.database.exists():
        raise errors.UsageError(
            detail=f"There is a workspace in {layout.home} already.",
            remedy="Give another --home, or use this one.",
        )
    member, worker, log_key = KeyPair.generate(), KeyPair.generate(), LogKey.generate()
    member_id, worker_id = f"m-{secrets.token_hex(6)}", f"w-{secrets.token_hex(6)}"
    names = {member_id: owner_name, worker_id: f"worker of {org_name}"}
    pairs = ((member_id, member, Role.OWNER), (worker_id, worker, Role.WORKER))
    first, _body = manifests.genesis(
        [
            Member(id, pair.x25519, pair.ed25519, role, name_sha256=name_digest(id, names[id]))
            for id, pair, role in pairs
        ],
        log_key.public,
    )
    try:
        layout.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        layout.home.chmod(0o700)
    except OSError as problem:
        raise errors.Unreadable(path=layout.home, detail=problem.strerror or "it cannot be made.") from None
    identity.create(identity_base, first.org, kek, member, worker, log_key, member_id, worker_id)
    store = databases.create_database(layout.database_url(url))
    log = AuditLog(first.org)
    actor = Actor(member_id, "person", "cli", first.sha256)
    with store.write() as connection:
        log.start(connection, Entry("workspace.found", "ok", actor, obj={"owner": member_id, "worker": worker_id}))
        founding.found(connection, member, first, names)
        tree = checkpoint.store(connection, first.org, log_key)
    pins = Pins.open(identity.directory(identity_base, first.org) / "pins", first.org, kek)
    pins.pin_manifest(first.epoch, first.sha256)
    checkpoint.pin(pins, tree)
    EmergencyFile(layout.emergency).prepare()
    private_files.replace(layout.org, f"{first.org}\n".encode("ascii"))
    if layout.database.exists():
        layout.database.chmod(0o600)
    store.close()
    return first.org


def require_absent(layout: Layout) -> None:
    """Raise UsageError where there is a workspace already."""
    if layout.org.exists() or layout.database.exists():
        raise errors.UsageError(
            detail=f"There is a workspace in {layout.home} already.",
            remedy="Give another --home, or use this one.",
        )
