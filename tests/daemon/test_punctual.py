"""What is due while the daemon is up goes out in time, also where other accounts hang and a backup is slow."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from socialguard.canon import jcs
from socialguard.sandbox.process import Running as Sandbox
from socialguard.store.tables import attempt, delivery
from tests import fleet
from tests.daemon.running import daemon, until
from tests.office import Office

LATEST = timedelta(seconds=2)
BURSTS = 6
"""So many bursts, a second and a half apart, of one delivery on each account that answers."""


def test_under_load_each_delivery_is_begun_within_two_seconds_of_its_time(
    own_sandbox: Sandbox, tmp_path: Path
) -> None:
    accounts = fleet.names(40)
    hanging, others = accounts[:30], accounts[30:]
    office = fleet.make(tmp_path, own_sandbox, 40)
    fleet.queue(office, hanging, 1)
    for burst in range(BURSTS):
        fleet.queue(office, others, 1, seconds=20 + 1.5 * burst, begin=1 + burst)
    slow = {"operation": "any", "kind": "slow", "seconds": 60, "when": "before", "times": None}
    names = [name.split(":@") for name in hanging]
    own_sandbox.faults([{"network": network, "account": handle, **slow} for network, handle in names])
    with daemon(office, **fleet.LATER) as running:
        until(lambda: len(office.published()) == len(others) * BURSTS, "all others are public")
        until(lambda: len(lateness(office)) == len(others) * BURSTS, "all is recorded")
        running.kill()
    own_sandbox.faults([])
    late = lateness(office)
    assert len(late) == len(others) * BURSTS
    assert max(late) <= LATEST, sorted(late)[-10:]


def lateness(office: Office) -> list[timedelta]:
    """Return how long after its time each delivery that was sent was begun: the rest is its own network time."""
    query = (
        select(attempt.c.started_at, delivery.c.due)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(attempt.c.outcome == "sent")
    )
    with office.entered() as workspace, workspace.database.read() as connection:
        found = connection.execute(query).all()
    return [jcs.parse_timestamp(started) - jcs.parse_timestamp(due) for started, due in found]
