"""Four eyes: who approves, what an approval is worth, and when it is worth nothing."""

import re
from pathlib import Path
from typing import Any

import pexpect
import pytest
from PIL import Image
from sqlalchemy import create_engine, text

from tests.office import Office
from tests.people import Colleague, apply_policy, joined, waiting
from tests.shapes import failed

FOUR_EYES = '[account."x:@acme"]\napprovals = 1\n'


@pytest.fixture
def eva(office: Office, tmp_path: Path) -> Colleague:
    """Eva, an approver for x:@acme."""
    return joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))


def run(office: Office, **environment: str) -> list[dict[str, Any]]:
    """Let the worker send what is due and return what it did."""
    return office.cli("queue", "run", "--json", **environment).deliveries


def execute(office: Office, statement: str, **values: object) -> None:
    """Write the database as somebody without keys does."""
    engine = create_engine(f"sqlite:///{office.database}")
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def test_an_approved_delivery_goes_out(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """One writes, another approves, the worker sends."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Four eyes")
    assert run(office) == []
    done = eva.cli("approve", delivery, "--reason", "fine", "--json")
    assert done.code == 0, done
    assert done.deliveries[0]["state"] == "queued"
    assert run(office, SOCIALGUARD_CLOCK="+1m")[0]["state"] == "sent"
    assert office.published("x") == ["Four eyes"]


def test_an_approver_is_shown_text_link_and_where_the_picture_lies(
    office: Office, jonas: Colleague, eva: Colleague, tmp_path: Path
) -> None:
    """At a terminal, before the account is typed; the bytes are those that would be sent."""
    apply_policy(office, FOUR_EYES)
    Image.new("RGB", (32, 32), "red").save(tmp_path / "harmless.png")
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json")
    written = "Look https://example.com/whole/address"
    done = jonas.cli("post", written, "--media", str(tmp_path / "harmless.png"), "--alt", "a square", *words)
    delivery = str(done.deliveries[0]["id"])
    child = eva.terminal("approve", delivery, "--reason", "looked", SOCIALGUARD_HOME=str(office.home))
    child.expect("To approve, type acme: ")
    shown = re.sub(r"\s+", "", child.before)
    assert "https://example.com/whole/address" in shown
    assert "harmless.png:asquare" in shown
    (kept,) = (office.home / "media").iterdir()
    assert str(kept).replace(" ", "") in shown
    child.sendline("no")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 3
    assert run(office, SOCIALGUARD_CLOCK="+1m") == []


def test_the_author_never_approves(office: Office, jonas: Colleague) -> None:
    """Neither a publisher with the right to approve, nor an owner, approves what they submitted."""
    apply_policy(office, FOUR_EYES)
    assert office.cli("grant", "Jonas", "x:@acme", "--right", "approve", "--json").code == 0
    for author in (jonas, office):
        delivery = waiting(author, f"By {author.base.name}")
        done = author.cli("approve", delivery, "--reason", "mine", "--json")
        assert done.code == 11, done
        assert "author" in done.error["message"]


def test_who_has_no_right_does_not_approve(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """An approver of another account, and an auditor, are refused."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Who may?")
    other = joined(office, "Otto", "approver", tmp_path / "otto", grants=("x:@globex",))
    auditor = joined(office, "Ada", "auditor", tmp_path / "ada")
    for who in (other, auditor):
        assert who.cli("approve", delivery, "--reason", "x", "--json").code == 11
        assert who.cli("queue", "list", "--awaiting-me", "--json").deliveries == []


