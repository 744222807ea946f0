"""Knowing that a new epoch is in force: every worker says so in the log, signed, when it has seen it.

Until the last worker has, one of them may still act under an older manifest: a removal that waits for a machine
that is off is called "signed", not "in force"."""

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, select

from socialguard.audit import leaf
from socialguard.audit.interface import Entry
from socialguard.canon import envelope, jcs
from socialguard.store.tables import audit_entry
from socialguard.vault.identity import WORKER

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest
    from socialguard.workspace.opened import Workspace

ACTION: Final = "manifest.acknowledge"
STATEMENT: Final = "epoch-seen"
_MOST: Final = 500
_SAID: Final = select(audit_entry.c.leaf).where(
    audit_entry.c.corr.in_(bindparam("corrs", expanding=True)), audit_entry.c.action == ACTION
)


def acknowledge(workspace: "Workspace") -> bool:
    """Say that this machine's worker knows the newest epoch, once; return whether it had to be said."""
    if not workspace.identity.has(WORKER):
        return False
    worker_id = workspace.identity.worker_id
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        if worker_id not in waiting_for(connection, manifest, manifest.epoch):
            return False
    body = _statement(manifest, worker_id, manifest.epoch, manifest.sha256)
    signature = workspace.keys.worker().sign(STATEMENT, manifest.org, body)
    obj = {"epoch": manifest.epoch, "sha256": manifest.sha256, "signature": jcs.b64(signature)}
    with workspace.database.write() as connection:
        workspace.log.append(
            connection,
            Entry(ACTION, "ok", workspace.worker, corr=_corr(worker_id, manifest.epoch), obj=obj),
        )
    return True


def waiting_for(connection: Connection, manifest: "Manifest", epoch: int) -> tuple[str, ...]:
    """Return the workers that have not acknowledged an epoch, or a later one."""
    return tuple(worker for worker in manifest.workers if not _has_seen(connection, manifest, worker, epoch))


def _has_seen(connection: Connection, manifest: "Manifest", worker_id: str, epoch: int) -> bool:
    member = manifest.member(worker_id)
    assert member is not None
    epochs = range(max(epoch, manifest.epoch - _MOST + 1), manifest.epoch + 1)
    for row in connection.execute(_SAID, {"corrs": [_corr(worker_id, one) for one in epochs]}):
        obj = leaf.decode(bytes(row.leaf)).get("obj")
        if not isinstance(obj, dict):
            continue
        seen = obj.get("epoch")
        body = _statement(manifest, worker_id, seen, obj.get("sha256"))
        try:
            signature = jcs.unb64(str(obj.get("signature")))
            envelope.verify(member.ed25519, signature, STATEMENT, manifest.org, jcs.encode(body))
        except ValueError:
            continue
        if isinstance(seen, int) and seen >= epoch:
            return True
    return False


def _statement(manifest: "Manifest", worker_id: str, epoch: object, sha256: object) -> dict[str, object]:
    return {"worker": worker_id, "epoch": epoch, "manifest_sha256": sha256}


def _corr(worker_id: str, epoch: int) -> str:
    return f"ack.{worker_id}.{epoch}"
