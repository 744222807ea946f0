"""The rows of a calendar file as texts, whatever the file is. What is not plainly a table of texts is refused; no
row is lost and none changes its place.

A file is read whole, within limits: what could grow while it is read (compressed sheets) is measured first."""

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from socialguard import errors

MAX_BYTES: Final = 32 << 20
MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 100
MAX_CELL: Final = 100_000
"""Characters in one cell: more than any network takes."""

NOTHING_QUEUED: Final = "Nothing was queued. docs/calendars.md shows what a calendar looks like."
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"  # old .xls, and .xlsx with a password
# What a spreadsheet runs, with apostrophes of the text's own before it (`cli.printing.csv_cell` guards the same).
_FORMULA: Final = re.compile(r"'*(?:[=+\-@\t\r]|\\[tr])")
_GUARDED: Final = re.compile(r"'('*(?:[=+\-@\t\r]|\\[tr]))")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not empty: the line (or sheet row) where it begins, its cells, and why it cannot be used,
    None where it can."""

    line: int
    cells: tuple[str, ...]
    problem: str | None = None


class CalendarUnusable(errors.UsageError):
    """{file}: {detail}"""

    remedy = NOTHING_QUEUED


def read(path: Path) -> list[Row]:
    """Return the rows of a file, in its order. Raises CalendarUnusable for what is no CSV or XLSX of a sane size,
    Unreadable where it cannot be opened."""
    data = _bytes(path)
    if data.startswith(_ZIP):
        from socialguard.publishing.calendar import xlsx_table

        rows = xlsx_table.rows(data, path.name)
    elif data.startswith(_OLE):
        detail = "it is an old Excel file, or one with a password; save it as .xlsx or CSV."
        raise CalendarUnusable(file=path.name, detail=detail)
    else:
        from socialguard.publishing.calendar import csv_table

        rows = csv_table.rows(data, path.name)
    if not rows:
        raise CalendarUnusable(file=path.name, detail="it has no rows.")
    return rows


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs; `plain` gives back what it was. The text in it stays as it is."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """Return a cell without the apostrophe that our exports put before what a spreadsheet would run."""
    return _GUARDED.sub(r"\1", cell, count=1) if _GUARDED.match(cell) else cell


def require_row(file: str, line: int, cells: int) -> None:
    """Refuse a table that is larger than any calendar."""
    if line > MAX_ROWS:
        raise CalendarUnusable(file=file, detail=f"it has more than {MAX_ROWS} rows.")
    if cells > MAX_COLUMNS:
        raise CalendarUnusable(file=file, detail=f"line {line} has more than {MAX_COLUMNS} cells.")


def _bytes(path: Path) -> bytes:
    try:
        # a pipe would be waited for, a device could give bytes for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not path.is_file():
                raise CalendarUnusable(file=path.name, detail="it is no file.")
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        detail = problem.strerror or "it cannot be opened."
        if problem.errno == errno.EISDIR:
            detail = "it is a directory."
        raise errors.Unreadable(
            path=path.name or path, detail=detail, remedy="Check the name of the file."
        ) from None
    if len(data) > MAX_BYTES:
        raise CalendarUnusable(file=path.name, detail=f"it is larger than {MAX_BYTES >> 20} MB.")
    if not data.strip():
        raise CalendarUnusable(file=path.name, detail="it is empty.")
    return data
