"""The local anchor: one file on this machine, outside the workspace, that only grows.

It shows that a workspace was put back to an older state; it is no proof against whoever owns the machine."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from socialguard.audit.anchors.interface import AnchorFailed, Statement
from socialguard.canon import jcs

_FORMAT: Final = "socialguard/anchor/v1"


class LocalAnchor:
    """Lines of `{"format", "note", "org"}` in the file at `path`."""

    outside = False
    name = "local"

    def __init__(self, path: Path) -> None:
        self.path = path

    def publish(self, statements: Sequence[Statement]) -> None:
        """Append the checkpoints and wait until they are on the disk."""
        lines = [
            jcs.encode({"format": _FORMAT, "org": each.org, "note": each.note.decode("utf-8")}) + b"\n"
            for each in statements
        ]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = os.fstat(file).st_size
                # A line that a crash cut short must not swallow the next one.
                torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
                os.write(file, (b"\n" if torn else b"") + b"".join(lines))
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as problem:
            raise _failed(self.path, problem) from None

    def notes(self, org: str) -> Iterator[bytes]:
        """Give the notes of `org`; a line that a crash cut short is passed over, since it was written again."""
        try:
            with self.path.open("rb") as file:
                for line in file:
                    note = _note(line, org)
                    if note is not None:
                        yield note
        except FileNotFoundError:
            return
        except OSError as problem:
            raise _failed(self.path, problem) from None


def _note(line: bytes, org: str) -> bytes | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or value.get("format") != _FORMAT or value.get("org") != org:
        return None
    note = value.get("note")
    return note.encode("utf-8", "replace") if isinstance(note, str) else None


def _failed(path: Path, problem: OSError) -> AnchorFailed:
    return AnchorFailed(path=path.name, detail=f"{problem.strerror or 'it cannot be opened'}.")