def test_an_edit_voids_an_approval(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """The edit is another delivery, which waits again; the diff to what was approved is shown."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 2\n')
    delivery = waiting(jonas, "First text")
    assert eva.cli("approve", delivery, "--reason", "fine", "--json").deliveries[0]["state"] == "awaiting"
    done = jonas.cli("queue", "edit", delivery, "Second text", "--confirm", "x:@acme", "--json")
    edited = done.deliveries[0]
    assert edited["state"] == "awaiting"
    assert run(office, SOCIALGUARD_CLOCK="+1m") == []
    done = eva.cli("approve", edited["id"], "--reason", "fine", "--json")
    assert done.document["approval"]["changes"] == ["- First text", "+ Second text"]
    assert done.document["approval"]["given"] == 1


def test_a_rejected_delivery_is_held_and_says_why(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """The author reads the reason, edits, and asks again."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Too loud")
    assert eva.cli("reject", delivery, "--reason", "too loud", "--json").deliveries[0]["state"] == "held"
    shown = jonas.cli("queue", "show", delivery, "--json").document["delivery"]
    assert shown["reason"] == "rejected by Eva: too loud"
    done = eva.cli("approve", delivery, "--reason", "after all", "--json")
    assert done.code == 2
    done = jonas.cli("queue", "edit", delivery, "Softer", "--confirm", "x:@acme", "--json")
    assert done.deliveries[0]["state"] == "awaiting"


def test_awaiting_me_lists_what_i_could_approve_and_have_not(
    office: Office, jonas: Colleague, eva: Colleague
) -> None:
    """Not my own, not what I approved already."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 2\n')
    delivery = waiting(jonas, "Look at this")
    listed = eva.cli("queue", "list", "--awaiting-me", "--json").deliveries
    assert [row["id"] for row in listed] == [delivery]
    assert jonas.cli("queue", "list", "--awaiting-me", "--json").deliveries == []
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    assert eva.cli("queue", "list", "--awaiting-me", "--json").deliveries == []


def test_an_alert_tells_approvers(office: Office, jonas: Colleague) -> None:
    """Whoever looks at alerts learns what waits."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Look")
    alerts = office.cli("alerts", "list", "--json").document["alerts"]
    assert [(one["kind"], one["delivery"]) for one in alerts] == [("approval", delivery)]


