"""`python -m tests.benchmarks [NAME…] [--toot PATH]`: measure, print one table, exit 1 where a limit is missed."""

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from socialguard.cli.main import GC_THRESHOLD
from tests.benchmarks import (
    affinity,
    archiving,
    auditing,
    calendars,
    checking,
    daemon,
    demonstrating,
    leaving,
    listing,
    panicking,
    peers,
    posting,
    rehearsing,
    standing,
    startup,
)
from tests.benchmarks.table import Line, rendered

Measure = Callable[[Path, Path | str], list[Line]]

MEASURES: Final[Mapping[str, tuple[bool, Measure]]] = {
    "help": (True, startup.help_lines),
    "whoami": (True, startup.whoami_lines),
    "queue-list": (True, listing.lines),
    "post": (False, lambda base, _toot: posting.lines(base)),
    "audit-append": (False, lambda base, _toot: auditing.append_lines(base)),
    "audit-verify": (False, lambda base, _toot: auditing.verify_lines(base)),
    "audit-access": (False, lambda base, _toot: auditing.access_lines(base)),
    "archive": (False, lambda base, _toot: archiving.lines(base)),
    "calendar": (False, lambda base, _toot: calendars.lines(base)),
    "status": (False, lambda base, _toot: standing.lines(base)),
    "demo": (False, lambda base, _toot: demonstrating.lines(base)),
    "dry-run": (False, lambda base, _toot: rehearsing.lines(base)),
    "daemon": (False, lambda base, _toot: daemon.scale_lines(base)),
    "daemon-memory": (False, lambda base, _toot: daemon.memory_lines(base)),
    "leaving": (False, lambda base, _toot: leaving.lines(base)),
    "panic": (False, lambda base, _toot: panicking.lines(base)),
    "checks": (False, lambda _base, _toot: checking.lines()),
    "affinity": (False, lambda base, _toot: affinity.lines(base, None)),
    "imports": (False, lambda base, _toot: startup.import_lines(base)),
}
"""Each measure by name: whether it needs toot, and what returns its lines."""


def main() -> int:
    """Run the measures that the command line names (all of them without a name)."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--toot", type=Path, metavar="PATH", help="a program toot, instead of installing one")
    parser.add_argument("--posts", type=Path, metavar="FILE", help="posts to judge affinity on: a CSV file")
    parser.add_argument("--entries", type=int, metavar="N", help="entries of the log to verify and to audit")
    given = parser.parse_args()
    measures = {**MEASURES, "affinity": (False, lambda base, _toot: affinity.lines(base, given.posts))}
    if given.entries:
        measures["audit-verify"] = (False, lambda base, _toot: auditing.verify_lines(base, given.entries))
        measures["audit-access"] = (False, lambda base, _toot: auditing.access_lines(base, given.entries))
    unknown = set(given.names) - set(MEASURES)
    if unknown:
        parser.error(f"no measure is called {', '.join(sorted(unknown))}")
    names = given.names or list(MEASURES)
    needs_peer = any(MEASURES[name][0] for name in names)
    toot = peers.toot(given.toot) if needs_peer else "not needed"
    gc.set_threshold(GC_THRESHOLD)  # as in the program, for what is measured in this process
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="socialguard-benchmarks-") as place:
        for name in names:
            start = time.perf_counter()
            base = Path(place) / name
            base.mkdir(mode=0o700)
            lines += measures[name][1](base, toot)
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(rendered(lines))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load of the last 1, 5, 15 minutes: {load}"
    )
    missed = [line.measure for line in lines if line.ok is False]
    if missed:
        print(f"Missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
