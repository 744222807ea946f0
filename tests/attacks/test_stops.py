"""Stops: anybody may add one, and only a signature lifts one."""

import pytest

from tests.attacker import append_entry, logged
from tests.attacks.world import PLAIN, Firm, refused, schedule, write

GONE = "The list of stops"


def _freeze(firm: Firm, *scopes: str) -> None:
    assert firm.office.cli("freeze", *scopes, "--reason", "leak", "--json").code == 0


@pytest.mark.parametrize("seen", [True, False], ids=["seen_by_the_sender", "never_seen"])
def test_a_freeze_deleted(firm: Firm, seen: bool) -> None:
    """Refused: freezes are counted in the pins, and the log names each."""
    _freeze(firm, "--all")
    if seen:
        assert firm.send().code == 11
    write(firm, "delete from stop")
    refused(firm, firm.send(), GONE)


def test_a_freeze_moved_to_another_account(firm: Firm) -> None:
    """Refused: the log names its scope."""
    _freeze(firm, "x:@acme")
    write(
        firm, "update stop set scope = (select 'account:' || id from account where short_name = 'acme-facebook')"
    )
    refused(firm, firm.send(), GONE)


def test_a_freeze_lifted_by_nobody(firm: Firm) -> None:
    """Refused: lifting needs an owner's signature over that very freeze."""
    _freeze(firm, "--all")
    write(firm, "update stop set lifted_at = since, lifted_by = (select id from member where role = 'owner')")
    refused(firm, firm.send(), "The freeze")


def test_the_thaw_of_one_freeze_used_for_the_next(firm: Firm) -> None:
    """Refused: a thaw names the number of its freeze and when it began."""
    _freeze(firm, "x:@acme")
    words = ("thaw", "x:@acme", "--reason", "changed", "--confirm", "x:@acme", "--json")
    assert firm.office.cli(*words).code == 0
    _freeze(firm, "x:@acme")
    write(
        firm,
        "update stop set (lifted_at, lifted_by, lift_signature) = (select lifted_at, lifted_by, lift_signature"
        " from stop where lifted_at is not null) where lifted_at is null",
    )
    refused(firm, firm.send(), "The freeze")


def test_a_delivery_signature_presented_as_a_thaw(firm: Firm) -> None:
    """Refused: an owner did sign, but another kind of statement."""
    _freeze(firm, "--all")
    write(
        firm,
        "update stop set lifted_at = since, (lifted_by, lift_signature) ="
        " (select submitter, signature from delivery where id = ?)",
        firm.plain,
    )
    refused(firm, firm.send(), "The freeze")


def test_a_crisis_deleted(firm: Firm) -> None:
    """Refused as a freeze is: a crisis is a stop."""
    assert firm.office.cli("crisis", "on", "client:globex", "--reason", "flood", "--json").code == 0
    write(firm, "delete from stop")
    refused(firm, firm.send(), GONE)


def test_what_a_crisis_held_opened_again(firm: Firm) -> None:
    """Refused by the log, whose last word on it is `held`."""
    assert firm.office.cli("crisis", "on", "client:globex", "--reason", "flood", "--json").code == 0
    write(firm, "update delivery set state = 'queued' where id = ?", firm.plain)
    write(firm, "update delivery set state = 'cancelled' where id = ?", firm.approved)
    refused(firm, firm.send(), "the log ends it with delivery.hold")


def test_a_cancelled_delivery_opened_again(firm: Firm) -> None:
    """Refused by the log, whose last word on it is `cancel`, also with another beginning forged behind that."""
    begun = next(one for one in logged(firm.office, "delivery.queue") if one["obj"]["delivery"] == firm.plain)
    assert firm.office.cli("queue", "cancel", firm.plain, "--json").code == 0
    append_entry(firm.office, begun, like="delivery.queue")
    write(firm, "update delivery set state = 'queued' where id = ?", firm.plain)
    write(firm, "update delivery set state = 'cancelled' where id = ?", firm.approved)
    refused(firm, firm.send(), "delivery.queue")


def test_a_freeze_that_was_absorbed_from_the_emergency_file(firm: Firm) -> None:
    """Refused: once a command brought it in, it is a freeze as any other."""
    with firm.office.entered() as workspace:
        workspace.emergency.note("freeze", workspace.person, reason="leak", obj={"scope": "all"})
    assert firm.office.cli("queue", "list", "--json").code == 0
    write(firm, "delete from stop")
    refused(firm, firm.send(), GONE)


def test_a_budget_and_what_was_spent_of_it_made_up(firm: Firm) -> None:
    """Nothing goes out for it that was not confirmed: rows of usage hold posts back, or let them go."""
    write(firm, "delete from usage")
    later = schedule(firm.office, "Later", "x:@globex", minutes=62)
    assert firm.send().code == 0
    assert firm.office.published()[-2:] == [PLAIN, "Later"]
    assert later
