"""What belongs to a campaign: named with a post, a draft or a calendar, kept by every delivery, found again."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from socialguard import clock
from tests.office import Done, Office
from tests.office import office as office
from tests.shapes import CalendarFields, failed, shown

X = ("--confirm", "x:@acme")
BOTH = (*X, "--confirm", "facebook:@acme")


def day(ahead: int) -> str:
    """Return the date so many days from now."""
    return f"{clock.now().date() + timedelta(days=ahead)}"


def posted(office: Office, text: str, *words: str, ahead: int = 3) -> str:
    """Queue a post for a later day and return its delivery."""
    done = office.cli("post", text, "--to", "x:@acme", *X, "--at", f"{day(ahead)}T09:00", *words, "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def campaign_of(office: Office, delivery: str) -> str | None:
    """Return what a delivery says that it belongs to."""
    found: str | None = office.cli("queue", "show", delivery, "--json").document["delivery"]["campaign"]
    return found


def ids(done: Done) -> list[str]:
    """Return the deliveries of a listing in their order."""
    return [one["id"] for one in done.deliveries]


def test_a_delivery_knows_its_campaign_and_listings_are_narrowed_to_it(office: Office) -> None:
    spring = posted(office, "The spring blend is here", "--campaign", " Spring  2030 ")
    other = posted(office, "Something else altogether", ahead=4)
    again = posted(office, "Have you tried the new cups", "--campaign", "SPRING 2030", ahead=5)
    assert [campaign_of(office, one) for one in (spring, other, again)] == ["Spring 2030", None, "Spring 2030"]
    assert ids(office.cli("queue", "list", "--campaign", "spring 2030", "--json")) == [spring, again]
    assert ids(office.cli("queue", "list", "--json")) == [spring, other, again]
    assert "Spring 2030" in office.cli("queue", "show", spring).stdout
    month = office.cli("plan", "show", "--on", day(3), "--campaign", "Spring 2030", "--json")
    assert {one["campaign"] for one in month.deliveries} == {"Spring 2030"}
    error = failed(office.cli("queue", "list", "--campaign", "Sprng", "--json"), 5, "not_found")
    assert "Spring 2030" in error.remedy


def test_an_edited_moved_or_resumed_delivery_keeps_its_campaign(office: Office) -> None:
    first = posted(office, "The spring blend is here", "--campaign", "Spring")
    edited = office.cli("queue", "edit", first, "The spring blend has come", *X, "--json").deliveries[0]["id"]
    moved = office.cli("plan", "move", edited, f"{day(6)}T09:00", *X, "--json").deliveries[0]["id"]
    assert (campaign_of(office, edited), campaign_of(office, moved)) == ("Spring", "Spring")
    part = posted(office, "One of two parts", "--then", "Two of two parts", "--campaign", "Spring", ahead=8)
    done = office.cli("plan", "move", part, f"{day(9)}T09:00", *X, "--json")
    assert [one["campaign"] for one in done.deliveries] == ["Spring", "Spring"]


def test_a_draft_gives_its_campaign_to_what_is_made_of_it(office: Office, tmp_path: Path) -> None:
    kept = office.cli("draft", "new", "Kept for later", "--to", "x:@acme", "--campaign", "Summer", "--json")
    draft = kept.document["draft"]
    assert draft["campaign"] == "Summer"
    done = office.cli("post", "--draft", draft["id"], *X, "--at", f"{day(3)}T09:00", "--json")
    assert done.deliveries[0]["campaign"] == "Summer"
    file = tmp_path / "draft.md"
    file.write_text('+++\nto = ["x:@acme"]\n\ncampaign = "' + "x" * 65 + '"\n+++\nHello', encoding="utf-8")
    error = failed(office.cli("post", "--file", str(file), *X, "--json"), 2, "draft_invalid")
    assert "line 4: campaign is a name of 1 to 64" in error.message


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(office: Office, name: str) -> None:
    failed(office.cli("post", "Hello", "--to", "x:@acme", *X, "--campaign", name, "--json"), 2, "usage_error")
    assert office.queue() == []


def test_the_campaign_of_a_calendar_goes_there_and_back(office: Office) -> None:
    path = office.base / "in.csv"
    rows = [
        ("compte", "date", "heure", "texte", "campagne"),
        ("x:@acme", day(3), "9h", "Les tasses sont arrivées", "Rentrée"),
        ("x:@acme, facebook:@acme", day(4), "9h", "Et les soucoupes aussi", ""),
    ]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    done = office.cli("plan", "import", str(path), "--campaign", "Divers", *BOTH, "--json")
    assert shown(done, CalendarFields).deliveries == 3
    file = office.base / "out.csv"
    assert office.cli("plan", "export", "--csv", "--out", str(file)).code == 0
    found = list(csv.DictReader(io.StringIO(file.read_bytes().decode())))
    assert sorted(row["campaign"] for row in found) == ["Divers", "Divers", "Rentrée"]
    only = office.cli("plan", "export", "--csv", "--campaign", "rentrée").stdout
    assert "tasses" in only
    assert "soucoupes" not in only
    assert "CATEGORIES:acme,queued,Rentrée" in office.cli("plan", "export", "--ics").stdout
    assert "<small>Rentrée</small>" in office.cli("plan", "export", "--html").stdout
    again = shown(office.cli("plan", "import", str(file), *BOTH, "--json"), CalendarFields)
    assert (again.known, again.queued) == (3, 0)


def test_what_a_campaign_cost_is_the_calls_for_its_deliveries(office: Office) -> None:
    words = [*office.post_words("The spring blend is here"), "--campaign", "Spring"]
    spring = office.cli(*words)
    assert office.post("Something else altogether").code == 0
    of = office.cli("costs", "--campaign", "spring", "--json").document
    rows = {row["operation"]: row["amount_micros"] for row in of["rows"]}
    assert rows["publish"] == of["total"]["amount_micros"] == 15_000
    assert office.cli("delete", spring.deliveries[0]["id"], *X, "--json").code == 0
    assert office.cli("costs", "--campaign", "Spring", "--json").document["total"]["amount_micros"] == 25_000
    failed(office.cli("costs", "--campaign", "Sprng", "--json"), 5, "not_found")
