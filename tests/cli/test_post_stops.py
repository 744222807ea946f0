"""`freeze` stops at once and without a question; only a `thaw` by name lets posts go out again."""

import pytest

from tests.office import Office
from tests.office import office as office
from tests.shapes import Cancelled, Deliveries, Frozen, Thawed, failed, shown

CONFIRM = ("--confirm", "x:@acme")


def post_code(office: Office, account: str) -> int:
    """Return the exit code of a post that nothing but a freeze can stop."""
    return office.post(f"Text {len(office.sandbox.posts())}", account).code


@pytest.mark.parametrize(
    ("named", "stopped"),
    [
        ("x:@acme", {"x:@acme"}),
        ("acme-facebook", {"facebook:@acme"}),
        ("client:acme", {"x:@acme", "facebook:@acme"}),
        ("--all", {"x:@acme", "facebook:@acme", "x:@globex"}),
    ],
)
def test_a_freeze_stops_what_it_names_and_nothing_else(office: Office, named: str, stopped: set[str]) -> None:
    found = shown(office.cli("freeze", named, "--reason", "password leaked", "--json"), Frozen)
    assert found.reason == "password leaked"
    assert len(found.frozen) == 1
    for account in ("x:@acme", "facebook:@acme", "x:@globex"):
        assert post_code(office, account) == (11 if account in stopped else 0), account


def test_a_refusal_says_who_froze_when_why_and_how_to_lift_it(office: Office) -> None:
    office.cli("freeze", "acme", "--reason", "password leaked")
    error = failed(office.post("Hello"), 11, "frozen")
    assert error.message.startswith("FROZEN  x:@acme, since ")
    assert 'by Marie: "password leaked". Nothing was sent. Draft d-1 kept.' in error.message
    assert error.remedy == "To lift: socialguard thaw x:@acme --reason …"
    assert error.draft == "d-1"
    assert office.published() == []


def test_what_waits_stays_where_it_is_and_goes_out_after_the_thaw(office: Office) -> None:
    words = ("post", "Later", "--to", "x:@acme", *CONFIRM, "--at", "in 1 hour", "--json")
    delivery = shown(office.cli(*words), Deliveries).deliveries[0].id
    office.cli("freeze", "client:acme")
    due = {"SOCIALGUARD_CLOCK": "+3605s"}
    stopped = shown(office.cli("queue", "run", "--json", **due), Deliveries, 11)
    assert [one.id for one in stopped.deliveries] == [delivery]
    assert office.published() == []
    thawed = office.cli("thaw", "client:acme", "--reason", "new password", "--confirm", "client:acme", "--json")
    assert shown(thawed, Thawed).thawed == ["client:acme"]
    assert office.cli("queue", "run", "--json", **due).code == 0
    assert office.published() == ["Later"]


def test_a_thaw_needs_a_reason_a_name_and_something_frozen(office: Office) -> None:
    thaw = ("thaw", "x:@acme", "--reason", "new password", "--json")
    failed(office.cli("thaw", "x:@acme", "--json"), 2, "usage_error")
    assert failed(office.cli(*thaw, *CONFIRM), 5, "not_found").message.startswith("There is no freeze on ")
    office.cli("freeze", "x:@acme")
    error = failed(office.cli(*thaw), 10, "confirmation_required")
    assert error.needs == ["x:@acme"]
    failed(office.cli(*thaw, "--confirm", "x:@globex"), 10, "confirmation_required")
    assert post_code(office, "x:@acme") == 11
    shown(office.cli(*thaw, *CONFIRM), Thawed)
    assert post_code(office, "x:@acme") == 0


def test_lifting_one_freeze_leaves_the_other(office: Office) -> None:
    office.cli("freeze", "x:@acme")
    office.cli("freeze", "--all")
    office.cli("thaw", "x:@acme", "--reason", "new password", *CONFIRM)
    assert post_code(office, "x:@acme") == 11
    shown(office.cli("thaw", "--all", "--reason", "all well", "--confirm", "all", "--json"), Thawed)
    assert post_code(office, "x:@acme") == 0


def test_a_missing_name_never_means_all(office: Office) -> None:
    for words in (("freeze",), ("freeze", "--all", "x:@acme"), ("thaw", "--reason", "why")):
        failed(office.cli(*words, "--json"), 2, "usage_error")
    assert post_code(office, "x:@acme") == 0


@pytest.mark.parametrize("name", ["x:@nobody", "nobody", "client:acm", "label:fr", "label:fr+eu"])
def test_a_slip_in_what_to_freeze_is_told_since_it_would_stop_nothing(office: Office, name: str) -> None:
    assert name in failed(office.cli("freeze", name, "--json"), 5, "unknown_account").message
    assert post_code(office, "x:@acme") == 0, "nothing is stopped"


def test_two_labels_freeze_the_accounts_that_wear_both(office: Office) -> None:
    office.cli("account", "label", "x:@acme", "+fr", "+eu")
    office.cli("account", "label", "x:@globex", "+fr")
    assert office.cli("freeze", "label:fr+eu", "--json").code == 0
    assert post_code(office, "x:@acme") == 11
    assert post_code(office, "x:@globex") == 0
    words = ("thaw", "label:fr+eu", "--reason", "well", "--confirm", "label:fr+eu", "--json")
    assert len(shown(office.cli(*words), Thawed).scopes) == 1
    assert post_code(office, "x:@acme") == 0


def test_a_client_is_frozen_by_its_name_as_it_is_typed(office: Office) -> None:
    office.cli("account", "client", "x:@acme", "Ville de Lyon")
    assert office.cli("freeze", "client:ville-de-lyon", "--json").code == 0
    assert post_code(office, "x:@acme") == 11


def test_freezing_twice_is_one_freeze(office: Office) -> None:
    for _ in range(2):
        assert office.cli("freeze", "x:@acme", "--json").code == 0
    thawed = shown(office.cli("thaw", "x:@acme", "--reason", "well", *CONFIRM, "--json"), Thawed)
    assert len(thawed.thawed) == 1


def test_stopping_goes_on_while_everything_is_frozen(office: Office) -> None:
    words = ("post", "Later", "--to", "x:@acme", *CONFIRM, "--at", "in 1 hour", "--json")
    delivery = shown(office.cli(*words), Deliveries).deliveries[0].id
    office.cli("freeze", "--all")
    assert shown(office.cli("queue", "cancel", delivery, "--json"), Cancelled).deliveries[0].state == "cancelled"
