"""A freeze on a member stops whatever passed through their hands; a thaw needs two persons where policy says."""

import threading
from pathlib import Path

import pytest

from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.run import warm
from socialguard.publishing.freeze import thaw_statement
from tests.attacker import logged
from tests.daemon.running import until
from tests.members.test_approvals import FOUR_EYES, execute, run
from tests.office import Office
from tests.people import Colleague, apply_policy, joined, waiting
from tests.shapes import DeliveryPage, Frozen, Standings, Thawed, failed, shown

TWO = '[account."x:@acme"]\nthaw_by = 2\n'
LATER = {"SOCIALGUARD_CLOCK": "+3605s"}


@pytest.fixture
def eva(office: Office, tmp_path: Path) -> Colleague:
    """Eva, an approver for x:@acme."""
    return joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))


def planned(who: Office, text: str = "Later") -> str:
    """Queue a post that is due in an hour, and return its id."""
    words = ("post", text, "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 1 hour", "--json")
    return str(who.cli(*words).deliveries[0]["id"])


# ── members ──────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_frozen_member_queued_waits_and_goes_out_after_the_thaw(office: Office, jonas: Colleague) -> None:
    """Others go on; nothing is lost."""
    theirs, mine = planned(jonas), planned(office, "Mine")
    found = shown(office.cli("freeze", "--member", "Jonas", "--reason", "laptop stolen", "--json"), Frozen)
    assert found.scopes == [f"member:{jonas.id}"]
    done = run(office, **LATER)
    assert {one["id"]: one["state"] for one in done} == {theirs: "queued", mine: "sent"}
    assert office.published("x") == ["Mine"]
    lifted = office.cli("thaw", "--member", "Jonas", "--reason", "found", "--confirm", "Jonas", "--json")
    shown(lifted, Thawed)
    assert [one["state"] for one in run(office, **LATER)] == ["sent"]


def test_a_daemon_goes_on_with_what_others_queued(office: Office, jonas: Colleague) -> None:
    """What waits for the thaw is before it on the account, and in nobody's way."""
    planned(jonas)
    planned(office, "Mine")
    office.cli("freeze", "--member", "Jonas", "--reason", "laptop stolen")
    failures: list[Exception] = []
    with office.entered(**LATER) as workspace:
        warm(workspace)
        lanes = Lanes(failures.append)
        Publisher(workspace.desk, lanes, threading.Event()).publish()
        until(lambda: not lanes.busy, "the lane has ended")
    assert (office.published("x"), failures) == (["Mine"], [])


def test_a_frozen_member_queues_nothing_and_is_told_why(office: Office, jonas: Colleague) -> None:
    """The words that lift it name the member, not the account."""
    office.cli("freeze", "--member", jonas.id, "--reason", "laptop stolen")
    error = failed(jonas.post("Hello"), 11, "member_frozen")
    assert error.message.startswith("FROZEN  Jonas, since ")
    assert '"laptop stolen"' in error.message
    assert error.remedy == f"To lift: socialguard thaw --member {jonas.id} --reason …"
    assert office.post("By Marie").code == 0


def test_what_a_frozen_member_approved_waits_and_they_approve_nothing_more(
    office: Office, jonas: Colleague, eva: Colleague
) -> None:
    """Their signature stands, and is not acted upon."""
    apply_policy(office, FOUR_EYES)
    first, second = waiting(jonas, "First"), waiting(jonas, "Second")
    assert eva.cli("approve", first, "--reason", "fine", "--json").code == 0
    office.cli("freeze", "--member", "Eva", "--reason", "phished")
    failed(eva.cli("approve", second, "--reason", "fine", "--json"), 11, "member_frozen")
    failed(eva.cli("reject", second, "--reason", "no", "--json"), 11, "member_frozen")
    assert eva.cli("queue", "list", "--awaiting-me", "--json").deliveries == []
    assert [one["state"] for one in run(office, SOCIALGUARD_CLOCK="+1m")] == ["queued"]
    assert office.published("x") == []


