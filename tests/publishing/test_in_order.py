"""The order in an account's line: what was put off keeps its place, whoever sends and is killed."""

import time
from typing import Any

import pytest

from socialguard import clock, errors
from socialguard.cli.commands import queue
from socialguard.ledger import due, reader
from socialguard.publishing import accept, prepare, send
from socialguard.publishing.interface import Answer, Request, Session
from tests.daemon.test_renewal import enrol
from tests.office import Office
from tests.publishing.test_unreached import CONFIRMED, run_at
from tests.wrong_account.firm import apply_policy

REFUSED: dict[str, Any] = {"network": "x", "operation": "publish", "kind": "refuse"}


def schedule(office: Office, *texts: str, at: str = "in 1 hour") -> None:
    """Plan these posts on one account, all for the same minute."""
    for text in texts:
        assert office.cli("post", text, "--to", "x:@acme", *CONFIRMED, "--at", at).code == 0


def limited(seconds: int) -> dict[str, Any]:
    """Return the fault of a limit that ends in so many seconds."""
    reset = {"x-rate-limit-limit": "1", "x-rate-limit-remaining": "0"}
    reset["x-rate-limit-reset"] = str(int(time.time()) + seconds)
    return {"network": "x", "operation": "publish", "kind": "status", "code": 429, "headers": reset}


def put_off(office: Office, fault: dict[str, Any] = REFUSED) -> None:
    """Have the first attempt of whatever is due put it off."""
    office.sandbox.faults([{**fault, "times": 100}])
    assert run_at(office, 3610) == ["queued"], "the others were not even tried"
    office.sandbox.faults([])


def lane(office: Office, seconds: int) -> list[str]:
    """Return what the daemon would send on the account so many seconds from now, in order."""
    with office.entered(SOCIALGUARD_CLOCK=f"+{seconds}s") as workspace, workspace.database.read() as connection:
        (account,) = (one.id for one in workspace.accounts() if str(one) == "x:@acme")
        ids = due.of_account(connection, account, clock.now())
        return [reader.get(connection, one).content.text for one in ids]


def test_nothing_of_an_account_overtakes_what_was_put_off(office: Office) -> None:
    schedule(office, "First", "Second", "Third")
    put_off(office)
    assert lane(office, 3615) == [], "whoever knows of no pause keeps the order, too"
    assert run_at(office, 3615) == []
    clock_then = {"SOCIALGUARD_CLOCK": "+3615s"}
    rows = {row["id"]: row["waits_for"] for row in office.cli("queue", "list", "--json", **clock_then).deliveries}
    assert sorted(rows.values()) == ["time", "turn", "turn"]
    first = next(one for one, word in rows.items() if word == "time")
    told = office.cli("queue", "run", **clock_then).stdout.splitlines()
    assert sorted(told) == sorted(
        f"{one} waits for its turn, behind {first}: socialguard queue show {first}" for one in rows if one != first
    )
    assert office.cli("handover", **clock_then).stdout.count("→ its turn") == 2
    assert lane(office, 3700) == ["First", "Second", "Third"]
    assert run_at(office, 3700) == ["sent", "sent", "sent"]
    assert office.published() == ["First", "Second", "Third"]


def test_what_was_planned_for_later_waits_behind_what_a_limit_put_off(office: Office) -> None:
    schedule(office, "Second", at="in 61 minutes")
    schedule(office, "First")
    put_off(office, limited(600))
    assert run_at(office, 3700) == []
    assert run_at(office, 4300) == ["sent", "sent"]
    assert office.published() == ["First", "Second"]


def test_what_a_limit_puts_off_for_hours_holds_up_nothing(office: Office) -> None:
    schedule(office, "First", "Second")
    office.sandbox.faults([limited(7200)])
    assert run_at(office, 3610) == ["queued", "sent"]
    assert office.published() == ["Second"]


def test_it_holds_up_nothing_at_its_end_either(office: Office) -> None:
    schedule(office, "First")
    schedule(office, "Second", at="in 168 minutes")
    put_off(office, limited(7200))
    assert run_at(office, 10085) == ["sent"]
    assert office.published() == ["Second"]


def test_a_limit_whose_end_the_network_does_not_tell_keeps_the_place(office: Office) -> None:
    schedule(office, "First", "Second")
    put_off(office, {"network": "x", "operation": "publish", "kind": "status", "code": 429})
    assert run_at(office, 4400) == []
    assert run_at(office, 4520) == ["sent", "sent"]


def test_what_waited_behind_a_limit_is_not_late_for_that(office: Office) -> None:
    """A limit of X takes as long as a post may be late."""
    schedule(office, "First", "Second", "Third")
    put_off(office, limited(895))
    assert run_at(office, 4520) == ["sent", "sent", "sent"]
    assert office.published() == ["First", "Second", "Third"]


def test_what_was_late_anyway_is_held_although_there_was_a_limit(office: Office) -> None:
    schedule(office, "First", "Second")
    put_off(office, limited(300))
    assert run_at(office, 3610 + 300 + 910) == ["held", "held"]