def test_a_late_approval_ends_the_delivery(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """After its time it is expired, and never sent."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 1\napproval_hours = 2\n')
    delivery = waiting(jonas, "In time?")
    done = eva.cli("approve", delivery, "--reason", "late", "--json", SOCIALGUARD_CLOCK="+3h")
    assert done.code == 11
    assert done.deliveries[0]["state"] == "expired"
    assert run(office, SOCIALGUARD_CLOCK="+3h") == []


def test_an_approval_that_ended_before_the_send_ends_the_delivery(
    office: Office, jonas: Colleague, eva: Colleague
) -> None:
    """The sender looks at the moment of sending."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 1\napproval_hours = 1\nmax_late = 604800\n')
    delivery = waiting(jonas, "Stale")
    assert eva.cli("approve", delivery, "--reason", "fine", "--json").deliveries[0]["state"] == "queued"
    done = run(office, SOCIALGUARD_CLOCK="+2h")
    assert [(one["id"], one["state"]) for one in done] == [(delivery, "expired")]
    assert office.published("x") == []


def test_an_approver_who_lost_the_right_counts_no_more(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """The present manifest decides, not the one at the time of approving."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Still right?")
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    assert office.cli("member", "remove", "Eva", "--reason", "left", "--json").code == 0
    done = run(office, SOCIALGUARD_CLOCK="+1m")
    assert [(one["id"], one["state"]) for one in done] == [(delivery, "held")]


def test_what_a_contractor_submits_always_waits(office: Office, tmp_path: Path, eva: Colleague) -> None:
    """Whatever policy says."""
    freelance = joined(office, "Fred", "publisher", tmp_path / "fred", "--contractor", grants=("x:@acme",))
    delivery = waiting(freelance, "By a contractor")
    assert eva.cli("approve", delivery, "--reason", "fine", "--json").deliveries[0]["state"] == "queued"
    assert run(office, SOCIALGUARD_CLOCK="+1m")[0]["state"] == "sent"


def test_a_hold_goes_to_an_approver_where_policy_says_so(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """No override passes it then."""
    apply_policy(office, '[defaults]\nholds = "approval"\n')
    assert run(office) == []
    office.post("The same words", "x:@acme")
    done = jonas.cli(
        *jonas.post_words("The same words", "x:@acme"), "--override", "duplicate", "--reason", "I know"
    )
    assert done.deliveries[0]["state"] == "awaiting", done
    delivery = done.deliveries[0]["id"]
    done = eva.cli("approve", delivery, "--reason", "on purpose", "--json")
    assert [one["check"] for one in done.deliveries[0]["findings"]] == ["duplicate"]
    assert done.deliveries[0]["state"] == "queued"


def test_policy_names_whose_approval_counts(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """`approver = "owner"` makes an approver's word too little."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 1\napprover = "owner"\n')
    delivery = waiting(jonas, "Owners only")
    assert eva.cli("approve", delivery, "--reason", "fine", "--json").code == 11
    assert office.cli("approve", delivery, "--reason", "fine", "--json").deliveries[0]["state"] == "queued"


def test_an_approver_sees_whose_it_is(office: Office, jonas: Colleague) -> None:
    """Four eyes are two persons: who the first is stands on the card."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Whose?")
    (line,) = [
        one
        for one in office.cli("approve", delivery, "--reason", "fine").stdout.splitlines()
        if one.lstrip().startswith("author")
    ]
    assert line.split() == ["author", "Jonas"]


def test_an_attestation_is_shown_and_never_counts(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """A client's mail is no signature."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "The client agreed")
    mail = tmp_path / "mail.eml"
    mail.write_text("Yes, please.\n")
    words = ("--on-behalf", "Client Inc.", "--evidence", str(mail), "--reason", "mail of today", "--json")
    done = office.cli("approve", delivery, *words)
    assert done.deliveries[0]["state"] == "awaiting"
    approval = done.document["approval"]
    assert (approval["given"], approval["words"][0]["decision"]) == (0, "attested")
    assert approval["words"][0]["on_behalf"] == "Client Inc."


def test_what_was_attested_goes_out_once_it_is_approved(
    office: Office, jonas: Colleague, eva: Colleague, tmp_path: Path
) -> None:
    """A client's word beside the approval keeps nothing back."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "The client agreed, and Eva")
    mail = tmp_path / "mail.eml"
    mail.write_text("Yes, please.\n")
    words = ("--on-behalf", "Client Inc.", "--evidence", str(mail), "--reason", "mail of today", "--json")
    assert office.cli("approve", delivery, *words).code == 0
    assert eva.cli("approve", delivery, "--reason", "fine", "--json").deliveries[0]["state"] == "queued"
    assert [one["state"] for one in run(office, SOCIALGUARD_CLOCK="+1m")] == ["sent"]


# ── a writer of the database, without keys ───────────────────────────────────────────────────────────────


def test_a_row_set_to_queued_without_approval_is_refused(office: Office, jonas: Colleague) -> None:
    """The log holds no approval of it."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Forced")
    execute(office, "update delivery set state = 'queued' where id = :id", id=delivery)
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+1m")
    assert done.code == 13, done
    assert "approval" in done.error["message"]
    assert office.published("x") == []


def test_a_forged_approval_is_refused(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """A signature that is not its member's is an alarm."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Forged")
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    execute(office, "update approval set member = (select id from member where role = 'owner')")
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+1m")
    assert done.code == 13
    assert office.published("x") == []


def test_an_approval_of_another_delivery_is_refused(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """Replayed: its fingerprint is not this one's."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 2\n')
    one, two = waiting(jonas, "One"), waiting(jonas, "Two")
    eva.cli("approve", one, "--reason", "fine", "--json")
    execute(
        office,
        "update approval set fingerprint = (select fingerprint from delivery where id = :id)",
        id=two,
    )
    assert office.cli("approve", two, "--reason", "fine", "--json").deliveries[0]["state"] == "awaiting"
    assert run(office, SOCIALGUARD_CLOCK="+1m") == []


