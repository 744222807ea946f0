"""What the checks said is asked again before anything is queued, unless nothing happened since a moment ago."""

from dataclasses import replace
from datetime import timedelta

import pytest

from socialguard import clock, errors
from socialguard.audit.interface import Entry
from socialguard.publishing import accept, prepare
from socialguard.publishing.interface import Answer, Desk, Request, Session
from tests.office import Office

ANSWER = Answer(named=frozenset({"x:@acme"}))


class _Counting:
    """The gate, which counts how often the checks are asked."""

    def __init__(self, gate: object) -> None:
        self._gate = gate
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        self.asked += name == "review"
        return getattr(self._gate, name)


def _counted(desk: Desk) -> tuple[Desk, _Counting]:
    gate = _Counting(desk.gate)
    return replace(desk, gate=gate), gate  # type: ignore[arg-type]


def _request(text: str = "Asked once") -> Request:
    return Request(text=text, selectors=["x:@acme"], grace=0)


def test_nothing_is_asked_twice_in_a_moment_in_which_nothing_was_logged(office: Office) -> None:
    with office.entered() as workspace:
        desk, gate = _counted(workspace.desk)
        plan = prepare.prepare(desk, _request(), Session(None, "test"))
        accept.accept(desk, plan, ANSWER)
        assert gate.asked == 1


@pytest.mark.parametrize("seconds", [0, 3, -3])
def test_the_checks_are_asked_again_after_a_moment_or_an_entry(office: Office, seconds: int) -> None:
    with office.entered() as workspace:
        desk, gate = _counted(workspace.desk)
        plan = prepare.prepare(desk, _request(), Session(None, "test"))
        if seconds:
            clock.shift(timedelta(seconds=seconds))
        else:
            with desk.database.write() as connection:
                desk.log.append(connection, Entry("account.verify", "ok", desk.person))
        accept.accept(desk, plan, ANSWER)
        assert gate.asked == 2


def test_a_twin_that_was_queued_meanwhile_is_seen(office: Office) -> None:
    with office.entered() as workspace:
        desk = workspace.desk
        first, second = (prepare.prepare(desk, _request(), Session(None, "test")) for _ in range(2))
        accept.accept(desk, first, ANSWER)
        with pytest.raises(errors.Held, match="is queued as delivery"):
            accept.accept(desk, second, ANSWER)


def test_what_stopped_the_plan_stops_it_in_the_same_moment(office: Office) -> None:
    with office.entered() as workspace:
        desk, gate = _counted(workspace.desk)
        plan = prepare.prepare(desk, _request("Write [LINK] here"), Session(None, "test"))
        with pytest.raises(errors.Held, match="placeholder"):
            accept.accept(desk, plan, ANSWER)
        assert gate.asked == 1
