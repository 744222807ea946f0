"""To verify a log takes no more memory the longer it is."""

import tracemalloc
from pathlib import Path

from socialguard.audit.interface import LogKey
from socialguard.audit.verify import verify
from socialguard.workspace.opened import Workspace
from tests.benchmarks import company
from tests.benchmarks.auditing import fill, log_key

STEP = 6_000
SLACK = 1.25


def test_verifying_four_times_as_many_entries_takes_no_more_memory(tmp_path: Path) -> None:
    """At the most a quarter more, for what grows with the depth of the tree and for chance."""
    made = company.found(tmp_path)
    with company.under(made.environment), Workspace(made.home) as workspace:
        key, peaks = log_key(workspace), []
        for more in (STEP, 3 * STEP):
            fill(workspace.database, workspace.org, key, more)
            peaks.append(_peak(workspace, [LogKey(key.public)]))
    assert peaks[1] < peaks[0] * SLACK, peaks


def _peak(workspace: Workspace, keys: list[LogKey]) -> int:
    """Return the most bytes that one verification held at once."""
    database, org, pins = workspace.database, workspace.org, workspace.pins
    assert pins is not None
    tracemalloc.start()
    try:
        report = verify(database, org, keys, pins, [], False)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert report.status == "whole"
