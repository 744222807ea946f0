"""The guard as publishing meets it, on a real workspace: policy decides how grave a finding is, an override passes
what is held and nothing else, and an answer counts only for the question that was shown."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from socialguard import clock, errors
from socialguard.model.delivery import State
from socialguard.model.finding import Severity
from socialguard.publishing import accept, prepare, send
from socialguard.publishing.interface import Answer, Plan, Request, Session
from socialguard.workspace import policies
from socialguard.workspace.opened import Workspace
from tests.office import Office
from tests.wrong_account.firm import POLICY, apply_policy, firm

__all__ = ["firm"]

SCRIPT = Session(None, "cron")
HERE = Session("here", "marie")
NAMED = Answer(named=frozenset({"x:@acme"}))


@pytest.fixture
def workspace(firm: Office) -> Iterator[Workspace]:
    with firm.entered() as opened:
        yield opened


def plan_of(
    workspace: Workspace, text: str, *to: str, session: Session = SCRIPT, passing: dict[str, str] | None = None
) -> Plan:
    request = Request(text=text, selectors=to or ["x:@acme"], overrides=passing or {})
    return prepare.prepare(workspace.desk, request, session)


def queued(workspace: Workspace, text: str) -> str:
    """Queue a text on x:@acme and return the delivery's id."""
    return accept.accept(workspace.desk, plan_of(workspace, text), NAMED)[0].id


def published(workspace: Workspace, text: str) -> None:
    """Publish a text on x:@acme in the sandbox."""
    queued(workspace, text)
    waiting = timedelta(seconds=11)  # the grace of the policy
    clock.shift(waiting)
    try:
        (result,) = send.run_due(workspace.desk)
    finally:
        clock.shift(timedelta(0))
    assert result.delivery.state is State.SENT, result.error


@pytest.mark.parametrize(
    ("level", "severity"),
    [("off", None), ("note", "note"), ("warn", "warn"), ("hold", "hold"), ("block", "block")],
)
def test_policy_decides_how_grave_a_finding_is(firm: Office, level: str, severity: str | None) -> None:
    apply_policy(firm, f'{POLICY}[account."x:@acme".checks]\nduplicate = "{level}"\n')
    with firm.entered() as workspace:
        published(workspace, "Twice")
        plan = plan_of(workspace, "twice")
        assert [(one.check, one.severity.value) for one in plan.findings] == (
            [] if severity is None else [("duplicate", severity)]
        )
        if severity in ("hold", "block"):
            with pytest.raises(errors.Held, match="the same text was posted"):
                accept.accept(workspace.desk, plan, NAMED)
        else:
            assert accept.accept(workspace.desk, plan, NAMED)[0].state is State.QUEUED


def test_policy_of_one_account_does_not_touch_another(firm: Office) -> None:
    apply_policy(firm, f'{POLICY}[account."x:@globex".checks]\nduplicate = "off"\n')
    with firm.entered() as workspace:
        published(workspace, "Twice")
        assert plan_of(workspace, "Twice").stopping


def test_no_policy_lets_a_twin_go_that_is_not_settled(firm: Office, tmp_path: Path) -> None:
    apply_policy(firm, f'{POLICY}[account."x:@acme".checks]\nduplicate = "off"\n')
    with firm.entered() as workspace:
        queued(workspace, "Twice")
        with pytest.raises(errors.Held, match="the same text is queued"):
            accept.accept(workspace.desk, plan_of(workspace, "twice"), NAMED)
        file = tmp_path / "policy.toml"
        file.write_text('[defaults]\nchecks.twin = "off"\n')
        with pytest.raises(errors.SettingsInvalid, match="twin"):
            policies.check(workspace, file)


def test_an_override_passes_what_is_held_with_its_reason(workspace: Workspace) -> None:
    queued(workspace, "Twice")
    plan = plan_of(workspace, "Twice", passing={"twin": "a wanted reminder"})
    (found,) = plan.findings
    assert (found.severity, found.overridden, found.stops) == (Severity.HOLD, "a wanted reminder", False)
    assert accept.accept(workspace.desk, plan, NAMED)[0].state is State.QUEUED


def test_no_override_passes_a_block(workspace: Workspace) -> None:
    plan = plan_of(workspace, "x" * 281, passing={"length": "it is important"})
    (found,) = plan.findings
    assert (found.overridden, found.stops) == (None, True)
    with pytest.raises(errors.Held, match="too long: 281 of 280") as held:
        accept.accept(workspace.desk, plan, NAMED)
    assert held.value.fields["draft"] == plan.draft_id
    assert held.value.what_to_do() == "Fix it."


def test_a_twin_that_was_queued_after_the_plan_was_shown_holds_it(workspace: Workspace) -> None:
    plan = plan_of(workspace, "Twice")
    assert not plan.findings
    queued(workspace, "Twice")
    with pytest.raises(errors.Held, match="the same text is queued as delivery"):
        accept.accept(workspace.desk, plan, NAMED)


