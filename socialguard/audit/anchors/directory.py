"""An anchor that is a directory on another mount (a network share, a write-once disk): one file a checkpoint,
created and never written again."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from socialguard.audit.anchors.interface import AnchorFailed, Statement, folder_name, same_statement, short_name
from socialguard.canon.note import MAX_NOTE_BYTES


class DirectoryAnchor:
    """Files in `place`/ORG. It counts as outside only while it is another mount than `workspace`: a folder on
    the workspace's own disk falls with that disk."""

    def __init__(self, place: Path, workspace: Path) -> None:
        self.place = place
        self.name = short_name("dir", str(place))
        self._workspace = workspace

    @property
    def outside(self) -> bool:
        """Whether the directory lies on another mount than the workspace."""
        try:
            return self.place.stat().st_dev != self._workspace.stat().st_dev
        except OSError:
            return False

    def publish(self, statements: Sequence[Statement]) -> None:
        """Create a file for each checkpoint; one that is there must state the same."""
        try:
            if not self.place.is_dir():
                raise AnchorFailed(path=self.place.name, detail="the directory is not there; is it mounted?")
            for each in statements:
                folder = self.place / folder_name(each.org)
                folder.mkdir(exist_ok=True)
                self._create(folder / each.file_name, each.note)
                _sync_folder(folder)
        except OSError as problem:
            raise self._failed(problem) from None

    def notes(self, org: str) -> Iterator[bytes]:
        """Give the content of each file of `org`, in the order of their names."""
        folder = self.place / folder_name(org)
        try:
            if not self.place.is_dir():
                raise AnchorFailed(path=self.place.name, detail="the directory is not there; is it mounted?")
            if not folder.is_dir():
                return
            for path in sorted(folder.glob("*.checkpoint")):
                with path.open("rb") as file:
                    yield file.read(MAX_NOTE_BYTES + 1)
        except OSError as problem:
            raise self._failed(problem) from None

    def _create(self, path: Path, note: bytes) -> None:
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            found = path.read_bytes()
            if same_statement(found, note):
                return
            if not note.startswith(found):
                raise AnchorFailed(path=path.name, detail="it holds another checkpoint of this size.") from None
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)  # a crash cut it short
        try:
            os.write(file, note)
            os.fsync(file)
        finally:
            os.close(file)
        if path.read_bytes() != note:
            raise AnchorFailed(path=path.name, detail="it did not keep what was written.")

    def _failed(self, problem: OSError) -> AnchorFailed:
        return AnchorFailed(path=self.place.name, detail=f"{problem.strerror or 'it cannot be used'}.")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
