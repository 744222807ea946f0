"""The daemon under a thousand deliveries that are due at once, beside a bare client with the same threads; and its
memory over a day of 200 accounts."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psutil

from socialguard import clock
from socialguard.daemon import memory
from socialguard.daemon.checkpoints import Checkpoints
from socialguard.daemon.disk import Disk
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.run import warm
from socialguard.daemon.tokens import Tokens
from socialguard.model.account import AccountName
from socialguard.networks import interface
from socialguard.networks.interface import Outgoing
from socialguard.sandbox.process import Running, start
from socialguard.workspace.opened import Workspace
from tests import fleet
from tests.benchmarks.table import Line
from tests.office import Office

ACCOUNTS: Final = 50
ROUNDS: Final = 20
RATIO: Final = 1.5
FLEET: Final = 200
DAY_ROUNDS: Final = 4
_MEGABYTE: Final = 1024 * 1024
FLAT: Final = 10 * _MEGABYTE


def scale_lines(base: Path) -> list[Line]:
    """Measure 1,000 due deliveries over 50 accounts, and as many posts by bare sessions in as many threads."""
    with start() as sandbox:
        office = fleet.make(base, sandbox, ACCOUNTS)
        texts = fleet.queue(office, fleet.names(ACCOUNTS), ROUNDS)
        with _publisher(office, **fleet.LATER) as (publisher, lanes):
            began = time.perf_counter()
            publisher.publish()
            while lanes.busy:
                time.sleep(0.01)
            ours = time.perf_counter() - began
        _require(sandbox, len(texts) * ACCOUNTS)
        sandbox.reset(office.seed)
        sandbox.settings(refuse_duplicates=False, rate_limits=False)
        began = time.perf_counter()
        _bare(office, texts)
        bare = time.perf_counter() - began
        _require(sandbox, len(texts) * ACCOUNTS)
    ratio = ours / bare
    count = ACCOUNTS * ROUNDS
    return [
        Line(
            measure=f"daemon: {count:,} due deliveries, {ACCOUNTS} accounts",
            ours=f"{ours:.1f} s ({ratio:.2f} × peer)",
            peer=f"bare client: {bare:.1f} s",
            limit=f"≤ {RATIO:.2f} × peer",
            ok=ratio <= RATIO,
        )
    ]


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


def _bare(office: Office, texts: list[str]) -> None:
    """Post every text to every account, as a script would that keeps no books: a thread for each account."""
    networks = {name: interface.load(name) for name in ("x", "facebook")}

    def post(entry: dict[str, Any]) -> None:
        network = networks[entry["network"]]
        name = AccountName(entry["network"], entry["handle"])
        origin = office.sandbox.x if name.network == "x" else office.sandbox.facebook
        credential = network.credential(json.loads(json.dumps(entry["credential"])))
        for text in texts:
            session = network.open(credential, origin, str(name))
            session.publish(Outgoing(text=text), lambda step: None)

    with ThreadPoolExecutor(ACCOUNTS) as pool:
        list(pool.map(post, office.seed["accounts"]))


def _require(sandbox: Running, count: int) -> None:
    public = sum(post["published"] and not post["deleted"] for post in sandbox.posts())
    if public != count:
        raise SystemExit(f"{public} posts are public instead of {count}.")


def _unexpected(problem: Exception) -> None:
    raise SystemExit(f"work failed: {problem}")
