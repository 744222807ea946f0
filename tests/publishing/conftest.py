"""The office in which the way of a post is tested, and forks that may be killed in it."""

from collections.abc import Iterator

import pytest

from tests.fork_server import ForkServer
from tests.office import headquarters, office

__all__ = ["office"]


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """Warm processes that may be killed; one server for each worker."""
    with ForkServer(headquarters()) as server:
        yield server
