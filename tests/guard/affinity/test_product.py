"""The detector at work: what it learns of a workspace, and what it asks of whoever posts there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from socialguard import clock, errors
from socialguard.audit import reader
from socialguard.guard.affinity.store import restored
from socialguard.model.delivery import Content
from socialguard.publishing import accept, prepare
from socialguard.publishing.interface import Answer, Plan, Request, Session
from socialguard.workspace import affinity
from socialguard.workspace.opened import Workspace
from tests.cli.shapes import AffinityFitDocument, AffinityStatusDocument, shown
from tests.guard.affinity.conftest import POSTS, past
from tests.office import Office
from tests.wrong_account.firm import apply_policy

SCRIPT, HERE = Session(None, "cron"), Session("here", "marie")
AT_HOME = "summer style shoes outfit order delivery store"
MISPLACED = "match derby victoire penalty stade joueur tribune"


@pytest.fixture
def workspace(learned: Office) -> Iterator[Workspace]:
    with learned.entered() as opened:
        yield opened


def plan_of(workspace: Workspace, text: str, session: Session, passing: dict[str, str] | None = None) -> Plan:
    request = Request(text=text, selectors=["x:@acme"], overrides=passing or {})
    return prepare.prepare(workspace.desk, request, session)


def confirmed(workspace: Workspace) -> None:
    """Confirm x:@acme in this terminal."""
    accept.accept(
        workspace.desk,
        plan_of(workspace, "delivery basket style order shoes summer sale", HERE),
        Answer(typed="acme"),
    )


def logged(workspace: Workspace, action: str) -> int:
    return len(reader.page(workspace.database, reader.Filter(action=action)))


def counts(workspace: Workspace) -> dict[str, int]:
    """How many posts of each account were learned, by name."""
    with workspace.database.read() as connection:
        names = workspace.names(connection)
        return {names[account]: posts for account, posts in restored(connection).accounts.items()}


def test_a_text_of_another_account_is_asked_about_inside_the_confirmed_set(workspace: Workspace) -> None:
    """The terminal confirmed x:@acme, and still has to type its name; why is told, and the log says so twice."""
    confirmed(workspace)
    plan = plan_of(workspace, MISPLACED, HERE)
    assert plan.challenge is not None
    (doubt,) = plan.challenge.doubts
    assert (doubt.account, doubt.reads_like) == ("x:@acme", "x:@globex")
    assert doubt.reasons[0].there > 0
    assert doubt.reasons[0].here == 0
    assert (logged(workspace, "affinity.ask"), logged(workspace, "affinity.overrule")) == (1, 0)
    with pytest.raises(errors.WrongName):
        accept.accept(workspace.desk, plan, Answer(typed="globex"))
    with pytest.raises(errors.WrongName):
        accept.accept(workspace.desk, plan, Answer())
    assert len(accept.accept(workspace.desk, plan, Answer(typed="acme"))) == 1
    assert (logged(workspace, "affinity.ask"), logged(workspace, "affinity.overrule")) == (1, 1)


def test_beside_a_switch_it_is_a_question_of_its_own(workspace: Workspace) -> None:
    """Who typed the account's name without reading has not answered the second question."""
    plan = plan_of(workspace, MISPLACED, HERE)
    assert plan.challenge is not None
    assert (plan.challenge.expected, plan.challenge.sure) == ("acme", "x:@acme")
    for wrong in (Answer(typed="acme"), Answer(typed="acme", sure="acme"), Answer(sure="x:@acme")):
        with pytest.raises(errors.WrongName):
            accept.accept(workspace.desk, plan, wrong)
    assert accept.accept(workspace.desk, plan, Answer(typed="acme", sure="x:@acme"))


def test_a_doubt_that_was_all_that_asked_is_asked_about_again_once_a_switch_is_due(learned: Office) -> None:
    """Half an hour has passed between the card and the answer: now there are two questions."""
    with learned.entered() as workspace:
        confirmed(workspace)
    with learned.entered(SOCIALGUARD_CLOCK="+25m") as workspace:
        plan = plan_of(workspace, MISPLACED, HERE)
        assert plan.challenge is not None
        assert plan.challenge.sure is None
        clock.shift(timedelta(minutes=37))
        with pytest.raises(errors.ConfirmationRequired):
            accept.accept(workspace.desk, plan, Answer(typed="acme"))


def test_several_doubts_are_one_question(workspace: Workspace) -> None:
    """It wants their number and the first of them."""
    request = Request(text="zebra quartz fjord waltz nymph glyph", selectors=["x:@acme", "x:@globex"])
    plan = prepare.prepare(workspace.desk, request, HERE)
    assert plan.challenge is not None
    assert [doubt.account for doubt in plan.challenge.doubts] == ["x:@acme", "x:@globex"]
    assert plan.challenge.sure == "2 x:@acme"
    named = plan.challenge.wanted
    with pytest.raises(errors.WrongName):
        accept.accept(workspace.desk, plan, Answer(typed=named, sure="x:@acme"))
    assert len(accept.accept(workspace.desk, plan, Answer(typed=named, sure="2 x:@acme"))) == 2


