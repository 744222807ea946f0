"""An account is not taken out under a delivery that needs it: nothing of another account waits for it then."""

import sqlite3
from contextlib import closing

import pytest

from tests.office import Office


def _remove(office: Office) -> int:
    return office.cli("account", "remove", "x:@acme", "--json").code


def test_an_account_with_a_waiting_delivery_is_not_removed(office: Office) -> None:
    later = office.cli("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 1 hour", "--json")
    refused = office.cli("account", "remove", "x:@acme", "--json")
    assert refused.code == 2
    assert later.deliveries[0]["id"] in refused.error["message"]
    office.cli("queue", "cancel", later.deliveries[0]["id"], "--json")
    assert _remove(office) == 0


def test_an_account_with_an_unknown_outcome_is_not_removed(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "drop_before"}])
    assert office.post("In doubt").code == 12
    assert _remove(office) == 2
    office.cli("queue", "settle", office.queue()[0]["id"], "--not-sent", "--reason", "looked", "--json")
    assert _remove(office) == 0


@pytest.mark.parametrize("state", ["queued", "unknown"])
def test_a_delivery_of_an_account_that_nobody_signed_is_tampered_with(office: Office, state: str) -> None:
    office.post("Public")
    with closing(sqlite3.connect(office.database)) as database, database:
        database.execute("update delivery set state = ?, account_id = 'a-none'", [state])
    database.close()
    assert office.cli("queue", "run", "--json").code == 13
    assert office.published() == ["Public"]


def test_a_script_is_told_what_to_confirm_also_where_the_account_of_the_last_post_was_removed(
    office: Office,
) -> None:
    office.post("The last on this account")
    assert _remove(office) == 0
    done = office.cli("post", "Elsewhere", "--to", "x:@globex", "--json")
    assert (done.code, done.error["needs"]) == (10, ["x:@globex"])
