"""`python -m tests.endurance [--runs 500] [--seed N] [--network x|facebook]` prints what came of it.

It ends with 1 where a post is public twice, lost, or told otherwise than it is."""

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.endurance.runs import Tally, run_block
from tests.fork_server import ForkServer
from tests.office import headquarters

BLOCK = 10


def main(arguments: list[str] | None = None) -> int:
    """Run as often as asked and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--runs", type=int, default=500, help="how many posts (default: 500)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the kills and faults of an earlier time")
    parser.add_argument("--network", choices=("x", "facebook"), default=None, help="only this one")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    dice, began = random.Random(seed), time.monotonic()
    tallies = {name: Tally() for name in ([options.network] if options.network else ["x", "facebook"])}
    office = headquarters()
    with ForkServer(office) as forks:
        for start in range(0, options.runs, BLOCK):
            network = list(tallies)[start // BLOCK % len(tallies)]
            with tempfile.TemporaryDirectory(prefix="socialguard-endurance-") as place:
                office.sandbox.reset(office.seed)
                own = office.copy(Path(place) / "office")
                run_block(own, forks, network, dice, tallies[network], min(BLOCK, options.runs - start))
            _show_progress(start + BLOCK, options.runs)
    return _report(seed, tallies, time.monotonic() - began)


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{min(done, of)}/{of}", end="" if done < of else "\n", file=sys.stderr, flush=True)


def _report(seed: int, tallies: dict[str, Tally], seconds: float) -> int:
    for name, tally in tallies.items():
        figures = {key: value for key, value in vars(tally).items() if key != "broken"}
        print(json.dumps({"network": name, "seed": seed, **figures}))
        for line in tally.broken:
            print(f"  {line}")
    sound = all(tally.is_sound for tally in tallies.values())
    print(f"{'sound' if sound else 'BROKEN'} in {seconds:.0f} s; repeat with --seed {seed}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
