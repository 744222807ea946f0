"""One thread that ends what is over time: a timer for each request would cost a thread for each request.

It is started by the first deadline, ends with the process, and is begun anew in a forked child."""

import os
import threading
from collections.abc import Callable
from typing import Final

IDLE_SECONDS: Final = 600.0
"""How long the thread sleeps while nothing is watched."""


class Watch:
    """Calls back when deadlines have passed, by a clock that tells seconds."""

    _waiting: dict[object, tuple[float, Callable[[], None]]]
    _changed: threading.Condition
    _wakes_at: float | None
    _thread: threading.Thread | None

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def add(self, key: object, deadline: float, expire: Callable[[], None]) -> None:
        """Call `expire` once `deadline` has passed, unless `key` is removed before. It must be quick."""
        with self._changed:
            self._waiting[key] = (deadline, expire)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._wakes_at is not None and deadline < self._wakes_at:
                self._changed.notify()

    def remove(self, key: object) -> None:
        """Forget a deadline; the thread finds out when it wakes."""
        with self._changed:
            self._waiting.pop(key, None)

    def _begin(self) -> None:
        # A forked child has no thread of its parent's, and its lock may have been held by one.
        self._waiting = {}
        self._changed = threading.Condition()
        self._wakes_at = None
        self._thread = None

    def _run(self) -> None:
        while True:
            for expire in self._due():
                expire()

    def _due(self) -> list[Callable[[], None]]:
        """Wait until the next deadline and return what is over then, which may be nothing."""
        with self._changed:
            if self._waiting:
                self._wakes_at = min(deadline for deadline, _ in self._waiting.values())
            else:
                self._wakes_at = self._clock() + IDLE_SECONDS
            left = self._wakes_at - self._clock()
            if left > 0:
                self._changed.wait(left)
            self._wakes_at = None
            now = self._clock()
            due = [key for key, (deadline, _) in self._waiting.items() if deadline <= now]
            return [self._waiting.pop(key)[1] for key in due]
