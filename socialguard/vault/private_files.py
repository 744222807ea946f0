"""Files that only their owner may open: read with every check, written whole or not at all.

A file is read only if it is a regular file of ours that no one else can open, and never through a link. It is
replaced atomically and durably: after a crash there is the old file or the new one.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Final

from socialguard import errors

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
MAX_BYTES: Final = 1 << 20

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def read(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of a private file.

    Raises FileNotFoundError if there is none, and Unreadable for a link, anything but a regular file, a file
    of another user, one that others can open, or one larger than `limit` bytes."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO must not make us wait
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as problem:
        detail = "it is a link." if problem.errno == errno.ELOOP else _sentence(problem)
        raise errors.Unreadable(path=path, detail=detail) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise errors.Unreadable(path=path, detail="it is not a regular file.")
        _refuse_shared(path, found, "chmod 600")
        data = _read_all(descriptor, limit + 1)
    except OSError as problem:
        raise errors.Unreadable(path=path, detail=_sentence(problem)) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise errors.Unreadable(path=path, detail=f"it is larger than {limit} bytes.")
    return data


def state(path: Path) -> object | None:
    """Return a value that is another one as soon as the file at `path` was replaced, written or given to others;
    None where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode


def create(path: Path, data: bytes) -> bool:
    """Write a new private file; return False, with nothing changed, if there is one already.

    Raises DiskFull, or SocialGuardError where it cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    except FileExistsError:
        return False
    except OSError as problem:
        raise unwritable(path, problem) from None
    try:
        _write_durably(descriptor, data)
        sync_directory(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            path.unlink()  # half a key is worse than none
        raise unwritable(path, problem) from None
    return True


def replace(path: Path, data: bytes) -> None:
    """Replace a private file, or make it, atomically and durably. Writers of one file take turns.

    Raises DiskFull, or SocialGuardError where it cannot be written; the old file is then still there."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.unlink(missing_ok=True)  # left by a crash
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        _write_durably(os.open(beside, flags, FILE_MODE), data)
        beside.replace(path)
        sync_directory(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise unwritable(path, problem) from None


def make_directory(path: Path) -> None:
    """Make a directory, and its parents, that only their owner may open; what exists stays as it is.

    Raises DiskFull, or SocialGuardError where it cannot be made."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        try:
            each.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        except OSError as problem:
            raise unwritable(each, problem) from None


def check_directory(path: Path) -> None:
    """Return if `path` is a directory of ours that no one else can open.

    Raises FileNotFoundError if there is none and Unreadable for any other thing."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise errors.Unreadable(path=path, detail="it is not a directory.")
    _refuse_shared(path, found, "chmod 700")


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, problem: OSError) -> errors.Unwritable:
    """Return the error for a file that could not be written: DiskFull, or Unwritable with the cause."""
    if problem.errno in _NO_SPACE:
        return errors.DiskFull(path=path)
    return errors.Unwritable(path=path, detail=_sentence(problem))


def _refuse_shared(path: Path, found: os.stat_result, mend: str) -> None:
    if found.st_uid != os.geteuid():
        raise errors.Unreadable(path=path, detail="it belongs to another user.")
    shared = stat.S_IMODE(found.st_mode) & 0o077
    if shared:
        raise errors.Unreadable(
            path=path,
            detail=f"other users could open it (mode {stat.S_IMODE(found.st_mode):04o}).",
            remedy=f"Run: {mend} {{path}}; whoever could open it may have a copy.",
        )


def _read_all(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _write_durably(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sentence(problem: OSError) -> str:
    return f"{(problem.strerror or 'unknown cause').lower()}."
