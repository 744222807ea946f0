"""`python -m tests.endurance.archive [--kills 200] [--seed N]`: a backup of 5,000 items, killed again and again.

It ends with 1 where an item is missing, kept twice, or in no segment, or where anything is not as it was
written."""

import argparse
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.archive.test_kills import kill_again_and_again, require_whole
from tests.archive.world import open_archive

ITEMS = 5_000


def main(arguments: list[str] | None = None) -> int:
    """Kill as often as asked and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.archive", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the kills of an earlier time")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="socialguard-endurance-") as name:
        place = Path(name)
        kill_again_and_again(place, random.Random(seed), options.kills, ITEMS)
        archive = open_archive(place)
        try:
            require_whole(archive, ITEMS)
        except AssertionError as problem:
            print(f"BROKEN: {problem}")
            return 1
        finally:
            archive.close()
    print(f"sound: {options.kills} kills, {ITEMS} items, in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