def test_that_the_rest_of_a_thread_is_asked_about_stands_in_the_log_too(workspace: Workspace) -> None:
    """What is queued anew is asked about as what is new."""
    confirmed(workspace)
    (account,) = {one.account for one in plan_of(workspace, AT_HOME, HERE).candidates}
    contents = [Content(MISPLACED)]
    plan = prepare.prepare_parts(
        workspace.desk, account, contents, HERE, after=None, replaces=(), at=None, overrides={}
    )
    assert plan.challenge is not None
    assert logged(workspace, "affinity.ask") == 1


def test_a_text_at_home_is_not_asked_about(workspace: Workspace) -> None:
    """Inside the confirmed set the prompt keeps its meaning."""
    confirmed(workspace)
    assert plan_of(workspace, AT_HOME, HERE).challenge is None
    assert logged(workspace, "affinity.ask") == 0


def test_a_policy_that_silences_the_detector_is_obeyed(learned: Office) -> None:
    """With `checks.affinity = "off"` neither a terminal nor a script hears of it."""
    apply_policy(learned, '[account."x:@acme"]\nchecks.affinity = "off"\n')
    with learned.entered() as workspace:
        confirmed(workspace)
        assert plan_of(workspace, MISPLACED, HERE).challenge is None
        assert "affinity" not in {one.check for one in plan_of(workspace, MISPLACED, SCRIPT).findings}


def test_without_a_terminal_a_confirm_alone_does_not_pass(learned: Office) -> None:
    """A script that names the account is held, until a person gives a reason."""
    words = ("post", MISPLACED, "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json")
    done = learned.cli(*words)
    assert done.code == 11
    assert "x:@globex" in done.error["message"]
    assert "--override affinity" in done.error["remedy"]
    assert learned.published("x") == []
    passed = learned.cli(*words, "--override", "affinity", "--reason", "we sponsor the match")
    assert passed.code == 0
    assert learned.published("x") == [MISPLACED]


def test_a_dry_run_says_what_would_be_held(learned: Office) -> None:
    """Nobody is asked and nothing is logged, but the finding is shown."""
    done = learned.cli("post", MISPLACED, "--to", "x:@acme", "--dry-run", "--json")
    assert "affinity" in {finding["check"] for finding in done.document["findings"]}
    with learned.entered() as workspace:
        assert logged(workspace, "affinity.ask") == 0


def test_the_terminal_tells_why_and_takes_the_name(learned: Office) -> None:
    """The person reads what speaks against the account, and which one it reads like."""
    child = learned.terminal("post", MISPLACED, "--to", "x:@acme", "--grace", "0")
    child.expect_exact("Type acme to post. Enter stops:")
    child.sendline("acme")
    child.expect_exact("CHECK  This reads like x:@globex, not x:@acme.")
    child.expect_exact("times there, never here.")
    child.expect_exact("Still x:@acme? Type x:@acme. Enter stops:")
    child.sendline("")
    child.expect("Stopped. Nothing was sent.")
    child.wait()
    assert learned.published("x") == []


def test_only_what_is_confirmed_as_ours_is_learned(learned: Office) -> None:
    """A post that waits is not learned; once it has a receipt it is."""
    with learned.entered() as workspace:
        confirmed(workspace)
        affinity.refit(workspace)
        assert counts(workspace)["x:@acme"] == POSTS
    assert learned.post("colour summer store basket order outfit style", "x:@acme").code == 0
    with learned.entered() as workspace:
        affinity.refit(workspace)
        assert counts(workspace)["x:@acme"] == POSTS + 1


def test_what_somebody_else_posted_is_not_learned(learned: Office) -> None:
    """What a burglar posted lies in the archive as its own, but has no receipt: it is not learned,
    even from anew."""
    past(learned, "x:@acme", foreign=40)
    with learned.entered() as workspace:
        assert affinity.refit(workspace).learned == 0
        assert affinity.refit(workspace, anew=True).whole
        assert counts(workspace)["x:@acme"] == POSTS


