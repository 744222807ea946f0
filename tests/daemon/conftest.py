"""The office in which a daemon works, and a sandbox for fleets of accounts."""

from collections.abc import Iterator

import pytest

from socialguard.sandbox.process import Running, start
from tests.office import office

__all__ = ["office"]


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[Running]:
    """A sandbox that a test may fill with accounts of its own (`tests.fleet.make` sets it back)."""
    with start() as running:
        yield running
