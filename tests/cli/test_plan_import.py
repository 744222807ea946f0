"""A calendar is checked whole, confirmed once, queued row by row, and never twice."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest
from PIL import Image

from socialguard import clock, errors
from socialguard.publishing import accept
from socialguard.publishing.calendar import queueing
from tests.office import Done, Office
from tests.office import office as office
from tests.shapes import CalendarFields as Fields
from tests.shapes import shown

HEADING = ("account", "date", "time", "text")
NAMED = ("--confirm", "x:@acme")


def day(ahead: int) -> str:
    """Return the date so many days from now."""
    return f"{clock.now().date() + timedelta(days=ahead)}"


def written(office: Office, rows: Sequence[Sequence[str]], name: str = "calendar.csv") -> Path:
    """Write rows as a CSV beside the workspace."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    path = office.base / name
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def imported(office: Office, path: Path, *words: str) -> Done:
    """Import a calendar as a script does."""
    return office.cli("plan", "import", str(path), *words, "--json")


def texts(office: Office) -> list[str]:
    """Return the texts of what waits, by the time at which it is due."""
    shown = [office.cli("queue", "show", row["id"], "--json") for row in office.queue("queued")]
    return [one.document["delivery"]["text"] for one in shown]


def test_a_calendar_is_queued_row_by_row_in_its_order(office: Office) -> None:
    path = written(
        office, [HEADING, *(("x:@acme", day(3), f"{9 + hour}:00", f"Post {hour}") for hour in range(5))]
    )
    found = shown(imported(office, path, *NAMED), Fields)
    assert (found.found, found.valid, found.queued, found.refused) == (5, 5, 5, [])
    assert texts(office) == [f"Post {hour}" for hour in range(5)]


