"""Why a delivery is held, told briefly in lists, and whole to scripts."""

import pytest

from socialguard import errors
from socialguard.cli import words
from socialguard.cli.reasons import BRIEF, reason_told
from tests.cli.test_plan_import import day
from tests.office import Office
from tests.office import office as office

FIELDS = dict.fromkeys(
    ["since", "window", "due", "now", "detail", "difference", "anew", "given", "needed", "before"], "something"
) | {
    "delivery": "8f2c",
    "account": "x:@acme",
    "network": "X",
    "reason": "a fire",
    "budget": "[budget]",
    "state": "held",
}


@pytest.mark.parametrize("error", BRIEF)
def test_each_reason_is_told_without_the_delivery_and_the_account(error: type[errors.SocialGuardError]) -> None:
    told = reason_told(error(**FIELDS).message())
    fields = {name for name in FIELDS if f"{{{name}}}" in BRIEF[error]}
    assert told == BRIEF[error].format_map(FIELDS)
    assert all(str(FIELDS[name]) in told for name in fields)
    assert "x:@acme" not in told


def test_a_reason_of_no_known_form_stays_as_it_was_kept() -> None:
    for kept in ("", "rain", "a person saw the post", "CRISIS  8f2c"):
        assert reason_told(kept) == kept


def test_the_words_of_a_person_are_not_translated() -> None:
    kept = errors.InCrisis(**FIELDS | {"reason": "disk full"}).message()
    words.use_language("fr")
    assert "disk full" in reason_told(kept)


def test_lists_tell_why_a_post_is_held_and_scripts_get_the_whole_sentence(office: Office) -> None:
    words = ("post", "Hello", "--to", "x:@acme", "--confirm", "x:@acme", "--at", f"{day(3)}T09:00", "--json")
    delivery = office.cli(*words).deliveries[0]["id"]
    office.cli("crisis", "on", "x:@acme", "--reason", "a fire")
    for command in (("queue", "list"), ("queue", "show", delivery), ("handover",)):
        told = office.cli(*command).stdout
        assert ": a fire" in told
        assert f"CRISIS  {delivery}" not in told
    assert office.queue("held")[0]["reason"].startswith(f"CRISIS  {delivery} for x:@acme was queued")
    assert "Crisis mode ended: x:@acme." in office.cli("crisis", "off", "--reason", "it is out").stdout
