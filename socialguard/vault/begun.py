"""Which attempts have begun to send, as empty files beside the keys: a process that is killed leaves them behind.

They are not written durably, since they are only believed within one boot of the machine: what a process handed to
the kernel outlives its death. They lie outside the workspace, so that no older copy of it brings one back or takes
one away."""

import contextlib
import os
from pathlib import Path

from socialguard.vault import private_files


class Begun:
    """The attempts that have begun, in the directory `place`."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __contains__(self, attempt_id: str) -> bool:
        """Return whether an attempt was noted."""
        return (self._place / attempt_id).exists()

    def add(self, attempt_id: str) -> None:
        """Note an attempt. Raises DiskFull, or SocialGuardError where it cannot be noted: then nothing may be
        sent."""
        path = self._place / attempt_id
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            if not self._place.exists():
                private_files.make_directory(self._place)
            os.close(os.open(path, flags, private_files.FILE_MODE))
        except OSError as problem:
            raise private_files.unwritable(path, problem) from None

    def discard(self, attempt_id: str) -> None:
        """Forget an attempt; one that stays is in nobody's way, since no id is used twice."""
        with contextlib.suppress(OSError):
            (self._place / attempt_id).unlink(missing_ok=True)
