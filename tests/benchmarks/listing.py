"""How long `queue list` takes in a large company: 1,000 accounts and 100,000 deliveries."""

import json
from pathlib import Path
from typing import Final

from tests.benchmarks import company
from tests.benchmarks.company import Company
from tests.benchmarks.peers import plain_environment, socialguard, toot_help
from tests.benchmarks.processes import RUNS, Command, duel
from tests.benchmarks.table import Line, ratio_line

LIMIT: Final = 1.2
_VARIANTS: Final = (
    ("queue list", ()),
    ("queue list --json", ("--json",)),
    ("queue list --state queued", ("--state", "queued")),
    ("queue list --account client:…", ("--account", "client:client07")),
)


def lines(base: Path, toot: Path | str) -> list[Line]:
    """Measure `queue list` and its usual forms beside `toot --help`."""
    if isinstance(toot, str):
        return [Line("queue list", "not measured", f"toot: {toot}", f"≤ {LIMIT} × peer", ok=False)]
    large = company.build(base / "company")
    _require_true(large, base)
    peer = toot_help(toot, base)
    found = []
    for name, more in _VARIANTS:
        result = duel(_list(large, base, *more), peer)
        found.append(ratio_line(name, result.ours, result.peer, "toot --help", result.ratio, LIMIT, RUNS))
    return found


def _list(large: Company, base: Path, *more: str) -> Command:
    return Command(socialguard("queue", "list", *more), plain_environment(base) | large.environment)


def _require_true(large: Company, base: Path) -> None:
    """Refuse to measure a list that does not show what there is."""
    shown = json.loads(_list(large, base, "--json").output())
    names = {one["account"].partition(":")[0] for one in shown["deliveries"]}
    if len(shown["deliveries"]) != 50 or shown["more"] is None or names != {"x", "facebook"}:
        raise SystemExit("queue list does not show the first page of the deliveries.")
