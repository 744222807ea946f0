"""A calendar names clients as they are called, with their spaces, and files as they lie."""

import pytest

from tests.cli.test_plan_import import HEADING, NAMED, day, imported, written
from tests.office import Office
from tests.office import office as office
from tests.shapes import CalendarFields as Fields


def test_a_client_of_several_words_is_named_as_it_is_called(office: Office) -> None:
    assert office.cli("account", "client", "x:@acme", "Ville de Lyon").code == 0
    rows = [
        HEADING,
        ("client:Ville de Lyon", day(3), "9:00", "Of the city"),
        ("client:Ville de Lyon x:@globex", day(4), "9:00", "Of both"),
        ("client:Ville, x:@acme", day(5), "9:00", "Of nobody"),
    ]
    done = imported(office, written(office, rows), "--confirm", "x:@globex", *NAMED, "--valid-only")
    found = Fields.model_validate(done.document)
    assert (found.queued, [one.line for one in found.refused]) == (2, [4])
    assert sorted(row["account"] for row in office.queue("queued")) == ["x:@acme", "x:@acme", "x:@globex"]


def test_a_client_that_could_be_two_names_is_not_guessed(office: Office) -> None:
    for account, client in (("x:@acme", "city"), ("facebook:@acme", "city globex")):
        assert office.cli("account", "client", account, client).code == 0
    done = imported(office, written(office, [HEADING, ("client:city globex", day(3), "9:00", "Whose?")]), *NAMED)
    assert [one.reason for one in Fields.model_validate(done.document).refused] == [
        "client:city globex could be a client of several words, or several names."
    ]


@pytest.mark.parametrize("name", ["img\\plan.png", "a.png, b.png", "Nope.png"])
def test_a_file_that_is_not_there_is_told_as_it_was_written(office: Office, name: str) -> None:
    rows = [(*HEADING, "media", "alt"), ("x:@acme", day(3), "9:00", "Look", name, "A plan")]
    found = Fields.model_validate(imported(office, written(office, rows), *NAMED).document)
    assert [one.reason for one in found.refused] == [f"{name} is not there."]
