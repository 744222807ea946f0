"""How long a calendar of 10,000 rows takes: checked, and asked for again once all of it is queued."""

import csv
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from socialguard.publishing.calendar import checking, queueing
from socialguard.publishing.calendar.sheet import Sheet, Wish
from socialguard.publishing.interface import Answer, Session
from socialguard.workspace.opened import Workspace
from tests.benchmarks import company
from tests.benchmarks.table import Line

ROWS: Final = 10_000
LIMIT_S: Final = 10.0
_ACCOUNTS: Final = 50
_WORDS: Final = "We open the new shop at noon; come and see what {number} of us made of it this spring."


def lines(base: Path) -> list[Line]:
    """Check a calendar in a workspace of 50 accounts, queue it, and check it again."""
    made = company.build(base / "company", accounts=_ACCOUNTS, deliveries=5_000)
    path = base / "calendar.csv"
    _write(path)
    with company.under(made.environment), Workspace(made.home) as workspace:
        checked, sheet = _checked(workspace, path)
        if len(sheet.good) != ROWS:
            raise SystemExit(f"The calendar was not taken: {[one.problem for one in sheet.refused[:3]]}")
        named = frozenset(str(one.account) for one in sheet.asked)
        start = time.perf_counter()
        for _ in queueing.queue(workspace.desk, sheet, Answer(named=named)):
            pass
        queued = time.perf_counter() - start
        again, known = _checked(workspace, path)
        if len(known.known) != ROWS:
            raise SystemExit("A calendar was not known again.")
    return [
        _line(f"calendar of {ROWS:,} rows, checked", checked, LIMIT_S),
        _line("… queued", queued, None),
        _line("… imported again", again, LIMIT_S),
    ]


def _checked(workspace: Workspace, path: Path) -> tuple[float, Sheet]:
    start = time.perf_counter()
    rows = checking.rows_of(path, Wish())
    sheet = checking.check(workspace.desk, rows, path.parent, Wish(), Session(None, "bench"))
    return time.perf_counter() - start, sheet


def _write(path: Path) -> None:
    first = datetime.now(UTC).date() + timedelta(days=3)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account", "date", "time", "text"])
        for number in range(ROWS):
            day = first + timedelta(days=number // 500)
            name = f"brand-{number % _ACCOUNTS:04d}"
            at = f"{8 + number // _ACCOUNTS % 10}:{number % 60:02d}"
            writer.writerow([name, f"{day}", at, _WORDS.format(number=number)])


def _line(measure: str, seconds: float, limit: float | None) -> Line:
    shown = "" if limit is None else f"≤ {limit:.0f} s"
    return Line(measure, f"{seconds:.2f} s", limit=shown, ok=None if limit is None else seconds <= limit)
