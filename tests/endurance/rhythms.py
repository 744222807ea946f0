"""`python -m tests.endurance.rhythms [--days 120] [--learned 60] [--seed N]`: months by hand on X and Facebook.

Each rhythm is lived on each network at the sandbox; then somebody breaks in. It ends with 1 where more than 1 % of
what was posted by hand is told, or anything of the stranger's is not."""

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.office import headquarters
from tests.watch.days import Tally, lived
from tests.watch.rhythms import RHYTHMS

MOST = 0.01


def main(arguments: list[str] | None = None) -> int:
    """Live every rhythm and print the rates."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.rhythms", description=__doc__)
    parser.add_argument("--days", type=int, default=120, help="after the baseline (default: 120)")
    parser.add_argument("--learned", type=int, default=60, help="posts that the baseline is of (default: 60)")
    parser.add_argument("--rhythm", choices=sorted(RHYTHMS), default=None, help="only this one")
    parser.add_argument("--seed", type=int, default=None, help="repeat an earlier time")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    began, total = time.monotonic(), Tally()
    for rhythm in [options.rhythm] if options.rhythm else RHYTHMS:
        for name in ("x:@acme", "facebook:@acme"):
            tally = _lived(name, rhythm, random.Random(f"{seed} {name} {rhythm}"), options.learned, options.days)
            print(json.dumps({"account": name, "rhythm": rhythm, **_figures(tally)}), flush=True)
            total.add(tally)
    print(json.dumps({"seed": seed, **_figures(total)}))
    for line in (*total.why, *total.missed):
        print(f"  {line}")
    kept = total.told <= MOST * total.posts and not total.missed
    print(f"{'kept' if kept else 'BROKEN'} in {time.monotonic() - began:.0f} s; repeat with --seed {seed}")
    return 0 if kept else 1


def _lived(name: str, rhythm: str, chance: random.Random, learned: int, days: int) -> Tally:
    office = headquarters()
    with tempfile.TemporaryDirectory(prefix="socialguard-endurance-") as place:
        office.sandbox.reset(office.seed)
        office.sandbox.settings(rate_limits=False)
        return lived(office.copy(Path(place) / "office"), name, rhythm, chance, learned=learned, days=days)


def _figures(tally: Tally) -> dict[str, object]:
    rate = f"{100 * tally.told / max(1, tally.posts):.2f} %"
    strange = {"strange": tally.strange, "missed": len(tally.missed)}
    return {"by_hand": tally.posts, "told": tally.told, "rate": rate, **strange}


if __name__ == "__main__":
    sys.exit(main())
