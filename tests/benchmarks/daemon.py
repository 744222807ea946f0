"""The daemon under a thousand deliveries that are due at once, beside bare clients with the same threads; and its
memory over a day of 200 accounts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import psutil

from socialguard import clock
from socialguard.daemon import memory
from socialguard.daemon.checkpoints import Checkpoints
from socialguard.daemon.disk import Disk
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.run import warm
from socialguard.daemon.tokens import Tokens
from socialguard.sandbox.process import Running, start
from socialguard.workspace.opened import Workspace
from tests import fleet
from tests.benchmarks.daemon_peers import Spent, libraries, sessions
from tests.benchmarks.table import Line, milliseconds
from tests.office import Office

ACCOUNTS: Final = 50
ROUNDS: Final = 20
COUNT: Final = ACCOUNTS * ROUNDS
TURNS: Final = 3
RATIO: Final = 1.5
FLEET: Final = 200
DAY_ROUNDS: Final = 4
_MEGABYTE: Final = 1024 * 1024
FLAT: Final = 10 * _MEGABYTE


def scale_lines(base: Path) -> list[Line]:
    """Measure 1,000 due deliveries over 50 accounts, and in turn as many posts in as many threads by the libraries
    alone and by our own sessions alone; the median of the turns."""
    memory.settle()
    turns = []
    with start() as sandbox:
        office = fleet.make(base, sandbox, ACCOUNTS)
        for turn in range(TURNS):
            texts = fleet.queue(office, fleet.names(ACCOUNTS), ROUNDS, begin=turn * ROUNDS)
            with _publisher(office, **fleet.LATER) as (publisher, lanes):
                works: list[Callable[[], None]] = [partial(_published, publisher, lanes)]
                works += [partial(peer, office, texts) for peer in (libraries, sessions)]
                turns.append([_spent(office, work) for work in works])
    return [_scale_line(turns, 1, "tweepy, facebook-sdk", RATIO), _scale_line(turns, 2, "our sessions", None)]


def _spent(office: Office, work: Callable[[], None]) -> Spent:
    """What work takes that publishes everything, at a sandbox that has no post."""
    office.sandbox.reset(office.seed)
    office.sandbox.settings(refuse_duplicates=False, rate_limits=False)
    spent = Spent.by(work)
    _require(office.sandbox, COUNT)
    return spent


def _published(publisher: Publisher, lanes: Lanes) -> None:
    publisher.publish()
    while lanes.busy:
        time.sleep(0.01)


def _scale_line(turns: list[list[Spent]], at: int, name: str, limit: float | None) -> Line:
    """The daemon beside one peer; the figures are of the turn whose ratio is the median."""
    ours, peer = sorted(((turn[0], turn[at]) for turn in turns), key=_ratio)[len(turns) // 2]
    ratio = _ratio((ours, peer))
    return Line(
        measure=f"daemon: {COUNT:,} due deliveries, {ACCOUNTS} accounts",
        ours=f"{_told(ours)} ({ratio:.2f} × peer)",
        peer=f"{name}: {_told(peer)}",
        limit="" if limit is None else f"≤ {limit:.2f} × peer",
        ok=None if limit is None else ratio <= limit,
    )


def _ratio(pair: tuple[Spent, Spent]) -> float:
    return pair[0].wall / pair[1].wall


def _told(spent: Spent) -> str:
    return f"{spent.wall:.1f} s, {milliseconds(spent.processor / COUNT)} of processor a post"


def memory_lines(base: Path) -> list[Line]:
    """Measure the memory of the daemon's duties over 24 hours, minute by minute, with 200 accounts that post."""
    memory.settle()
    with start() as sandbox:
        office = fleet.make(base, sandbox, FLEET)
        for hour in (3, 9, 15, 21):
            fleet.queue(office, fleet.names(FLEET), 1, hours=hour, begin=hour)
        process, sizes = psutil.Process(), []
        with _publisher(office) as (publisher, lanes), _shifted():
            tokens = Tokens(publisher.workspace, lanes, _unexpected)
            checkpoints, disk = Checkpoints(publisher.workspace), Disk(publisher.workspace.layout)
            for minute in range(24 * 60):
                clock.shift(timedelta(minutes=minute))
                for work in (publisher.publish, publisher.reconcile, tokens.look, checkpoints.near, disk.look):
                    work()
                while lanes.busy:
                    time.sleep(0.005)
                memory.give_back()
                sizes.append(process.memory_info().rss)
        _require(sandbox, FLEET * DAY_ROUNDS)
    settled = sizes[4 * 60 :]  # after the first posts: everything is imported and was used once
    spread = max(settled) - min(settled)
    return [
        Line(
            measure=f"daemon: memory over 24 h, {FLEET} accounts",
            ours=f"{settled[0] // _MEGABYTE} → {settled[-1] // _MEGABYTE} MB (spread {spread / _MEGABYTE:.1f})",
            limit=f"± {FLAT // _MEGABYTE} MB",
            ok=spread <= FLAT,
        )
    ]


class _Working(Publisher):
    """A publisher that also tells its workspace."""

    def __init__(self, workspace: Workspace, lanes: Lanes) -> None:
        super().__init__(workspace.desk, lanes, threading.Event())
        self.workspace = workspace


@contextmanager
def _publisher(office: Office, **environment: str) -> Iterator[tuple[_Working, Lanes]]:
    with office.entered(**environment) as workspace:
        assert workspace.database
        warm(workspace)
        lanes = Lanes(_unexpected)
        yield _Working(workspace, lanes), lanes


@contextmanager
def _shifted() -> Iterator[None]:
    try:
        yield
    finally:
        clock.shift(timedelta(0))


def _require(sandbox: Running, count: int) -> None:
    public = sum(post["published"] and not post["deleted"] for post in sandbox.posts())
    if public != count:
        raise SystemExit(f"{public} posts are public instead of {count}.")


def _unexpected(problem: Exception) -> None:
    raise SystemExit(f"work failed: {problem}")
