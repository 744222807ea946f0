"""Sealing the files of an identity under another KEK: all of them or none, whenever the machine stops.

The new files are written beside the old ones; giving their directory its name is the one step that decides.
Whoever opens the identity then finishes what was decided."""

import contextlib
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from socialguard.vault import private_files, sealed
from socialguard.vault.kek import Kek

NEXT: Final = "next"
LOG_NEXT: Final = "log.key.next"
"""A log key that was offered and signs nothing until the manifest lists it."""
_KINDS: Final = {"member.key": "member", "worker.key": "worker", "log.key": "log", LOG_NEXT: "log", "pins": "pins"}


def change(place: Path, org: str, old: Kek, new: Kek) -> None:
    """Seal every file of the identity in `place` that `old` seals under `new`.

    The caller lets nobody else change the pins meanwhile. Raises as `sealed.read` and `SealedFile.open`, DiskFull,
    SocialGuardError where it cannot be written: then nothing was changed."""
    beside = place / f".{NEXT}.{secrets.token_hex(4)}"
    private_files.make_directory(beside)
    try:
        for name, kind in _KINDS.items():
            with contextlib.suppress(FileNotFoundError):  # a daemon's machine need not hold a person's keys
                file = sealed.read(place / name, org, kind)
                if file.header.source == old.source:
                    header = replace(file.header, source=new.source)
                    private_files.replace(beside / name, sealed.seal(header, file.open(old), new))
        beside.rename(place / NEXT)
        private_files.sync_directory(place)
    except OSError as problem:
        raise private_files.unwritable(beside, problem) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    finish(place)


def finish(place: Path) -> None:
    """Put files whose change was decided into their places; mostly there are none."""
    following = place / NEXT
    if not following.is_dir():
        return
    try:
        for file in sorted(following.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # another process finishes, too
                file.replace(place / file.name)
        private_files.sync_directory(place)
        with contextlib.suppress(FileNotFoundError):
            following.rmdir()
    except OSError as problem:
        raise private_files.unwritable(following, problem) from None
