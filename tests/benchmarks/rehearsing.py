"""How long `post --dry-run` takes from the shell, with 50 accounts of which the detector knows how they write."""

import statistics
from pathlib import Path
from typing import Final

from tests.benchmarks import company
from tests.benchmarks.peers import plain_environment, socialguard
from tests.benchmarks.processes import Command
from tests.benchmarks.table import Line, milliseconds

LIMIT_S: Final = 0.6
RUNS: Final = 7
_ACCOUNTS: Final = 50
_TEXT: Final = "spring launch of the new line today in our shop https://acme.com/coffee"


def lines(base: Path) -> list[Line]:
    """Measure `post --dry-run`: the median of some runs, each in a process of its own."""
    made = company.build(base / "company", accounts=_ACCOUNTS, deliveries=_ACCOUNTS * 500)
    selected = plain_environment(base) | made.environment
    if "10,000" not in Command(socialguard("affinity", "fit"), selected).output():
        raise SystemExit("The detector did not learn the accounts.")
    passed = ("--override", "affinity", "--reason", "a benchmark")
    command = Command(socialguard("post", _TEXT, "--to", "brand-0001", "--dry-run", *passed), selected)
    command.output()
    median = statistics.median(command.seconds() for _ in range(RUNS))
    limit = f"≤ {milliseconds(LIMIT_S)}, {RUNS} runs"
    return [Line(f"post --dry-run, {_ACCOUNTS} accounts", milliseconds(median), limit=limit, ok=median <= LIMIT_S)]
