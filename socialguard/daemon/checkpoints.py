"""Signing the log as it stands, and handing what was signed to its anchors."""

from typing import Final

from socialguard import clock
from socialguard.audit import checkpoint
from socialguard.audit.anchors.publishing import Published, publish_pending
from socialguard.daemon.interface import Problem
from socialguard.workspace.opened import Workspace

SECONDS: Final = 60.0
ENTRIES: Final = 100
_FAR: Final = "git:"


class Checkpoints:
    """Makes a checkpoint every minute, or after a hundred entries, and brings it to the anchors at hand; those
    beyond a network have a duty of their own, which may take long."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._size = 0
        self._at = -SECONDS

    def near(self) -> None:
        """Make a checkpoint if it is time for one. Raises Problem where an anchor cannot be reached."""
        workspace = self._workspace
        with workspace.database.read() as connection:
            size = workspace.log.head(connection).size
        if size - self._size < ENTRIES and clock.monotonic() - self._at < SECONDS:
            return
        self._size, self._at = size, clock.monotonic()
        _require(workspace.checkpoint())

    def far(self) -> None:
        """Bring what waits to the anchors beyond a network. Raises Problem where one cannot be reached."""
        workspace = self._workspace
        anchors = [anchor for anchor in workspace.anchors if anchor.name.startswith(_FAR)]
        if anchors:
            checkpoint.queue_newest(workspace.database, [anchor.name for anchor in anchors])
            _require(publish_pending(workspace.database, workspace.org, anchors))


def _require(published: tuple[Published, ...]) -> None:
    failed = [f"{one.anchor}: {one.error}" for one in published if one.error is not None]
    if failed:
        raise Problem("; ".join(failed))
