"""What a terminal session has confirmed is remembered for it alone."""

from datetime import timedelta

import time_machine

from socialguard.guard import context
from socialguard.model.context import Context, context_of
from socialguard.store.database import Database
from tests.guard.people import ACME, LYON, NOW, PAGE

HERE = Context("left", "marie")
THERE = Context("right", "marie")


def test_a_context_that_never_confirmed_anything_is_new(database: Database) -> None:
    with database.read() as connection:
        assert context.recall(connection, HERE.id) is None


def test_the_last_confirmed_set_replaces_the_one_before(database: Database) -> None:
    with time_machine.travel(NOW, tick=False), database.write() as connection:
        context.remember(connection, HERE, [LYON])
        context.remember(connection, HERE, [PAGE, ACME])
    with database.read() as connection:
        found = context.recall(connection, HERE.id)
        assert context.recall(connection, THERE.id) is None
    assert found == context.Remembered(frozenset({ACME.id, PAGE.id}), ACME.id, NOW, NOW)


def test_use_inside_the_set_keeps_it_alive_and_moves_the_last_target(database: Database) -> None:
    with time_machine.travel(NOW, tick=False), database.write() as connection:
        context.remember(connection, HERE, [ACME, PAGE])
        context.remember(connection, THERE, [LYON])
    later = NOW + timedelta(minutes=20)
    with time_machine.travel(later, tick=False), database.write() as connection:
        context.touch(connection, HERE, ACME.id)
    with database.read() as connection:
        found = context.recall(connection, HERE.id)
        other = context.recall(connection, THERE.id)
    assert found == context.Remembered(frozenset({ACME.id, PAGE.id}), ACME.id, NOW, later)
    assert other == context.Remembered(frozenset({LYON.id}), LYON.id, NOW, NOW)


def test_every_fact_of_a_session_makes_another_context() -> None:
    facts = {"tty": "/dev/pts/1", "leader": "10", "leader_started": "99", "boot": "b", "uid": "1000"}
    here = context_of(facts, "marie")
    assert here is not None
    assert context_of(dict(reversed(facts.items())), "marie") == here
    others = [context_of({**facts, name: "other"}, "marie") for name in facts]
    others.append(context_of({**facts, "session": "client-a"}, "marie"))
    ids = {one.id for one in others if one is not None}
    assert len(ids) == len(others)
    assert here.id not in ids
    assert context_of({}, "marie") is None
