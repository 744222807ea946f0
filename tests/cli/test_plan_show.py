"""What is planned is shown as a grid, told to other programs, and moved."""

import csv
import io
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from socialguard import clock
from socialguard.publishing.calendar import exporting
from tests.cli.test_plan_import import HEADING, day, imported, written
from tests.office import Office
from tests.office import office as office
from tests.shapes import CalendarFields, PlanExported, PlanFields, failed, shown

X = ("--confirm", "x:@acme")


def fill(office: Office, *rows: tuple[str, str, str]) -> list[str]:
    """Queue posts on x:@acme (date, time, text) and return their ids by time."""
    path = written(office, [HEADING, *(("x:@acme", *row) for row in rows)])
    assert imported(office, path, *X).code == 0
    return [row["id"] for row in office.queue("queued")]


PASSED = ("--override", "twin", "--override", "duplicate", "--override", "near_duplicate", "--reason", "again")


def monday(ahead: int) -> date:
    """Return the Monday so many weeks from now."""
    today = clock.now().date()
    return today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)


def test_a_week_is_shown_with_its_collisions_and_gaps(office: Office) -> None:
    first = monday(2)
    ids = fill(office, (f"{first}", "9:00", "One"), (f"{first}", "9:20", "Two"), (f"{first}", "14:00", "Three"))
    found = shown(office.cli("plan", "show", "--on", f"{first + timedelta(days=3)}", "--json"), PlanFields)
    assert (found.since, found.until) == (f"{first}", f"{first + timedelta(days=6)}")
    assert [one.text for one in found.deliveries] == ["One", "Two", "Three"]
    assert [(one.deliveries, one.minutes) for one in found.collisions] == [(ids[:2], 20)]
    assert [(one.since, one.days) for one in found.gaps] == [(f"{first + timedelta(days=1)}", 6)]


def test_people_see_a_grid_of_accounts_and_days(office: Office) -> None:
    first = monday(2)
    fill(office, (f"{first}", "9:00", "Breakfast"), (f"{first + timedelta(days=2)}", "12:30", "Lunch"))
    text = office.cli("plan", "show", "--on", f"{first}").stdout
    assert f"Mon {first:%d}" in text
    assert "09:00 Breakfast" in text
    assert "12:30 Lunch" in text


def test_a_month_counts_posts_on_its_days(office: Office) -> None:
    first = monday(2)
    fill(office, (f"{first}", "9:00", "One"), (f"{first}", "12:00", "Two"))
    text = office.cli("plan", "show", "--month", "--on", f"{first}").stdout
    assert f"{first.day}: 2 on 1" in text


def test_a_selector_narrows_what_is_shown(office: Office) -> None:
    fill(office, (f"{monday(2)}", "9:00", "One"))
    found = shown(office.cli("plan", "show", "globex", "--on", f"{monday(2)}", "--json"), PlanFields)
    assert found.deliveries == []


def test_a_post_is_moved_under_a_new_fingerprint(office: Office) -> None:
    (old,) = fill(office, (day(3), "9:00", "Moved"))
    before = office.queue("queued")[0]
    done = office.cli("plan", "move", old, f"{day(4)}T10:30", *X, "--json")
    assert done.code == 0, done
    (after,) = office.queue("queued")
    assert after["due"].startswith(f"{day(4)}T10:30")
    assert after["fingerprint"] != before["fingerprint"]
    path = written(office, [HEADING, ("x:@acme", day(3), "9:00", "Moved")])
    assert shown(imported(office, path, *X), CalendarFields).known == 1


def test_a_move_needs_the_name_as_a_post_does(office: Office) -> None:
    (old,) = fill(office, (day(3), "9:00", "Moved"))
    assert office.cli("plan", "move", old, f"{day(4)}T10:30", "--json").code == 10
    assert office.queue("queued")[0]["id"] == old


