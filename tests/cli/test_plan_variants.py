"""Rows of a calendar whose accounts get texts of their own: as variants in a draft's file are."""

import csv
import io
from pathlib import Path

import pytest

from tests.cli.test_plan_import import day, imported, written
from tests.office import Office
from tests.office import office as office
from tests.shapes import CalendarFields, shown

BOTH = ("--confirm", "x:@acme", "--confirm", "facebook:@acme")
WHO = "x:@acme, facebook:@acme"


def told(office: Office) -> dict[str, str]:
    """Return the text that waits for each account."""
    found = [
        office.cli("queue", "show", row["id"], "--json").document["delivery"] for row in office.queue("queued")
    ]
    return {one["account"]: one["text"] for one in found}


def calendar(office: Office, *heading: str, texts: tuple[str, ...]) -> Path:
    """Write a calendar of one row for two accounts."""
    return written(office, [("account", "date", "time", *heading), (WHO, day(3), "9:00", *texts)])


@pytest.mark.parametrize("column", ["text x", "Texte_X", "message pour x", "text x:@acme", "texte-x"])
def test_an_account_gets_the_text_of_its_column_and_the_others_the_common_one(office: Office, column: str) -> None:
    path = calendar(office, "text", column, texts=("For all", "For X"))
    found = shown(imported(office, path, *BOTH), CalendarFields)
    assert (found.queued, found.deliveries) == (1, 2)
    assert told(office) == {"x:@acme": "For X", "facebook:@acme": "For all"}
    (note,) = [one for one in found.findings if one.check == "variant"]
    assert (note.line, note.severity, note.account) == (2, "note", "facebook:@acme")
    assert "common text" in note.message


def test_an_account_s_own_text_counts_before_that_of_its_network(office: Office) -> None:
    path = calendar(office, "texte x", "texte x:@acme", "texte facebook", texts=("Network", "Account", "Other"))
    found = shown(imported(office, path, *BOTH), CalendarFields)
    assert told(office) == {"x:@acme": "Account", "facebook:@acme": "Other"}
    assert [one for one in found.findings if one.check == "variant"] == []


def test_a_row_without_a_text_for_an_account_is_refused_and_nothing_is_cut(office: Office) -> None:
    path = calendar(office, "text", "text x", texts=("", "For X alone"))
    found = CalendarFields.model_validate(imported(office, path, *BOTH).document)
    assert (found.queued, [one.line for one in found.refused]) == (0, [2])
    path = calendar(office, "text", "text facebook", texts=("long " * 100, "Short"))
    found = CalendarFields.model_validate(imported(office, path, *BOTH).document)
    assert (found.queued, [one.line for one in found.refused]) == (0, [2])
    assert "x:@acme" in found.refused[0].reason
    assert office.queue() == []


def test_a_thread_in_one_variant_is_one_post_in_the_other(office: Office) -> None:
    path = calendar(office, "thread", "text x", "text facebook", texts=("yes", "One\n---\nTwo", "All of it"))
    assert shown(imported(office, path, *BOTH), CalendarFields).deliveries == 3
    assert shown(imported(office, path, *BOTH), CalendarFields).known == 1


def test_variants_come_back_from_our_csv_and_are_known(office: Office) -> None:
    path = calendar(office, "text", "text x", texts=("For all", "For X"))
    assert imported(office, path, *BOTH).code == 0
    assert shown(imported(office, path, *BOTH), CalendarFields).known == 1
    out = office.base / "out.csv"
    assert office.cli("plan", "export", "--csv", "--out", str(out)).code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_bytes().decode())))
    assert {row["account"]: row["text"] for row in rows} == told(office)
    again = shown(imported(office, out, *BOTH), CalendarFields)
    assert (again.known, again.queued) == (2, 0)
    kept = office.cli("draft", "list", "--json").document["drafts"][0]
    shown_draft = office.cli("draft", "show", kept["id"], "--json").document["draft"]
    assert (shown_draft["text"], shown_draft["variants"]) == ("For all", {"x": "For X"})


def test_a_variant_that_was_changed_in_the_file_is_queued_as_a_changed_text_is(office: Office) -> None:
    assert imported(office, calendar(office, "text", "text x", texts=("For all", "For X")), *BOTH).code == 0
    path = calendar(office, "text", "text x", texts=("For all", "Quite another sentence about cups"))
    refused = CalendarFields.model_validate(imported(office, path, *BOTH[:2]).document).refused
    (old,) = [one["id"] for one in office.queue("queued") if one["account"] == "x:@acme"]
    assert f"x:@acme has delivery {old} at that time" in refused[0].reason
    office.cli("queue", "cancel", old)
    found = shown(imported(office, path, *BOTH[:2]), CalendarFields)
    assert (found.known, found.queued, found.deliveries) == (0, 1, 1)
    assert [one["account"] for one in office.queue("queued")].count("facebook:@acme") == 1


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (("text", "text myspace"), "myspace"),
        (("text", "text x:@"), "x:@"),
        (("text", "text x", "texte X"), "text x twice"),
        (("text", "link x"), "'link x'"),
        (("text", "media99"), "'media99'"),
    ],
)
def test_a_column_for_nobody_or_twice_is_refused(office: Office, columns: tuple[str, ...], reason: str) -> None:
    path = calendar(office, *columns, texts=("a",) * len(columns))
    done = imported(office, path, *BOTH)
    assert done.code == 2
    assert reason in done.error["message"]


@pytest.mark.parametrize(
    ("part", "reason"), [("0", "part"), ("two", "part"), ("26", "part"), ("3", "belongs to part 3")]
)
def test_a_file_of_a_part_that_is_none_is_refused(office: Office, part: str, reason: str) -> None:
    from PIL import Image

    Image.new("RGB", (40, 40)).save(office.base / "red.png")
    heading = ("account", "date", "time", "text", "fil", "fichier", "texte alternatif", "partie")
    row = ("x:@acme", day(3), "9:00", "One\n---\nTwo", "oui", "red.png", "Red", part)
    found = CalendarFields.model_validate(imported(office, written(office, [heading, row]), *BOTH).document)
    assert reason in found.refused[0].reason
