"""What stops a command is told before anything is asked or signed, and in a form that scripts can read."""

import pytest

from tests.office import Office
from tests.office import office as office
from tests.shapes import failed


def test_a_freeze_is_told_in_a_terminal_before_the_account_is_asked_for(office: Office) -> None:
    office.cli("freeze", "x:@acme", "--reason", "password leaked")
    child = office.terminal("post", "Hello", "--to", "x:@acme", "--grace", "0")
    first = child.expect_exact(["FROZEN  x:@acme", "Enter stops:"])
    child.close(force=True)
    assert first == 0
    assert office.published() == []


def test_a_held_post_names_its_findings(office: Office) -> None:
    error = failed(office.post("x" * 281), 11, "held")
    assert error.findings is not None
    assert [(one.check, one.severity) for one in error.findings] == [("length", "block")]


def test_a_whole_log_is_not_begun_again_by_a_slip(office: Office) -> None:
    before = office.cli("audit", "verify", "--json").document
    error = failed(office.cli("audit", "incident", "accept", "--reason", "a slip", "--json"), 2, "usage_error")
    assert "no incident" in error.message
    after = office.cli("audit", "verify", "--json").document
    assert (after["incarnation"], after["status"]) == (before["incarnation"], "whole")


def test_one_time_for_accounts_of_two_zones_names_a_way_that_works(office: Office) -> None:
    assert office.cli("account", "zone", "x:@globex", "America/Montreal", "--json").code == 0
    named = [word for account in ("x:@acme", "x:@globex") for word in ("--to", account, "--confirm", account)]
    error = failed(office.cli("post", "Hello", *named, "--at", "2030-01-01T09:00+01:00", "--json"), 2, "bad_time")
    assert "America/Montreal, UTC" in error.message
    assert error.remedy == "Schedule the accounts of each zone by a command of their own."


@pytest.mark.parametrize("text", ["-20 % on everything", "- one\n- two"])
def test_a_text_that_begins_with_a_hyphen_is_told_where_to_stand(office: Office, text: str) -> None:
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json")
    error = failed(office.cli("post", text, *words), 2, "usage_error")
    assert error.remedy == "A text that begins with a hyphen stands last, after -- alone."
    assert office.cli("post", *words, "--", text).code == 0
    assert office.published("x") == [text]
