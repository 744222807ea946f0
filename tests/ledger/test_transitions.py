"""The ledger changes a delivery only as the states allow, from the state that was read, and for one process."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from socialguard import clock, errors
from socialguard.ledger import due, reader, writer
from socialguard.ledger.states import FINAL, WAITING, may_follow
from socialguard.model.delivery import Act, Content, Delivery, Receipt, State
from socialguard.store.database import Database
from socialguard.store.process import here
from socialguard.store.tables import attempt, delivery, receipt
from tests.ledger.conftest import ACCOUNT

MINUTE: Final = timedelta(minutes=1)
SETTINGS: Final = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def queued(ledger: Database, due: timedelta = -MINUTE, *, is_planned: bool = False) -> Delivery:
    """Put a delivery into the ledger and return it; a person gave it its time where `is_planned`."""
    now = clock.now()
    with ledger.write() as connection:
        value = Delivery(
            id=secrets.token_hex(4),
            draft_id=writer.keep_draft(connection, "Hello", {}, "m-1"),
            account_id=ACCOUNT,
            act=Act.PUBLISH,
            content=Content("Hello"),
            nonce=secrets.token_hex(16),
            fingerprint=secrets.token_hex(32),
            submitter="m-1",
            signature=b"\0" * 64,
            state=State.QUEUED,
            due=now + due,
            not_before=now + due if is_planned else None,
            created_at=now,
        )
        writer.queue(connection, value)
    return value


def read(ledger: Database, delivery_id: str) -> Delivery:
    """Return a delivery as the ledger has it."""
    with ledger.read() as connection:
        return reader.get(connection, delivery_id)


def new_attempt(value: Delivery) -> writer.Attempt:
    """Return an attempt at `value` that begins now."""
    now = clock.now()
    return writer.Attempt(secrets.token_hex(8), value.id, now, now + MINUTE)


def machine(ledger: Database) -> type[RuleBasedStateMachine]:
    """Return the machine that plays with `ledger`."""

    class Ledger(RuleBasedStateMachine):
        """Every process may hold any old value of a delivery and try anything with it."""

        values: Bundle[Delivery] = Bundle("values")

        def __init__(self) -> None:
            super().__init__()
            self.states: dict[str, tuple[State, str | None]] = {}
            self.receipts: Counter[str] = Counter()
            self.steps: dict[str, str] = {}

        def change(self, value: Delivery, new: State, act: Callable[[Any], None]) -> bool:
            """Do `act`, which makes `value` `new`; hold the answer against the model, and tell if it was done."""
            is_fresh = self.states[value.id] == (value.state, value.attempt_id)
            try:
                with ledger.write() as connection:
                    act(connection)
            except errors.Busy:
                assert not is_fresh
                assert may_follow(value.state, new)
                return False
            except errors.SocialGuardError:
                assert not may_follow(value.state, new)
                return False
            assert is_fresh
            assert may_follow(value.state, new)
            return True

        @rule(target=values)
        def queue(self) -> Delivery:
            value = queued(ledger)
            self.states[value.id] = (State.QUEUED, None)
            return value

        @rule(target=values, value=values)
        def look(self, value: Delivery) -> Delivery:
            return read(ledger, value.id)

        @rule(target=values, value=values, new=st.sampled_from(State))
        def move(self, value: Delivery, new: State) -> Delivery:
            if self.change(value, new, lambda connection: writer.move(connection, value, new, "moved")):
                self.states[value.id] = (new, value.attempt_id)
            return read(ledger, value.id)

        @rule(target=values, value=values)
        def claim(self, value: Delivery) -> Delivery:
            started = new_attempt(value)
            if self.change(value, State.SENDING, lambda connection: writer.claim(connection, value, started)):
                self.states[value.id] = (State.SENDING, started.id)
            return read(ledger, value.id)

        @rule(value=values)
        def step(self, value: Delivery) -> None:
            if value.attempt_id is None:
                return
            remote = secrets.token_hex(4)
            try:
                with ledger.write() as connection:
                    writer.record_step(connection, value, remote)
            except errors.Busy:
                assert self.states[value.id] != (value.state, value.attempt_id)
                return
            assert self.states[value.id] == (value.state, value.attempt_id)
            with ledger.read() as connection:
                assert remote in reader.remote_ids(connection, ACCOUNT)

        @rule(target=values, value=values, new=st.sampled_from([State.SENT, State.FAILED, State.UNKNOWN]))
        def settle(self, value: Delivery, new: State) -> Delivery:
            proof = Receipt(secrets.token_hex(6), "https://x.com/1", clock.now()) if new is State.SENT else None
            if self.change(value, new, lambda connection: writer.settle(connection, value, new, proof=proof)):
                self.states[value.id] = (new, value.attempt_id)
                self.receipts[value.id] += proof is not None
            return read(ledger, value.id)

        @invariant()
        def the_ledger_is_as_the_model(self) -> None:
            with ledger.read() as connection:
                found = {
                    row.id: (State(row.state), row.attempt_id)
                    for row in connection.execute(select(delivery.c.id, delivery.c.state, delivery.c.attempt_id))
                    if row.id in self.states
                }
                is_due = set(due.of_all(connection, clock.now(), most=10_000)) & set(self.states)
                counted = Counter(connection.execute(select(receipt.c.delivery_id)).scalars())
            assert found == self.states
            assert is_due == {one for one, (state, _) in self.states.items() if state is State.QUEUED}
            assert all(counted[one] == self.receipts[one] <= 1 for one in self.states)

    return Ledger


def test_no_sequence_of_acts_leaves_the_states_or_makes_two_receipts(ledger: Database) -> None:
    run_state_machine_as_test(machine(ledger), settings=SETTINGS)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_follows_a_final_state(state: State) -> None:
    assert not any(may_follow(state, new) for new in State)


def test_only_a_queued_delivery_can_be_sent() -> None:
    assert [old for old in State if may_follow(old, State.SENDING)] == [State.QUEUED]


def test_what_is_in_doubt_or_under_way_cannot_be_cancelled() -> None:
    assert {old for old in State if may_follow(old, State.CANCELLED)} == WAITING


def test_of_many_claims_at_once_one_wins(ledger: Database) -> None:
    for _ in range(5):
        value = queued(ledger)
        won: list[str] = []
        ready = threading.Barrier(6)

        def race(value: Delivery = value, won: list[str] = won, ready: threading.Barrier = ready) -> None:
            ready.wait()
            started = new_attempt(value)
            try:
                with ledger.write() as connection:
                    writer.claim(connection, value, started)
            except errors.Busy:
                return
            won.append(started.id)

        threads = [threading.Thread(target=race) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = read(ledger, value.id)
        with ledger.read() as connection:
            kept = (
                connection.execute(select(attempt.c.id).where(attempt.c.delivery_id == value.id)).scalars().all()
            )
        assert (won, kept) == ([after.attempt_id], [after.attempt_id])
        assert after.state is State.SENDING


def test_an_attempt_names_the_process_that_made_it(ledger: Database) -> None:
    value = queued(ledger)
    with ledger.write() as connection:
        writer.claim(connection, value, new_attempt(value))
    with ledger.read() as connection:
        found = reader.open_attempt(connection, value.id)
    assert found is not None
    assert found.owner == here()


def test_the_newest_attempt_is_known_also_after_a_clock_was_set_back(ledger: Database) -> None:
    value = queued(ledger)
    early, late = new_attempt(value), new_attempt(value)
    early = replace(early, started_at=early.started_at + 60 * MINUTE)
    with ledger.write() as connection:
        writer.claim(connection, value, early)
        sending = replace(value, state=State.SENDING, attempt_id=early.id)
        writer.settle(connection, sending, State.QUEUED, reason="limited")
        writer.claim(connection, replace(value, attempt_id=early.id), late)
    with ledger.read() as connection:
        found = reader.open_attempt(connection, value.id)
    assert found is not None
    assert found.id == late.id


def test_a_second_receipt_for_a_delivery_is_refused(ledger: Database) -> None:
    value = queued(ledger)
    started = new_attempt(value)
    with ledger.write() as connection:
        writer.claim(connection, value, started)
    sending = replace(value, state=State.SENDING, attempt_id=started.id)
    for number, outcome in enumerate((None, errors.Busy)):
        proof = Receipt(str(number), "https://x.com/1", clock.now())
        if outcome is None:
            with ledger.write() as connection:
                writer.settle(connection, sending, State.SENT, proof=proof)
        else:
            with pytest.raises(outcome), ledger.write() as connection:
                writer.settle(connection, sending, State.SENT, proof=proof)
    assert read(ledger, value.id).network_id == "0"


def test_only_what_is_due_is_due(ledger: Database) -> None:
    now, later = queued(ledger), queued(ledger, due=MINUTE)
    with ledger.read() as connection:
        assert due.of_all(connection, clock.now()) == (now.id,)
        assert set(due.of_all(connection, clock.now() + 2 * MINUTE)) == {now.id, later.id}


def test_what_was_put_off_keeps_its_place(ledger: Database) -> None:
    first, second = queued(ledger, is_planned=True), queued(ledger, is_planned=True)
    now = clock.now()
    started = new_attempt(first)
    with ledger.write() as connection:
        assert not due.must_wait(connection, second, now, goes_again=True)
        writer.claim(connection, first, started)
        assert due.must_wait(connection, second, now, goes_again=True), "its account is being sent on"
        sending = replace(first, state=State.SENDING, attempt_id=started.id)
        writer.settle(connection, sending, State.QUEUED, due=now + MINUTE)
        assert due.must_wait(connection, second, now, goes_again=True)
        assert due.of_account(connection, ACCOUNT, now) == ()
        assert due.of_account(connection, ACCOUNT, now + MINUTE) == (first.id,)
        assert not due.must_wait(connection, first, now + MINUTE, goes_again=True)
        assert due.must_wait(connection, second, now + MINUTE, goes_again=True)
        assert due.of_account(connection, ACCOUNT, now + 3 * MINUTE) == (first.id, second.id)


def test_behind_several_that_were_put_off_the_first_counts(ledger: Database) -> None:
    line = [queued(ledger, is_planned=True) for _ in range(4)]
    now = clock.now()
    with ledger.write() as connection:
        for value in (line[0], line[2]):
            started = new_attempt(value)
            writer.claim(connection, value, started)
            sending = replace(value, state=State.SENDING, attempt_id=started.id)
            writer.settle(connection, sending, State.QUEUED, due=now + MINUTE)
        assert due.must_wait(connection, line[1], now, goes_again=False)
        assert due.behind(connection, ACCOUNT, now, goes_again=False) == dict.fromkeys(
            (line[1].id, line[3].id), line[0].id
        )
        assert due.keeping(connection, now) == {ACCOUNT}
        assert due.keeping(connection, now + 20 * MINUTE) == frozenset()


def test_pages_of_the_queue_show_every_delivery_once(ledger: Database) -> None:
    made = {queued(ledger, due=MINUTE * (number % 3)).id for number in range(11)}
    seen: list[str] = []
    after: tuple[str, str] | None = None
    while True:
        with ledger.read() as connection:
            rows = reader.page(connection, after=after, limit=4)
        if not rows:
            break
        seen += [row.id for row in rows]
        after = (rows[-1].due, rows[-1].id)
    assert (len(seen), set(seen)) == (11, made)
