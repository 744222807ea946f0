"""The daemon with many accounts: killed, and with accounts that hang."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

from socialguard.sandbox.process import Running as Sandbox
from tests import fleet
from tests.daemon.running import daemon, until
from tests.daemon.stock import is_quiet, problems

KILLS = 10


def test_killed_ten_times_under_load_each_post_goes_out_once_and_in_order(
    own_sandbox: Sandbox, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    office = fleet.make(tmp_path, own_sandbox, 50)
    texts = fleet.queue(office, fleet.names(50), 3)
    for _ in range(KILLS):
        with daemon(office, **fleet.LATER) as running:
            # The very instants at which a kill strikes are what is tested.
            time.sleep(dice.uniform(0.0, 1.2))
            running.kill()
    with daemon(office, **fleet.LATER) as running:
        until(lambda: is_quiet(office), "nothing waits any more", 120)
        assert running.stop() == 0
    assert problems(office, texts) == [], f"seed {seed}"


def test_accounts_that_hang_delay_no_other(own_sandbox: Sandbox, tmp_path: Path) -> None:
    accounts = fleet.names(40)
    hanging, others = accounts[:30], accounts[30:]
    office = fleet.make(tmp_path, own_sandbox, 40)
    fleet.queue(office, accounts, 1)
    slow = {"operation": "any", "kind": "slow", "seconds": 90, "when": "before", "times": None}
    names = [name.split(":@") for name in hanging]
    own_sandbox.faults([{"network": network, "account": handle, **slow} for network, handle in names])
    with daemon(office, **fleet.LATER) as running:
        ready = datetime.now(UTC)
        until(lambda: len(office.published()) == len(others), "all others are public")
        assert (datetime.now(UTC) - ready).total_seconds() < 20
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 10
    assert office.queue("sending") == []
    own_sandbox.faults([])
