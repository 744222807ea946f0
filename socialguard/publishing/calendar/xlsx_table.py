"""A sheet of an XLSX as rows of texts. Formulas, errors, merged cells and several sheets are refused: what they
mean to a person is not what stands in the file.

A workbook is a ZIP of XML. Before it is parsed, it is unpacked here within a limit, whatever its directory says of
its sizes, and the parser gets only what was unpacked."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from socialguard.model.text import marked
from socialguard.publishing.calendar.columns import takes_days
from socialguard.publishing.calendar.table import MAX_CELL, CalendarUnusable, Row, plain, require_row

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MAX_UNPACKED: Final = 64 << 20
MAX_CELLS: Final = 500_000
"""Cells and shared texts together: elements of a few bytes that cost the parser a thousand times as much."""
_MAX_PARTS: Final = 500
_CHUNK: Final = 1 << 20
_CELL: Final = re.compile(rb"<(?:\w+:)?(?:si|c)[\s/>]")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\s[^>]*>")
_NUMBER: Final = re.compile(rb"\sr=[\"'](\d{1,7})[\"']")
_HIDDEN: Final = re.compile(rb"\shidden=[\"'](?:1|true)[\"']")
_ESCAPED: Final = re.compile(r"_x00([01][0-9A-Fa-f])_")  # how a workbook writes what XML cannot, a CR above all
_PLAIN_NUMBERS: Final = ("General", "0", "@")
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell[\s/>]")
_STRUCK: Final = re.compile(rb"<(?:\w+:)?strike(?:\s*/>|\s+val=[\"'](?:1|true)[\"'])")
# What the parser raises on a damaged workbook.
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    AssertionError,
)


def rows(data: bytes, file: str) -> list[Row]:
    """Return the rows of the one sheet of a workbook; raises CalendarUnusable."""
    with _told(file):
        hidden: set[int] = set()
        repacked = _repacked(data, file, hidden)
    with _told(file), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts of a workbook that are no calendar's
        from openpyxl import load_workbook

        workbook = load_workbook(repacked, read_only=True, data_only=False, keep_links=False)
        try:
            return list(_rows(workbook, file, hidden))
        finally:
            workbook.close()


@contextmanager
def _told(file: str) -> Iterator[None]:
    try:
        yield
    except CalendarUnusable:
        raise
    except _DAMAGED:
        raise CalendarUnusable(file=file, detail="it is no workbook that can be read, or it is damaged.") from None


def _repacked(data: bytes, file: str, hidden: set[int]) -> BytesIO:
    """The XML parts of a workbook, unpacked within the limits and put together without compression; the rows that
    a person does not see are added to `hidden`."""
    made = BytesIO()
    left, cells = MAX_UNPACKED, MAX_CELLS
    with zipfile.ZipFile(BytesIO(data)) as packed, zipfile.ZipFile(made, "w") as plain:
        parts = packed.infolist()
        if not any(part.filename.endswith("workbook.xml") for part in parts):
            raise CalendarUnusable(file=file, detail="it is no .xlsx; save it as .xlsx or CSV.")
        if len(parts) > _MAX_PARTS:
            raise CalendarUnusable(file=file, detail=f"it has more than {_MAX_PARTS} parts.")
        for part in parts:
            if not part.filename.endswith((".xml", ".rels")):
                continue  # images and the like
            body = _unpacked(packed, part, left)
            if body is None:
                raise CalendarUnusable(file=file, detail=f"unpacked, it is larger than {MAX_UNPACKED >> 20} MB.")
            left -= len(body)
            cells -= sum(1 for _ in _CELL.finditer(body))
            if cells < 0:
                raise CalendarUnusable(file=file, detail=f"it has more than {MAX_CELLS} cells and texts.")
            if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
                raise CalendarUnusable(file=file, detail="it declares entities, which no workbook needs.")
            if _MERGED.search(body):
                raise CalendarUnusable(file=file, detail="it has merged cells; give each row its own cells.")
            if not part.filename.endswith("styles.xml") and _STRUCK.search(body):
                raise CalendarUnusable(file=file, detail="it has words that are struck out; take them out.")
            hidden |= set(_hidden(body))
            plain.writestr(part.filename, body)
    made.seek(0)
    return made


def _hidden(body: bytes) -> Iterator[int]:
    for row in _ROW.finditer(body):
        number = _NUMBER.search(row[0])
        if number is not None and _HIDDEN.search(row[0]):
            yield int(number[1])


def _unpacked(packed: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> bytes | None:
    pieces = []
    with packed.open(part) as opened:
        while piece := opened.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                return None
            pieces.append(piece)
    return b"".join(pieces)


def _rows(workbook: "Workbook", file: str, hidden: set[int]) -> Iterator[Row]:
    names = workbook.sheetnames
    if len(names) != 1 or len(workbook.worksheets) != 1:
        detail = f"it has {len(names)} sheets; keep the one with the calendar."
        raise CalendarUnusable(file=file, detail=detail)
    sheet: Any = workbook.worksheets[0]
    sheet.reset_dimensions()  # what the sheet says of its size may leave rows out
    days: set[int] | None = None
    for line, cells in enumerate(sheet.iter_rows(), 1):
        require_row(file, line, len(cells))
        problem = next(filter(None, map(_problem, cells)), None)
        texts = tuple(_text(cell) for cell in cells)
        if days is None and any(text.strip() for text in texts):
            days = {index for index, text in enumerate(texts) if takes_days(text)}
        elif days and problem is None:
            told = (_retold(cell) for index, cell in enumerate(cells) if index not in days)
            problem = next(filter(None, told), None)
        if line in hidden and problem is None and any(text.strip() for text in texts):
            problem = marked("it is hidden, or filtered out; show it or take it out.")
        if problem is not None or any(text.strip() for text in texts):
            yield Row(line, texts, problem)


def _problem(cell: Any) -> str | None:
    if cell.value is None:
        return None
    if cell.data_type == "f":
        return marked(f"cell {cell.coordinate} holds a formula; put its value there.")
    if cell.data_type == "e":
        return marked(f"cell {cell.coordinate} holds an error ({cell.value}).")
    if cell.font.strike:
        return marked(f"cell {cell.coordinate} is struck out; take it out, or show it plainly.")
    if isinstance(cell.value, str) and len(cell.value) > MAX_CELL:
        return marked(f"cell {cell.coordinate} has more than {MAX_CELL} characters.")
    return None


def _retold(cell: Any) -> str | None:
    """Why a cell that is no time is no text: Excel shows a number or a day otherwise than it keeps it."""
    value = cell.value
    if value is None or isinstance(value, str | bool):
        return None
    plainly = str(cell.number_format) in _PLAIN_NUMBERS and isinstance(value, int | float)
    if plainly and float(value).is_integer():
        return None
    return marked(f"cell {cell.coordinate} is a number or a day that is shown otherwise; format it as text.")


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = (value + timedelta(milliseconds=500)).replace(microsecond=0)  # days as fractions are not exact
        only_date = value.time() == time(0) and "h" not in str(cell.number_format).lower()
        return value.date().isoformat() if only_date else f"{value.date()} {_clock(value.time())}"
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return plain(_ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), str(value)))


def _clock(at: time) -> str:
    return at.isoformat(timespec="seconds" if at.second else "minutes")
