"""A bounded pool of threads in which each account has a lane of its own: one piece of work at a time.

What waits for a network waits here, so that an account that hangs holds one thread and delays no other. Lanes
whose work took long share half of the threads: however many accounts hang again and again, the other half is for
those that do not. Threads begin with work and end without it. Nothing is kept: the tables say what is due."""

import threading
from collections.abc import Callable
from typing import Final

from socialguard import clock
from socialguard.daemon.logs import log

THREADS: Final = 128
SLOW_SECONDS: Final = 10.0
"""Work that took longer makes its lane a slow one, until work there is quick again."""

Work = Callable[[], None]


class Lanes:
    """Threads, at most `threads`, that do what is offered. `failed` is called there with what work raised."""

    def __init__(
        self, failed: Callable[[Exception], None], threads: int = THREADS, slow_seconds: float = SLOW_SECONDS
    ) -> None:
        self._failed = failed
        self._most = threads
        self._most_slow = max(1, threads // 2)
        self._slow_seconds = slow_seconds
        self._changed = threading.Condition()
        self._waiting: dict[str, Work] = {}
        self._running: set[str] = set()
        self._slow: set[str] = set()
        self._slow_running = 0
        self._threads = 0
        self._closed = False

    def offer(self, lane: str, work: Work) -> bool:
        """Have `work` done in `lane`; False where the lane is busy, or the pool closed: offer it again later."""
        with self._changed:
            if self._closed or lane in self._running or lane in self._waiting:
                return False
            self._waiting[lane] = work
            if self._threads < self._most:
                self._threads += 1
                # Not waited for at the end of the process: it may hang in a network's hands.
                threading.Thread(target=self._work, name="lane", daemon=True).start()
        return True

    @property
    def busy(self) -> int:
        """How many lanes work, or wait for a thread."""
        with self._changed:
            return len(self._running) + len(self._waiting)

    def close(self, seconds: float) -> bool:
        """Begin nothing more and wait for what is begun, `seconds` at the most; whether all has ended."""
        end = clock.monotonic() + seconds
        with self._changed:
            self._closed = True
            self._waiting.clear()
            while self._running and (left := end - clock.monotonic()) > 0:
                self._changed.wait(left)
            return not self._running

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            lane, work, is_slow = taken
            began = clock.monotonic()
            try:
                work()
            except Exception as problem:  # noqa: BLE001 - the outermost place of this thread
                log.exception("work failed")
                self._failed(problem)
            finally:
                self._leave(lane, is_slow, clock.monotonic() - began)

    def _take(self) -> tuple[str, Work, bool] | None:
        """Take what waited longest and may begin; None where there is nothing: then the thread ends."""
        with self._changed:
            for lane, work in self._waiting.items():
                is_slow = lane in self._slow
                if is_slow and self._slow_running >= self._most_slow:
                    continue  # whoever ends a slow lane takes it
                del self._waiting[lane]
                self._running.add(lane)
                self._slow_running += is_slow
                return lane, work, is_slow
            self._threads -= 1
            return None

    def _leave(self, lane: str, was_slow: bool, seconds: float) -> None:
        with self._changed:
            self._running.discard(lane)
            self._slow_running -= was_slow
            (self._slow.add if seconds > self._slow_seconds else self._slow.discard)(lane)
            self._changed.notify_all()
