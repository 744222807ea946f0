"""The bundle of evidence of an emergency: what the log, the archive and the watch hold, in one signed file.

`SHA256SUMS` names every file of it, and `SHA256SUMS.sig.json` holds a signature over those hashes, so that who
gets the bundle can tell later that nothing in it was changed. It holds texts, since they are the evidence: it lies
in the workspace with rights for its owner alone."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from socialguard import clock
from socialguard.canon import jcs

if TYPE_CHECKING:
    from socialguard.model.account import Account
    from socialguard.workspace.opened import Workspace

KIND: Final = "evidence"
"""The type of the envelope that signs the hashes."""
PAST: Final = timedelta(days=30)
"""Entries of the log that are this new come with an inclusion proof."""


def keep(workspace: "Workspace", accounts: "Sequence[Account]", reason: str) -> tuple[Path, str]:
    """Write the bundle and return where it lies and its SHA-256."""
    import zstandard

    workspace.checkpoint()
    now = clock.now()
    place = workspace.layout.home / "evidence"
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"{now:%Y%m%dT%H%M%S%fZ}.tar.zst"
    sums: dict[str, str] = {}
    part = path.with_name(f"{path.name}.part")
    # Never through a link that a neighbour laid there.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as file,
        zstandard.ZstdCompressor().stream_writer(file) as packed,
        tarfile.open(fileobj=packed, mode="w|") as bundle,
    ):
        for source in _log(workspace, place):
            name = f"log/{source[0]}"
            bundle.add(source[1], name, filter=_private)
            with source[1].open("rb") as each:
                sums[name] = hashlib.file_digest(each, "sha256").hexdigest()
        for name, data in _files(workspace, accounts):
            sums[name] = hashlib.sha256(data).hexdigest()
            _add(bundle, name, data)
        listed = "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode()
        _add(bundle, "SHA256SUMS", listed)
        body: dict[str, object] = {"files": sums, "made_at": jcs.timestamp(now), "reason": reason}
        member, signature = workspace.trust.sign(KIND, body)
        signed = {"body": body, "member": member, "org": workspace.org, "signature": jcs.b64(signature)}
        _add(bundle, "SHA256SUMS.sig.json", jcs.encode(signed))
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    part.rename(path)
    return path, digest


def _log(workspace: "Workspace", place: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of an export of the log, with proofs for the last `PAST`, from beside the bundle."""
    from socialguard.audit import exporting
    from socialguard.audit.reader import Filter

    with TemporaryDirectory(dir=place, prefix=".log-") as beside:
        whole = Path(beside) / "log"
        wanted = Filter(since=clock.now() - PAST)
        with workspace.database.read() as connection:
            keys = workspace.signed.log_keys(connection)
        exporting.export(workspace.database, workspace.org, keys, whole, wanted)
        for path in sorted(each for each in whole.rglob("*") if each.is_file()):
            yield str(path.relative_to(whole)), path


def _private(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Say nothing of this machine's users."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _files(workspace: "Workspace", accounts: "Sequence[Account]") -> Iterator[tuple[str, bytes]]:
    from socialguard.archive import reader as archived
    from socialguard.archive import watching
    from socialguard.watch import sightings

    seen: list[bytes] = []
    items: list[bytes] = []
    profiles: list[bytes] = []
    with workspace.database.read() as connection:
        kept = {one.id: sightings.of_account(connection, one.id) for one in accounts}
    with workspace.archive.database.read() as connection:
        for account in accounts:
            for each in kept[account.id]:
                one = each.sighting
                row: dict[str, object] = {
                    "account": str(account),
                    "kind": one.kind.value,
                    "subject": one.subject,
                    "at": jcs.timestamp(one.at),
                    "seen_at": jcs.timestamp(each.seen_at),
                    "url": one.url,
                    "what": one.what,
                    "evidence": one.evidence,
                }
                seen.append(jcs.encode(row))
                shown = archived.show(connection, account.id, one.subject)
                for version in () if shown is None else shown.versions:
                    said: dict[str, object] = {
                        "account": str(account),
                        "network_id": one.subject,
                        "version": version.number,
                        "text": version.text,
                        "content": json.dumps(version.content, sort_keys=True),
                        "sha256": version.sha256,
                        "seen_at": jcs.timestamp(version.seen_at),
                    }
                    items.append(jcs.encode(said))
            for found in watching.profiles(connection, account.id):
                told: dict[str, object] = {
                    "account": str(account),
                    "taken_at": jcs.timestamp(found.taken_at),
                    "sha256": found.evidence,
                    "content": found.stored,
                }
                profiles.append(jcs.encode(told))
    for name, lines in (("sightings.jsonl", seen), ("items.jsonl", items), ("profiles.jsonl", profiles)):
        yield name, b"".join(line + b"\n" for line in lines)
    manifest = workspace.layout.archive / "MANIFEST.jsonl"
    if manifest.exists():
        yield "archive-manifest.jsonl", manifest.read_bytes()


def _add(bundle: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(clock.now().timestamp())
    bundle.addfile(entry, io.BytesIO(data))