def test_lists_say_that_it_waits_for_the_freeze_and_why(office: Office, jonas: Colleague) -> None:
    """`queue list`, `status` and `handover` name member, reason and who froze."""
    planned(jonas)
    office.cli("freeze", "--member", "Jonas", "--reason", "laptop stolen")
    (row,) = shown(office.cli("queue", "list", "--json"), DeliveryPage).deliveries
    assert row.waits_for == "owner"
    assert row.stop is not None
    assert (row.stop.scope, row.stop.by, row.stop.reason) == ("member:Jonas", "Marie", "laptop stolen")
    assert "laptop stolen" in office.cli("queue", "list").stdout
    (one,) = shown(office.cli("status", "--json"), Standings).frozen_members
    assert (one.member, one.reason) == ("Jonas", "laptop stolen")
    assert "Jonas" in office.cli("status").stderr
    frozen = office.cli("handover", "--json").document["frozen"]
    assert [one["scope"] for one in frozen] == ["member:Jonas"]
    assert "frozen: laptop stolen" in office.cli("handover").stdout


def test_a_frozen_owner_lifts_nothing_while_there_is_another(office: Office, tmp_path: Path) -> None:
    """Whoever stole the keys of an owner does not set themselves free; a sole owner can."""
    office.cli("freeze", "--member", "Marie")
    mine = ("thaw", "--member", "Marie", "--reason", "well", "--confirm", "Marie", "--json")
    assert office.cli(*mine).code == 0
    paul = joined(office, "Paul", "owner", tmp_path / "paul")
    paul.cli("freeze", "--member", "Marie")
    office.cli("freeze", "x:@acme")
    failed(office.cli(*mine), 11, "not_allowed")
    failed(office.cli("thaw", "x:@acme", "--reason", "x", "--confirm", "x:@acme", "--json"), 11, "not_allowed")
    assert paul.cli(*mine).code == 0


def test_a_slip_in_a_members_name_is_told(office: Office) -> None:
    """Nothing would be stopped."""
    failed(office.cli("freeze", "--member", "Jona", "--json"), 5, "not_found")


def test_a_label_is_frozen_and_thawed_by_its_name(office: Office) -> None:
    """Accounts that wear it, and no others."""
    office.cli("account", "label", "x:@acme", "+fr")
    assert shown(office.cli("freeze", "label:fr", "--json"), Frozen).scopes == ["label:fr"]
    refused = failed(office.post("Hello"), 11, "frozen")
    assert refused.remedy == "To lift: socialguard thaw label:fr --reason …"
    assert office.post("Hello", "x:@globex").code == 0
    words = ("thaw", "label:fr", "--reason", "well", "--confirm", "label:fr", "--json")
    shown(office.cli(*words), Thawed)
    assert office.post("Hello").code == 0


# ── two persons ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_thaw_needs_two_persons_where_policy_says_so(office: Office, eva: Colleague) -> None:
    """The first leaves a signed agreement; the owner's word lifts it, and names who agreed."""
    apply_policy(office, TWO)
    office.cli("freeze", "x:@acme")
    words = ("thaw", "x:@acme", "--reason", "looked", "--confirm", "x:@acme", "--json")
    error = failed(office.cli(*words), 11, "agreement_needed")
    assert "needs 2 persons" in error.message
    failed(office.cli(*words), 11, "agreement_needed")  # the same person twice is one
    assert office.post("Hello").code == 11
    told = failed(eva.cli(*words), 11, "agreement_needed")  # no owner: agrees only
    assert told.remedy.startswith("An owner"), "two agreed: somebody else would not do"
    assert office.post("Hello").code == 11
    shown(office.cli(*words), Thawed)
    assert office.post("Hello").code == 0
    assert office.cli("audit", "verify", "--deep", "--json").code == 0


def test_who_has_no_right_there_neither_lifts_nor_agrees(office: Office, tmp_path: Path) -> None:
    """An author's thaw is refused before anything is written: it would only make the sender refuse the list."""
    anna = joined(office, "Anna", "author", tmp_path / "anna", grants=("x:@acme",))
    office.cli("freeze", "x:@acme")
    words = ("thaw", "x:@acme", "--reason", "x", "--confirm", "x:@acme", "--json")
    failed(anna.cli(*words), 11, "not_allowed")
    failed(office.post("Hello"), 11, "frozen")