def test_importing_a_file_again_adds_nothing(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Once"), ("x:@acme", day(4), "9h30", "Twice")])
    assert imported(office, path, *NAMED).code == 0
    again = shown(imported(office, path, *NAMED), Fields)
    assert (again.found, again.known, again.valid, again.queued) == (2, 2, 0, 0)
    assert len(office.queue()) == 2


def test_a_script_reads_what_to_do_about_a_refused_row(office: Office) -> None:
    year = clock.now().year + 1
    rows = [("x:@acme", f"03/04/{year}", "9:00", "April or March"), ("x:@nobody", day(3), "9:00", "Nobody's")]
    found = shown(imported(office, written(office, [HEADING, *rows]), *NAMED), Fields, 2)
    ambiguous, unknown = found.refused
    assert ("day-first" in ambiguous.remedy, "account list" in unknown.remedy) == (True, True), found


def test_what_was_cancelled_does_not_come_back_with_the_file(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Cancelled")])
    assert imported(office, path, *NAMED).code == 0
    office.cli("queue", "cancel", office.queue()[0]["id"])
    assert shown(imported(office, path, *NAMED), Fields).known == 1
    assert office.queue("queued") == []


def test_one_bad_row_keeps_all_from_the_queue_and_is_named(office: Office) -> None:
    rows = [HEADING, ("x:@acme", day(3), "9:00", "Good"), ("x:@nobody", day(3), "9:00", "Bad")]
    done = imported(office, written(office, rows), *NAMED)
    assert done.code == 2
    found = Fields.model_validate(done.document)
    assert (found.found, found.valid, found.queued) == (2, 1, 0)
    assert [one.line for one in found.refused] == [3]
    assert "x:@nobody" in found.refused[0].reason
    assert office.queue() == []


def test_the_valid_rows_alone_are_queued_where_that_was_said(office: Office) -> None:
    rows = [HEADING, ("x:@acme", day(3), "9:00", "Good"), ("x:@acme", day(-3), "9:00", "Past")]
    found = shown(imported(office, written(office, rows), *NAMED, "--valid-only"), Fields)
    assert (found.queued, [one.line for one in found.refused]) == (1, [3])
    assert texts(office) == ["Good"]


def test_every_account_of_the_file_is_named_by_a_script(office: Office) -> None:
    rows = [HEADING, ("x:@acme", day(3), "9:00", "One"), ("facebook:@globex", day(3), "9:00", "Two")]
    path = written(office, rows)
    done = imported(office, path, *NAMED)
    assert (done.code, done.error["needs"]) == (10, ["facebook:@globex"])
    assert done.document["queued"] == 0
    assert office.queue() == []
    assert imported(office, path, *NAMED, "--confirm", "facebook:@globex").document["queued"] == 2


def test_a_row_for_several_accounts_becomes_a_delivery_for_each(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme, globex", day(3), "9am", "Both")])
    found = shown(imported(office, path, *NAMED, "--confirm", "x:@globex"), Fields)
    assert (found.queued, found.deliveries) == (1, 2)
    assert [(one.account, one.posts) for one in found.accounts] == [("x:@acme", 1), ("x:@globex", 1)]


def test_the_checks_refuse_rows_as_they_would_refuse_posts(office: Office) -> None:
    rows = [HEADING, ("x:@acme", day(3), "9:00", "x" * 300), ("x:@acme", day(3), "9:00", "Fine")]
    found = Fields.model_validate(imported(office, written(office, rows), *NAMED).document)
    assert "too long" in found.refused[0].reason


def test_the_same_text_twice_is_refused_and_can_be_passed(office: Office) -> None:
    rows = [HEADING, ("x:@acme", day(3), "9:00", "Weekly"), ("x:@acme", day(10), "9:00", " weekly")]
    path = written(office, rows)
    found = Fields.model_validate(imported(office, path, *NAMED).document)
    assert [(one.line, "line 2" in one.reason) for one in found.refused] == [(3, True)]
    words = ("--override", "twin", "--reason", "a weekly post")
    assert imported(office, path, *NAMED, *words).document["queued"] == 2


def test_a_row_twice_is_refused(office: Office) -> None:
    row = ("x:@acme", day(3), "9:00", "Same")
    found = Fields.model_validate(imported(office, written(office, [HEADING, row, row]), *NAMED).document)
    assert [one.line for one in found.refused] == [3]


def test_rows_of_a_frozen_account_are_refused(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Frozen")])
    office.cli("freeze", "x:@acme", "--reason", "hacked")
    found = Fields.model_validate(imported(office, path, *NAMED).document)
    assert found.refused[0].reason.endswith('by Marie: "hacked".'), "no draft is kept of a row"


def test_nothing_is_written_by_a_dry_run(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Dry")])
    found = shown(imported(office, path, "--dry-run"), Fields)
    assert (found.valid, found.queued) == (1, 0)
    assert office.queue() == []


def test_files_lie_beside_the_calendar_and_nowhere_else(office: Office) -> None:
    place = office.base / "calendars"
    place.mkdir()
    (office.base / "private.png").write_bytes(b"private")
    (place / "link.png").symlink_to(office.base / "private.png")
    for name in ("../private.png", str(office.base / "private.png"), "link.png"):
        rows = [(*HEADING, "media", "alt"), ("x:@acme", day(3), "9:00", "Look", name, "A key")]
        found = Fields.model_validate(imported(office, written(office, rows, "calendars/c.csv"), *NAMED).document)
        assert "directory of the calendar" in found.refused[0].reason


def test_a_budget_stops_a_calendar_before_it_is_overdrawn(office: Office) -> None:
    (office.home / "socialguard.toml").write_text("[budget]\nmonth_usd = 0.02\n", encoding="utf-8")
    first = (clock.now().replace(day=1) + timedelta(days=40)).date().replace(day=5)
    rows = [HEADING, *(("x:@acme", f"{first}", f"{9 + hour}:00", f"Costs {hour}") for hour in range(2))]
    done = imported(office, written(office, rows), *NAMED)
    assert done.code == 11, done
    assert done.document["queued"] == 0
    assert office.queue() == []


def test_a_person_sees_accounts_and_counts_and_types_for_all_of_them(office: Office) -> None:
    rows = [HEADING, *(("acme", day(3), f"{hour}:00", f"Post {hour}") for hour in (9, 10, 11))]
    path = written(office, [*rows, ("facebook:@globex", day(5), "9:00", "The last one")])
    child = office.terminal("plan", "import", str(path))
    child.expect_exact("4 POSTS, 2 ACCOUNTS, 2 CLIENTS")
    child.expect_exact("x:@acme × 3")
    child.expect_exact("Total $0.045")
    child.expect_exact("Type 2 acme globex to queue them. Enter stops:")
    child.sendline("2 acme")
    child.expect_exact("Not 2 acme globex.")
    child.expect_exact("Enter stops:")  # what is typed before the question is thrown away
    child.sendline("2 acme globex")
    child.expect_exact("4 rows were queued.")
    child.expect(pexpect.EOF)
    assert len(office.queue("queued")) == 4


def test_one_time_for_all_rows_is_told_once(office: Office) -> None:
    path = written(
        office, [HEADING, ("x:@acme", day(3), "9:00", "One"), ("facebook:@acme", day(3), "9:00", "Two")]
    )
    told = office.cli("plan", "import", str(path), "--dry-run").stdout
    assert told.count(day(3)) == 1
    assert " from " not in told


def test_enter_stops_a_calendar_and_queues_nothing(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Stopped")])
    child = office.terminal("plan", "import", str(path))
    child.expect_exact("Type acme to queue them. Enter stops:")
    child.sendline("")
    child.expect_exact("Stopped. Nothing was queued.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 3
    assert office.queue() == []


def test_what_changes_while_the_card_is_read_counts(office: Office) -> None:
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Twin")])
    child = office.terminal("plan", "import", str(path))
    child.expect_exact("Type acme to queue them. Enter stops:")
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--at", f"{day(2)}T09:00", "--json")
    assert office.cli("post", "Twin", *words).code == 0
    child.sendline("acme")
    child.expect_exact("line 2")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 11
    assert len(office.queue("queued")) == 1


def test_an_import_that_was_killed_goes_on_where_it_stopped(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [HEADING, *(("x:@acme", day(3 + n // 9), f"{9 + n % 9}:00", f"Post {n}") for n in range(7))]
    path = written(office, rows)
    monkeypatch.setattr(queueing, "BATCH", 2)
    real, calls = queueing._queue, []

    def breaks(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise errors.DiskFull(path="socialguard.db")
        return real(*given)

    monkeypatch.setattr(queueing, "_queue", breaks)
    done = imported(office, path, *NAMED)
    assert (done.code, done.document["queued"]) == (1, 4)
    monkeypatch.setattr(queueing, "_queue", real)
    again = shown(imported(office, path, *NAMED), Fields)
    assert (again.known, again.queued) == (4, 3)
    assert texts(office) == [f"Post {n}" for n in range(7)]


def test_a_bulk_file_of_another_tool_goes_to_the_accounts_that_are_named(office: Office) -> None:
    rows = [(f"{day(3).replace('-', '/')} 09:30", "Hello", ""), (f"{day(4).replace('-', '/')} 09:30", "Bye", "")]
    path = written(office, rows)
    assert imported(office, path, "--from", "hootsuite", *NAMED).code == 2
    found = shown(imported(office, path, "--from", "hootsuite", "--to", "acme", *NAMED), Fields)
    assert (found.queued, texts(office)) == (2, ["Hello", "Bye"])


@pytest.mark.parametrize(
    "data", [b"\xff\xfea\0", "account,date,time,text\n\xe9".encode("cp1252"), b"", b"PK\x03\x04"]
)
def test_a_hostile_file_writes_nothing(office: Office, data: bytes) -> None:
    path = office.base / "hostile.csv"
    path.write_bytes(data)
    before = office.database.read_bytes()
    done = imported(office, path, *NAMED)
    assert (done.code, done.error["name"]) == (2, "calendar_unusable")
    assert office.database.read_bytes() == before


def test_a_file_beside_the_calendar_goes_with_its_row(office: Office) -> None:
    Image.new("RGB", (20, 20), "red").save(office.base / "red.png")
    rows = [(*HEADING, "media", "alt"), ("x:@acme", day(3), "9:00", "Red", "red.png", "A red square")]
    path = written(office, rows)
    assert shown(imported(office, path, *NAMED), Fields).queued == 1
    shown_one = office.cli("queue", "show", office.queue()[0]["id"], "--json").document["delivery"]
    assert shown_one["media"] == [{"file": "red.png", "alt": "A red square"}]
    assert shown(imported(office, path, *NAMED), Fields).known == 1
    rows[1] = (*rows[1][:5], "")
    found = Fields.model_validate(imported(office, written(office, rows), *NAMED).document)
    assert "alt text missing" in found.refused[0].reason


def test_a_row_may_name_its_zone(office: Office) -> None:
    row = ("x:@acme", day(3), "9:00")
    rows = [(*HEADING, "zone"), (*row, "Paris", "Europe/Paris"), (*row, "UTC", "")]
    assert shown(imported(office, written(office, rows), *NAMED), Fields).queued == 2
    dues = [row["due"][11:16] for row in office.queue("queued")]
    assert dues[1] == "09:00"
    assert dues[0] in ("07:00", "08:00")


def test_the_campaign_of_a_row_is_kept_with_its_draft(office: Office) -> None:
    path = written(office, [(*HEADING, "campagne"), ("x:@acme", day(3), "9:00", "One", " spring  sale ")])
    assert imported(office, path, *NAMED).code == 0
    (draft,) = office.cli("draft", "list", "--json").document["drafts"]
    assert office.cli("draft", "show", draft["id"], "--json").document["draft"]["campaign"] == "spring sale"


@pytest.mark.parametrize("text", ["", "Hello there"], ids=["only a file", "a text"])
def test_two_imports_of_one_file_at_once_queue_it_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Also where no twin is looked for: an image alone, or a person who passed that check."""
    Image.new("RGB", (20, 20), "red").save(office.base / "a.png")
    path = written(office, [(*HEADING, "media", "alt"), ("x:@acme", day(3), "9:00", text, "a.png", "red")])
    passed = (*NAMED, "--override", "twin", "--reason", "on purpose")
    fresh, others = accept.require_fresh, [path]

    def while_the_person_reads(made_at: datetime) -> None:
        while others:
            assert imported(office, others.pop(), *passed).code == 0
        fresh(made_at)

    monkeypatch.setattr(accept, "require_fresh", while_the_person_reads)
    second = imported(office, path, *passed)
    assert (second.code, "line 2" in second.error["message"]) == (11, True)
    assert len(office.queue("queued")) == 1


def test_a_row_may_be_a_thread(office: Office) -> None:
    heading = ("compte", "date", "heure", "texte", "fil", "lien")
    row = ("x:@acme", day(3), "9h", "First part.\n---\nSecond part.", "oui", "https://example.org/a")
    path = written(office, [heading, row, ("x:@acme", day(4), "9h", "No\n---\nthread", "", "")])
    found = shown(imported(office, path, *NAMED), Fields)
    assert (found.valid, found.queued, found.deliveries, found.refused) == (2, 2, 3, [])
    assert [(one.account, one.posts) for one in found.accounts] == [("x:@acme", 2)]
    assert texts(office) == ["First part.", "Second part.", "No\n---\nthread"]
    first, second = [one for one in office.queue("queued") if one["due"].startswith(day(3))]
    assert (first["due"], len({first["id"], second["id"]})) == (second["due"], 2)
    parts = [office.cli("queue", "show", one["id"], "--json").document["delivery"] for one in (first, second)]
    assert sorted((one["text"], one["link"]) for one in parts) == [
        ("First part.", "https://example.org/a"),
        ("Second part.", None),
    ]
    (_, draft) = office.cli("draft", "list", "--json").document["drafts"]
    assert "First part.\n---\nSecond part." in office.cli("draft", "show", draft["id"]).stdout
    again = shown(imported(office, path, *NAMED), Fields)
    assert (again.known, again.queued) == (2, 0)


def test_a_thread_of_which_a_part_was_edited_does_not_come_back_with_the_file(office: Office) -> None:
    row = ("x:@acme", day(3), "9h", "First part.\n---\nSecond part.", "yes")
    path = written(office, [("account", "date", "time", "text", "thread"), row])
    assert shown(imported(office, path, *NAMED), Fields).deliveries == 2
    last = next(
        one["id"]
        for one in office.queue("queued")
        if office.cli("queue", "show", one["id"], "--json").document["delivery"]["text"] == "Second part."
    )
    assert office.cli("queue", "edit", last, "Second part, edited.", *NAMED, "--json").code == 0
    found = shown(imported(office, path, *NAMED), Fields)
    assert (found.known, found.queued) == (1, 0)


def test_a_thread_that_was_changed_in_the_file_is_refused_and_not_passed_over(office: Office) -> None:
    heading, row = ("account", "date", "time", "text", "thread"), ("x:@acme", day(3), "9h")
    path = written(office, [heading, (*row, "First part.\n---\nSecond part.", "yes")])
    assert shown(imported(office, path, *NAMED), Fields).deliveries == 2
    path = written(office, [heading, (*row, "First part.\n---\nSecond part, changed.", "yes")])
    found = shown(imported(office, path, *NAMED), Fields, 2)
    assert (found.known, len(office.queue("queued"))) == (0, 2)
    assert "the same text is queued as delivery" in found.refused[0].reason


@pytest.mark.parametrize(
    ("account", "text", "thread", "reason"),
    [
        ("facebook:@acme", "One\n---\nTwo", "yes", "has no threads"),
        ("x:@acme", "Same\n---\nSame", "yes", "are the same text"),
        ("x:@acme", "One\n---\nTwo", "perhaps", "write yes or no"),
    ],
)
def test_what_is_no_thread_is_refused(office: Office, account: str, text: str, thread: str, reason: str) -> None:
    path = written(office, [(*HEADING, "thread"), (account, day(3), "9:00", text, thread)])
    (refused,) = shown(imported(office, path, "--confirm", account), Fields, 2).refused
    assert reason in refused.reason
    assert office.queue("queued") == []


def test_a_row_with_another_text_does_not_queue_beside_what_it_was(office: Office) -> None:
    kept, old = (
        ("x:@acme", day(4), "9:00", "Stays as it is"),
        ("x:@acme", day(3), "9:00", "Our shop opens at nine"),
    )
    assert imported(office, written(office, [HEADING, old, kept]), *NAMED).document["queued"] == 2
    waiting = office.queue()[0]["id"]
    path = written(office, [HEADING, (*old[:3], "Our shop opens at ten"), kept])
    done = imported(office, path, *NAMED)
    assert done.code == 2, done
    found = Fields.model_validate(done.document)
    assert [(one.line, f"delivery {waiting}" in one.reason) for one in found.refused] == [(2, True)]
    assert (found.queued, found.known, len(office.queue("queued"))) == (0, 1, 2)
    office.cli("queue", "cancel", waiting)
    assert imported(office, path, *NAMED).document["queued"] == 1
    assert texts(office) == ["Our shop opens at ten", "Stays as it is"]


def test_two_posts_at_one_time_are_queued_where_that_is_meant(office: Office) -> None:
    one, two = (("x:@acme", day(3), "9:00", text) for text in ("The doors are open", "And there is coffee"))
    assert imported(office, written(office, [HEADING, one]), *NAMED).code == 0
    path = written(office, [HEADING, one, two])
    assert imported(office, path, *NAMED).document["queued"] == 1
    three = written(office, [HEADING, two, ("x:@acme", day(3), "9:00", "And cake for all")])
    assert imported(office, three, *NAMED).code == 2
    words = ("--override", "spacing", "--reason", "a row of posts")
    assert imported(office, three, *NAMED, *words).document["queued"] == 1