def test_a_post_that_a_limit_of_its_own_puts_off_again_and_again_does_not_silence_its_account(
    office: Office,
) -> None:
    schedule(office, "First", "Second")
    put_off(office, limited(800))
    put_off_again = {**limited(800), "times": 1}
    office.sandbox.faults([put_off_again])
    assert run_at(office, 4420) == ["queued"]
    assert run_at(office, 4500) == []
    assert run_at(office, 4600) == ["sent"]
    assert office.published() == ["Second"]


def test_a_run_that_read_its_list_before_keeps_the_order(office: Office) -> None:
    schedule(office, "First", "Second")
    with office.entered(SOCIALGUARD_CLOCK="+3610s") as workspace, workspace.database.read() as connection:
        _first, second = due.of_all(connection, clock.now())
    put_off(office)
    with office.entered(SOCIALGUARD_CLOCK="+3640s") as workspace:
        assert send.run_due(workspace.desk, [second]) == ()
    with office.entered(SOCIALGUARD_CLOCK="+3700s") as workspace:
        (told,) = send.run_due(workspace.desk, [second])
    assert told.delivery.state.value == "sent", "nobody tried the first in time"


def test_what_may_go_out_again_keeps_its_place_until_it_is_found_out(office: Office) -> None:
    account = "facebook:@acme"
    for text in ("First", "Second"):
        assert office.cli("post", text, "--to", account, "--confirm", account, "--at", "in 1 hour").code == 0
    dropped = {"network": "facebook", "operation": "publish_step", "kind": "drop_before", "times": 1}
    blind = {"network": "facebook", "kind": "status", "code": 500, "times": None}
    office.sandbox.faults([dropped, *({**blind, "operation": one} for one in ("timeline", "read"))])
    assert run_at(office, 3610) == ["unknown"]
    assert office.published() == []
    office.sandbox.faults([])
    run_at(office, 3620)
    run_at(office, 3640)
    assert office.published() == ["First", "Second"]


def test_what_a_person_sends_now_waits_for_nothing_that_was_planned(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")
    schedule(office, "Planned")
    put_off(office, limited(600))
    done = office.cli("post", "Now", "--to", "x:@acme", *CONFIRMED, SOCIALGUARD_CLOCK="+3615s")
    assert [row["state"] for row in done.deliveries] == ["sent"], done


def test_a_deletion_that_was_put_off_holds_up_nothing(office: Office) -> None:
    wrong = office.post("Wrong")
    schedule(office, "Planned")
    office.sandbox.faults([{**limited(600), "operation": "delete", "times": 1}])
    gone = office.cli("delete", str(wrong.deliveries[0]["id"]), *CONFIRMED, SOCIALGUARD_CLOCK="+3590s")
    assert [row["state"] for row in gone.deliveries] == ["queued"], gone
    assert run_at(office, 3610) == ["sent"]
    assert office.published() == ["Wrong", "Planned"]


def test_what_can_still_be_taken_back_holds_up_nothing(office: Office) -> None:
    """It was not tried yet: it was not put off."""
    schedule(office, "Planned")
    with office.entered() as workspace:
        request = Request(text="Now", selectors=["x:@acme"], grace=4000)
        plan = prepare.prepare(workspace.desk, request, Session(None, "test"))
        accept.accept(workspace.desk, plan, Answer(named=frozenset(["x:@acme"])))
    assert run_at(office, 3605) == ["sent"]
    assert office.published() == ["Planned"]


def test_what_went_out_is_told_where_nobody_can_say_what_waits(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise errors.Tampered(what="An account", detail="it was changed meanwhile.")

    schedule(office, "First")
    monkeypatch.setattr(queue, "behind", refuse)
    assert run_at(office, 3610) == ["sent"]


def test_an_account_waits_for_no_other(office: Office) -> None:
    schedule(office, "First")
    there = ("--to", "facebook:@acme", "--confirm", "facebook:@acme", "--at", "in 1 hour")
    assert office.cli("post", "Elsewhere", *there).code == 0
    office.sandbox.faults([{**REFUSED, "times": 100}])
    assert sorted(run_at(office, 3610)) == ["queued", "sent"]


def test_nothing_overtakes_what_could_not_be_begun_for_want_of_a_renewal(office: Office) -> None:
    """The network renews nothing at first, and does a moment later: within one run as well."""
    enrol(office)
    for text in ("First", "Second"):
        words = ("--to", "x:@nimbus", "--confirm", "x:@nimbus", "--at", "in 125 minutes", "--json")
        assert office.cli("post", text, *words).code == 0
    office.sandbox.clock(126 * 60)
    office.sandbox.faults([{"network": "x", "operation": "token", "kind": "status", "code": 400, "times": 1}])
    later = {"SOCIALGUARD_CLOCK": "+126m"}
    done = office.cli("queue", "run", "--json", **later)
    assert [one["state"] for one in done.deliveries] == ["queued"], done
    assert office.published("x", "nimbus") == []
    assert office.cli("queue", "run", "--json", **later).code == 0
    assert office.published("x", "nimbus") == ["First", "Second"]
