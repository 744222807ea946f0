"""What is not plainly a calendar is refused with a reason; what is one is read whole and in order."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from socialguard import errors
from socialguard.publishing.calendar import columns, csv_table, table, xlsx_table
from socialguard.publishing.calendar.entries import entry, moment
from socialguard.publishing.calendar.table import CalendarUnusable, Row

HEADING = ["account", "date", "time", "text"]


def in_file(place: Path, data: bytes, name: str = "c.csv") -> Path:
    """Write a file."""
    path = place / name
    path.write_bytes(data)
    return path


def book(place: Path, fill: Callable[[Workbook], None]) -> Path:
    """Write a workbook with the heading and whatever `fill` puts there."""
    made = Workbook()
    assert made.active is not None
    made.active.append(HEADING)
    fill(made)
    path = place / "c.xlsx"
    made.save(path)
    return path


def refusal(path: Path) -> str:
    """Return why a file is refused."""
    with pytest.raises(CalendarUnusable) as caught:
        columns.under_heading(table.read(path), path.name)
    return caught.value.message()


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────

CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)


@settings(max_examples=300)
@given(st.lists(st.lists(CELL, min_size=2, max_size=5), min_size=1, max_size=12), st.sampled_from(",;\t"))
def test_every_cell_of_a_csv_comes_back_in_its_place(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["account", "date", "time", "text", "link"])
    writer.writerows([[table.guarded(cell) for cell in row] for row in rows])
    found = csv_table.rows(out.getvalue().encode(), "c.csv")[1:]
    assert [list(row.cells) for row in found] == [row for row in rows if any(cell.strip() for cell in row)]
    assert all(row.problem is None for row in found)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("account,date,time,text\nx:@acme,2030-01-01,9:00,Été\n".encode("cp1252"), "UTF-8"),
        ("account,date,time,text\n".encode("utf-16"), "UTF-16"),
        ("account,date,time,text\n".encode("utf-16-le"), "zero bytes"),
        (b"account,date,time,text\nx:@acme,2030-01-01,9:00,a\0b\n", "zero bytes"),
        (b"account,date,time,text,text\n", "twice"),
        (b"account,date,time,text,message\n", "twice"),
        (b"account,date,time,colour\n", "colour"),
        (b"date,time,text\n", "account"),
        (b"account,date,text\n", "time"),
        (b"account,when,date,time,text\n", "when"),
        (b"account,date,time\n", "text"),
        (b"account,date,time,text\n", "no rows"),
        (b"   \n", "empty"),
        (b'account,date,time,text\nx:@acme,2030-01-01,9:00,"open\n', "line"),
        (b"account,date,time,text\nx," + b"a" * 200_000, "line 2"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "old Excel"),
        (b"a,b\n" * (table.MAX_ROWS + 10), "more than"),
        (b"a," * 500 + b"\n", "more than"),
    ],
)
def test_a_csv_that_is_no_calendar_is_refused_with_its_reason(tmp_path: Path, data: bytes, word: str) -> None:
    assert word in refusal(in_file(tmp_path, data))


def test_a_formula_in_a_csv_refuses_its_row_and_a_guarded_text_does_not() -> None:
    data = b"account,text\nx:@acme,=HYPERLINK(1)\nx:@acme,'=1\nx:@acme,@you said\nx:@acme,''=1\n"
    rows = csv_table.rows(data, "c.csv")[1:]
    assert "formula" in str(rows[0].problem)
    assert [row.cells[1] for row in rows[1:]] == ["=1", "@you said", "'=1"]


def test_a_row_begins_at_the_line_that_it_is_told_by() -> None:
    data = b'account,text\nx:@acme,"two\nlines"\n\nx:@acme,last\n'
    assert [row.line for row in csv_table.rows(data, "c.csv")] == [1, 2, 5]


def test_a_row_of_nothing_but_a_guarded_tab_is_none() -> None:
    data = b"account,text\n'\t, \n , \nx:@acme,last\n"
    assert [row.line for row in csv_table.rows(data, "c.csv")] == [1, 4]


def test_semicolons_and_a_byte_order_mark_are_what_excel_writes() -> None:
    data = "\ufeffCompte;Date;Heure;Texte\nx:@acme;27/11/2030;9h;Un, deux\n".encode()
    named = columns.under_heading(csv_table.rows(data, "c.csv"), "c.csv")
    assert named[0][1] == {"account": "x:@acme", "date": "27/11/2030", "time": "9h", "text": "Un, deux"}


def test_a_first_line_may_tell_excel_the_separator_and_lines_keep_their_numbers() -> None:
    data = b"sep=;\r\naccount;text\r\nx:@acme;One, two, three\r\n"
    rows = csv_table.rows(data, "c.csv")
    assert [(row.line, row.cells) for row in rows] == [
        (2, ("account", "text")),
        (3, ("x:@acme", "One, two, three")),
    ]


def test_a_first_cell_of_several_lines_does_not_tell_the_delimiter() -> None:
    data = b'"11/27/2030 09:30","One; two; three;\nfour",""\n"11/28/2030 09:30",Five,""\n'
    assert [row.cells[:2] for row in csv_table.rows(data, "h.csv")] == [
        ("11/27/2030 09:30", "One; two; three;\nfour"),
        ("11/28/2030 09:30", "Five"),
    ]


def test_cells_beyond_the_heading_refuse_their_row() -> None:
    rows = [Row(1, tuple(HEADING)), Row(2, ("x:@acme", "2030-01-01", "9:00", "a", "stray"))]
    assert columns.under_heading(rows, "c.csv")[0][0].problem is not None


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises((CalendarUnusable, errors.Unreadable)):
        table.read(tmp_path)
    with pytest.raises(errors.Unreadable):
        table.read(tmp_path / "absent.csv")
    with pytest.raises(CalendarUnusable):
        table.read(Path("/dev/zero"))


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_gives_dates_times_and_numbers_as_they_are_shown(tmp_path: Path) -> None:
    def fill(made: Workbook) -> None:
        sheet = made.active
        assert sheet is not None
        sheet.append(["x:@acme", date(2030, 11, 27), time(9, 30), 2030])
        at = datetime(2030, 11, 27, 9, 30)  # noqa: DTZ001 # a sheet knows no zone
        sheet.append(["x:@acme", at, "9h", "'=guarded"])

    rows = table.read(book(tmp_path, fill))[1:]
    assert rows[0].cells == ("x:@acme", "2030-11-27", "09:30", "2030")
    assert rows[1].cells == ("x:@acme", "2030-11-27 09:30", "9h", "=guarded")


def test_what_a_workbook_escapes_is_no_text(tmp_path: Path) -> None:
    """Excel writes a CR, which comes along from Word and Windows, as `_x000D_`."""

    def fill(made: Workbook) -> None:
        assert made.active is not None
        made.active.append(["x:@acme", "2030-11-27", "9:00", "One_x000D_\nTwo"])

    (row,) = table.read(book(tmp_path, fill))[1:]
    assert row.cells[3] == "One\r\nTwo"


@pytest.mark.parametrize(
    ("value", "form"),
    [(date(2027, 5, 1), "mmm-yy"), (0.5, "0%"), (12.5, "General"), (time(9, 30), "hh:mm"), (1500, "# ##0")],
)
def test_a_text_that_excel_made_a_number_or_a_day_refuses_its_row(
    tmp_path: Path, value: object, form: str
) -> None:
    """Somebody wrote mai 2027 or 50 %, and still sees that: 2027-05-01 or 0.5 would be posted."""

    def fill(made: Workbook) -> None:
        sheet = made.active
        assert sheet is not None
        sheet.append(["x:@acme", date(2030, 11, 27), time(9, 30), value])
        sheet["D2"].number_format = form

    (row,) = table.read(book(tmp_path, fill))[1:]
    assert "D2" in str(row.problem)


def test_a_day_in_a_column_that_is_not_read_matters_not(tmp_path: Path) -> None:
    def fill(made: Workbook) -> None:
        sheet = made.active
        assert sheet is not None
        sheet["E1"] = "Note"
        sheet.append(["x:@acme", date(2030, 11, 27), time(9, 30), "Text", date(2030, 1, 1)])

    (row,) = table.read(book(tmp_path, fill))[1:]
    assert (row.problem, row.cells[3]) == (None, "Text")


def test_a_formula_in_a_sheet_refuses_its_row(tmp_path: Path) -> None:
    def fill(made: Workbook) -> None:
        assert made.active is not None
        made.active.append(["x:@acme", "2030-11-27", "9:00", "=1+1"])

    (row,) = table.read(book(tmp_path, fill))[1:]
    assert "D2" in str(row.problem)


def test_what_is_struck_out_is_not_meant_to_go_out(tmp_path: Path) -> None:
    """A cell as a whole refuses its row; some of its words, of which no row is told, the file."""

    def whole(made: Workbook) -> None:
        assert made.active is not None
        for number, text in enumerate(("kept", "cancelled"), 2):
            made.active.append(["x:@acme", "2030-11-27", "9:00", text])
            made.active.cell(number, 4).font = Font(strike=text == "cancelled")

    rows = table.read(book(tmp_path, whole))[1:]
    assert ["D3 is struck out" in str(row.problem) for row in rows] == [False, True]

    def words(made: Workbook) -> None:
        assert made.active is not None
        struck = TextBlock(InlineFont(strike=True), "Monday")
        made.active.append(["x:@acme", "2030-11-27", "9:00", CellRichText("Open on ", struck, " Tuesday")])

    assert "struck out" in refusal(book(tmp_path, words))


@pytest.mark.parametrize("part", ["content.xml", "Index/Document.iwa", "word/document.xml"])
def test_the_file_of_another_program_says_how_to_save_it(tmp_path: Path, part: str) -> None:
    path = tmp_path / "plan.ods"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(part, "<a/>")
    assert "save it as .xlsx or CSV" in refusal(path)


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    def fill(made: Workbook) -> None:
        assert made.active is not None
        made.active.append(["x:@acme", "2030-11-27", "9:00", "a"])
        made.active.merge_cells("A2:B2")

    assert "merged" in refusal(book(tmp_path, fill))


def test_a_row_that_nobody_sees_is_refused(tmp_path: Path) -> None:
    """Filtered out, or hidden by hand: whoever looked at the sheet did not mean it to go out, or forgot it."""

    def fill(made: Workbook) -> None:
        sheet = made.active
        assert sheet is not None
        for text in ("seen", "hidden", "seen, too"):
            sheet.append(["x:@acme", "2030-11-27", "9:00", text])
        sheet.row_dimensions[3].hidden = True

    rows = table.read(book(tmp_path, fill))[1:]
    assert ["hidden" in str(row.problem) for row in rows] == [False, True, False]


def test_a_day_without_a_format_of_its_own_is_read_with_the_time_beside_it(tmp_path: Path) -> None:
    def fill(made: Workbook) -> None:
        assert made.active is not None
        made.active.append(["x:@acme", datetime(2030, 11, 27), time(9, 30), "a"])  # noqa: DTZ001 # no zone there

    ((_, cells),) = columns.under_heading(table.read(book(tmp_path, fill)), "c.xlsx")
    assert moment(entry(2, cells), "UTC", None).wall == datetime(2030, 11, 27, 9, 30)  # noqa: DTZ001


def test_a_second_sheet_is_refused(tmp_path: Path) -> None:
    assert "2 sheets" in refusal(book(tmp_path, lambda made: made.create_sheet("More") and None))


def test_a_sheet_that_lies_about_its_size_is_read_whole(tmp_path: Path) -> None:
    def fill(made: Workbook) -> None:
        assert made.active is not None
        for number in range(20):
            made.active.append(["x:@acme", "2030-11-27", "9:00", f"Post {number}"])

    data = altered(book(tmp_path, fill), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"A1:D21", b"A1:B3"))
    assert len(xlsx_table.rows(data, "c.xlsx")) == 21


@pytest.mark.parametrize(
    "alter",
    [
        lambda xml: xml.replace(b'r="A1"', b'r="XFD1048576"'),
        lambda xml: xml.replace(b'<row r="1"', b'<row r="1048570"'),
        lambda xml: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml,
        lambda xml: xml[: len(xml) // 2],
        lambda xml: b"\0" * 100,
        lambda xml: xml + b" " * xlsx_table.MAX_UNPACKED,
    ],
)
def test_a_hostile_workbook_is_refused(tmp_path: Path, alter: Callable[[bytes], bytes]) -> None:
    data = altered(book(tmp_path, lambda _made: None), "xl/worksheets/sheet1.xml", alter)
    assert refusal(in_file(tmp_path, data, "hostile.xlsx"))


def test_a_gigabyte_that_its_directory_denies_is_refused(tmp_path: Path) -> None:
    bomb = altered(book(tmp_path, lambda _made: None), "xl/worksheets/sheet1.xml", lambda _xml: b" " * (1 << 30))
    assert len(bomb) < 2 << 20
    assert "larger than" in refusal(in_file(tmp_path, bomb, "bomb.xlsx"))
    size = (1 << 30).to_bytes(4, "little")
    assert refusal(in_file(tmp_path, bomb.replace(size, (1000).to_bytes(4, "little")), "liar.xlsx"))


@pytest.mark.parametrize("element", [b"<si/>", b"<x:si />", b"<c><v>1</v></c>", b'<c r="A1"/>'])
def test_a_crowd_of_tiny_elements_is_refused_before_it_is_parsed(
    tmp_path: Path, element: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_args: object, **_options: object) -> None:
        raise AssertionError("the parser was given it")

    monkeypatch.setattr("openpyxl.load_workbook", unread)
    many = element * (xlsx_table.MAX_CELLS + 1)
    data = altered(book(tmp_path, lambda _made: None), "xl/worksheets/sheet1.xml", lambda xml: xml + many)
    assert len(data) < 1 << 20
    assert "more than 500000 cells" in refusal(in_file(tmp_path, data, "crowd.xlsx"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    for begin in (b"PK\x03\x04", b"", b"account,date,time,text\n"):
        try:
            if begin.startswith(b"PK"):
                xlsx_table.rows(begin + data, "c")
            else:
                csv_table.rows(begin + data, "c")
        except CalendarUnusable:
            pass


def altered(path: Path, part: str, alter: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with one part changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            body = old.read(item)
            new.writestr(item.filename, alter(body) if item.filename == part else body)
    return made.getvalue()
