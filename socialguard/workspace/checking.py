"""Files that a member signed and that left the program, held against their signatures: the evidence of a panic, a
report on a person. Whoever signed is looked up in the manifest that this machine knows; one who left since is
named all the same, since what they signed once stays signed."""

import hashlib
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.registry import founding
from socialguard.workspace import evidence, person_report

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest
    from socialguard.workspace.opened import Workspace

_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_SIGNATURE: Final = "SHA256SUMS.sig.json"
_SUMS: Final = "SHA256SUMS"
_MOST: Final = 64 << 20
"""Bytes of a report, and of the list of a bundle's files."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is as it was signed: what it is (`evidence`, `person-report`), by whom and how they stand now,
    when (as they say), and how many files are in it."""

    kind: str
    signer: str
    name: str
    status: str
    made_at: str
    files: int


def check(workspace: "Workspace", path: Path) -> Checked:
    """Return what a signed file is; raises Tampered where it is not as a member signed it, Unreadable, UsageError
    for a file that is none of ours."""
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        names = {key: one.name for key, one in founding.profiles(connection, manifest).items()}
    try:
        with path.open("rb") as file:
            begin = file.read(len(_ZSTANDARD))
        kind, signer, body, files = (_bundle if begin == _ZSTANDARD else _report)(path, manifest)
    except OSError as problem:
        raise errors.Unreadable(path=path, detail=problem.strerror or "it cannot be read.") from None
    member = manifest.member(signer)
    assert member is not None  # its key was taken from there
    return Checked(kind, signer, names.get(signer, signer), member.status.value, str(body.get("made_at")), files)


def _report(path: Path, manifest: "Manifest") -> tuple[str, str, Mapping[str, Any], int]:
    with path.open("rb") as file:
        data = file.read(_MOST)
    try:
        value = jcs.decode(data)
        if not isinstance(value, dict) or value.get("type") != person_report.TYPE:
            raise errors.UsageError(detail=f"{path.name} is no signed file of socialguard.")
        return person_report.TYPE, str(value["signer"]), person_report.opened(data, manifest.org, manifest), 1
    except errors.UsageError:
        raise
    except jcs.NotCanonical:
        raise errors.UsageError(detail=f"{path.name} is no signed file of socialguard.") from None
    except (ValueError, KeyError, TypeError):
        raise _tampered(path, "it is not what a member signed.") from None


def _bundle(path: Path, manifest: "Manifest") -> tuple[str, str, Mapping[str, Any], int]:
    """Read a bundle once, each file as it comes, and hold what was read against the list that is signed."""
    import zstandard

    found: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    try:
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as bundle,
        ):
            for entry in bundle:
                content = bundle.extractfile(entry)
                if content is None or entry.name in found or entry.name in kept:
                    raise _tampered(path, f"{entry.name} is no file, or there twice.")
                if entry.name in (_SUMS, _SIGNATURE):
                    kept[entry.name] = content.read(_MOST)
                else:
                    found[entry.name] = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    except (tarfile.TarError, zstandard.ZstdError, EOFError):
        raise _tampered(path, "it is cut short, or no bundle.") from None
    signer, body = _signed(path, kept.get(_SIGNATURE, b""), manifest)
    for name in sorted(body["files"].keys() | found.keys()):
        if body["files"].get(name) != found.get(name):
            raise _tampered(path, f"{name} is not what was signed.")
    listed = "".join(f"{digest}  {name}\n" for name, digest in body["files"].items())
    if sorted(kept.get(_SUMS, b"").decode("utf-8", "replace").splitlines()) != sorted(listed.splitlines()):
        raise _tampered(path, f"{_SUMS} is not what was signed.")
    return evidence.KIND, signer, body, len(found)


def _signed(path: Path, data: bytes, manifest: "Manifest") -> tuple[str, Mapping[str, Any]]:
    """Return who signed the list of a bundle, and what was signed."""
    try:
        value: Any = jcs.decode(data)
        member = manifest.member(str(value["member"]))
        if member is None or value["org"] != manifest.org or not isinstance(value["body"]["files"], dict):
            raise ValueError
        signature = jcs.unb64(str(value["signature"]))
        envelope.verify(member.ed25519, signature, evidence.KIND, manifest.org, jcs.encode(value["body"]))
    except (ValueError, KeyError, TypeError):
        raise _tampered(path, "no member of this organisation signed it.") from None
    return member.id, value["body"]


def _tampered(path: Path, detail: str) -> errors.Tampered:
    return errors.Tampered(
        what=f"The file {path.name}", detail=detail, remedy="Take another copy of it; the log holds its SHA-256."
    )