def test_a_rejection_is_no_approval(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """The decision is part of what is signed."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "No")
    eva.cli("reject", delivery, "--reason", "no", "--json")
    execute(office, "update approval set decision = 'approved'")
    execute(office, "update delivery set state = 'queued' where id = :id", id=delivery)
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+1m").code == 13
    assert office.published("x") == []


def test_an_attestation_is_no_approval(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """A signature of one kind never passes for another."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 2\n')
    delivery = waiting(jonas, "Client said yes")
    mail = tmp_path / "mail.eml"
    mail.write_text("Yes.\n")
    words = ("--on-behalf", "Client", "--evidence", str(mail), "--json")
    assert "--reason is missing" in failed(office.cli("approve", delivery, "--json"), 2, "usage_error").message
    assert office.cli("approve", delivery, *words).code == 0  # why, is in the mail
    execute(office, "update approval set decision = 'approved'")
    assert office.cli("queue", "list", "--awaiting-me", "--json").deliveries[0]["id"] == delivery


def test_an_approval_made_longer_is_refused(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """When it ends is signed."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 1\napproval_hours = 1\nmax_late = 604800\n')
    delivery = waiting(jonas, "Longer")
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    execute(office, "update approval set expires_at = '2099-01-01T00:00:00.000000Z'")
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+2h").code == 13
    assert delivery
    assert office.published("x") == []


def test_a_text_edited_after_its_approval_is_refused(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """The fingerprint is computed anew from what would be sent."""
    apply_policy(office, FOUR_EYES)
    delivery = waiting(jonas, "Approved words")
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    execute(
        office, "update delivery set content = replace(content, 'Approved', 'Other') where id = :id", id=delivery
    )
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+1m").code == 13
    assert office.published("x") == []


def test_an_author_may_not_publish(office: Office, tmp_path: Path) -> None:
    """Drafts only: the text is kept, nothing is queued."""
    author = joined(office, "Ava", "author", tmp_path / "ava", grants=("x:@acme",))
    done = author.post("A draft", "x:@acme")
    assert done.code == 11
    assert "d-" in done.error["message"] or author.cli("draft", "list", "--json").document["drafts"]
    assert office.queue() == []


def test_what_a_removed_member_submitted_is_held(office: Office, jonas: Colleague) -> None:
    """Removal is no alarm: what waited is held when it is due."""
    done = jonas.cli("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 2 hours", "--json")
    assert done.code == 0, done
    left = office.cli("offboard", "Jonas", "--reason", "left", "--json").document["offboarded"]
    assert left["deliveries"] == [done.deliveries[0]["id"]]
    sent = run(office, SOCIALGUARD_CLOCK="+121m")
    assert [one["state"] for one in sent] == ["held"]
    assert office.published("x") == []


@pytest.mark.parametrize("when", [("--grace", "0"), ("--at", "in 2 hours")], ids=["now", "later"])
def test_what_waits_for_an_approval_ends_with_11_on_every_machine(
    office: Office, jonas: Colleague, when: tuple[str, ...]
) -> None:
    """With the worker that would send it here or elsewhere, posted now or for later, and edited."""
    apply_policy(office, FOUR_EYES)
    named = ("--to", "x:@acme", "--confirm", "x:@acme")
    for who in (office, jonas):
        done = who.cli("post", f"By {who.base.name}", *named, *when, "--json")
        (waiting,) = done.deliveries
        assert (done.code, waiting["state"], done.error["code"]) == (11, "awaiting", 11), done
        edited = who.cli("queue", "edit", waiting["id"], "Better", "--confirm", "x:@acme", "--json")
        assert (edited.code, edited.deliveries[0]["state"]) == (11, "awaiting"), edited
        assert who.cli("queue", "cancel", edited.deliveries[0]["id"], "--json").code == 0
