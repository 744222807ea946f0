"""A daemon on a machine that can sleep: `python -m tests.daemon.sleeper daemon run` is the program, with a clock
that a test can move while it is stopped.

A signal that is sent to a stopped process arrives when it goes on: then `NAP` has passed for it at once, as for a
machine that wakes. The clock that never goes back stands still meanwhile, as Linux has it."""

import signal
from datetime import timedelta
from types import FrameType
from typing import Final

from socialguard import clock
from socialguard.cli.main import main

NAP: Final = timedelta(minutes=20)


def _wake(number: int, frame: FrameType | None) -> None:
    clock.shift(clock.now() - clock.machine() + NAP)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _wake)
    main()
