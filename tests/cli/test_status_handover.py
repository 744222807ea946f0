"""All accounts on one screen, and what the next shift must know."""

import re
import shlex
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from socialguard import errors
from tests.office import Office
from tests.office import office as office
from tests.shapes import DeliveryPage, HandoverFields, Noted, Standings, shown

LATER = {"SOCIALGUARD_CLOCK": "+90000s"}


def scheduled(office: Office, text: str, at: str = "in 3 hours", to: str = "x:@acme") -> Any:
    """Queue a text for later and return its delivery."""
    done = office.cli("post", text, "--to", to, "--confirm", to, "--at", at, "--json")
    assert done.code == 0, done
    return done.deliveries[0]


def unknown(office: Office) -> None:
    """Leave a delivery on x:@globex whose outcome nobody knows."""
    office.sandbox.faults(
        [
            {"network": "x", "operation": "publish", "kind": "accept_then_drop"},
            {"network": "x", "operation": "timeline", "kind": "status", "code": 503, "times": 20},
        ]
    )
    assert office.post("Perhaps", "x:@globex").code == 12
    office.sandbox.faults([])


@pytest.mark.parametrize("form", ["GitHub", "ours"])
@pytest.mark.parametrize(
    "words",
    [
        ("handover", "--note"),
        (
            "post",
            "Merde !",
            "--to",
            "x:@acme",
            "--confirm",
            "x:@acme",
            "--grace",
            "0",
            "--override",
            "insults",
            "--reason",
        ),
    ],
)
def test_no_secret_stands_in_a_reason_or_a_note(office: Office, words: tuple[str, ...], form: str) -> None:
    ours = next(one for one in sorted(office.secrets) if re.fullmatch("[0-9a-f]{32}", one))
    token = "ghp_" + "a1B2" * 9 if form == "GitHub" else ours
    done = office.cli(*words, f"the token is {token}.", "--json")
    assert done.code == errors.UsageError.exit_code, done
    assert token not in done.stdout + done.stderr
    with closing(sqlite3.connect(office.database)) as database:
        kept = "\n".join(database.iterdump())
    assert token not in kept
    assert office.cli(*words, "nothing secret", "--json").code == 0


@pytest.mark.parametrize("form", ["GitHub", "ours"])
@pytest.mark.parametrize(
    "words", [("crisis", "on"), ("freeze", "x:@acme"), ("panic", "x:@acme"), ("queue", "cancel", "DELIVERY")]
)
def test_a_stop_is_never_refused_for_its_reason_and_keeps_no_secret_of_it(
    office: Office, words: tuple[str, ...], form: str
) -> None:
    ours = next(one for one in sorted(office.secrets) if re.fullmatch("[0-9a-f]{32}", one))
    token = "ghp_" + "a1B2" * 9 if form == "GitHub" else ours
    delivery = scheduled(office, "Later")["id"]
    given = [delivery if word == "DELIVERY" else word for word in words]
    for reason in (f"the token is {token}.", f"{'x' * 600} {token}", "\udcff\0 not text"):
        done = office.cli(*given, "--reason", reason, "--json")
        assert done.code == 0, done
        assert token not in done.stdout + done.stderr
    with closing(sqlite3.connect(office.database)) as database:
        kept = "\n".join(database.iterdump())
    assert token not in kept
    assert "the token is [secret]" in kept


def test_a_process_that_never_opened_a_credential_keeps_none_of_it_in_a_reason(office: Office) -> None:
    ours = next(one for one in sorted(office.secrets) if re.fullmatch("[0-9a-f]{32}", one))
    done = office.process("freeze", "x:@acme", "--reason", f"leaked: {ours}, go", "--json")
    assert (done.code, done.document["reason"]) == (0, "leaked: [secret], go")
    with closing(sqlite3.connect(office.database)) as database:
        assert ours not in "\n".join(database.iterdump())


def test_every_account_stands_on_one_screen(office: Office) -> None:
    office.post("Sent")
    due = scheduled(office, "Next")["due"]
    unknown(office)
    found = {one.account: one for one in shown(office.cli("status", "--json"), Standings).accounts}
    assert set(found) == {"x:@acme", "x:@globex", "facebook:@acme", "facebook:@globex"}
    acme = found["x:@acme"]
    assert (acme.next_post, acme.queued, acme.held, acme.unknown) == (due, 1, 0, 0)
    assert acme.last_post is not None
    assert found["x:@globex"].unknown == 1
    assert found["facebook:@acme"].last_post is None
    assert found["facebook:@acme"].credential.state == "ok"


