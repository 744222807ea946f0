"""Approvers are called for what waits, as long as it waits; they read what a person at a terminal is asked."""

import random
from pathlib import Path

import pytest

from tests.members.test_approvals import FOUR_EYES, run
from tests.office import Office
from tests.people import Colleague, apply_policy, joined, waiting


@pytest.fixture
def eva(office: Office, tmp_path: Path) -> Colleague:
    """Eva, an approver for x:@acme."""
    return joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))


def calls(office: Office) -> list[str]:
    """Return the deliveries that approvers are called for."""
    found = office.cli("alerts", "list", "--json").document["alerts"]
    return [one["delivery"] for one in found if one["kind"] == "approval"]


@pytest.mark.parametrize("end", ["approve", "reject", "cancel", "edit", "expire", "panic"])
def test_a_call_ends_with_what_it_asked_for(office: Office, jonas: Colleague, eva: Colleague, end: str) -> None:
    """Decided, cancelled, edited or expired: nobody is called for it any more."""
    apply_policy(office, FOUR_EYES)
    delivery, other = waiting(jonas, "Look at this"), waiting(jonas, "And at this")
    assert sorted(calls(office)) == sorted([delivery, other])
    gone = {delivery}
    if end in ("approve", "reject"):
        assert eva.cli(end, delivery, "--reason", "x", "--json").code == 0
    elif end == "cancel":
        assert office.cli("queue", "cancel", delivery, "--json").code == 0
    elif end == "edit":
        done = jonas.cli("queue", "edit", delivery, "Better", "--confirm", "x:@acme", "--json")
        gone = {delivery} - {done.deliveries[0]["id"]}
    elif end == "expire":
        eva.cli("approve", delivery, "--reason", "late", "--json", SOCIALGUARD_CLOCK="+73h")
    else:
        office.cli("panic", "x:@acme", "--reason", "hacked", "--json")
        gone = {delivery, other}
    assert not gone & set(calls(office))
    assert gone == {delivery, other} or other in calls(office)


def test_a_call_stays_while_another_approval_is_needed(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """One of two is not enough."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 2\n')
    delivery = waiting(jonas, "Two of you")
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    assert calls(office) == [delivery]
    office.cli("approve", delivery, "--reason", "fine", "--json")
    assert calls(office) == []


def test_an_approval_that_ended_unused_ends_the_call(office: Office, jonas: Colleague, eva: Colleague) -> None:
    """The sender's own end of a delivery counts, too."""
    apply_policy(office, '[account."x:@acme"]\napprovals = 1\napproval_hours = 1\nmax_late = 604800\n')
    delivery = waiting(jonas, "Stale")
    eva.cli("approve", delivery, "--reason", "fine", "--json")
    assert [one["state"] for one in run(office, SOCIALGUARD_CLOCK="+2h")] == ["expired"]
    assert calls(office) == []


def test_awaiting_me_looks_beyond_the_first_page(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """What others may approve does not crowd out what I may."""
    eva = joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@globex",))
    office.cli("grant", "Jonas", "x:@globex", "--json")
    apply_policy(office, "[defaults]\napprovals = 1\n")
    for number in range(3):
        waiting(jonas, f"For somebody else, number {number}")
    mine = waiting(jonas, "For Eva", "x:@globex")
    listed = eva.cli("queue", "list", "--awaiting-me", "--limit", "2", "--json")
    assert [one["id"] for one in listed.deliveries] == [mine]
    assert listed.document["more"] is None


def test_an_approver_reads_that_a_text_does_not_sound_like_its_account(
    office: Office, jonas: Colleague, eva: Colleague
) -> None:
    """The detector's doubt stands among the findings, for people and scripts."""
    chance = random.Random(7)
    voices = {
        "x:@acme": "coffee roast beans cup morning barista crema latte",
        "x:@globex": "quarterly earnings guidance shareholders dividend revenue margin outlook",
    }
    apply_policy(office, '[defaults]\ngrace = 0\nchecks.duplicate = "off"\nchecks.spacing = "off"\n')
    for name, words in voices.items():
        for number in range(40):
            text = " ".join(chance.choices(words.split(), k=9)) + f" {number}"
            assert office.post(text, name).code == 0
    office.cli("affinity", "fit", "--json")
    apply_policy(office, FOUR_EYES)
    text = "quarterly earnings guidance shareholders dividend revenue margin outlook dividend"
    done = jonas.cli(*jonas.post_words(text), "--override", "affinity", "--reason", "a joint post")
    if not done.deliveries:
        pytest.fail(f"it was not queued: {done}")
    delivery = done.deliveries[0]["id"]
    shown = eva.cli("approve", delivery, "--reason", "fine", "--json").deliveries[0]["findings"]
    assert "affinity" in {one["check"] for one in shown}
