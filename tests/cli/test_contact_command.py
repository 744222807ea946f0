"""`contact`: whom to call about an account, and how to reach a member."""

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office

__all__ = ["office"]


def test_a_contact_is_set_shown_and_forgotten(office: Office) -> None:
    text = "Marie, +33 1 23 45 67 89"
    assert shown(office.cli("contact", "x:@acme", text, "--json"), shapes.Contact).contact.contact == text
    assert shown(office.cli("contact", "acme", "--json"), shapes.Contact).contact.contact == text
    assert office.cli("account", "show", "x:@acme", "--json").document["account"]["contact"] == text
    assert shown(office.cli("contact", "acme", "--clear", "--json"), shapes.Contact).contact.contact is None


def test_a_member_says_how_to_be_reached(office: Office) -> None:
    done = shown(office.cli("contact", "--me", "on call: 4711", "--json"), shapes.Contact).contact
    assert (done.account, done.member, done.contact) == (None, "Marie", "on call: 4711")
    assert shown(office.cli("contact", "--me", "--json"), shapes.Contact).contact.contact == "on call: 4711"


def test_the_log_says_that_a_contact_changed_and_not_what_it_is(office: Office) -> None:
    office.cli("contact", "x:@acme", "+33 1 23 45 67 89")
    done = office.cli("audit", "list", "--action", "account.contact", "--json")
    assert done.document["entries"][0]["account"] == "x:@acme"
    assert "45 67" not in done.stdout


def test_the_log_of_one_person_is_asked_for_by_the_name_that_it_shows(office: Office) -> None:
    def listed(*words: str) -> list[object]:
        entries = office.cli("audit", "list", *words, "--json").document["entries"]
        return [one for one in entries if one["action"] != "audit.list"]  # each of these commands is one

    who = office.cli("audit", "list", "--action", "workspace.found", "--json").document["entries"][0]["actor"]
    assert listed("--actor", who["name"]) == listed("--actor", who["id"]) != []
    assert office.cli("audit", "list", "--actor", "Nobody", "--json").code == 5


def test_what_is_no_contact_is_refused(office: Office) -> None:
    for words in (
        ["contact"],
        ["contact", "x:@acme", "text", "--clear"],
        ["contact", "--me", "a", "b"],
        ["contact", "x:@acme", "a\x1b[31mb"],
        ["contact", "x:@acme", "x" * 201],
    ):
        assert office.cli(*words, "--json").code == 2, words
    assert office.cli("contact", "x:@nobody", "text", "--json").code == 5


def test_showing_a_contact_leaves_no_entry(office: Office) -> None:
    before = office.cli("audit", "verify", "--json").document["entries"]
    office.cli("contact", "x:@acme")
    assert office.cli("audit", "verify", "--json").document["entries"] == before