def test_a_backup_has_an_age_and_an_account_without_one_has_none(office: Office) -> None:
    assert office.cli("backup", "run", "x:@acme", "--json").code == 0
    found = {one.account: one for one in shown(office.cli("status", "--json"), Standings).accounts}
    assert found["x:@acme"].backup.age_s is not None
    assert found["x:@globex"].backup.age_s is None


def test_a_frozen_account_is_marked_whatever_scope_stops_it(office: Office) -> None:
    office.cli("freeze", "client:acme", "--reason", "hacked")
    found = {one.account: one for one in shown(office.cli("status", "--json"), Standings).accounts}
    assert (found["x:@acme"].frozen, found["x:@globex"].frozen) == ("hacked", None)
    assert "FROZEN" in office.cli("status").stdout


def test_a_selector_narrows_the_screen(office: Office) -> None:
    found = shown(office.cli("status", "client:acme", "--json"), Standings)
    assert {one.account for one in found.accounts} == {"x:@acme", "facebook:@acme"}


def test_people_see_what_waits_and_what_ended(office: Office) -> None:
    unknown(office)
    text = office.cli("status").stdout
    assert "1 unknown" in text
    assert "never" in text


def test_the_next_shift_learns_what_is_stuck_and_what_comes(office: Office) -> None:
    late = scheduled(office, "Late", "in 1 hour")
    assert office.cli("queue", "run", **LATER).code == 11
    unknown(office)
    office.cli("freeze", "facebook:@acme", "--reason", "hacked")
    office.cli("crisis", "on", "facebook:@globex", "--reason", "flood")
    soon = scheduled(office, "Soon", "in 3 hours")
    scheduled(office, "Much later", "in 2 days")
    found = shown(office.cli("handover", "--json"), HandoverFields)
    assert [one.id for one in found.held] == [late["id"]]
    assert [one.text for one in found.unknown] == ["Perhaps"]
    assert [one.id for one in found.next] == [soon["id"]]
    assert [(one.scope, one.reason, one.by) for one in found.frozen] == [("facebook:@acme", "hacked", "Marie")]
    assert [(one.scope, one.reason, one.by) for one in found.crises] == [("facebook:@globex", "flood", "Marie")]
    assert found.alerts
    text = office.cli("handover").stdout
    assert "Held (1)" in text
    assert "Frozen (1)" in text
    assert "hacked" in text
    assert "Crises (1)" in text


def test_a_note_is_kept_in_the_log_and_shown_to_the_next_shift(office: Office) -> None:
    entry = shown(office.cli("handover", "--note", "Journalist calls at nine", "--json"), Noted).noted
    (note,) = shown(office.cli("handover", "--json"), HandoverFields).notes
    assert (note.text, note.by, note.entry) == ("Journalist calls at nine", "Marie", entry)
    assert office.cli("audit", "verify").code == 0
    old = shown(office.cli("handover", "--json", SOCIALGUARD_CLOCK="+180000s"), HandoverFields)
    assert old.notes == []


def test_a_note_holds_no_secret(office: Office) -> None:
    done = office.cli("handover", "--note", "access_token=EAA" + "b1C" * 40, "--json")
    assert done.code == 2
    assert shown(office.cli("handover", "--json"), HandoverFields).notes == []


def test_a_list_says_whose_turn_it_is(office: Office) -> None:
    scheduled(office, "Time", "in 3 hours")
    scheduled(office, "Frozen", "in 4 hours", "facebook:@acme")
    unknown(office)
    office.cli("freeze", "facebook:@acme", "--reason", "hacked")
    page = shown(office.cli("queue", "list", "--json"), DeliveryPage)
    assert {one.account: one.waits_for for one in page.deliveries} == {
        "x:@acme": "time",
        "facebook:@acme": "owner",
        "x:@globex": "person",
    }
    assert "an owner" in office.cli("queue", "list").stdout
    words = ("queue", "list", "--account", "x:@acme", "--json")
    due = shown(office.cli(*words, SOCIALGUARD_CLOCK="+14400s"), DeliveryPage)
    assert due.deliveries[0].waits_for == "sender"


def test_the_next_page_of_a_list_is_that_of_the_same_list(office: Office) -> None:
    for text in ("One", "Two"):
        office.post(text)
    office.post("Elsewhere", "x:@globex")
    words = ("queue", "list", "--account", "client:acme", "--limit", "1")
    told = office.cli(*words).stderr.strip()
    again = shlex.split(told.removeprefix("There may be more: socialguard "))
    assert again[:-2] == list(words)
    assert [one["account"] for one in office.cli(*again, "--json").deliveries] == ["x:@acme"]
