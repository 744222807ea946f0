"""Timing of whole processes, ours and a peer's in turn: whatever else the machine does meets both alike."""

import json
import os
import pty
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RUNS: Final = 21
_WARM: Final = 2  # the first runs compile modules and fill the system's caches


@dataclass(frozen=True, slots=True)
class Command:
    """A command line and the variables that it runs under; `on_terminal` leaves stderr where it is."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    on_terminal: bool = False

    def seconds(self) -> float:
        """Return the wall time of one run, from its start to its end.

        Raises CalledProcessError where it fails: what fails is quick."""
        start = time.perf_counter()
        done = subprocess.run(
            self.arguments,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if self.on_terminal else subprocess.PIPE,
            check=False,
        )
        elapsed = time.perf_counter() - start
        done.check_returncode()
        return elapsed

    def output(self) -> str:
        """Return what one run prints on stdout."""
        return subprocess.run(
            self.arguments,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if self.on_terminal else subprocess.PIPE,
            text=True,
            check=True,
        ).stdout


@dataclass(frozen=True, slots=True)
class Duel:
    """Median seconds of both sides, and the median of the ratios of neighbouring runs."""

    ours: float
    peer: float
    ratio: float


def duel(ours: Command, peer: Command, runs: int = RUNS) -> Duel:
    """Return how `ours` compares with `peer`, over `runs` pairs in alternating order."""
    for _ in range(_WARM):
        ours.seconds()
        peer.seconds()
    pairs = []
    for at in range(runs):
        if at % 2:
            other = peer.seconds()
            pairs.append((ours.seconds(), other))
        else:
            own = ours.seconds()
            pairs.append((own, peer.seconds()))
    return Duel(
        ours=statistics.median(own for own, _ in pairs),
        peer=statistics.median(other for _, other in pairs),
        ratio=statistics.median(own / other for own, other in pairs),
    )


def in_terminal(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return what `measure` returns in a child that leads a terminal session of its own, as a shell does."""
    reading, writing = os.pipe()
    pid, terminal = pty.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as result:
                json.dump(measure(), result)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as result:
        text = result.read()
    said = _drained(terminal)
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError(f"the measure failed in its terminal: {said}")
    found: dict[str, float] = json.loads(text)
    return found


def _drained(terminal: int) -> str:
    """Return what was shown on a terminal whose last process has written its result, and close it."""
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:
        pass  # Linux says EIO when the other side is closed
    os.close(terminal)
    return shown.decode("utf-8", "replace")
