"""The duties beside publishing."""

import threading
from collections.abc import Sequence

from socialguard.daemon.interface import Duty
from socialguard.daemon.lanes import Lanes
from socialguard.workspace.opened import Workspace


def others(workspace: Workspace, lanes: Lanes, stop: threading.Event) -> Sequence[Duty]:
    """Return every duty beside publishing and looking for what is unknown."""
    return ()
