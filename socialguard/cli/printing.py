"""The one door for output. Whatever a network, a file or another member wrote goes through `visible` here: no
control or bidi character, no markup of theirs, acts on a terminal, a pipe or a spreadsheet.

With `--json` stdout gets exactly one document, and what is said to people there is dropped."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from typing import Final, TextIO

from socialguard.cli import words
from socialguard.model.text import has_hidden, visible

CELL_LIMIT: Final = 500
LINE_LIMIT: Final = 4000
CSV_LIMIT: Final = 100_000
_MIN_WIDTH: Final = 40
_WHOLE_WORD: Final = 16
_GAP: Final = 2
"""A word up to so many columns is not broken in a table, and what stands between two columns."""

# A spreadsheet takes such a cell for a formula (DESIGN: Text from outside).
# Tab and CR stand as escapes by then; apostrophes before count, or one of the text's own would be taken away.
_FORMULA: Final = re.compile(r"'*(?:[=+\-@\t\r]|\\[tr])")
_GUARDED: Final = re.compile(r"'('*(?:[=+\-@\t\r]|\\[tr]))")

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


class Printer:
    """Says things to the person (or the pipe) that started the program."""

    def __init__(
        self,
        *,
        as_json: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        width: int | None = None,
    ) -> None:
        self.as_json = as_json
        self.has_answered = False
        self._out = out
        self._err = err
        self._width = width

    def answer(self, document: object, people: Callable[[], None]) -> None:
        """Give the result: `document` with --json, else whatever `people` prints."""
        if self.as_json:
            self.json_out(document)
        else:
            people()

    def json_out(self, document: object) -> None:
        """Print the one JSON document of this run (see `plain` for what it may hold)."""
        if self.has_answered:
            raise RuntimeError("stdout already holds the document of this run")
        out = self._out or sys.stdout
        text = json_text(document, indent=2 if out.isatty() else None)
        self.has_answered = True
        _write(out, text + "\n", "utf-8")

    def say(self, sentence: str, **fields: object) -> None:
        """Print a sentence of the catalogue on stdout."""
        self.line(words.say(sentence, **fields))

    def line(self, text: object = "") -> None:
        """Print one line on stdout."""
        if not self.as_json:
            _write(self._out or sys.stdout, visible(text, LINE_LIMIT) + "\n")

    def lines(self, texts: Iterable[object]) -> None:
        """Print lines on stdout."""
        for text in texts:
            self.line(text)

    def note(self, sentence: str, **fields: object) -> None:
        """Say a sentence of the catalogue beside the result: on stderr."""
        self.note_line(words.say(sentence, **fields))

    def note_line(self, text: object = "") -> None:
        """Print one line on stderr."""
        _write(self._err or sys.stderr, visible(text, LINE_LIMIT) + "\n")

    def marked(self, text: str, span: tuple[int, int], *, beside: bool, hide: bool = False) -> None:
        """Show a part of a text from outside, marked: on stdout, or `beside` the result on stderr; of a part to
        `hide` only the beginning."""
        if self.as_json and not beside:
            return
        from socialguard.cli.marking import marked_lines

        stream = (self._err or sys.stderr) if beside else (self._out or sys.stdout)
        for line in marked_lines(text, span, in_colour=has_colour(stream), hide=hide):
            _write(stream, line + "\n")

    def card(self, texts: Iterable[object]) -> None:
        """Show a card before a question: lines on stderr."""
        for text in texts:
            self.note_line(text)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[object]], spare: int | None = None) -> bool:
        """Print rows under their headers on stdout: wrapped to a terminal, whole lines to a pipe. The column
        `spare` is left out where a terminal is too narrow for whole words; return whether it was."""
        if self.as_json:
            return False
        out = self._out or sys.stdout
        cells = [[_cell(value) for value in row] for row in rows]
        titles = [visible(header) for header in headers]
        is_narrow = spare is not None and out.isatty() and _room(_columns(titles, cells), self.width)[1] < 0
        if is_narrow:
            titles, *cells = ([*row[:spare], *row[(spare or 0) + 1 :]] for row in (titles, *cells))
        text = _rich_table(titles, cells, self.width, has_colour(out)) if out.isatty() else _aligned(titles, cells)
        _write(out, text)
        return is_narrow

    def facts(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Print what is known of one thing: a name and its value on each line."""
        shown = [(visible(name), _cell(value)) for name, value in pairs]
        pad = max((_cells(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.line(f"{name}{' ' * (pad - _cells(name))}  {value}")

    @property
    def width(self) -> int:
        """How many columns stdout's terminal has."""
        return self._width or terminal_width(self._out or sys.stdout)


def has_colour(stream: TextIO) -> bool:
    """Return whether colours may be used on `stream` (a terminal, NO_COLOR unset or empty: no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width(stream: TextIO) -> int:
    """Return the columns of the terminal behind `stream` (COLUMNS wins), 80 where there is none."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and len(given) < 6 and int(given):
        return max(_MIN_WIDTH, int(given))
    try:
        return max(_MIN_WIDTH, os.get_terminal_size(stream.fileno()).columns or 80)
    except (OSError, ValueError):
        return 80


def wrapped(text: str, width: int) -> list[str]:
    """Return `text`, already safe to show, in lines of at most `width` columns."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    console = Console(file=StringIO(), width=max(1, width), color_system=None, markup=False, highlight=False)
    return [line.plain.rstrip() for line in Text(text).wrap(console, max(1, width), overflow="fold")] or [""]


def csv_cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: hidden characters as escapes, an apostrophe before
    `= + - @`, tab and CR. `csv_plain` takes the apostrophe away again. Numbers stay as they are."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    shown = visible(_scalar(value), CSV_LIMIT)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def csv_plain(cell: str) -> str:
    """Return what stood in a cell before `csv_cell` put its apostrophe there."""
    return _GUARDED.sub(r"\1", cell, count=1) if _GUARDED.match(cell) else cell


def json_text(document: object, indent: int | None = None) -> str:
    """Return `document` as JSON: keys in the order given, and no character that could act on a terminal:
    control, bidi and invisible ones stand as `\\uXXXX`, which a reader turns back."""
    import json

    text = json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(_json_escape(char) if char != "\n" and has_hidden(char) else char for char in text)


def plain(value: object) -> Plain:
    """Return `value` as what JSON knows: values with fields become objects, times `YYYY-MM-DDTHH:MM:SS.ffffffZ`,
    sets sorted lists, account names `x:@acme`. TypeError for anything else, credentials and bytes above all."""
    from socialguard.model.account import AccountName

    if isinstance(value, (datetime, Enum, PurePath, AccountName)):
        return plain(_scalar(value))
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(_scalar(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    names: Iterable[str] | None = getattr(type(value), "__dataclass_fields__", None)
    if names is None:
        raise TypeError(f"{type(value).__name__} is not for printing")
    return {name: plain(getattr(value, name)) for name in names}


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _cell(value: object) -> str:
    return "" if value is None else visible(_scalar(value), CELL_LIMIT)


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _aligned(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    everything = [list(headers), *rows]
    widths = [max(_cells(row[i]) for row in everything) for i in range(len(headers))]
    lines = (
        "  ".join(cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in everything
    )
    return "".join(f"{line}\n" for line in lines)


def _columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[header, *(row[i] for row in rows)] for i, header in enumerate(headers)]


def _room(columns: Sequence[Sequence[str]], width: int, first: int = _WHOLE_WORD) -> tuple[list[int], int]:
    """How wide the longest word of each column is, and what room is left then: none where that is below 0. A
    word of the first column may take `first`."""
    words = [max((_cells(word) for cell in column for word in cell.split()), default=1) for column in columns]
    found = [min(first, words[0]), *(min(_WHOLE_WORD, word) for word in words[1:])]
    return found, width - _GAP * (len(columns) - 1) - sum(found)


def _widths(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int | None]:
    """How wide each column is where a terminal cannot show all of them whole: ids, days and names break between
    words only, and what is left goes to those who need least. None leaves it to rich: all fits, or not even the
    words do."""
    columns = _columns(headers, rows)
    whole = [max(_cells(cell) for cell in column) for column in columns]
    found, left = _room(columns, width, width // 2)  # what a row is called by is copied
    if left < 0:
        found, left = _room(columns, width)
    if sum(whole) <= left + sum(found) or left < 0:
        return [None] * len(columns)
    order = sorted(range(len(columns)), key=lambda i: whole[i] - found[i])
    for number, i in enumerate(order):
        more = min(whole[i] - found[i], left // (len(order) - number))
        found[i] += more
        left -= more
    return [*found]


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int, coloured: bool) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header, wide in zip(headers, _widths(headers, rows, width), strict=True):
        table.add_column(Text(header), overflow="fold", width=wide)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    buffer = StringIO()
    Console(
        file=buffer,
        width=width,
        force_terminal=coloured,
        color_system="standard" if coloured else None,
        markup=False,
        highlight=False,
        emoji=False,
    ).print(table)
    return buffer.getvalue()


def _write(stream: TextIO, text: str, encoding: str | None = None) -> None:
    """Write and flush at once: stdout and stderr stay in order, and a full disk is seen here."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text)
    else:
        stream.flush()
        buffer.write(text.encode(encoding or stream.encoding or "utf-8", "backslashreplace"))
    stream.flush()
