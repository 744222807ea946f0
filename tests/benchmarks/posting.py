"""What a post costs beside the network: 300 posts from one process to the sandbox, less the time on the wire.

Beside its slowest hundredth stands what the machine alone makes of as much plain arithmetic."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from socialguard.model.delivery import State
from socialguard.networks import http_session
from socialguard.publishing import accept, prepare, send
from socialguard.publishing.interface import Answer, Desk, Request, Session
from socialguard.sandbox.process import start
from tests.benchmarks.table import Line, milliseconds
from tests.office import found, make_seed

POSTS: Final = 300
LIMIT: Final = 0.015
_WARM: Final = 12  # imports, the first question who each credential is, statements that are compiled once
_ACCOUNTS: Final = tuple(
    f"{network}:@{name}" for name in ("acme", "globex", "initech") for network in ("x", "facebook")
)


class Wire:
    """Counts the time in which bytes travel: from handing a request to the connection until its answer is read,
    and the closing of connections."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count for the time of the block."""
        with ExitStack() as stack:
            for owner, name in (
                (http_session._Adapter, "send"),
                (http_session._Adapter, "close"),
                (http_session.OriginSession, "_read"),
            ):
                original = getattr(owner, name)
                setattr(owner, name, self._counted(original))
                stack.callback(setattr, owner, name, original)
            yield

    def _counted(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return original(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - began

        return counted


def lines(base: Path) -> list[Line]:
    """Measure posts on X and on Facebook, from the request to the recorded outcome."""
    seed = make_seed(_ACCOUNTS)
    wire = Wire()
    with start(seed) as sandbox:
        office = found(base, sandbox, seed)
        with wire.watched(), office.entered() as workspace:
            desk = workspace.desk
            for number in range(_WARM):
                _post(desk, wire, number)
            processor = time.process_time()
            own = [_post(desk, wire, _WARM + number) for number in range(POSTS)]
            processor = (time.process_time() - processor) / POSTS
        public = len(office.published())
    if public != POSTS + _WARM:
        raise SystemExit(f"{public} posts are public instead of {POSTS + _WARM}.")
    costs = [cost for cost, _ in own]
    median, p99 = statistics.median(costs), _slowest_hundredth(costs)
    waits = statistics.median(wait for _, wait in own)
    return [
        Line("post: own cost, p50", milliseconds(median), f"wire: {milliseconds(waits)}"),
        Line("post: processor time, mean", milliseconds(processor)),
        Line(
            measure="post: own cost, p99",
            ours=milliseconds(p99),
            peer=f"arithmetic of {milliseconds(median)}: {milliseconds(_slowest_hundredth(_arithmetic(median)))}",
            limit=f"≤ {milliseconds(LIMIT)}, {POSTS} posts",
            ok=p99 <= LIMIT,
        ),
    ]


def _slowest_hundredth(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1]


def _arithmetic(length: float) -> list[float]:
    """Return how long `POSTS` pieces of plain arithmetic took, each of about `length` seconds."""

    def count(steps: int) -> float:
        began, total = time.perf_counter(), 0
        for number in range(steps):
            total += number
        return time.perf_counter() - began

    steps = int(length / min(count(10_000) for _ in range(20)) * 10_000)
    return [count(steps) for _ in range(POSTS)]


def _post(desk: Desk, wire: Wire, number: int) -> tuple[float, float]:
    """Post once; return the seconds beside the wire and those on it."""
    account = _ACCOUNTS[number % len(_ACCOUNTS)]
    request = Request(text=f"Number {number} of the texts that we measure with", selectors=[account], grace=0)
    began, before = time.perf_counter(), wire.seconds
    plan = prepare.prepare(desk, request, Session(None, "benchmark"))
    queued = accept.accept(desk, plan, Answer(named=frozenset({account})))
    results = send.send_now(desk, [one.id for one in queued])
    took, on_wire = time.perf_counter() - began, wire.seconds - before
    if [result.delivery.state for result in results] != [State.SENT]:
        raise SystemExit(f"post {number} was not sent: {results[0].error}")
    return took - on_wire, on_wire
