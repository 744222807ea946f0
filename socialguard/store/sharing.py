"""Whether a workspace is one person's or a Unix group's: its directory says so, and new files follow it.

Private keys never follow: the identity directory is its owner's alone."""

import stat
from pathlib import Path


def file_mode(directory: Path) -> int:
    """Return the mode of a new file: open to the group where the directory is (setgid and writable), else to the
    owner alone."""
    return 0o660 if _is_shared(directory) else 0o600


def make(directory: Path) -> None:
    """Make a directory, and its parents, as open as what it stands in."""
    if directory.exists():
        return
    make(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    if _is_shared(directory.parent):
        directory.chmod(0o2770)


def _is_shared(directory: Path) -> bool:
    try:
        mode = directory.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISGID) and bool(mode & stat.S_IWGRP)
