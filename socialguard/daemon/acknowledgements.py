"""Saying in the log that this worker has seen the newest manifest: a removal is in force when every worker has."""

from socialguard.workspace import acknowledging
from socialguard.workspace.opened import Workspace


class Acknowledgements:
    """Acknowledges each epoch once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._epoch = 0

    def look(self) -> None:
        """Acknowledge the manifest if it is newer than the last one."""
        with self._workspace.database.read() as connection:
            epoch = self._workspace.signed.books(connection).manifest.epoch
        if epoch > self._epoch:
            acknowledging.acknowledge(self._workspace)
            self._epoch = epoch
