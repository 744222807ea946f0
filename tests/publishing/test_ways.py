"""What people do with deliveries, from the command line: stop, take back, put right, let go."""

import secrets
import sqlite3
import time
from contextlib import closing
from typing import Any, Final

import pexpect
import pytest

from socialguard import clock, errors
from socialguard.canon.jcs import parse_timestamp
from socialguard.ledger import usage
from socialguard.model import credential
from socialguard.publishing import crash
from tests.fork_server import ForkServer
from tests.office import SHORT_NAMES, Done, Office

IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3610s"}
CONFIRMED: Final = ("--confirm", "x:@acme", "--json")


def _schedule(office: Office, text: str = "Scheduled", when: str = "in 1 hour") -> str:
    done = office.cli("post", text, "--to", "x:@acme", *CONFIRMED, "--at", when)
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def _show(office: Office, delivery: str) -> dict[str, Any]:
    return next(row for row in office.queue() if row["id"] == delivery)


def _fault(office: Office, kind: str, **more: object) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": kind, **more}])


def _unknown(office: Office, forks: ForkServer, kind: str = "drop_before") -> str:
    _fault(office, kind)
    ended = forks.run(office, *office.post_words("In doubt"), environment={crash.VARIABLE: "after_publish"})
    found: str = ended.done.deliveries[0]["id"] if ended.done.deliveries else office.queue()[0]["id"]
    return found


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scope", [("x:@acme",), ("client:acme",), ("--all",), ("acme",)])
def test_a_freeze_stops_what_is_due_and_what_is_new(office: Office, scope: tuple[str, ...]) -> None:
    _schedule(office)
    assert office.cli("freeze", *scope, "--reason", "password leaked", "--json").code == 0
    due = office.cli("queue", "run", "--json", **IN_AN_HOUR)
    new = office.post("New")
    assert (due.code, new.code) == (11, 11)
    assert "password leaked" in new.error["message"]
    assert "Marie" in new.error["message"]
    assert office.published() == []


def test_a_freeze_of_one_account_lets_another_go(office: Office) -> None:
    office.cli("freeze", "x:@acme", "--reason", "leak", "--json")
    assert office.post("Elsewhere", "x:@globex").code == 0


def test_a_thaw_lets_what_waited_go_once(office: Office) -> None:
    _schedule(office)
    office.cli("freeze", "--all", "--reason", "leak", "--json")
    office.cli("queue", "run", "--json", **IN_AN_HOUR)
    unnamed = office.cli("thaw", "--all", "--reason", "changed", "--json")
    assert unnamed.code == 10
    thawed = office.cli("thaw", "--all", "--reason", "changed", "--confirm", "all", "--json")
    assert thawed.code == 0, thawed
    for _ in range(2):
        assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert office.published() == ["Scheduled"]


# ── limits and lateness ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_a_limited_post_waits_for_the_reset_and_then_goes_out_once(office: Office, network: str) -> None:
    account = f"{network}:@acme"
    fault = {"network": network, "operation": "publish", "kind": "status", "code": 429, "seconds": 600}
    office.sandbox.faults([fault])
    first = office.post("Limited", account)
    assert (first.code, first.deliveries[0]["state"]) == (7, "queued")
    wait = int((parse_timestamp(first.deliveries[0]["due"]) - clock.now()).total_seconds()) + 2
    assert wait > 500
    before = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=f"+{wait - 100}s")
    assert (before.code, before.deliveries) == (0, [])
    office.sandbox.clock(wait)
    later = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=f"+{wait}s")
    assert [row["state"] for row in later.deliveries] == ["sent"], later
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=f"+{wait + 100}s").deliveries == []
    assert office.published() == ["Limited"]


def test_a_late_delivery_is_held_and_goes_out_only_when_released(office: Office) -> None:
    (office.home / "policy.toml").write_text("[defaults]\ngrace = 0\n", encoding="utf-8")
    assert office.cli("policy", "apply", "--reason", "no waiting here", "--json").code == 0
    delivery = _schedule(office)
    late = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3h")
    assert late.code == 11
    assert (_show(office, delivery)["state"], office.published()) == ("held", [])
    unconfirmed = office.cli("queue", "release", delivery, "--now", "--json", SOCIALGUARD_CLOCK="+3h")
    assert unconfirmed.code == 10
    released = office.cli("queue", "release", delivery, "--now", *CONFIRMED, SOCIALGUARD_CLOCK="+3h")
    assert released.code == 0, released
    assert office.published() == ["Scheduled"]
    assert _show(office, delivery)["state"] == "cancelled"
    assert office.cli("queue", "release", delivery, "--now", *CONFIRMED).code == 2


