"""Rows that hold what no program of ours wrote: they keep nobody from seeing, stopping and sending the rest."""

from typing import Any

import pytest

from socialguard.store.odd import blame
from tests.attacks.world import ACME, APPROVED, GLOBEX, Firm, found, insert_row, row_of, write
from tests.watch.world import happen, ready, seen

DEEP = "[" * 30_000
GARBLED: dict[str, tuple[str, Any]] = {
    "content that is another document": ("content", '{"a":1}'),
    "content nested without end": ("content", DEEP),
    "content that is no text": ("content", b"\x00\xff"),
    "options nested without end": ("options", DEEP),
    "a fingerprint that is no text": ("fingerprint", b"x"),
    "a reason that is no text": ("state_reason", b"\x00\xff"),
    "a campaign that is no text": ("campaign_id", b"x"),
    "a target that is no text": ("target", b"x"),
    "a nonce that is no text": ("nonce", b"x"),
    "an account that there is not": ("account_id", "nope"),
    "an account that no log takes": ("account_id", "\x1b[31mX"),
    "a fingerprint that is none": ("fingerprint", "x"),
}


@pytest.mark.parametrize("what", list(GARBLED))
def test_one_garbled_delivery_keeps_no_other_from_being_seen_and_sent(firm: Firm, what: str) -> None:
    """It is refused by its id, and what went out beside it is told."""
    column, value = GARBLED[what]
    write(firm, f"update delivery set {column} = ? where id = ?", value, firm.plain)
    shown = firm.office.cli("queue", "list", "--json")
    assert shown.code in (0, 13), shown
    assert {firm.waiting, firm.approved} <= {one["id"] for one in shown.deliveries}
    assert shown.code == 0 or firm.plain in shown.error["message"]
    done = firm.send()
    assert done.code == 13, done
    assert firm.office.published() == [APPROVED]
    assert {one["id"] for one in done.deliveries if one["state"] == "sent"} == {firm.approved}
    assert firm.office.cli("queue", "cancel", firm.plain, "--json").code == 0
    for words in (("queue", "list"), ("queue", "run"), ("status",), ("alerts", "list"), ("handover",)):
        again = firm.office.cli(*words, "--json")
        assert again.code in (0, 13, 15), (words, again)


def test_a_delivery_moved_to_an_account_that_there_is_not(firm: Firm) -> None:
    """It is found, and can be cancelled."""
    write(firm, "update delivery set account_id = 'nope' where id = ?", firm.plain)
    found(firm.verify(), "ledger", "nope")
    done = firm.office.cli("queue", "cancel", firm.plain, "--json")
    assert (done.code, done.deliveries[0]["state"]) == (0, "cancelled"), done


def test_a_delivery_moved_to_another_account_of_ours(firm: Firm) -> None:
    """Found, and never sent."""
    other = write(firm, "select id from account where short_name = 'acme'")[0][0]
    write(firm, "update delivery set account_id = ? where id = ?", other, firm.plain)
    found(firm.verify(), "ledger", other)
    assert firm.send().code == 13


def test_an_alert_about_an_account_that_there_is_not(firm: Firm) -> None:
    """It hides no other, neither here nor from the channels."""
    genuine = row_of(firm, "alert", "id = (select min(id) from alert)")
    insert_row(firm, "alert", {**genuine, "id": 4711, "account_id": "nope", "delivery_id": None})
    done = firm.office.cli("alerts", "list", "--json")
    assert done.code == 0, done
    assert {ACME, "?:@nope"} <= {one["account"] for one in done.document["alerts"]}
    assert firm.office.cli("alerts", "show", "4711").code == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", b"\x00\xff"),
        ("delivery_id", b"\x00\xff"),
        ("message", DEEP),
        ("message", "null"),
        ("raised_at", "yesterday"),
    ],
)
def test_one_garbled_alert_hides_no_other(firm: Firm, column: str, value: Any) -> None:
    """It says itself what it is, and can be marked as seen."""
    genuine = row_of(firm, "alert", "id = (select min(id) from alert)")
    insert_row(firm, "alert", {**genuine, "id": 4711, "delivery_id": None, column: value})
    done = firm.office.cli("alerts", "list", "--json")
    assert done.code == 0, done
    told = {one["id"]: one["message"] for one in done.document["alerts"]}
    assert "changed outside" in told.pop(4711)
    assert any("waits for approvals" in one for one in told.values())
    assert firm.office.cli("alerts", "ack", "4711", "--json").code == 0
    assert firm.office.cli("status", "--json").code == 0


