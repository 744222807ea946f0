"""Two-person rules hold whatever happens at once: approvals, an edit, a rejection, a send, in any order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from socialguard import errors
from socialguard.model.delivery import State
from socialguard.publishing import deciding, send
from socialguard.publishing.accept import accept
from socialguard.publishing.interface import Answer, Request, Session
from socialguard.publishing.prepare import prepare
from socialguard.workspace.opened import Workspace
from tests.office import Office, finish
from tests.people import Colleague, apply_policy, joined, waiting

NEEDED: Final = 2
POLICY: Final = '[account."x:@acme"]\napprovals = 2\ngrace = 0\n'
_GIVEN: Final = (
    "select d.id, d.state, count(distinct a.member) as given from delivery d"
    " left join approval a on a.fingerprint = d.fingerprint and a.decision = 'approved'"
    " and a.member <> d.submitter group by d.id, d.state"
)
ACTS: Final = ("marie", "eva", "otto", "edit", "reject", "send", "force", "author")


@dataclass
class Team:
    """Four open workspaces: Marie, the owner, whose machine sends; Jonas writes; Eva and Otto approve."""

    office: Office
    marie: Workspace
    jonas: Workspace
    eva: Workspace
    otto: Workspace
    texts: int = 0


@pytest.fixture
def team(office: Office, jonas: Colleague, tmp_path: Path) -> Iterator[Team]:
    """Everybody at work on one workspace."""
    apply_policy(office, POLICY)
    assert office.cli("grant", "Jonas", "x:@acme", "--right", "approve", "--json").code == 0
    people = [office, jonas]
    people += [joined(office, name, "approver", tmp_path / name, grants=("x:@acme",)) for name in ("Eva", "Otto")]
    with ExitStack() as stack:
        opened = []
        for one in people:
            with one.entered():
                workspace = stack.enter_context(one.workspace())
                assert workspace.desk
                assert workspace.pins
                assert workspace.keys.member()
                opened.append(workspace)
        assert opened[0].keys.worker()
        marie, jonas_, eva, otto = opened
        yield Team(office, marie, jonas_, eva, otto)


def machine(team: Team) -> type[RuleBasedStateMachine]:
    """Return the machine of a team: it posts, and then lets people act one by one and all at once."""

    class FourEyes(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.id = ""
            self.post()

        @rule()
        def post(self) -> None:
            team.texts += 1
            self.id = _submit(team, f"Text {team.texts}", None)

        @rule(act=st.sampled_from(ACTS))
        def alone(self, act: str) -> None:
            self._do(act)

        @rule(acts=st.lists(st.sampled_from(ACTS), min_size=2, max_size=5, unique=True))
        def together(self, acts: list[str]) -> None:
            gate = threading.Barrier(len(acts))

            def run(act: str) -> None:
                gate.wait()
                self._do(act)

            threads = [threading.Thread(target=run, args=(act,)) for act in acts]
            for one in threads:
                one.start()
            for one in threads:
                one.join()

        @invariant()
        def what_is_public_had_two_other_people(self) -> None:
            with team.marie.database.read() as connection:
                rows = connection.execute(text(_GIVEN)).all()
            rows = [row for row in rows if row.state in ("sent", "sending", "unknown")]
            assert all(row.given >= NEEDED for row in rows), rows
            assert len(team.office.published("x")) == len(rows)

        def _do(self, act: str) -> None:
            acts: dict[str, Callable[[], object]] = {
                "marie": lambda: deciding.approve(team.marie.desk, self.id, "fine"),
                "eva": lambda: deciding.approve(team.eva.desk, self.id, "fine"),
                "otto": lambda: deciding.approve(team.otto.desk, self.id, "fine"),
                "author": lambda: deciding.approve(team.jonas.desk, self.id, "mine"),
                "reject": lambda: deciding.reject(team.eva.desk, self.id, "no"),
                "edit": self._edit,
                "send": lambda: send.run_due(team.marie.desk, [self.id]),
                "force": lambda: _force(team, self.id),
            }
            with suppress(errors.SocialGuardError):  # refused: that is what is expected of most
                acts[act]()

        def _edit(self) -> None:
            team.texts += 1
            self.id = _submit(team, f"Text {team.texts}", self.id)

    return FourEyes


def _submit(team: Team, words: str, replaces: str | None) -> str:
    """Let Jonas queue a text, as an edit of a delivery where one is named."""
    request = Request(text=words, selectors=["x:@acme"], replaces=replaces)
    plan = prepare(team.jonas.desk, request, Session(None, "jonas"))
    queued = accept(team.jonas.desk, plan, Answer(named=frozenset({"x:@acme"})))
    assert queued[0].state is State.AWAITING
    return queued[0].id


def _force(team: Team, delivery: str) -> None:
    """Write the row as somebody without keys does, and let the worker try to send it."""
    with team.marie.database.write() as connection:
        connection.execute(
            text("update delivery set state = 'queued' where id = :id and state = 'awaiting'"), {"id": delivery}
        )
    try:
        send.run_due(team.marie.desk, [delivery])
    finally:
        with team.marie.database.write() as connection:
            connection.execute(
                text("update delivery set state = 'awaiting' where id = :id and state = 'queued'"),
                {"id": delivery},
            )


def test_two_person_rules_hold_under_a_race(team: Team) -> None:
    """Whatever is public had the approvals of two people who did not write it."""
    limits = settings(
        max_examples=12, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine(team), settings=limits)
    assert team.texts >= 12


@pytest.mark.parametrize("go", range(2))
def test_two_person_rules_hold_between_processes(
    office: Office, jonas: Colleague, tmp_path: Path, go: int
) -> None:
    """Two approvals, an edit and two senders, each a process of its own, started at once: either the first text is
    public with both approvals, or the edited one waits for its own, and nothing is public that has fewer."""
    apply_policy(office, POLICY)
    eva, otto = (
        joined(office, name, "approver", tmp_path / name, grants=("x:@acme",)) for name in ("Eva", "Otto")
    )
    delivery = waiting(jonas, "The first text")
    edit = ("queue", "edit", delivery, "The edited text", "--confirm", "x:@acme", "--json")
    runs = [
        (eva, ("approve", delivery, "--reason", "fine", "--json")),
        (otto, ("approve", delivery, "--reason", "fine", "--json")),
        (jonas, edit),
        (office, ("queue", "run", "--json")),
        (office, ("queue", "run", "--json")),
    ]
    started = [who.start(*words) for who, words in runs[go:] + runs[:go]]
    ended = [finish(one) for one in started]
    assert all(one.code in (0, 2, 11, 12) for one in ended), ended
    office.cli("queue", "run", "--json")
    with office.entered() as workspace, workspace.database.read() as connection:
        rows = connection.execute(text(_GIVEN)).all()
    public = [row for row in rows if row.state == "sent"]
    assert office.published("x") == ["The first text"] * len(public)
    assert all(row.given == NEEDED for row in public), rows
    edited = [row for row in rows if row.id != delivery]
    assert len(public) + len(edited) == 1, rows
    assert all((row.state, row.given) == ("awaiting", 0) for row in edited), rows
