"""A held delivery is told by every command a person runs, until somebody says that they have seen it."""

import pytest

from tests.cli.test_post_queue import held
from tests.office import Office
from tests.office import office as office
from tests.shapes import Alerts, AlertsSeen, failed, shown

LINE = "ALERT  1 unseen alert. LATE  {id} for x:@acme was due "


def test_a_late_delivery_is_an_alert_that_names_it(office: Office) -> None:
    delivery = held(office)
    found = shown(office.cli("alerts", "list", "--json"), Alerts)
    (one,) = found.alerts
    assert (found.unseen, one.kind, one.account, one.delivery, one.count) == (1, "late", "x:@acme", delivery, 1)
    assert one.message.startswith(f"LATE  {delivery} for x:@acme was due ")
    assert one.seen_at is None


@pytest.mark.parametrize(
    "command", [("queue", "list"), ("whoami",), ("account", "show", "x:@globex"), ("version",)]
)
def test_every_command_ends_with_one_line_on_what_is_unseen(office: Office, command: tuple[str, ...]) -> None:
    delivery = held(office)
    done = office.cli(*command)
    assert done.stderr.startswith(LINE.format(id=delivery))
    assert done.stderr.endswith("See: socialguard alerts list\n")
    assert done.stderr.count("\n") == 1


def test_a_command_that_fails_tells_its_own_failure_first(office: Office) -> None:
    delivery = held(office)
    lines = office.cli("queue", "show", "00000000").stderr.splitlines()
    assert [line[:3] for line in lines] == ["5 T", "ALE"]
    assert delivery in lines[1]


@pytest.mark.parametrize("words", [("queue", "list", "--json"), ("queue", "list", "--no-input"), ("--help",)])
def test_scripts_and_help_are_told_nothing(office: Office, words: tuple[str, ...]) -> None:
    held(office)
    assert office.cli(*words).stderr == ""


def test_in_french_the_sentence_is_put_together_from_its_template(office: Office) -> None:
    held(office)
    assert "EN RETARD" in office.cli("whoami", LANGUAGE="fr").stderr


def test_what_was_seen_is_told_no_more_and_stands_in_the_log(office: Office) -> None:
    held(office)
    assert shown(office.cli("alerts", "ack", "1", "--json"), AlertsSeen).model_dump() == {
        "seen": [1],
        "unseen": 0,
    }
    assert office.cli("queue", "list").stderr == ""
    assert shown(office.cli("alerts", "list", "--json"), Alerts).alerts == []
    (one,) = shown(office.cli("alerts", "list", "--all", "--json"), Alerts).alerts
    assert one.seen_at is not None
    entries = office.cli("audit", "list", "--action", "alert.see", "--json").document["entries"]
    assert len(entries) == 1


def test_two_held_deliveries_are_two_alerts_and_can_be_seen_one_by_one(office: Office) -> None:
    first, second = held(office, "One"), held(office, "Two")
    assert office.cli("whoami").stderr.startswith(f"ALERT  2 unseen alerts. LATE  {second} ")
    assert office.cli("alerts", "ack", "2").code == 0
    assert office.cli("whoami").stderr.startswith(LINE.format(id=first))
    assert shown(office.cli("alerts", "ack", "--all", "--json"), AlertsSeen).seen == [1]


def test_people_get_a_table(office: Office) -> None:
    delivery = held(office)
    done = office.cli("alerts", "list")
    assert done.stdout.splitlines()[0].split() == ["id", "last", "times", "account", "what", "seen"]
    assert delivery in done.stdout
    assert done.stderr == "When you know of them: socialguard alerts ack ID … | --all\n"
    office.cli("alerts", "ack", "--all")
    assert office.cli("alerts", "list").stdout == "No alert is unseen.\n"


@pytest.mark.parametrize("words", [(), ("1", "--all"), ("nonsense",), ("0",)])
def test_seen_takes_ids_or_all(office: Office, words: tuple[str, ...]) -> None:
    held(office)
    failed(office.cli("alerts", "ack", *words, "--json"), 2, "usage_error")
    assert shown(office.cli("alerts", "list", "--json"), Alerts).unseen == 1, "nothing was marked by a slip"


def test_seen_refuses_an_id_that_there_is_not(office: Office) -> None:
    held(office)
    assert "99" in failed(office.cli("alerts", "ack", "1", "99", "--json"), 5, "not_found").message
    assert shown(office.cli("alerts", "list", "--json"), Alerts).unseen == 1, "all of them or none"