@pytest.mark.parametrize("change", [{"message": "null"}, {}])
def test_an_alert_that_was_garbled_or_doubled_is_raised_again(firm: Firm, change: dict[str, Any]) -> None:
    """A stranger's post is told, whatever stands where it would be told."""
    ready(firm.office, GLOBEX)
    happen(firm.office, GLOBEX, text="First")
    seen(firm.office, GLOBEX)
    genuine = row_of(firm, "alert", "kind = 'watch.foreign'")
    write(firm, "delete from alert where kind = 'watch.foreign'")
    for id in (4711, 4712):
        insert_row(firm, "alert", {**genuine, "id": id, **change})
    happen(firm.office, GLOBEX, text="Send coins")
    assert [one.kind for one in seen(firm.office, GLOBEX)] == ["post"]
    told = [one["message"] for one in firm.office.cli("alerts", "list", "--json").document["alerts"]]
    assert any("not sent from here" in one for one in told), told


WATCHED: dict[str, str] = {
    "how the profile was": "update baseline set value = ? where kind = 'profile'",
    "what the credential could do": "update baseline set value = ? where kind = 'scopes'",
    "what the network told of the credential": "update account set inspection = ?",
    "how far the watch is": "update watch_cursor set position = ?",
}


@pytest.mark.parametrize("value", ["", DEEP, "3", b"\x00\xff"], ids=["empty", "deep", "a number", "no text"])
@pytest.mark.parametrize("what", list(WATCHED))
def test_what_the_watch_keeps_made_unreadable(firm: Firm, what: str, value: Any) -> None:
    """It does not fail where it should not have, and does not look on as if nothing was."""
    ready(firm.office, ACME)
    assert firm.office.cli("account", "verify", ACME, "--json").code == 0
    seen(firm.office, ACME)
    happen(firm.office, ACME, text="By a stranger")
    write(firm, WATCHED[what], value)
    later = {"SOCIALGUARD_CLOCK": "+25h"}
    done = firm.office.cli("watch", "run", ACME, "--json", **later)
    assert done.code == 13, done
    assert "changed outside" in done.error["message"]


@pytest.mark.parametrize(
    ("table", "column", "value", "words"),
    [
        ("audit_entry", "ts", b"\x00\xff", ("member", "list")),
        ("audit_reason", "reason", b"\x00\xff", ("member", "list")),
        ("audit_entry", "actor", b"\x00\xff", ("audit", "access")),
        ("draft", "text", b"\x00\xff", ("draft", "list")),
        ("member", "contact", b"\x00\xff", ("member", "list")),
    ],
)
def test_a_command_that_stumbles_over_a_value_of_another_kind_names_its_column(
    firm: Firm, table: str, column: str, value: Any, words: tuple[str, ...]
) -> None:
    """It ends as at anything that was changed outside, and says where to look."""
    write(firm, f"update {table} set {column} = ?", value)
    done = firm.office.cli(*words, "--json")
    assert (done.code, done.error["name"]) == (13, "tampered"), done
    assert f"{table}.{column} holds a value" in done.error["message"]


def test_what_is_odd_is_told_column_by_column(firm: Firm) -> None:
    """A sound database has nothing odd; a kind, and a time that is none, are told by their column."""
    with firm.office.entered() as workspace:
        assert blame(workspace.database) is None
    for table, column, value in (
        ("account", "zone", b"x"),
        ("checkpoint", "made_at", "yesterday"),
        ("audit_head", "size", "x"),
    ):
        genuine = write(firm, f"select {column} from {table}")[0][0]
        write(firm, f"update {table} set {column} = ?", value)
        with firm.office.entered() as workspace:
            found = blame(workspace.database)
        assert found is not None
        assert f"{table}.{column} " in found.message()
        write(firm, f"update {table} set {column} = ?", genuine)
