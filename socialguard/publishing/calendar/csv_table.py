"""A CSV as rows of texts: UTF-8, commas, semicolons (as a French Excel writes them) or tabs.

What a spreadsheet would run as a formula is refused; the apostrophe that our own exports put before such a cell is
taken off again."""

import csv
import io
import re
from typing import Final

from socialguard.publishing.calendar.table import MAX_CELL, CalendarUnusable, Row, plain, require_row

_DELIMITERS: Final = ",;\t"
_SEPARATOR: Final = re.compile(r"\"?sep=([,;\t])\"?(?=\r?\n)", re.IGNORECASE)
_FIRST: Final = re.compile(r"\s*((?:\"[^\"]*\"?|[^\"\r\n])*)")  # a row, whose cells may have several lines
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def rows(data: bytes, file: str) -> list[Row]:
    """Return the rows of a CSV; raises CalendarUnusable."""
    text, delimiter = _told(_text(data, file))
    # No cell may hold more than this; the module's limit is the process's, and its default is close to ours.
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[Row] = []
    begin = 1
    try:
        for cells in reader:
            require_row(file, len(found), len(cells))
            if any(plain(cell).strip() for cell in cells):
                found.append(_row(begin, cells))
            begin = reader.line_num + 1
    except csv.Error as problem:
        raise CalendarUnusable(file=file, detail=f"line {reader.line_num}: {problem}.") from None
    return found


def _row(line: int, cells: list[str]) -> Row:
    for number, cell in enumerate(cells, 1):
        if cell.startswith("="):
            detail = f"cell {number} begins with =, as a formula does; write '= for a text that begins so."
            return Row(line, tuple(cells), detail)
    return Row(line, tuple(plain(cell) for cell in cells))


def _text(data: bytes, file: str) -> str:
    if data.startswith(_UTF16):
        raise CalendarUnusable(file=file, detail="it is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8).")
    if b"\0" in data:
        raise CalendarUnusable(file=file, detail="it holds zero bytes: it is no CSV in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        detail = f"line {line}: it is not UTF-8 (Windows-1252?); save it as UTF-8 (in Excel: CSV UTF-8)."
        raise CalendarUnusable(file=file, detail=detail) from None


def _told(text: str) -> tuple[str, str]:
    """The text and its delimiter. Excel lets a first line `sep=;` say it, which is left empty here: lines keep
    their numbers."""
    said = _SEPARATOR.match(text)
    return (text, _delimiter(text)) if said is None else (text[said.end() :], said[1])


def _delimiter(text: str) -> str:
    """The one that the first row has most of, outside quotation marks."""
    first = _FIRST.match(text)
    bare = re.sub(r'"[^"]*"?', "", first[1] if first else "")
    return max(_DELIMITERS, key=bare.count)
