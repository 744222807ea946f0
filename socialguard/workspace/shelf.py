"""What the archive tells the guard; nothing of it is imported or opened where there is no archive."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import clock

if TYPE_CHECKING:
    from socialguard.archive.glance import Glance

POSTS: Final = 100
"""Own posts that are looked at, the newest: what the account links to and whom it mentions."""
_FRESH: Final = timedelta(minutes=1)


class Shelf:
    """Looks into the index of a workspace (`guard.interface.Shelf`), at an account once in a minute: a calendar of
    thousands of posts asks about the same few."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._seen: dict[str, tuple[datetime, Glance | None]] = {}

    def glance(self, account_id: str) -> "Glance | None":
        """Return what is kept of an account, None where nothing is, or nothing that can be read now."""
        if not self._index.exists():
            return None
        now = clock.now()
        if account_id not in self._seen or not timedelta(0) <= now - self._seen[account_id][0] < _FRESH:
            from socialguard.archive.glance import glance

            self._seen[account_id] = (now, glance(self._index, account_id, POSTS))
        return self._seen[account_id][1]
