"""The daemon looks by itself: hourly, daily where that costs money, soon again where a send was in doubt."""

from datetime import UTC, datetime, timedelta

from socialguard.daemon.lanes import Lanes
from socialguard.daemon.watching import AGAIN, FREE, PAID, Watching
from tests.office import Office
from tests.watch.world import alerts, happen, ready

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_look_is_hourly_and_daily_where_it_costs_money(office: Office) -> None:
    with office.entered() as workspace:
        watching = Watching(workspace, Lanes(_fail), _fail)
        accounts = {str(one): one for one in workspace.accounts()}
        assert watching.when(accounts["facebook:@acme"], NOON) == NOON + FREE
        assert watching.when(accounts["x:@acme"], NOON) == NOON + PAID


def test_where_a_send_was_in_doubt_the_next_look_comes_soon(office: Office) -> None:
    ready(office, "facebook:@acme")
    happen(office, "facebook:@acme", text="Foreign")
    done = office.process(*office.post_words("Ours", "facebook:@acme"), SOCIALGUARD_CRASH_AT="after_publish")
    assert done.code < 0
    with office.entered() as workspace:
        watching = Watching(workspace, Lanes(_fail), _fail)
        (account,) = [one for one in workspace.accounts() if str(one) == "facebook:@acme"]
        watching.turn(account)
        assert watching.when(account, NOON) == NOON + AGAIN
    assert alerts(office).alerts == []
    assert office.cli("queue", "reconcile", "--json").code in (0, 6)
    with office.entered() as workspace:
        watching = Watching(workspace, Lanes(_fail), _fail)
        watching.turn(account)
        assert watching.when(account, NOON) == NOON + timedelta(hours=1)
    assert [one.kind for one in alerts(office).alerts] == ["watch.foreign"]


def _fail(problem: Exception) -> None:
    raise problem