def test_a_delivery_within_its_tolerance_is_not_late(office: Office) -> None:
    _schedule(office)
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+4400s").code == 0


def test_nothing_goes_out_before_its_time(office: Office) -> None:
    _schedule(office)
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3500s").deliveries == []
    assert office.published() == []


# ── taking back ──────────────────────────────────────────────────────────────────────────────────────────


def _start_with_grace(office: Office) -> "pexpect.spawn[str]":
    child = office.terminal("post", "Regretted", "--to", "x:@acme", "--grace", "30")
    child.expect_exact("Enter stops:")
    child.sendline(SHORT_NAMES["x:@acme"])
    end = time.monotonic() + 20
    while not office.queue("queued"):
        assert time.monotonic() < end
        time.sleep(0.05)
    return child


def test_ctrl_c_in_the_grace_takes_the_post_back(office: Office) -> None:
    child = _start_with_grace(office)
    child.expect(r"\d+ ?s")
    child.sendintr()
    child.expect_exact("Nothing was sent")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert [row["state"] for row in office.queue()] == ["cancelled"]
    assert office.published() == []


def test_undo_in_the_grace_takes_the_post_back_from_another_terminal(office: Office) -> None:
    child = _start_with_grace(office)
    undone = office.cli("undo", office.queue()[0]["id"], "--json")
    assert (undone.code, undone.deliveries[0]["state"]) == (0, "cancelled")
    child.close(force=True)
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+60s").deliveries == []
    assert office.published() == []


def test_a_terminal_that_hangs_up_in_the_grace_takes_the_post_back(office: Office) -> None:
    child = _start_with_grace(office)
    child.expect(r"\d+ ?s")
    child.close(force=False)
    end = time.monotonic() + 20
    while office.queue()[0]["state"] != "cancelled":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert office.published() == []


def test_undo_of_a_public_post_says_since_when_and_names_delete(office: Office) -> None:
    delivery = office.post("Public").deliveries[0]["id"]
    done = office.cli("undo", delivery, "--json")
    assert done.code != 0
    assert "public since" in done.error["message"]
    assert f"delete {delivery}" in done.error["remedy"]
    assert office.published() == ["Public"]


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_delete_asks_and_then_takes_the_post_down(office: Office, network: str) -> None:
    account = f"{network}:@acme"
    delivery = office.post("Public", account).deliveries[0]["id"]
    assert office.cli("delete", delivery, "--json").code == 10
    done = office.cli("delete", delivery, "--confirm", account, "--json")
    assert (done.code, office.published()) == (0, []), done


def test_a_cancelled_delivery_never_goes_out_and_cancelling_again_changes_nothing(office: Office) -> None:
    delivery = _schedule(office)
    assert office.cli("queue", "cancel", delivery, "--reason", "wrong day", "--json").code == 0
    assert office.cli("queue", "cancel", delivery, "--json").code == 0
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).deliveries == []
    assert office.published() == []


# ── putting right ────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_asks_again_and_only_the_new_text_goes_out_at_the_same_time(office: Office) -> None:
    delivery = _schedule(office, "Old text")
    due = _show(office, delivery)["due"]
    assert office.cli("queue", "edit", delivery, "New text", "--json").code == 10
    edited = office.cli("queue", "edit", delivery, "New text", *CONFIRMED)
    assert edited.code == 0, edited
    assert _show(office, delivery)["state"] == "cancelled"
    assert edited.deliveries[0]["due"] == due
    assert edited.deliveries[0]["fingerprint"] != _show(office, delivery)["fingerprint"]
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert office.published() == ["New text"]


def test_what_was_sent_cannot_be_edited_or_cancelled(office: Office) -> None:
    delivery = office.post("Public").deliveries[0]["id"]
    assert office.cli("queue", "edit", delivery, "Other", *CONFIRMED).code == 2
    assert office.cli("queue", "cancel", delivery, "--json").code != 0
    assert office.published() == ["Public"]


def _settle(office: Office, delivery: str, *words: str) -> Done:
    return office.cli("queue", "settle", delivery, *words, "--json")


def test_a_person_settles_what_nobody_can_find_out(office: Office, forks: ForkServer) -> None:
    delivery = _unknown(office, forks)
    assert office.cli("queue", "reconcile", "--json").code == 12
    assert _settle(office, delivery, "--not-sent").code == 2
    settled = _settle(office, delivery, "--not-sent", "--reason", "looked at the page")
    assert (settled.code, settled.deliveries[0]["state"]) == (0, "failed")
    assert office.cli("queue", "run", "--json").deliveries == []
    assert _settle(office, delivery, "--not-sent", "--reason", "twice").code == 2
    assert office.published() == []