def test_a_refit_adds_what_is_new_and_keeps_the_rest(learned: Office) -> None:
    """A few posts more are added to what stands; the numbers of the others are not made anew."""
    with learned.entered() as workspace:
        assert affinity.refit(workspace).learned == 0
    assert learned.post("colour summer store basket order outfit style", "x:@acme").code == 0
    with learned.entered() as workspace:
        found = affinity.refit(workspace)
        assert (found.learned, found.whole) == (1, False)
        assert affinity.refit(workspace).learned == 0
        again = affinity.refit(workspace, anew=True)
        assert (again.learned, again.whole) == (2 * POSTS + 1, True)
        assert counts(workspace) == {"x:@acme": POSTS + 1, "x:@globex": POSTS}


def test_an_account_with_much_more_than_before_is_learned_anew(learned: Office) -> None:
    """A quarter more posts than the thresholds know: they are found anew."""
    past(learned, "x:@acme", POSTS + POSTS // 4)
    with learned.entered() as workspace:
        assert not affinity.refit(workspace).whole
    past(learned, "x:@acme", POSTS + POSTS // 4 + 1)
    with learned.entered() as workspace:
        assert affinity.refit(workspace).whole


def test_a_fit_of_another_version_is_made_anew(learned: Office) -> None:
    """What cannot be read stops no post; the next fit replaces it."""
    from sqlalchemy import update

    from socialguard.store.tables import affinity_fit

    with learned.entered() as workspace:
        with workspace.database.write() as connection:
            connection.execute(update(affinity_fit).values(model=b"from the future\n"))
        assert plan_of(workspace, MISPLACED, SCRIPT).findings == ()
        assert affinity.refit(workspace).whole
        assert counts(workspace) == {"x:@acme": POSTS, "x:@globex": POSTS}


def test_status_shows_history_false_alarms_and_weeks(learned: Office) -> None:
    """One row an account, little history said so, and the alarm and overrule of this week."""
    learned.post(MISPLACED, "x:@acme")
    learned.cli(
        *("post", MISPLACED, "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0"),
        *("--override", "affinity", "--reason", "ok"),
    )
    found = shown(learned.cli("affinity", "status", "--json"), AffinityStatusDocument)
    known = {one.account: one for one in found.accounts}
    assert (known["x:@acme"].posts, known["x:@acme"].enough) == (POSTS, True)
    assert (known["facebook:@acme"].posts, known["facebook:@acme"].enough) == (0, False)
    assert (found.weeks[0].alarms, found.weeks[0].overrules) == (2, 1)
    told = learned.cli("affinity", "status").stdout
    assert "not enough history" in told


def test_fit_learns_from_the_command_line(learned: Office) -> None:
    """`affinity fit --anew` learns all posts once more."""
    found = shown(learned.cli("affinity", "fit", "--anew", "--json"), AffinityFitDocument)
    assert (found.learned, found.anew) == (2 * POSTS, True)


def test_a_backup_teaches_the_detector(office: Office) -> None:
    """After `backup run` nothing else is needed."""
    past(office, "x:@acme")
    assert office.cli("backup", "run", "x:@acme", "--json").code == 0
    with office.entered() as workspace:
        assert counts(workspace)["x:@acme"] >= POSTS


def calendar(learned: Office) -> str:
    """A calendar whose second row stands in the wrong account's."""
    day = f"{clock.now().date() + timedelta(days=3)}"
    rows = [f"x:@acme,{day},9:00,{AT_HOME}", f"x:@acme,{day},10:00,{MISPLACED}"]
    path = learned.base / "calendar.csv"
    path.write_text("\n".join(["account,date,time,text", *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_a_row_of_a_calendar_that_reads_like_another_account_is_refused(learned: Office) -> None:
    """A script names the accounts of the whole file, and nobody read the row."""
    words = ("plan", "import", calendar(learned), "--confirm", "x:@acme", "--json")
    done = learned.cli(*words)
    assert done.code == 2
    (refused,) = done.document["refused"]
    assert refused["line"] == 3
    assert "x:@globex" in refused["reason"]
    assert learned.queue() == []
    assert learned.cli(*words, "--override", "affinity", "--reason", "we sponsor the match").code == 0
    assert len(learned.queue("queued")) == 2
    with learned.entered() as workspace:
        assert (logged(workspace, "affinity.ask"), logged(workspace, "affinity.overrule")) == (1, 1)


def test_a_row_that_reads_like_another_account_is_refused_in_a_terminal_too(learned: Office) -> None:
    """One question covers a whole file: nobody answers for a single row there."""
    child = learned.terminal("plan", "import", calendar(learned))
    child.expect("x:@globex")
    child.wait()
    assert child.exitstatus == 2
    assert learned.queue() == []


def test_a_check_in_a_terminal_tells_what_a_script_is_told(learned: Office) -> None:
    """Nothing is asked there, so it is a finding."""
    child = learned.terminal("check", MISPLACED, "--to", "x:@acme")
    child.expect("this reads like x:@globex, not like x:@acme")
    child.wait()
    assert child.exitstatus == 11
