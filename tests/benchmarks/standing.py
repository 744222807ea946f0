"""How long `status` takes with 1,000 accounts and 100,000 deliveries, from the shell."""

import json
import statistics
from pathlib import Path
from typing import Final

from tests.benchmarks import company
from tests.benchmarks.peers import plain_environment, socialguard
from tests.benchmarks.processes import Command
from tests.benchmarks.table import Line, milliseconds

LIMIT_S: Final = 1.0
RUNS: Final = 7


def lines(base: Path) -> list[Line]:
    """Measure `status` and `status --json`: the median of some runs."""
    large = company.build(base / "company")
    found = []
    for name, more in (("status, 1,000 accounts", ()), ("status --json", ("--json",))):
        command = Command(socialguard("status", *more), plain_environment(base) | large.environment)
        shown = command.output()
        if more and len(json.loads(shown)["accounts"]) != company.ACCOUNTS:
            raise SystemExit("status does not show every account.")
        median = statistics.median(command.seconds() for _ in range(RUNS))
        limit = f"≤ {LIMIT_S:.0f} s, {RUNS} runs"
        found.append(Line(name, milliseconds(median), limit=limit, ok=median <= LIMIT_S))
    return found
