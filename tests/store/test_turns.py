"""Taking turns: whoever came first is first, and whoever gives up is in nobody's way."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from socialguard.store import turns
from socialguard.store.turns import Turns
from tests.daemon.running import until

PATIENCE = 60.0


def waiting(one: Turns) -> int:
    """Return how many wait."""
    return len(one._waiting)


def line_up(one: Turns, number: int, work: Callable[[], None]) -> threading.Thread:
    """Start a thread that waits behind `number` others, does its work in its turn, and hands it on."""

    def run() -> None:
        assert one.take(PATIENCE)
        work()
        one.give()

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: waiting(one) == number + 1)
    return thread


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits has waited too long."""
    monkeypatch.setattr(turns, "PATIENCE", 0.0)


@pytest.mark.usefixtures("impatient")
def test_who_has_waited_too_long_is_next_and_the_oldest_first() -> None:
    one = Turns()
    assert one.take(0)
    came: list[int] = []
    threads = [line_up(one, number, partial(came.append, number)) for number in range(20)]
    one.give()
    for thread in threads:
        thread.join(PATIENCE)
    assert came == list(range(20))


@pytest.mark.usefixtures("impatient")
def test_who_takes_it_again_and_again_does_not_starve_who_waits() -> None:
    one = Turns()
    assert one.take(0)
    came = threading.Event()
    thread = line_up(one, 0, came.set)
    one.give()
    assert one.take(PATIENCE)
    assert came.is_set(), "it was its turn before ours came again"
    one.give()
    thread.join(PATIENCE)


def test_who_has_not_waited_long_leaves_it_to_who_looks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 3600.0)
    one = Turns()
    assert one.take(0)
    came: list[str] = []
    threads = [line_up(one, number, partial(came.append, "waited")) for number in range(20)]
    one.give()
    for thread in threads:
        thread.join(PATIENCE)
    assert came == ["waited"] * 20, "nobody sleeps for ever"
    assert one.take(0)


def test_who_gives_up_is_in_nobodys_way() -> None:
    one = Turns()
    assert one.take(0)
    assert not one.take(0.01)
    assert waiting(one) == 0
    one.give()
    assert one.take(0)
    one.give()


def test_an_interrupt_while_waiting_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __init__(self) -> None:
            self.asked = 0

        def acquire(self, timeout: float = -1) -> bool:
            self.asked += 1
            if self.asked > 1:
                raise KeyboardInterrupt
            return True

    one = Turns()
    assert one.take(0)
    with monkeypatch.context() as patch:
        patch.setattr("socialguard.store.turns.threading.Lock", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            one.take(PATIENCE)
    assert waiting(one) == 0
    one.give()
    assert one.take(0)
