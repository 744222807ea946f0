"""Who reads the pages of a log: this process, and for a large log one beside it for each further processor.

Nothing is decided in the others: they hash leaves and hold them against their columns, and what they say is folded
into the tree here, in order. Where they cannot be started, or one is killed, this process reads everything."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Final

from socialguard.audit.pages import BATCH, Asked, Page, read
from socialguard.store.database import Database, connect

MANY: Final = 50_000
"""From as many entries on it is worth to start other processes; so many are read here while they start."""

_MOST: Final = 3  # this process folds what they read: more of them would only wait for it
_WAITING: Final = 8  # parts that wait for each, which bounds the memory

Reader = Callable[[Iterable[Asked]], Iterator[Page]]


@dataclass(slots=True)
class _Part:
    """What is asked of some process, None as long as of none."""

    asked: Asked
    read: Future[list[Page]] | None = None


@contextmanager
def readers(database: Database, entries: int) -> Iterator[Reader]:
    """Give what reads the pages asked for, in that order, of a log of so many entries."""
    count = min(_processors() - 1, _MOST)
    if entries <= MANY or count < 1:
        yield lambda every: here(database, every)
        return
    url = database.engine.url.render_as_string(hide_password=False)
    # A child made by fork would inherit connections and locks of other threads.
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_begin, initargs=(url,)) as pool:
        pool.submit(_wake)
        try:
            yield lambda every: _beside(pool, count, database, iter(every))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def here(database: Database, every: Iterable[Asked]) -> Iterator[Page]:
    """Yield the pages asked for, read in this process."""
    for asked in every:
        yield from read(database, asked)


def _beside(pool: ProcessPoolExecutor, count: int, database: Database, parts: Iterator[Asked]) -> Iterator[Page]:
    yield from here(database, islice(parts, MANY // BATCH))
    waiting = deque(_Part(asked) for asked in islice(parts, count * _WAITING))
    while waiting:
        _hand_out(pool, count, waiting)
        oldest = waiting[0].read
        if oldest is None or not oldest.done():
            # Not yet there: read meanwhile what nobody has begun with.
            spare = next((part for part in waiting if part.read is None), None)
            if spare is not None:
                spare.read = Future()
                spare.read.set_result(list(read(database, spare.asked)))
                continue
        yield from _pages(database, waiting.popleft())
        waiting.extend(_Part(asked) for asked in islice(parts, 1))


def _hand_out(pool: ProcessPoolExecutor, count: int, waiting: Iterable[_Part]) -> None:
    """Give each process two parts: one to read, one for after it."""
    free = 2 * count - sum(part.read is not None and not part.read.done() for part in waiting)
    for part in islice((part for part in waiting if part.read is None), max(free, 0)):
        with suppress(BrokenProcessPool):
            part.read = pool.submit(_read, part.asked)


def _pages(database: Database, part: _Part) -> list[Page]:
    try:
        if part.read is not None:
            return part.read.result()
    except BrokenProcessPool:
        pass
    return list(read(database, part.asked))


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


# ── in the other process ─────────────────────────────────────────────────────────────────────────────────

_opened: list[Database] = []


def _begin(url: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that a person sees
    _opened.append(connect(url))


def _wake() -> None:
    """Let the process start before there is something to read."""


def _read(asked: Asked) -> list[Page]:
    return list(read(_opened[0], asked))
