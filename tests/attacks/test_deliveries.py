"""Deliveries: what goes out is what a member signed, when they said, once, where they said."""

import json
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from socialguard.vault.keys import KeyPair
from tests.attacker import append_entry, insert_delivery, logged
from tests.attacks.world import (
    ACME,
    APPROVED,
    GLOBEX,
    PLAIN,
    Firm,
    found,
    insert_row,
    refused,
    row_of,
    schedule,
    write,
)

CONFIRMED: Final = "content is not what was confirmed"


def test_what_nobody_touched_goes_out_as_it_was_approved(firm: Firm) -> None:
    """Without an attack: what has its approval, and what needs none. What lacks it waits."""
    done = firm.send()
    assert done.code == 0, done
    assert sorted(firm.office.published()) == [APPROVED, PLAIN]
    assert firm.verify("--deep").code == 0


EDITS: Final = {
    "another_text": "update delivery set content = replace(content, 'Approved', 'Disapproved') where id = ?",
    "another_account": "update delivery set account_id = (select id from account where short_name = 'globex')"
    " where id = ?",
    "another_act": "update delivery set act = 'delete', target = '1' where id = ?",
    "longer_lateness": "update delivery set max_late = 864000 where id = ?",
    "at_once": "update delivery set not_before = null where id = ?",
    "another_nonce": "update delivery set nonce = '0.0.ffffffffffffffffffffffffffffffff' where id = ?",
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_delivery_edited_after_its_approval(firm: Firm, edit: str) -> None:
    """Refused by the fingerprint, which is computed anew from the row."""
    write(firm, EDITS[edit], firm.approved)
    refused(firm, firm.send(), CONFIRMED)


@pytest.mark.parametrize("signed", ["not_at_all", "by_an_outsider"])
def test_a_delivery_that_no_member_signed(firm: Firm, signed: str) -> None:
    """Refused by the submitter's signature, although the log was made to know the delivery."""
    write(firm, "update delivery set state = 'cancelled' where id <> ?", firm.plain)
    write(firm, "delete from delivery where id <> ?", firm.plain)
    pair = KeyPair.generate() if signed == "by_an_outsider" else None
    insert_delivery(firm.office, pair, **({} if pair else {"signature": b""}))
    write(firm, "delete from delivery where id = ?", firm.plain)
    refused(firm, firm.send(), "signature")


def test_a_delivery_copied_under_a_new_id(firm: Firm) -> None:
    """Refused by the fingerprint: the id is in it, so that nothing goes out twice."""
    row = row_of(firm, "delivery", "id = ?", firm.approved)
    insert_row(firm, "delivery", {**row, "id": "deadbeef", "fingerprint": "ab" * 32})
    write(firm, "update delivery set state = 'cancelled' where id <> 'deadbeef'")
    refused(firm, firm.send(), CONFIRMED)


def test_a_sent_delivery_opened_again(firm: Firm) -> None:
    """Refused by the log, whose last word on it is `sent`."""
    assert firm.send().code == 0
    write(firm, "update delivery set state = 'queued', attempt_id = null where id = ?", firm.plain)
    refused(firm, firm.send(), "sent", public=2)


def test_a_sent_delivery_opened_again_with_every_trace_gone_and_a_new_beginning_forged(firm: Firm) -> None:
    """Refused by the log all the same: what was sent is before the pinned tree, and a later word needs a worker's
    signature."""
    begun = next(one for one in logged(firm.office, "delivery.queue") if one["obj"]["delivery"] == firm.plain)
    assert firm.send().code == 0
    for table in ("receipt", "attempt", "usage"):
        write(firm, f"delete from {table}")
    append_entry(firm.office, begun, like="delivery.queue")
    write(firm, "update delivery set state = 'queued', attempt_id = null where id = ?", firm.plain)
    refused(firm, firm.send(), "delivery.queue", public=2)


def test_a_sent_delivery_made_to_look_as_if_its_sender_had_died(firm: Firm) -> None:
    """Never sent again: the log does not end with an intent, so the outcome is looked up, and stays unknown."""
    assert firm.send().code == 0
    write(firm, "delete from receipt where delivery_id = ?", firm.plain)
    write(firm, "update attempt set outcome = null, finished_at = null, pid = 999999, pid_started = '1'")
    write(firm, "update delivery set state = 'sending' where id = ?", firm.plain)
    firm.office.cli("queue", "reconcile", "--json", SOCIALGUARD_CLOCK="+3800s")
    firm.send()
    assert len(firm.office.published()) == 2


def test_a_time_moved_before_the_one_that_was_confirmed(firm: Firm) -> None:
    """Refused by the signed `not before`."""
    write(firm, "update delivery set due = '2026-01-01T00:00:00.000000Z' where id = ?", firm.approved)
    refused(firm, firm.send(SOCIALGUARD_CLOCK="+1s"), "earlier than the one confirmed")


def test_a_time_put_off(firm: Firm) -> None:
    """Refused by the log, which holds the time with the last word on the delivery."""
    write(
        firm,
        "update delivery set due = strftime('%Y-%m-%dT%H:%M:%S.000000Z', due, '+40 seconds') where id = ?",
        firm.approved,
    )
    refused(firm, firm.send(), "its time is not the one in the log")


def test_parts_of_a_thread_put_in_another_order(firm: Firm) -> None:
    """Refused by the fingerprint, which names the part before."""
    words = ("--then", "Second", "--then", "Third", "--to", ACME, "--confirm", ACME)
    done = firm.jonas.cli("post", "First", *words, "--at", "in 58 minutes", "--json")
    one, two, three = (each["id"] for each in done.deliveries)
    for each in (one, two, three):
        firm.eva.cli("approve", each, "--reason", "fine", "--json")
    write(firm, "update delivery set after_id = ? where id = ?", one, three)
    write(firm, "update delivery set after_id = ? where id = ?", three, two)
    done = firm.send()
    assert done.code == 13, done
    assert CONFIRMED in json.dumps(done.document)
    assert sorted(firm.office.published()) == sorted(["First", APPROVED, PLAIN])


def test_a_post_put_behind_another(firm: Firm) -> None:
    """Refused by the fingerprint, when the other one is public: what it would answer is in it."""
    write(firm, "update delivery set after_id = ? where id = ?", firm.plain, firm.approved)
    done = firm.send()
    assert done.code == 13, done
    assert CONFIRMED in json.dumps(done.document)
    assert firm.office.published() == [PLAIN]


def test_a_picture_exchanged_after_it_was_confirmed(firm: Firm, tmp_path: Path) -> None:
    """Refused by the hash of its bytes, which is in the fingerprint."""
    for name, colour in (("ours.png", "green"), ("theirs.png", "red")):
        Image.new("RGB", (40, 40), colour).save(tmp_path / name)
    words = ("--media", str(tmp_path / "ours.png"), "--alt", "A field")
    schedule(firm.office, "Look", "x:@globex", *words, minutes=58)
    (kept,) = [each for each in (firm.office.home / "media").iterdir() if each.is_file()]
    kept.chmod(0o600)
    kept.write_bytes((tmp_path / "theirs.png").read_bytes())
    done = firm.send()
    assert done.code == 13, done
    assert "its bytes are not those confirmed" in json.dumps(done.document)
    assert "Look" not in firm.office.published()


def test_a_draft_changed_after_it_was_queued(firm: Firm) -> None:
    """Worth nothing: the delivery holds what was confirmed, and that is what goes out."""
    write(firm, "update draft set text = 'Not ours', payload = '{}'")
    assert firm.send().code == 0
    assert sorted(firm.office.published()) == [APPROVED, PLAIN]


def test_a_delivery_of_another_workspace(firm: Firm, tmp_path: Path) -> None:
    """Refused by the log, which does not know it: a member signed it, in a copy."""
    other = firm.copy(tmp_path / "copy")
    schedule(other.office, "Signed elsewhere", "x:@globex", minutes=58)
    row = row_of(other, "delivery", "content like '%elsewhere%'")
    insert_row(firm, "draft", row_of(other, "draft", "id = ?", row["draft_id"]))
    insert_row(firm, "delivery", row)
    refused(firm, firm.send(), "the log does not know it")


def test_one_changed_delivery_is_held_and_keeps_no_other_from_going_out(firm: Firm) -> None:
    """The run ends with 13 all the same, an alert is raised, and `audit verify` finds it until it is cancelled."""
    write(firm, "update delivery set content = replace(content, 'Approved', 'Not') where id = ?", firm.approved)
    refused(firm, firm.send(), firm.approved)
    assert firm.office.published() == [PLAIN]
    assert {row["id"]: row["state"] for row in firm.office.queue()}[firm.approved] == "held"
    (entry,) = logged(firm.office, "delivery.refuse")
    assert (entry["outcome"], entry["obj"]["delivery"]) == ("tampered", firm.approved)
    alerts = firm.office.cli("alerts", "list", "--json").document["alerts"]
    assert firm.approved in [one["delivery"] for one in alerts if one["kind"] == "tampered"]
    assert firm.send().deliveries == []
    found(firm.verify(), "ledger", firm.approved)
    assert firm.office.cli("queue", "cancel", firm.approved, "--json").code == 0
    assert firm.verify().code == 0


AGAIN: Final = {
    "release": ("queue", "release", "{id}", "--now"),
    "edit": ("queue", "edit", "{id}", "Something else"),
    "move": ("plan", "move", "{id}", "tomorrow 10:00"),
}


@pytest.mark.parametrize("way", AGAIN)
def test_a_changed_delivery_queued_anew_by_a_person(firm: Firm, way: str) -> None:
    """Whoever releases, edits or moves a delivery does not lend their name to what somebody else wrote into it."""
    edit = EDITS["another_text"].replace("Approved", "Needs").replace("Disapproved", "Disdains")
    write(firm, edit, firm.plain)
    if way == "release":
        refused(firm, firm.send(), CONFIRMED)  # and held
    words = [word.format(id=firm.plain) for word in AGAIN[way]]
    again = firm.office.cli(*words, "--confirm", GLOBEX, "--json")
    assert (again.code, again.error["name"]) == (13, "tampered"), again
    assert CONFIRMED in again.error["message"]
    assert firm.office.cli("queue", "cancel", firm.plain, "--json").code == 0
    assert PLAIN not in firm.office.published()


def test_a_sent_delivery_held_by_hand_and_released_by_a_person(firm: Firm) -> None:
    """Refused by the log, which ends it as sent, whatever check is passed on purpose."""
    assert firm.send().code == 0
    write(firm, "update delivery set state = 'held' where id = ?", firm.plain)
    words = ("--override", "duplicate", "--reason", "again", "--confirm", GLOBEX, "--json")
    again = firm.office.cli("queue", "release", firm.plain, "--now", *words)
    assert (again.code, again.error["name"]) == (13, "tampered"), again
    assert "the log ends it with delivery.send sent" in again.error["message"]
    assert firm.office.published().count(PLAIN) == 1


# ── what is kept from going out ──────────────────────────────────────────────────────────────────────────


def test_a_waiting_delivery_deleted(firm: Firm) -> None:
    """Found by `audit verify`: the log holds that it was queued, and the ledger has no such row."""
    write(firm, "delete from delivery where id = ?", firm.approved)
    write(firm, "delete from confirmation where delivery_id = ?", firm.approved)
    found(firm.verify(), "ledger", firm.approved)


@pytest.mark.parametrize("state", ["cancelled", "failed", "expired", "held", "sent", "awaiting"])
def test_a_waiting_delivery_kept_back_by_its_state(firm: Firm, state: str) -> None:
    """Found by `audit verify`, `sent` by `--deep`: the log says that it waits for its time."""
    write(firm, "update delivery set state = ? where id = ?", state, firm.approved)
    done = firm.send()
    assert APPROVED not in firm.office.published()
    assert done.code == 0
    found(firm.verify(*(["--deep"] if state == "sent" else [])), "ledger", firm.approved)


def test_a_failure_made_to_look_as_if_it_was_sent(firm: Firm) -> None:
    """Found by `audit verify --deep`: the log says that it failed."""
    firm.office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "status", "code": 402}])
    failed = firm.office.post("Refused", "x:@globex")
    assert failed.code == 6, failed
    write(firm, "update delivery set state = 'sent' where id = ?", failed.deliveries[0]["id"])
    found(firm.verify("--deep"), "ledger", failed.deliveries[0]["id"])


# ── two-step posts ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("when", ["then", "later"])
def test_a_public_post_made_to_look_as_if_it_was_never_created(firm: Firm, when: str) -> None:
    """Not sent again: Facebook is asked for every post of that text since the intent in the log."""
    page = "facebook:@globex"
    done = firm.office.process(*firm.office.post_words("Once", page), SOCIALGUARD_CRASH_AT="after_publish")
    assert done.code != 0
    assert firm.office.published("facebook") == ["Once"]
    write(firm, "update attempt set remote_id = null")
    if when == "later":
        write(firm, "update attempt set started_at = '2036-01-01T00:00:00.000000Z'")
    for minutes in (0, 11):
        firm.office.cli("queue", "reconcile", "--json", SOCIALGUARD_CLOCK=f"+{minutes}m")
        firm.office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=f"+{minutes}m")
    assert firm.office.published("facebook") == ["Once"]
