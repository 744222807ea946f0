"""`python -m tests.endurance.daemon [--kills 100] [--deliveries 1000] [--accounts 50] [--seconds 60] [--seed N]`:
the daemon, killed at random instants under the load of everything due at once, then left alone until all is quiet;
then killed on for a minute in which five deliveries are due every second, and held to its punctuality.

It prints what came of it and ends with 1 where a post is public twice, out of its account's order, or told
otherwise than it is, or waited for more than two seconds while a daemon was up. A kill leaves what it strikes to
be found out: on Facebook that is proved and told as failed, on X a timeline that does not show it proves nothing,
and it waits for a person."""

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from socialguard.sandbox.process import start
from tests import fleet
from tests.daemon.running import daemon, until
from tests.daemon.stock import is_quiet, problems, states
from tests.endurance import punctual
from tests.office import Office

LONGEST = 2.0
"""Seconds after it is ready until a daemon is killed, at the most."""


def main(arguments: list[str] | None = None) -> int:
    """Run once and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.daemon", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--deliveries", type=int, default=1000)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60, help="how long it is held to its punctuality")
    parser.add_argument("--seed", type=int, default=None, help="repeat the instants of an earlier time")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    dice, began = random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="socialguard-endurance-") as place, start() as sandbox:
        office = fleet.make(Path(place), sandbox, options.accounts)
        texts = fleet.queue(office, fleet.names(options.accounts), options.deliveries // options.accounts)
        # So that the last kill still strikes something, however fast this machine is.
        between = LONGEST if options.kills == 0 else min(LONGEST, 60 / options.kills)
        for _ in range(options.kills):
            with daemon(office, **fleet.LATER) as running:
                time.sleep(dice.uniform(0.0, between))
                running.kill()
        left = Counter(states(office).values())
        print(json.dumps({"after the kills": left}), flush=True)
        code = _settle(office)
        more, first = punctual.stock(office, fleet.names(options.accounts), options.seconds, len(texts))
        kept = punctual.keep_time(office, dice, first, options.seconds)
        print(json.dumps({"in time": kept.figures()}), flush=True)
        code = _settle(office) or code
        texts += more
        wrong = problems(office, texts)
        ended = Counter(states(office).values())
    figures = {"kills": options.kills, "accounts": options.accounts, "states": ended, "wrong": len(wrong)}
    print(json.dumps({**figures, "seconds": round(time.monotonic() - began), "seed": seed}))
    print("\n".join(wrong[:50]))
    return 1 if wrong or code or kept.figures()["too_late"] else 0


def _settle(office: Office) -> int:
    """Leave a daemon alone until all is quiet; return how it ended when it was told to."""
    with daemon(office, **fleet.LATER) as running:
        until(lambda: is_quiet(office), "nothing waits any more", 600)
        return running.stop()


if __name__ == "__main__":
    sys.exit(main())
