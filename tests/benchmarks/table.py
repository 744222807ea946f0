"""One line of the table of figures, and how the table is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HEADERS: Final = ("measure", "ours", "peer", "limit", "ok")


@dataclass(frozen=True, slots=True)
class Line:
    """One measure. `ok` is None where there is no limit (a figure to know), and False where it was missed or
    could not be measured: what was not measured is not met."""

    measure: str
    ours: str
    peer: str = ""
    limit: str = ""
    ok: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows."""
        word = {True: "yes", False: "NO", None: "-"}[self.ok]
        return (self.measure, self.ours, self.peer, self.limit, word)


def ratio_line(measure: str, ours: float, peer: float, name: str, ratio: float, limit: float, runs: int) -> Line:
    """Return the line of a ratio between two processes; `ours` and `peer` are median seconds."""
    return Line(
        measure=measure,
        ours=f"{milliseconds(ours)} ({ratio:.2f} × peer)",
        peer=f"{name}: {milliseconds(peer)}",
        limit=f"≤ {limit:.2f} × peer, {runs} runs",
        ok=ratio <= limit,
    )


def milliseconds(seconds: float) -> str:
    """Return a duration as the table shows it."""
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 20 else f"{value:.2f} ms"


def rendered(lines: Sequence[Line]) -> str:
    """Return the table as text."""
    rows = [HEADERS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
