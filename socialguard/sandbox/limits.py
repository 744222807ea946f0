"""Rate limits: how many calls an account may still make in a window, by the sandbox's clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """`calls` per `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a window: `reset` in seconds since the epoch."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool


class RateWindows:
    """Fixed windows that start with the first call, one per key."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def use(self, key: str, limit: Limit, now: float) -> Standing:
        """Count one call and say what is left; `exceeded` when it was one too many."""
        started, used = self._windows.get(key, (now, 0))
        if not started <= now < started + limit.seconds:
            started, used = now, 0
        exceeded = used >= limit.calls
        used += 0 if exceeded else 1
        self._windows[key] = (started, used)
        return Standing(limit.calls, limit.calls - used, int(started + limit.seconds) + 1, exceeded)
