"""Whoever changes what waits, and stops or is stopped, is told that it goes out all the same, as it was."""

import pexpect
import pytest

from tests.office import Office
from tests.office import office as office

TOLD = r"stays as it was: it goes out on \w+ 2\d{3}-"


def waiting(office: Office) -> str:
    """Return a delivery that is due tomorrow."""
    words = ("post", "With a slip", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "tomorrow 9am", "--json")
    return str(office.cli(*words).deliveries[0]["id"])


@pytest.mark.parametrize("words", [("queue", "edit", "{}", "Without"), ("plan", "move", "{}", "tomorrow 10am")])
def test_a_change_that_a_person_stops(office: Office, words: tuple[str, ...]) -> None:
    delivery = waiting(office)
    child = office.terminal(*(word.format(delivery) for word in words))
    child.expect("Enter stops:")
    child.sendline("")
    child.expect(f"{delivery} {TOLD}")
    child.expect("Stopped. Nothing was sent.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 3
    assert office.queue("queued")[0]["id"] == delivery


def test_a_change_that_is_refused(office: Office) -> None:
    done = office.cli("queue", "edit", waiting(office), "x" * 300, "--confirm", "x:@acme")
    assert (done.code, TOLD.partition(":")[0] in done.stderr) == (11, True), done


def test_of_a_change_that_is_made_nothing_is_said(office: Office) -> None:
    done = office.cli("queue", "edit", waiting(office), "Without", "--confirm", "x:@acme")
    assert (done.code, TOLD.partition(":")[0] in done.stderr) == (0, False), done
