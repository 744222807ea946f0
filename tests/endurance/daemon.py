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

from socialguard.sandbox.process import Running, start
from tests import fleet
from tests.daemon.running import daemon, until
from tests.daemon.stock import is_quiet, problems, states
from tests.endurance import punctual
from tests.office import Office

LONGEST = 10.0
"""Seconds after it is ready until a daemon is killed, at the most, whatever it has sent by then."""
JITTER = 0.2
"""Seconds by which a kill comes later than what it waited for, at the most."""


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
        for left in range(options.kills, 0, -1):
            with daemon(office, **fleet.LATER) as running:
                # So that every kill strikes something, however fast this machine is: each has its share of posts.
                share = max(0, options.deliveries - _published(sandbox)) / left
                _wait_for(sandbox, dice.uniform(0.0, 2.0 * share))
                time.sleep(dice.uniform(0.0, JITTER))
                running.kill()
        print(json.dumps({"after the kills": Counter(states(office).values())}), flush=True)
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


def _published(sandbox: Running) -> int:
    """How many posts the networks were asked to publish."""
    return sum(counts.get("publish", 0) for counts in sandbox.requests().values())


def _wait_for(sandbox: Running, more: float) -> None:
    """Wait until so many more posts were asked for, and no longer than `LONGEST`."""
    wanted, end = _published(sandbox) + int(more), time.monotonic() + LONGEST
    while _published(sandbox) < wanted and time.monotonic() < end:
        time.sleep(0.02)


def _settle(office: Office) -> int:
    """Leave a daemon alone until all is quiet; return how it ended when it was told to."""
    with daemon(office, **fleet.LATER) as running:
        until(lambda: is_quiet(office), "nothing waits any more", 600)
        return running.stop()


if __name__ == "__main__":
    sys.exit(main())