def test_an_agreement_ends_after_three_days(office: Office, eva: Colleague) -> None:
    """What somebody thought last week does not lift a freeze today."""
    apply_policy(office, TWO)
    office.cli("freeze", "x:@acme")
    words = ("thaw", "x:@acme", "--reason", "looked", "--confirm", "x:@acme", "--json")
    assert eva.cli(*words).code == 11
    failed(office.cli(*words, SOCIALGUARD_CLOCK="+73h"), 11, "agreement_needed")


def test_a_writer_of_the_database_lifts_nothing_with_one_agreement(office: Office, eva: Colleague) -> None:
    """An agreement is no thaw, and a thaw without its agreement is refused."""
    apply_policy(office, TWO)
    office.cli("freeze", "x:@acme")
    words = ("thaw", "x:@acme", "--reason", "looked", "--confirm", "x:@acme", "--json")
    assert office.cli(*words).code == 11
    with office.entered() as workspace:
        owner = workspace.identity.member_id
    lifted = (
        "update stop set lifted_at = since, lifted_by = :owner, lift_signature = (select signature from approval)"
    )
    execute(office, lifted, owner=owner)
    failed(office.post("First"), 13, "tampered")
    execute(office, "update stop set lifted_at = null, lifted_by = null, lift_signature = null")
    assert eva.cli(*words).code == 11
    assert office.cli(*words).code == 0
    assert office.post("Hello").code == 0
    execute(office, "delete from approval where member = :eva", eva=eva.id)
    failed(office.post("Hello again"), 13, "tampered")


def test_a_thaw_that_named_an_owner_who_left_still_stands(office: Office, eva: Colleague, tmp_path: Path) -> None:
    """Whoever removes the owner signs the same words again, the agreements with them."""
    apply_policy(office, TWO)
    paul = joined(office, "Paul", "owner", tmp_path / "paul")
    office.cli("freeze", "x:@acme")
    words = ("thaw", "x:@acme", "--reason", "looked", "--confirm", "x:@acme", "--json")
    assert eva.cli(*words).code == 11
    assert paul.cli(*words).code == 0
    assert office.cli("member", "remove", "Paul", "--reason", "left", "--json").code == 0
    assert office.cli("member", "remove", "Eva", "--reason", "left", "--json").code == 0
    assert office.post("Hello").code == 0


def test_what_is_signed_without_agreements_is_as_before() -> None:
    """One person's thaw keeps its documented form."""
    from socialguard import clock
    from socialguard.ledger.stops import Stop

    stop = Stop(1, "freeze", "all", "", "m-1", clock.now())
    assert set(thaw_statement(stop)) == {"stop", "scope", "since"}
    assert thaw_statement(stop, ["b", "a"])["agreed"] == ["a", "b"]


def test_who_has_no_key_at_all_can_freeze(office: Office, tmp_path: Path) -> None:
    """Whoever can write the workspace, on a machine without an identity."""
    done = keyless(office, tmp_path).cli(
        "freeze", "--all", "--reason", "they tweet", SOCIALGUARD_HOME=str(office.home)
    )
    assert done.code == 0, done
    assert office.post("Not now").code == 11
    assert office.published() == []


def test_who_has_no_key_at_all_can_cancel(office: Office, tmp_path: Path) -> None:
    """What waits is kept, and does not go out; who it was is not known, the machine is."""
    delivery = planned(office)
    done = keyless(office, tmp_path).cli("queue", "cancel", delivery, "--json", SOCIALGUARD_HOME=str(office.home))
    assert done.code == 0, done
    assert office.queue("cancelled")[0]["id"] == delivery
    (entry,) = logged(office, "delivery.cancel")
    assert entry["actor"]["id"] == "unknown"
    assert entry["src"]["host"]
    assert office.cli("queue", "run", "--json", **LATER).deliveries == []
    assert office.cli("audit", "verify", "--json").code == 0


def keyless(office: Office, base: Path) -> Office:
    """A machine on which nobody of the organisation has keys."""
    (base / "bare").mkdir()
    return Office(base / "bare", office.sandbox, office.seed)
