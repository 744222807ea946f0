"""`crisis on` holds what was queued before it, one by one, until a person released each."""

import sqlite3
from contextlib import closing

import pytest

from socialguard import clock, errors
from socialguard.ledger.stops import CRISIS
from socialguard.publishing import crisis, freeze
from tests.office import Office
from tests.office import office as office
from tests.shapes import CrisisBegun, CrisisEnded, CrisisStatus, Deliveries, failed, shown
from tests.wrong_account.firm import apply_policy

LATER = {"SOCIALGUARD_CLOCK": "+3605s"}


def scheduled(office: Office, text: str, account: str) -> str:
    """Queue a post for in an hour and return its id."""
    words = ("post", text, "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
    return shown(office.cli(*words), Deliveries).deliveries[0].id


def begin(office: Office, *names: str) -> CrisisBegun:
    return shown(office.cli("crisis", "on", *names, "--reason", "earthquake", "--json"), CrisisBegun)


def test_what_waits_is_held_at_once_and_named(office: Office) -> None:
    held, other = scheduled(office, "Sale!", "x:@acme"), scheduled(office, "Sale!", "x:@globex")
    found = begin(office, "client:acme")
    assert (found.crisis, found.held, found.complete) == (["client:acme"], 1, True)
    assert {row["id"]: row["state"] for row in office.queue()} == {held: "held", other: "queued"}
    status = shown(office.cli("crisis", "status", "--json"), CrisisStatus)
    assert [one.name for one in status.crises] == ["client:acme"]
    assert [(one.id, one.account) for one in status.held] == [(held, "x:@acme")]
    office.cli("queue", "run", **LATER)
    assert office.published() == ["Sale!"]
    assert office.published("x", "acme") == []


def test_what_is_held_stays_held_after_the_crisis_until_it_is_released(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    held = scheduled(office, "Sale!", "x:@acme")
    begin(office)
    ended = shown(office.cli("crisis", "off", "--reason", "over", "--json"), CrisisEnded)
    assert (ended.ended, ended.held) == (["all"], 1)
    office.cli("queue", "run", **LATER)
    assert office.published() == []
    released = office.cli("queue", "release", held, "--now", "--confirm", "x:@acme", "--json")
    assert released.code == 0, released
    assert office.published() == ["Sale!"]
    assert shown(office.cli("crisis", "status", "--json"), CrisisStatus).held == []


def test_the_sender_holds_what_the_command_could_not_reach_and_raises_an_alert(office: Office) -> None:
    held = scheduled(office, "Sale!", "x:@acme")
    with office.entered() as workspace:
        freeze.begin(workspace.database, workspace.log, workspace.person, CRISIS, ["all"], "earthquake")
    shown(office.cli("crisis", "off", "--reason", "over", "--json"), CrisisEnded)
    ran = office.cli("queue", "run", "--json", **LATER)
    assert ran.code == 11
    assert [row["state"] for row in office.queue()] == ["held"]
    assert office.published() == []
    alerts = office.cli("alerts", "list", "--json").document["alerts"]
    assert [(one["kind"], one["delivery"]) for one in alerts] == [("in_crisis", held)]
    assert "was queued before the crisis of" in alerts[0]["message"]


def test_what_is_kept_of_a_crisis_names_its_day(office: Office) -> None:
    """The next shift reads it on another day."""
    held = scheduled(office, "Sale!", "x:@acme")
    begin(office)
    today = f"{clock.now():%Y-%m-%d}"
    shown_later = office.cli("queue", "show", held, SOCIALGUARD_CLOCK="+172800s").stdout
    assert f"crisis of {today} " in shown_later


def test_a_deletion_goes_on_in_a_crisis(office: Office) -> None:
    sent = office.post("Oops").deliveries[0]["id"]
    begin(office)
    deleted = office.cli("delete", sent, "--confirm", "x:@acme", "--json")
    assert deleted.code == 0, deleted
    assert office.published() == []


def test_to_end_a_crisis_that_is_none_is_refused(office: Office) -> None:
    failed(office.cli("crisis", "off", "--reason", "over", "--json"), 5, "not_found")
    failed(office.cli("crisis", "on", "--label", "nobody", "--reason", "x", "--json"), 5, "unknown_account")


@pytest.mark.parametrize(
    "change",
    [
        "update stop set scope = 'client:nobody'",
        "update stop set kind = 'other'",
        "update stop set lifted_at = since",
        "delete from stop",
    ],
)
def test_a_crisis_that_was_changed_in_the_database_stops_all(office: Office, change: str) -> None:
    scheduled(office, "Sale!", "x:@acme")
    begin(office, "x:@globex")
    assert office.cli("queue", "run").code == 0  # the sender has seen it
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute(change)
    assert office.cli("queue", "run", "--json", **LATER).code == 13
    assert office.published() == []


def test_a_locked_vault_keeps_no_crisis_from_beginning(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise errors.Locked(what="x")

    scheduled(office, "Sale!", "x:@acme")
    monkeypatch.setattr(crisis, "hold_waiting", locked)
    found = begin(office)
    assert (found.held, found.complete) == (0, False)
    office.cli("queue", "run", **LATER)
    assert [row["state"] for row in office.queue()] == ["held"]


def test_people_are_told_what_is_held_and_how_to_let_it_go(office: Office) -> None:
    held = scheduled(office, "Sale!", "x:@acme")
    told = office.cli("crisis", "on", "--label", "nobody", "acme", "--reason", "earthquake")
    assert told.code == 5
    told = office.cli("crisis", "on", "acme", "--reason", "earthquake")
    assert "1 post held." in told.stdout
    told = office.cli("crisis", "status")
    assert "Crisis mode: x:@acme since " in told.stdout
    assert f"Held: {held} x:@acme " in told.stdout
    told = office.cli("crisis", "off", "--reason", "over")
    assert "1 post stays held" in told.stdout
    assert "No crisis." in office.cli("crisis", "status").stdout


def test_a_crisis_is_no_freeze(office: Office) -> None:
    """What is queued with a reason while it lasts goes out at its time: nobody is told to thaw it."""
    begin(office)
    passed = ("--at", "in 1 hour", "--override", "crisis", "--reason", "it helps")
    assert office.cli(*office.post_words("Water is safe.", "x:@acme"), *passed).code == 0
    assert [row["waits_for"] for row in office.queue("queued")] == ["time"]
    accounts = office.cli("status", "--json").document["accounts"]
    assert {row["frozen"] for row in accounts} == {None}


def test_a_crisis_of_everybody_is_told_in_words(office: Office) -> None:
    assert "Crisis mode: all accounts." in office.cli("crisis", "on", "--reason", "flood").stdout
    assert "Crisis mode: all accounts since" in office.cli("crisis", "status").stdout
    assert "Crisis mode: all accounts since" not in office.cli("handover").stdout  # there by its own heading
    assert "all accounts" in office.cli("handover").stdout
    assert "Crisis mode ended: all accounts." in office.cli("crisis", "off", "--reason", "over").stdout
    assert "Frozen: all accounts." in office.cli("freeze", "--all", "--reason", "drill").stdout
