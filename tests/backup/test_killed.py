"""Kills at random instants lose nothing, keep nothing twice and leave no gap open."""

import random
from collections.abc import Iterator

import pytest

from tests.backup.killing import Tally, go_on_living, kill_and_go_on, past
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


def test_what_came_since_the_last_backup_survives_kills_too(office: Office, forks: ForkServer) -> None:
    dice = random.Random(5)
    office.sandbox.reset(past(office))
    office.sandbox.settings(rate_limits=False)
    kill_and_go_on(office, forks, dice, 0, Tally())
    go_on_living(office, dice)
    tally = Tally()
    kill_and_go_on(office, forks, dice, 5, tally)
    assert tally.is_sound, tally
    assert tally.kills >= 3, tally
