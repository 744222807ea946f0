"""Metrics over time: looked at when they are due, kept when they changed, paid for once."""

from datetime import UTC, datetime, timedelta

from tests.backup.world import back_up, seeded
from tests.office import Office

DAY = 86_400


def reads(office: Office) -> int:
    """How many posts X has charged for as read."""
    return sum(row["units"] for row in office.sandbox.costs() if row["operation"] == "posts.read")


def test_the_metrics_of_a_post_are_kept_as_they_change(office: Office) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=3))
    back_up(office, "facebook:@acme")
    (newest,) = office.cli("backup", "list", "facebook:@acme", "--limit", "1", "--json").document["items"]
    for passed, likes in ((7_200, 5), (DAY, 5), (3 * DAY, 9)):
        event = {"network": "facebook", "account": "acme", "kind": "metrics", "id": newest["network_id"]}
        office.sandbox.foreign({**event, "metrics": {"reactions": likes}})
        back_up(office, "facebook:@acme", SOCIALGUARD_CLOCK=f"+{passed}s")
    shown = office.cli("backup", "show", newest["item"], "--json").document["item"]
    assert len(shown["snapshots"]) >= 3
    assert len({tuple(sorted(one["metrics"].items())) for one in shown["snapshots"]}) == len(shown["snapshots"])


def test_where_looking_costs_money_each_point_is_paid_for_once(office: Office) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=15)).isoformat()  # older than what may show late
    seed = seeded(office, posts=0)
    for entry in seed["accounts"]:
        if (entry["network"], entry["handle"]) == ("x", "acme"):
            entry["posts"] = [{"text": f"Post {number}", "created_at": at} for number in range(4)]
    office.sandbox.reset(seed)
    back_up(office)
    assert reads(office) == 4
    before = 4
    # 1 h, 1 day, 7 days and 30 days; and between them, twice, nothing
    for passed, looks in (
        (600, 0),
        (3_700, 4),
        (7_200, 0),
        (DAY + 60, 4),
        (3 * DAY, 0),
        (8 * DAY, 4),
        (31 * DAY, 4),
    ):
        for wanted in (looks, 0):
            back_up(office, SOCIALGUARD_CLOCK=f"+{passed}s")
            assert reads(office) - before == wanted, passed
            before = reads(office)
    back_up(office, SOCIALGUARD_CLOCK=f"+{100 * DAY}s")
    assert reads(office) == before


def test_where_looking_costs_money_an_index_made_anew_pays_for_no_old_post_again(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=4))
    for passed in (0, DAY, 8 * DAY, 31 * DAY):
        back_up(office, SOCIALGUARD_CLOCK=f"+{passed}s")
    before = reads(office)
    (office.home / "archive.db").unlink()
    back_up(office, SOCIALGUARD_CLOCK=f"+{40 * DAY}s")
    assert reads(office) == before


def test_where_it_costs_money_the_profile_is_asked_for_once_a_day(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=2))

    def asked() -> int:
        return sum(row["units"] for row in office.sandbox.costs() if row["operation"] == "user.read")

    for passed, wanted in ((0, 1), (3_600, 1), (80_000, 1), (DAY, 2), (DAY + 3_600, 2), (3 * DAY, 3)):
        back_up(office, SOCIALGUARD_CLOCK=f"+{passed}s")
        assert asked() == wanted, passed
    back_up(office, SOCIALGUARD_CLOCK=f"+{900 * DAY}s")  # its clock was wrong, and is set right
    back_up(office, SOCIALGUARD_CLOCK=f"+{3 * DAY}s")
    assert asked() == 5
    office.sandbox.foreign({"network": "x", "account": "acme", "text": "Seen without asking whose token it is"})
    assert back_up(office, SOCIALGUARD_CLOCK=f"+{3 * DAY + 60}s")["items_new"] == 1
