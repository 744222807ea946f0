"""What the watch promises in numbers: everything foreign, and nothing of ours."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from socialguard.archive.watching import OwnItem
from socialguard.canon import jcs
from socialguard.ledger import reader
from socialguard.model.account import Account
from socialguard.model.activity import ActivityPage, Item, Kind, Stream
from socialguard.model.delivery import Receipt
from socialguard.publishing.course import append
from socialguard.store.tables import delivery, receipt
from socialguard.watch import baseline, judging
from socialguard.workspace.opened import Workspace
from tests.office import Office
from tests.watch.rhythms import PARIS, drawn
from tests.watch.world import alerts, happen, ready, seen


@pytest.mark.parametrize("name", ["x:@acme", "facebook:@acme"])
def test_all_of_500_foreign_things_are_found_in_one_look(office: Office, name: str) -> None:
    for number in range(100):
        happen(office, name, text=f"Ours before {number}", created_at=_ago(days=40, minutes=number))
    ready(office, name)
    assert seen(office, name, newest=200) == []
    old = [post["id"] for post in office.sandbox.posts(*name.split(":@"))]
    wanted = {("deletion", post) for post in old[:90]}
    for post in old[:90]:
        happen(office, name, kind="delete", id=post)
    for number in range(410):
        more = {"reply_to": old[95]} if name.startswith("x:") and number % 3 == 0 else {}
        post = happen(office, name, text=f"Foreign {number}", **more)
        wanted.add(("reply" if more else "post", post["id"]))
    found = seen(office, name, newest=1_000)
    assert {(one.kind, one.network_id) for one in found} == wanted
    assert len(found) == 500
    assert {one.suspected for one in found if one.kind == "deletion"} == {True}
    assert len(alerts(office).alerts) == 2, "one alert for what was written, one for what is gone"


def test_10_000_own_posts_raise_no_alarm_and_the_one_among_them_does(office: Office) -> None:
    assert office.post("A pattern", "facebook:@acme").code == 0
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "facebook:@acme"]
        start = datetime.now(UTC)
        items = [_item(account, number, start) for number in range(10_001)]
        mine = [one.network_id for one in items if one.network_id != f"{account.user_id}_5000"]
        _receive(workspace, account, mine, start)
        gap = workspace.archive.begin(account.id, Stream.POSTS)
        for at in range(0, len(items), 100):
            page = ActivityPage(tuple(items[at : at + 100]), str(at + 100) if at + 100 < len(items) else None)
            gap = workspace.archive.keep(gap, page).gap
        found = workspace.watch.examine(account)
    assert [one.subject for one in found.sightings] == [f"{account.user_id}_5000"]
    assert found.judged == 10_001


def test_another_client_another_hour_and_a_burst_stand_out() -> None:
    past = drawn("office", random.Random(0), date(2026, 1, 1), 60)
    usual = baseline.learned([_hand(number, one.at, one.client) for number, one in enumerate(past)], PARIS)
    noon = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)

    def judged(at: datetime, source: str, before: int = 0) -> tuple[str, tuple[str, ...]]:
        found = judging.foreign(_hand(0, at, source), usual, before)
        return found.severity.value, found.reasons

    assert judged(noon, "Web App") == ("note", ())
    assert judged(noon, "Bot 3000") == ("critical", ("source",))
    assert judged(noon.replace(hour=1), "Web App") == ("warn", ("hour",))
    assert judged(noon, "Web App", usual.most_in_an_hour) == ("warn", ("burst",))
    assert judged(noon, "Web App", usual.most_in_an_hour - 1) == ("note", ())
    assert judged(noon.replace(hour=1), "Web App", 99) == ("critical", ("hour", "burst"))


def _hand(number: int, at: datetime, source: str) -> OwnItem:
    return OwnItem(number, f"{at:%j}-{number}", Kind.POST, at, "", source, "0" * 64, 1)


def _ago(**past: int) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


def _item(account: Account, number: int, start: datetime) -> Item:
    name = f"{account.user_id}_{number}"
    at = start + timedelta(seconds=60 - number / 1000)
    return Item(name, Kind.POST, True, account.user_id, account.handle, f"Post {number}", at, f"https://f/{name}")


def _receive(workspace: Workspace, account: Account, network_ids: list[str], at: datetime) -> None:
    """Write receipts and signed words as the sender would, after the pattern of the one delivery that was sent:
    what is measured is the watch, not 10,000 sends."""
    moment = jcs.timestamp(at)
    with workspace.database.write() as connection:
        pattern = dict(connection.execute(select(delivery)).mappings().one())
        first = reader.get(connection, pattern["id"])
        made = [
            (
                replace(first, id=f"{number:08x}", fingerprint=f"{number:064x}"),
                Receipt(name, f"https://f/{name}", at),
            )
            for number, name in enumerate(network_ids)
        ]
        rows = [{**pattern, "id": one.id, "fingerprint": one.fingerprint} for one, _ in made]
        connection.execute(delivery.insert(), rows)
        connection.execute(
            receipt.insert(),
            [
                {
                    "delivery_id": one.id,
                    "account_id": account.id,
                    "network_id": proof.network_id,
                    "url": proof.url,
                    "published_at": moment,
                    "recorded_at": moment,
                    "how": "answer",
                }
                for one, proof in made
            ],
        )
        for one, proof in made:
            append(connection, workspace.desk, one, "sent", receipt=proof)