def test_our_own_csv_is_known_when_it_comes_back(office: Office) -> None:
    fill(office, (day(3), "9:00", '\'=SUM(1)\nlines, "quoted"'), (day(4), "9:00", "@you"))
    out = office.base / "out.csv"
    told = shown(office.cli("plan", "export", "--csv", "--out", str(out), "--json"), PlanExported)
    assert told.deliveries == 2
    again = shown(imported(office, out, *X), CalendarFields)
    assert (again.known, again.refused, again.queued) == (2, [], 0)


def test_a_page_for_a_client_escapes_what_others_wrote(office: Office) -> None:
    fill(office, (day(3), "9:00", "<script>alert(1)</script> & more"))
    text = office.cli("plan", "export", "--html").stdout
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")


def test_a_thread_with_more_files_than_a_row_holds_is_said(office: Office) -> None:
    Image.new("RGB", (40, 40), "red").save(office.base / "red.png")
    files = [
        f'[[media]]\nfile = "red.png"\nalt = "Red"\npart = {part}' for part in range(1, 8) for _again in range(4)
    ]
    head = ("+++", 'to = ["x:@acme"]', f'at = "{day(3)}T09:00"', *files, "+++")
    draft = office.base / "draft.md"
    text = "\n---\n".join(f"Part number {part}" for part in range(1, 8))
    draft.write_text("\n".join((*head, text)), encoding="utf-8")
    done = office.cli("post", "--file", str(draft), *X, "--json")
    assert done.code == 0, done
    told = office.cli("plan", "export", "--csv")
    assert f"Delivery {done.deliveries[0]['id']} is a thread with more files than a row holds" in told.stderr
    (row,) = csv.DictReader(io.StringIO(told.stdout))
    assert (row["media25"], row["part25"], "media26" in row) == ("red.png", "7", False)


def test_a_page_for_a_client_marks_the_parts_of_a_thread_and_fits_a_telephone(office: Office) -> None:
    words = ("--then", "The second", "--to", "x:@acme", *X, "--at", f"{day(3)}T09:00")
    assert office.cli("post", "The first", *words, "--json").code == 0
    text = office.cli("plan", "export", "--html").stdout
    assert "<small>1/2</small> The first" in text
    assert "<small>2/2</small> The second" in text
    assert "@media (max-width: 40rem)" in text


def test_a_calendar_program_gets_one_event_for_each_post(office: Office) -> None:
    (one,) = fill(office, (day(3), "9:00", "Semi;colon, comma\nand a line"))
    text = office.cli("plan", "export", "--ics").stdout
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert f"UID:{one}@" in text
    assert "DESCRIPTION:Semi\\;colon\\, comma\\nand a line\r\n" in text
    assert f"DTSTART:{day(3).replace('-', '')}T090000Z" in text


def test_an_export_replaces_no_file(office: Office) -> None:
    out = office.base / "out.csv"
    out.write_text("mine", encoding="utf-8")
    assert office.cli("plan", "export", "--csv", "--out", str(out)).code == 2
    assert out.read_text(encoding="utf-8") == "mine"


