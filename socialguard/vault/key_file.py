"""A KEK in a file: a key file of the user's own, or the credential that systemd hands to a service.

Both hold 32 random bytes as one line of padded base64 (`openssl rand -base64 32` writes one). A key file must
be a regular file of ours that no one else can open; the directory of systemd's credentials is its own guard.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.canon import jcs
from socialguard.vault import private_files

CREDENTIAL_NAME: Final = "socialguard.kek"
DIRECTORY_VARIABLE: Final = "CREDENTIALS_DIRECTORY"

# systemd.exec(5): a file name, without what would lead out of the directory.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_KEY_BYTES: Final = 32
_MAX_BYTES: Final = 128


def create(path: Path) -> bytes:
    """Return the key in the file at `path`, which is made (mode 0600, 32 random bytes) if absent.

    Raises as `read`, and DiskFull or SocialGuardError where it cannot be written."""
    private_files.make_directory(path.parent)
    key = secrets.token_bytes(_KEY_BYTES)
    if private_files.create(path, jcs.b64(key).encode() + b"\n"):
        return key
    return read(path)


def read(path: Path) -> bytes:
    """Return the key (32 bytes) in the file at `path`.

    Raises Locked if there is none; Unreadable if it is a link, not a regular file, another user's, open to
    others, or does not hold one key."""
    try:
        data = private_files.read(path, _MAX_BYTES)
    except FileNotFoundError:
        raise errors.Locked(
            detail=f"its key file {path} is not there.",
            remedy="Bring back that file, from a backup or its medium; no other opens these keys.",
        ) from None
    return _decoded(data, path)


def read_systemd_credential(name: str = CREDENTIAL_NAME) -> bytes:
    """Return the key (32 bytes) in the credential `name` of this service.

    Raises Locked outside such a service, Unreadable if the credential cannot be read or is not one key, UsageError
    for a name that no credential can have."""
    if not _NAME.fullmatch(name):
        raise errors.UsageError(detail=f"{name} is not the name of a systemd credential.")
    directory = os.environ.get(DIRECTORY_VARIABLE)
    missing = errors.Locked(
        detail=f"systemd gave this process no credential {name}.",
        remedy=f"Start it as the service that has LoadCredentialEncrypted={name}; config/socialguard-admin does.",
    )
    if not directory:
        raise missing
    path = Path(directory) / name
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise missing from None
    except OSError as problem:
        raise errors.Unreadable(path=path, detail=f"{problem.strerror or 'unknown cause'}.") from None
    return _decoded(data, path)


def has_systemd_credential(name: str = CREDENTIAL_NAME) -> bool:
    """Return whether systemd gave this process the credential `name`."""
    directory = os.environ.get(DIRECTORY_VARIABLE)
    return bool(directory) and (Path(directory or "") / name).exists()


def _decoded(data: bytes, path: Path) -> bytes:
    try:
        key = jcs.unb64(data.decode("ascii").strip("\r\n"))
    except (UnicodeDecodeError, jcs.NotCanonical):
        key = b""
    if len(key) != _KEY_BYTES:
        raise errors.Unreadable(
            path=path,
            detail="it does not hold a key: 32 bytes as one line of base64.",
            remedy="Name another file, or restore it from its backup.",
        )
    return key
