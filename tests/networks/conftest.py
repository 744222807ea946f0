"""A raw server for each test, and one X sandbox for each worker, started anew in the same process per test."""

import socket
import threading
from collections.abc import Iterator

import pytest

from socialguard.sandbox.process import Running, start

from .wire import Wire
from .x_world import X_SEED


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A server that answers as the test scripts it."""
    wire = Wire()
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    yield wire
    wire.released.set()
    wire.listening.shutdown(socket.SHUT_RDWR)
    wire.listening.close()
    thread.join(5)


@pytest.fixture(scope="session")
def _x_process() -> Iterator[Running]:
    with start(X_SEED) as running:
        yield running


@pytest.fixture
def sandbox(_x_process: Running) -> Running:
    """The sandbox with the accounts of `X_SEED` and nothing else."""
    _x_process.faults([])
    _x_process.reset(X_SEED)
    return _x_process