@given(st.text(max_size=300))
def test_lines_of_an_event_are_short_and_lose_nothing(text: str) -> None:
    pieces = list(exporting._folded(text))
    assert all(len(piece.encode("utf-8", "replace")) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == text


def test_nothing_planned_is_said(office: Office) -> None:
    assert "Nothing is planned" in office.cli("plan", "show").stdout
    assert next(csv.reader(io.StringIO(office.cli("plan", "export", "--csv").stdout)))[0] == "account"


def test_a_thread_is_moved_whole_and_collides_with_nothing_of_its_own(office: Office) -> None:
    words = ("post", "First", "--then", "Second", "--to", "x:@acme", *X, "--at", f"{day(3)}T09:00", "--json")
    done = office.cli(*words)
    assert done.code == 0, done
    moved = office.cli("plan", "move", done.deliveries[0]["id"], f"{day(4)}T10:30", *X, "--json")
    assert moved.code == 0, moved
    waiting = office.queue("queued")
    assert [row["due"][:16] for row in waiting] == [f"{day(4)}T10:30"] * 2
    found = shown(office.cli("plan", "show", "--on", day(4), "--json"), PlanFields)
    assert [one.text for one in found.deliveries] == ["First", "Second"]
    assert found.collisions == []


def test_a_thread_is_one_row_of_our_csv_and_known_when_it_comes_back(office: Office) -> None:
    words = ("--then", "Second\n\\---\nof it", "--then", "Third", "--to", "x:@acme", *X, "--at", f"{day(3)}T09:00")
    assert office.cli("post", "First", *words, "--json").code == 0
    out = office.base / "out.csv"
    assert office.cli("plan", "export", "--csv", "--out", str(out)).code == 0
    (row,) = csv.DictReader(io.StringIO(out.read_bytes().decode()))
    assert (row["text"], row["thread"]) == ("First\n---\nSecond\n\\---\nof it\n---\nThird", "yes")
    again = shown(imported(office, out, *X), CalendarFields)
    assert (again.known, again.refused, again.queued) == (1, [], 0)
    assert len(office.queue("queued")) == 3


def test_files_of_later_parts_go_into_our_csv_and_come_back(office: Office) -> None:
    for name, colour in (("red.png", "red"), ("blue.png", "blue")):
        Image.new("RGB", (40, 40), colour).save(office.base / name)
    draft = office.base / "draft.md"
    red = ("[[media]]", 'file = "red.png"', 'alt = "Red"', "part = 2")
    blue = ("[[media]]", 'file = "blue.png"', 'alt = "Blue"')
    head = ("+++", 'to = ["x:@acme"]', f'at = "{day(3)}T09:00"', *red, *blue, "+++")
    draft.write_text("\n".join((*head, "One", "---", "Two")), encoding="utf-8")
    done = office.cli("post", "--file", str(draft), *X, "--json")
    assert done.code == 0, done
    out = office.base / "out.csv"
    assert office.cli("plan", "export", "--csv", "--out", str(out)).stderr == ""
    (row,) = csv.DictReader(io.StringIO(out.read_bytes().decode()))
    assert (row["media"], row["alt"], row["part"]) == ("blue.png", "Blue", "1")
    assert (row["media2"], row["alt2"], row["part2"]) == ("red.png", "Red", "2")
    again = shown(imported(office, out, *X), CalendarFields)
    assert (again.known, again.refused, again.queued) == (1, [], 0)
    out.write_text(out.read_text(encoding="utf-8").replace(day(3), day(4)), encoding="utf-8")
    assert shown(imported(office, out, *X, *PASSED), CalendarFields).deliveries == 2
    rows = [one for one in office.queue("queued") if one["due"].startswith(day(4))]
    found = [office.cli("queue", "show", one["id"], "--json").document["delivery"] for one in rows]
    assert {one["text"]: [file["file"] for file in one["media"]] for one in found} == {
        "One": ["blue.png"],
        "Two": ["red.png"],
    }
    kept = office.cli("draft", "list", "--json").document["drafts"][0]["id"]
    assert "red.png" in office.cli("draft", "show", kept).stdout


def test_a_row_that_was_moved_in_the_file_names_the_move_that_makes_it_known(office: Office) -> None:
    """To pass the check on twins, which stopped it, would post it twice."""
    heading, name = ("account", "date", "time", "text"), ("--confirm", "x:@acme")
    first = imported(office, written(office, [heading, ("x:@acme", day(3), "9:00", "The same")]), *name)
    assert first.code == 0
    (waiting,) = office.queue("queued")
    moved = written(office, [heading, ("x:@acme", day(4), "10:00", "The same")])
    done = office.cli("plan", "import", str(moved), *name)
    assert (done.code, f"socialguard plan move {waiting['id']} TIME" in done.stderr) == (2, True), done
    assert office.cli("plan", "move", waiting["id"], f"{day(4)} 10:00", *name, "--json").code == 0
    again = imported(office, moved, *name)
    assert (again.code, again.document["known"]) == (0, 1)


def test_an_export_that_cannot_be_written_says_why(office: Office) -> None:
    target = office.base / "no such directory" / "plan.html"
    error = failed(office.cli("plan", "export", "--html", "--out", str(target), "--json"), 1, "unwritable")
    assert "disk is full" not in error.message
    assert f"{target} cannot be written" in error.message
