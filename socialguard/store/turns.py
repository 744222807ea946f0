"""A lock that nobody waits for too long.

Python's own goes to whoever happens to look first. That is quick, since a thread that works need not be stopped
for one that sleeps; but of fifty threads on a loaded machine one can wait until it gives up, while the others take
it again and again. Here whoever has waited for `PATIENCE` gets the lock next, the oldest first."""

import threading
from collections import deque
from typing import Final

from socialguard import clock

PATIENCE: Final = 0.5
"""Seconds. Handing over in turn takes two to three times as long as leaving it to who looks first."""


class _Waiter:
    def __init__(self) -> None:
        self.since = clock.monotonic()
        self.has_turn = False
        self.asleep = threading.Lock()
        self.asleep.acquire()


class Turns:
    """Who may do something that only one thread at a time may do."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._is_taken = False
        self._waiting: deque[_Waiter] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn, `seconds` at the most; whether it came. Then `give` must follow."""
        with self._gate:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = _Waiter()
            self._waiting.append(mine)
        try:
            while mine.asleep.acquire(timeout=max(0.0, mine.since + seconds - clock.monotonic())):
                if self._comes_to(mine):
                    return True
        except BaseException:  # Ctrl-C, while it waited
            if self._has_left(mine):
                self.give()
            raise
        return self._has_left(mine)

    def give(self) -> None:
        """Hand the turn to whoever has waited too long, or leave it to who looks first."""
        with self._gate:
            self._is_taken = False
            if not self._waiting:
                return
            oldest = self._waiting[0]
            if clock.monotonic() - oldest.since >= PATIENCE:
                self._is_taken = oldest.has_turn = True
                self._waiting.popleft()
            if oldest.asleep.locked():
                oldest.asleep.release()

    def _comes_to(self, mine: _Waiter) -> bool:
        """Whether one who woke has its turn; where somebody was quicker it keeps its place."""
        with self._gate:
            if not mine.has_turn and not self._is_taken:
                self._is_taken = mine.has_turn = True
                self._waiting.remove(mine)
            return mine.has_turn

    def _has_left(self, mine: _Waiter) -> bool:
        """Wait no longer; True where the turn came at the last moment."""
        with self._gate:
            if mine.has_turn:
                return True
            self._waiting.remove(mine)
            if self._waiting and not self._is_taken and self._waiting[0].asleep.locked():
                self._waiting[0].asleep.release()  # it was woken, and goes: the next may look
            return False
