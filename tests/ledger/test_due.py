"""What is due is found without a look at all that was ever sent."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from socialguard import clock
from socialguard.ledger import due, writer
from socialguard.model.delivery import State
from socialguard.store.database import Database, create_database
from tests.ledger.conftest import ACCOUNT, with_account
from tests.ledger.test_transitions import new_attempt, queued, read


def send(ledger: Database, count: int) -> None:
    """Let the account have sent so many deliveries more."""
    for _ in range(count):
        value = queued(ledger)
        with ledger.write() as connection:
            writer.claim(connection, value, new_attempt(value))
        claimed = read(ledger, value.id)
        with ledger.write() as connection:
            writer.settle(connection, claimed, State.SENT)


def steps(ledger: Database) -> int:
    """Count SQLite's steps in judging whether it is the turn of a delivery."""
    value = queued(ledger, -timedelta(minutes=5), is_planned=True)
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with ledger.read() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, 1)
        assert not due.must_wait(connection, value, clock.now(), goes_again=True)
        assert value.id in due.of_account(connection, ACCOUNT, clock.now())
        driver.set_progress_handler(None, 1)
    with ledger.write() as connection:
        writer.move(connection, value, State.CANCELLED)
    return counted


def test_a_turn_costs_the_same_however_much_the_account_has_sent(tmp_path: Path) -> None:
    ledger = with_account(create_database(f"sqlite:///{tmp_path / 'socialguard.db'}"))
    send(ledger, 2)
    few = steps(ledger)
    send(ledger, 150)
    assert steps(ledger) <= few + 20  # of the tree, which is a level deeper
    ledger.close()