def test_a_person_names_the_post_that_is_there(office: Office, forks: ForkServer) -> None:
    delivery = _unknown(office, forks)
    settled = _settle(office, delivery, "--sent", "https://x.com/acme/status/1234567890")
    assert (settled.code, settled.deliveries[0]["network_id"]) == (0, "1234567890"), settled


def test_the_twin_of_a_post_in_doubt_is_held(office: Office, forks: ForkServer) -> None:
    _unknown(office, forks)
    twin = office.post("In doubt")
    assert twin.code == 11
    assert office.published() == []


def test_a_late_timeline_is_asked_again_until_the_post_shows(office: Office, forks: ForkServer) -> None:
    faults: list[dict[str, Any]] = [
        {"network": "x", "operation": "publish", "kind": "late_visible", "seconds": 600},
        {"network": "x", "operation": "publish", "kind": "accept_then_drop"},
    ]
    office.sandbox.faults(faults)
    first = forks.run(office, *office.post_words("Shows late"))
    assert first.done.code == 12
    assert office.cli("queue", "run", "--json").code == 12
    office.sandbox.clock(700)
    found = office.cli("queue", "reconcile", "--json", SOCIALGUARD_CLOCK="+700s")
    assert (found.code, found.deliveries[0]["state"]) == (0, "sent"), found
    assert office.published() == ["Shows late"]


def test_two_posts_that_match_settle_nothing(office: Office, forks: ForkServer) -> None:
    _fault(office, "drop_before")
    forks.run(office, *office.post_words("In doubt"))
    for _ in range(2):
        office.sandbox.foreign({"kind": "post", "network": "x", "account": "acme", "text": "In doubt"})
    done = office.cli("queue", "reconcile", "--json")
    assert (done.code, done.deliveries[0]["state"]) == (12, "unknown"), done


# ── what cannot be recorded ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_a_post_whose_outcome_cannot_be_recorded_is_told_as_unknown_and_found_out_later(
    office: Office, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_fields: object) -> None:
        raise errors.AuditUnwritable(detail="disk full")

    with monkeypatch.context() as patch:
        patch.setattr(usage, "book_session", full)
        done = office.post("Public", f"{network}:@acme")
    assert done.code == 12, done
    assert "Nothing was sent" not in done.error["message"]
    assert (office.queue()[0]["state"], office.published()) == ("sending", ["Public"])

    later = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+11m")
    assert (later.code, office.queue()[0]["state"], office.published()) == (0, "sent", ["Public"]), later


def test_a_look_at_the_network_leaves_its_intent_its_end_and_its_calls(office: Office, forks: ForkServer) -> None:
    _unknown(office, forks)
    assert office.cli("queue", "reconcile", "--json").code == 12
    with closing(sqlite3.connect(office.database)) as database:
        outcomes = "select outcome from audit_entry where action = 'delivery.look' order by seq"
        said = [row[0] for row in database.execute(outcomes)]
        assert said == ["intent", "ok"] * (len(said) // 2)
        assert said
        calls = "select sum(calls) from usage where delivery_id is not null and operation <> 'publish'"
        assert database.execute(calls).fetchone()[0] > 0


def test_an_end_that_holds_a_secret_by_chance_is_recorded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log takes nothing that looks like a secret; a limit of the network must not become unknown by that."""
    monkeypatch.setattr(credential, "_known", {"allows": None})
    _fault(office, "status", code=429)
    done = office.post("Limited")
    assert (done.code, done.deliveries[0]["state"]) == (7, "queued")


def test_a_hold_that_holds_a_secret_by_chance_is_recorded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    _schedule(office)
    monkeypatch.setattr(credential, "_known", {"was due": None})
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+2h")
    assert [one["state"] for one in done.deliveries] == ["held"], done


def test_a_delivery_gets_no_id_that_another_has(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are short, so that people can type them: some meet where there are many."""
    first = _schedule(office)
    draw, drawn = secrets.token_hex, [first, "0badcafe", "0badcafe", "0badcaff"]
    monkeypatch.setattr(secrets, "token_hex", lambda size: drawn.pop(0) if size == 4 and drawn else draw(size))
    named = [word for account in ("x:@acme", "facebook:@acme") for word in ("--to", account, "--confirm", account)]
    done = office.cli("post", "To both", *named, "--at", "in 1 hour", "--json")
    assert done.code == 0, done
    assert [one["id"] for one in done.deliveries] == ["0badcafe", "0badcaff"]
