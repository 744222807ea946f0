"""`python -m tests.endurance.backups [--kills 200] [--seed N]`: backups of 5,000 items, killed at random instants.

It ends with 1 where an item is missing or kept twice, a gap stays open, or a file is not as it was written."""

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.backup.killing import Tally, kill_and_go_on, past
from tests.fork_server import ForkServer
from tests.office import headquarters

ROUND = 20


def main(arguments: list[str] | None = None) -> int:
    """Kill as often as asked, in rounds that each begin with an empty archive, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.backups", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many kills (default: 200)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the kills of an earlier time")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    dice, began, tally = random.Random(seed), time.monotonic(), Tally()
    office = headquarters()
    with ForkServer(office) as forks:
        while tally.kills < options.kills and tally.is_sound:
            with tempfile.TemporaryDirectory(prefix="socialguard-endurance-") as place:
                own = office.copy(Path(place) / "office")
                own.sandbox.reset(past(own))
                own.sandbox.settings(rate_limits=False)
                kill_and_go_on(own, forks, dice, min(ROUND, options.kills - tally.kills), tally)
    print(json.dumps({"seed": seed, **vars(tally)}))
    print(
        f"{'sound' if tally.is_sound else 'BROKEN'} in {time.monotonic() - began:.0f} s; repeat with --seed {seed}"
    )
    return 0 if tally.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
