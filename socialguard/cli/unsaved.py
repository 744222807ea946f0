"""What a person wrote in the editor and no draft keeps: it is put where it is not lost, or shown again.

`face.written` holds it from the editor's end until a draft has it. What is left at the end of the run, because the
disk is full, the database damaged or the run dry, goes into a private file: in the workspace, else where temporary
files lie, else in memory; where none takes it, on the terminal."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from socialguard.cli import terminal
from socialguard.cli.face import Face

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the file is private, and its name is random


def edited(face: Face, text: str, suffix: str = ".txt") -> str:
    """Return what the person made of `text` in the editor, remembered until a draft keeps it; raises as
    `terminal.editor`."""

    def remember(saved: str) -> None:
        face.written = "" if saved.strip() == text.strip() else saved

    return terminal.editor(text, suffix, remember)


def tell(face: Face) -> None:
    """Keep what no draft keeps, and say where it is."""
    text, face.written = face.written, ""
    if not text.strip():
        return
    for place in _places(face):
        kept = _kept(place, text)
        if kept is not None:
            face.printer.note("What you wrote is in {file}.", file=kept)
            return
    face.printer.note("What you wrote could be kept nowhere. Here it is:")
    for line in text.split("\n"):
        face.printer.note_line(line)


def _places(face: Face) -> Iterator[Path]:
    if (face.home / "org").is_file():
        yield face.home
    with contextlib.suppress(OSError):  # it tries each by writing to it
        yield Path(tempfile.gettempdir())
    if _MEMORY.is_dir():
        yield _MEMORY


def _kept(place: Path, text: str) -> Path | None:
    """Return the new file that holds the text durably, None where this place does not take it."""
    path = None
    try:
        descriptor, name = tempfile.mkstemp(prefix="unsent-", suffix=".txt", dir=place)  # 0600
        path = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        if path is not None:
            path.unlink(missing_ok=True)
        return None
    return path
