"""The points of the send path at which a test may kill the process: product code, so that what is tested is
what runs. `workspace` arms one only where every account is on the loopback interface."""

import os
import signal
from typing import Final

VARIABLE: Final = "SOCIALGUARD_CRASH_AT"
POINTS: Final = (
    "before_queue",  # TX1 not begun
    "after_queue",  # delivery, confirmation and entry are committed
    "before_claim",  # TX2 not begun
    "in_claim",  # TX2 done but not committed
    "after_claim",  # intent and attempt are committed
    "after_pin",  # the intent is pinned outside the workspace
    "before_publish",  # credential open, identity known, no byte of the post sent
    "after_step",  # two-step networks: the unpublished id is stored
    "after_publish",  # the network answered, nothing recorded
    "in_settle",  # TX3 done but not committed
    "after_settle",  # receipt and outcome are committed
)

_armed: str | None = None


def arm(point: str | None) -> None:
    """Kill this process when it reaches `point`; None disarms. ValueError for a point that does not exist."""
    global _armed
    if point is not None and point not in POINTS:
        raise ValueError(f"{VARIABLE}={point} is none of {', '.join(POINTS)}")
    _armed = point


def at(point: str) -> None:
    """Die here by SIGKILL if this point is armed."""
    if _armed == point:
        os.kill(os.getpid(), signal.SIGKILL)
