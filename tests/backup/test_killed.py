"""Kills at random instants lose nothing, keep nothing twice and leave no gap open."""

import random
from collections.abc import Iterator

import pytest

from tests.backup.killing import Tally, kill_and_go_on, past
from tests.fork_server import ForkServer
from tests.office import Office, headquarters


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    """A warm server of processes."""
    with ForkServer(headquarters()) as server:
        yield server


def test_a_backup_of_5000_items_survives_20_kills(office: Office, forks: ForkServer) -> None:
    office.sandbox.reset(past(office))
    office.sandbox.settings(rate_limits=False)
    tally = Tally()
    kill_and_go_on(office, forks, random.Random(20), 20, tally)
    assert tally.is_sound, tally
    assert tally.kills >= 10, tally
