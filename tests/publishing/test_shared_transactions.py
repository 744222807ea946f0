"""Deliveries that share a transaction: what goes wrong with one stops no other, and what is told is so."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from socialguard import errors
from socialguard.ledger import usage, writer
from socialguard.model.delivery import State
from socialguard.publishing import claim, send
from socialguard.publishing.claim import Claimed, _Asked, _claim
from socialguard.publishing.interface import Result
from tests.attacker import logged, sql
from tests.office import Office

IN_AN_HOUR = {"SOCIALGUARD_CLOCK": "+3700s"}


def _schedule(office: Office, text: str, account: str) -> str:
    done = office.cli("post", text, "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def test_one_that_cannot_be_judged_stops_no_other(office: Office) -> None:
    bad, good = _schedule(office, "Bad", "x:@acme"), _schedule(office, "Good", "facebook:@acme")
    sql(office, "pragma foreign_keys = off")
    sql(office, "update delivery set after_id = 'nosuch' where id = ?", bad)
    with office.entered(**IN_AN_HOUR) as workspace:
        first, second = _claim(workspace.desk, [_Asked(bad, False), _Asked(good, False)])
    assert isinstance(first, Result)
    assert isinstance(first.error, errors.Tampered)
    assert isinstance(second, Claimed)


def test_a_hold_that_fails_half_way_is_taken_back_whole(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    late, good = _schedule(office, "Late", "x:@acme"), _schedule(office, "Good", "facebook:@acme")
    sql(office, "update delivery set due = '2026-01-01T00:00:00.000000Z' where id = ?", late)

    def refuse(*_: Any, **__: Any) -> None:
        raise errors.UsageError(detail="no alert can be raised")

    monkeypatch.setattr(claim, "alarm", refuse)
    monkeypatch.setattr(claim, "_verify", lambda *_: 0)  # its time was changed, as it could never be
    with office.entered(**IN_AN_HOUR) as workspace:
        first, second = _claim(workspace.desk, [_Asked(late, False), _Asked(good, False)])
    assert isinstance(first, errors.UsageError)
    assert isinstance(second, Claimed)
    assert sql(office, "select state from delivery where id = ?", late) == [("queued",)]
    assert not [one for one in logged(office, "delivery.send") if one["outcome"] == "held"]


def test_an_intent_that_cannot_be_pinned_sends_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was begun outside, so it waits for room, as for a network that is down."""
    number = _schedule(office, "Unpinned", "x:@acme")
    with office.entered(**IN_AN_HOUR) as workspace:

        def refuse(_tree: object) -> None:
            raise errors.DiskFull(path="pins")

        monkeypatch.setattr(workspace.desk.trust, "pin_log", refuse)
        (result,) = send.run_due(workspace.desk, [number])
    assert result.delivery.state is State.QUEUED
    assert isinstance(result.error, errors.DiskFull)
    assert office.published() == []


@pytest.mark.parametrize("problem", [ValueError("odd"), errors.UsageError(detail="odd")], ids=["bug", "ours"])
def test_an_end_that_cannot_be_recorded_takes_no_other_with_it(office: Office, problem: Exception) -> None:
    with office.entered() as workspace:
        desk = workspace.desk

        def keep(text: str) -> Callable[[Connection], None]:
            def work(connection: Connection) -> None:
                writer.keep_draft(connection, text, {}, "m-1")

            return work

        def fail(connection: Connection) -> None:
            writer.keep_draft(connection, "taken back", {}, "m-1")
            raise problem

        assert send._written(desk, [keep("one"), fail, keep("two")]) == [None, problem, None]
    kept = [row[0] for row in sql(office, "select text from draft order by id")]
    assert kept[-2:] == ["one", "two"]
    assert "taken back" not in kept


TROUBLE = [errors.Tampered(what="The pins", detail="they were changed."), ValueError("odd")]


@pytest.mark.parametrize("problem", TROUBLE, ids=["tampered", "bug"])
def test_a_public_post_whose_end_cannot_be_recorded_is_told_as_unknown(
    office: Office, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    number = _schedule(office, "Public", "x:@acme")

    def refuse(*_: Any, **__: Any) -> None:
        raise problem

    monkeypatch.setattr(usage, "book_session", refuse)
    with office.entered(**IN_AN_HOUR) as workspace:
        (result,) = send.run_due(workspace.desk, [number])
    assert office.published() == ["Public"]
    assert isinstance(result.error, errors.OutcomeUnknown)
    assert "Nothing was sent" not in result.error.message()
    monkeypatch.undo()
    assert [one["state"] for one in office.queue()] == ["sending"]
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+4400s").code == 0
    assert [one["state"] for one in office.queue()] == ["sent"]
    assert office.published() == ["Public"]


def test_a_database_that_was_busy_for_a_moment_loses_no_outcome(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = _schedule(office, "Busy", "x:@acme")
    settle, left = writer.settle, [errors.Busy(what="socialguard.db")]

    def busy_once(*values: Any, **options: Any) -> None:
        if left:
            raise left.pop()
        settle(*values, **options)

    monkeypatch.setattr(writer, "settle", busy_once)
    with office.entered(**IN_AN_HOUR) as workspace:
        (result,) = send.run_due(workspace.desk, [number])
    assert (result.delivery.state, result.error) == (State.SENT, None)
    assert [one["state"] for one in office.queue()] == ["sent"]
