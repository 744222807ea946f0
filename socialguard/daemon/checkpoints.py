"""Signing the log as it stands, and handing what was signed to its anchors."""

from datetime import timedelta
from typing import Final

from socialguard import clock
from socialguard.audit import checkpoint
from socialguard.audit.anchors.publishing import Published, is_far, publish_pending, waiting_since
from socialguard.canon import jcs
from socialguard.daemon.interface import Problem
from socialguard.model.text import marked
from socialguard.workspace.opened import Workspace

SECONDS: Final = 60.0
ENTRIES: Final = 100
LONG: Final = timedelta(minutes=15)
"""An anchor that is out of reach for longer is told to a person."""

_UNREACHED: Final = marked("The anchor {anchor} has taken no checkpoint of the audit log since {since}.")
_BACK: Final = marked("Bring it back; what waits is sent by itself. Look: socialguard daemon status")


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
        self._require(workspace.checkpoint())
        self._size, self._at = size, clock.monotonic()  # not before: what failed is tried at the next look

    def far(self) -> None:
        """Bring what waits to the anchors beyond a network. Raises Problem where one cannot be reached."""
        workspace = self._workspace
        anchors = [anchor for anchor in workspace.anchors if is_far(anchor.name)]
        if anchors:
            checkpoint.queue_newest(workspace.database, [anchor.name for anchor in anchors])
            self._require(publish_pending(workspace.database, workspace.org, anchors))

    def _require(self, published: tuple[Published, ...]) -> None:
        failed = [one for one in published if one.error is not None]
        for one in failed:
            self._tell(one)
        if failed:
            raise Problem("; ".join(f"{one.anchor}: {one.error}" for one in failed))

    def _tell(self, failed: Published) -> None:
        """Alert where checkpoints have been waiting for an anchor for long."""
        database = self._workspace.database
        since = waiting_since(database, failed.anchor)
        if since is None or since > jcs.timestamp(clock.now() - LONG):
            return
        with database.write() as connection:
            self._workspace.alerts.raise_(
                connection,
                "anchor",
                _UNREACHED,
                {"anchor": failed.anchor, "since": f"{since[:16].replace('T', ' ')} UTC"},
                remedy=_BACK,
            )
