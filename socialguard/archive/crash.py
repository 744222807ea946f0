"""The points of keeping and closing at which a test may interrupt: product code, so that what is tested is what
runs.

Nothing outside the tests sets `hook`."""

from collections.abc import Callable
from typing import Final

POINTS: Final = (
    "in_keep",  # a page's rows are written and not committed
    "segment_written",  # a segment has its name, and no line of the manifest
    "segments_synced",  # all segments have, and the manifest is not touched
    "manifest_appended",  # the manifest names them, HEAD does not
    "before_forget",  # HEAD does too, the database does not know
)

DESTROYED_NAMED: Final = "destroyed_named"
"""The manifest says that a shelf is destroyed; its key and its items are there still."""
RESEALED: Final = "resealed"
"""New files are whole, and not in the place of the old ones."""

hook: Callable[[str], None] | None = None


def at(point: str) -> None:
    """Tell that this point is reached."""
    if hook is not None:
        hook(point)
