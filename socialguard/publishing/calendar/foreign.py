"""Calendars of other tools, as rows of ours.

Hootsuite (its bulk upload): no heading; date with time, message, link. Buffer (its bulk upload): the columns Text,
Image URL, Tags and Posting Time. Neither names accounts: whoever imports says them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from socialguard.model.text import marked
from socialguard.publishing.calendar.columns import folded
from socialguard.publishing.calendar.table import CalendarUnusable, Row

Cells = Mapping[str, str]
_BUFFER: Final = {"text": "text", "image url": "image", "tags": "", "posting time": "when"}


def hootsuite(rows: Sequence[Row], file: str) -> list[tuple[Row, Cells]]:
    """Return each row with its cells by our names; raises CalendarUnusable where it is no such file."""
    if rows and rows[0].cells and folded(rows[0].cells[0]).startswith("date"):
        rows = rows[1:]
    if not rows or not re.search(r"\d{4}", rows[0].cells[0]):
        raise CalendarUnusable(file=file, detail="it is no bulk file of Hootsuite: date, message, link.")
    return [(_bounded(row, 3), _named(("when", "text", "link"), row)) for row in rows]


def buffer(rows: Sequence[Row], file: str) -> list[tuple[Row, Cells]]:
    """Return each row with its cells by our names; raises CalendarUnusable where it is no such file."""
    heading = [folded(cell) for cell in rows[0].cells]
    if "text" not in heading or "posting time" not in heading or not set(heading) <= {*_BUFFER, ""}:
        detail = "it is no bulk file of Buffer: Text, Image URL, Tags, Posting Time."
        raise CalendarUnusable(file=file, detail=detail)
    if len(set(heading)) < len(heading):
        raise CalendarUnusable(file=file, detail="the heading has a column twice.")
    found = []
    for row in rows[1:]:
        cells = _named([_BUFFER.get(name, "") for name in heading], row)
        if row.problem is None and "image" in cells:
            why = marked("its image is a URL; save the file and name it in a column media.")
            row = Row(row.line, row.cells, why)
        found.append((_bounded(row, len(heading)), cells))
    return found


def _named(names: Sequence[str], row: Row) -> Cells:
    return {name: cell for name, cell in zip(names, row.cells, strict=False) if name and cell.strip()}


def _bounded(row: Row, most: int) -> Row:
    if row.problem is None and any(cell.strip() for cell in row.cells[most:]):
        return Row(row.line, row.cells, marked(f"it has more than {most} cells."))
    return row


FORMS: Final[Mapping[str, Callable[[Sequence[Row], str], list[tuple[Row, Cells]]]]] = {
    "hootsuite": hootsuite,
    "buffer": buffer,
}
"""How the files of other tools are read, by the name of the tool."""
