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
_passes = 0


def arm(point: str | None) -> None:
    """Kill this process when it reaches `point`, with `point:2` when it does so the second time; None disarms.
    ValueError for a point that does not exist."""
    global _armed, _passes
    name, _colon, times = (point or "").partition(":")
    if point is not None and (name not in POINTS or not (times or "1").isdecimal()):
        raise ValueError(f"{VARIABLE}={point} is none of {', '.join(POINTS)}")
    _armed, _passes = name or None, int(times or "1")


def at(point: str) -> None:
    """Die here by SIGKILL if this point is armed."""
    global _passes
    if _armed != point:
        return
    _passes -= 1
    if _passes == 0:
        os.kill(os.getpid(), signal.SIGKILL)
