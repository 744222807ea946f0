"""What the archive tells the guard; nothing of it is imported or opened where there is no archive."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialguard.archive.glance import Glance


class Shelf:
    """Looks into the index of a workspace (`guard.interface.Shelf`)."""

    def __init__(self, index: Path) -> None:
        self._index = index

    def glance(self, account_id: str) -> "Glance | None":
        """Return what is kept of an account, None where nothing is, or nothing that can be read now."""
        if not self._index.exists():
            return None
        from socialguard.archive.glance import glance

        return glance(self._index, account_id)