def test_a_cancelled_twin_is_none(workspace: Workspace) -> None:
    from socialguard.workspace import stopping

    first = queued(workspace, "Twice")
    stopping.cancel(workspace, first, "")
    assert not plan_of(workspace, "Twice").findings


def test_a_twin_on_another_account_is_none(workspace: Workspace) -> None:
    queued(workspace, "Twice")
    assert not plan_of(workspace, "Twice", "facebook:@acme").findings


def test_an_answer_counts_only_in_its_own_context(workspace: Workspace) -> None:
    plan = plan_of(workspace, "Hello", session=HERE)
    elsewhere = replace(plan, session=Session("there", "marie"))
    accept.accept(workspace.desk, plan, Answer(typed="acme"))
    assert plan_of(workspace, "Again", session=HERE).challenge is None
    assert plan_of(workspace, "Again", session=elsewhere.session).challenge is not None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer(typed=""),
        Answer(typed="globex"),
        Answer(typed=" acme"),
        Answer(typed="acme "),
        Answer(typed="ACME"),
    ],
)
def test_another_answer_is_a_wrong_name_and_queues_nothing(workspace: Workspace, answer: Answer) -> None:
    plan = plan_of(workspace, "Hello", session=HERE)
    with pytest.raises(errors.WrongName) as wrong:
        accept.accept(workspace.desk, plan, answer)
    assert wrong.value.message() == f"Not acme. Nothing was sent. Draft {plan.draft_id} kept."
    assert plan_of(workspace, "Hello", session=HERE).challenge is not None


def test_what_a_script_names_counts_for_nothing_in_a_terminal(workspace: Workspace) -> None:
    with pytest.raises(errors.WrongName):
        accept.accept(workspace.desk, plan_of(workspace, "Hello", session=HERE), NAMED)


def test_what_was_typed_counts_for_nothing_without_a_terminal(workspace: Workspace) -> None:
    plan = plan_of(workspace, "Hello")
    with pytest.raises(errors.ConfirmationRequired):
        accept.accept(workspace.desk, plan, Answer(typed="acme"))


def test_an_answer_to_the_card_of_another_account_is_refused(workspace: Workspace) -> None:
    ours, theirs = (plan_of(workspace, "Hello", name, session=HERE) for name in ("x:@acme", "x:@townhall"))
    swapped = replace(ours, candidates=theirs.candidates)
    with pytest.raises(errors.ConfirmationRequired):
        accept.accept(workspace.desk, swapped, Answer(typed="acme"))


def test_an_account_that_became_secure_while_the_card_was_shown_is_asked_for_again(firm: Office) -> None:
    with firm.entered() as workspace:
        plan = plan_of(workspace, "Hello", session=HERE)
        apply_policy(firm, POLICY + '[account."x:@acme"]\nsecure = true\n')
    with firm.entered() as workspace, pytest.raises(errors.ConfirmationRequired):
        accept.accept(workspace.desk, plan, Answer(typed="acme"))


def test_a_card_that_is_older_than_15_minutes_counts_no_more(workspace: Workspace) -> None:
    plan = plan_of(workspace, "Hello", session=HERE)
    clock.shift(timedelta(minutes=16))
    with pytest.raises(errors.Held, match="older than 15 minutes") as held:
        accept.accept(workspace.desk, plan, Answer(typed="acme"))
    assert held.value.fields["draft"] == plan.draft_id


def test_half_an_hour_that_passed_while_nothing_was_asked_still_counts(workspace: Workspace) -> None:
    accept.accept(workspace.desk, plan_of(workspace, "Hello", session=HERE), Answer(typed="acme"))
    clock.shift(timedelta(minutes=29))
    plan = plan_of(workspace, "Second", session=HERE)
    assert plan.challenge is None
    clock.shift(timedelta(minutes=31))
    with pytest.raises(errors.ConfirmationRequired):
        accept.accept(workspace.desk, plan, Answer())


def test_the_card_tells_where_the_person_comes_from_and_goes_to(workspace: Workspace) -> None:
    accept.accept(workspace.desk, plan_of(workspace, "Hello", session=HERE), Answer(typed="acme"))
    challenge = plan_of(workspace, "For the town", "x:@townhall", session=HERE).challenge
    assert challenge is not None
    assert (challenge.kind, challenge.previous, challenge.previous_client) == ("secure", "x:@acme", "acme")
    (target,) = challenge.targets
    assert (target.account, target.client, target.text, target.length) == (
        "x:@townhall",
        "townhall",
        "For the town",
        12,
    )


def test_handles_of_the_workspace_that_read_alike_ask_for_a_code(workspace: Workspace) -> None:
    needs = {}
    for name in ("x:@acme", "x:@globex", "facebook:@globex", "x:@g1obex", "x:@townhall"):
        challenge = plan_of(workspace, "Hello", name, session=HERE).challenge
        assert challenge is not None
        needs[name] = challenge.code is not None
    assert needs == {
        "x:@acme": False,
        "x:@globex": True,
        "facebook:@globex": True,
        "x:@g1obex": True,
        "x:@townhall": False,
    }
