"""`--all` names every account, and the confirmation lists them by client."""

import pexpect

from tests.office import ACCOUNTS, Office
from tests.office import office as office
from tests.shapes import failed

EVERYONE = [word for account in ACCOUNTS for word in ("--confirm", account)]


def test_all_accounts_are_posted_to_where_that_was_said_and_each_was_named(office: Office) -> None:
    done = office.cli("post", "To all", "--all", "--grace", "0", "--json")
    assert failed(done, 10, "confirmation_required").needs == sorted(ACCOUNTS)
    done = office.cli("post", "To all", "--all", *EVERYONE, "--grace", "0", "--json")
    assert {one["account"] for one in done.deliveries if one["state"] == "sent"} == set(ACCOUNTS)


def test_a_missing_target_never_means_all(office: Office) -> None:
    failed(office.cli("post", "Text", "--json"), 2, "usage_error")
    failed(office.cli("post", "Text", "--all", "--to", "acme", "--json"), 2, "usage_error")
    assert office.published() == []


def test_the_card_lists_all_accounts_by_client(office: Office) -> None:
    child = office.terminal("post", "To all", "--all", "--at", "in 2 hours")
    child.expect_exact("4 ACCOUNTS, 2 CLIENTS")
    child.expect_exact("acme (2)")
    child.expect_exact("globex (2)")
    child.expect_exact("X forbids one text on x:@acme and x:@globex.")
    child.expect_exact("Type 4 acme globex to post. Enter stops:")
    child.sendline("4 acme globex")
    child.expect(pexpect.EOF)
    assert len(office.queue("queued")) == 4
