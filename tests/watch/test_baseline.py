"""An account on which people also post by hand: what is usual is learned when somebody says so."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.office import Office
from tests.people import joined
from tests.shapes import WatchBaseline, failed, shown
from tests.watch.world import alerts, happen, ready, seen


def by_hand(office: Office, count: int, via: str = "Web App") -> None:
    """Post by hand at this time of day on as many days before today, and have it kept."""
    now = datetime.now(UTC)
    for number in range(1, count + 1):
        happen(office, text=f"By hand {number}", via=via, created_at=(now - timedelta(days=number)).isoformat())
    ready(office)


def test_what_is_usual_raises_no_alert_and_another_client_does(office: Office) -> None:
    by_hand(office, 40)
    assert seen(office) == []
    learned = shown(office.cli("watch", "baseline", "x:@acme", "--json"), WatchBaseline)
    assert learned.accepted
    assert learned.learned is not None
    assert learned.learned.posts == 40
    assert [one.source for one in learned.learned.sources] == ["Web App"]
    happen(office, text="As ever", via="Web App")
    (usual,) = seen(office)
    assert (usual.severity, usual.reasons) == ("note", [])
    assert alerts(office).alerts == []
    happen(office, text="Not as ever", via="Spam Bot")
    (strange,) = seen(office)
    assert (strange.severity, strange.reasons, strange.source) == ("critical", ["source"], "Spam Bot")
    assert [one.kind for one in alerts(office).alerts] == ["watch.foreign"]
    entries = office.cli("audit", "list", "--action", "watch.baseline", "--json").document["entries"]
    assert len(entries) == 1


def test_a_dry_run_changes_nothing_and_forgetting_ends_it(office: Office) -> None:
    by_hand(office, 40)
    assert not shown(office.cli("watch", "baseline", "acme", "--dry-run", "--json"), WatchBaseline).accepted
    happen(office, text="One", via="Web App")
    assert [one.severity for one in seen(office)] == ["critical"]
    assert office.cli("watch", "baseline", "acme").code == 0
    assert shown(office.cli("watch", "baseline", "acme", "--forget", "--json"), WatchBaseline).forgotten
    happen(office, text="Two", via="Web App")
    assert [one.severity for one in seen(office)] == ["critical"]


def test_too_little_by_hand_is_no_baseline(office: Office) -> None:
    by_hand(office, 3)
    assert "30" in failed(office.cli("watch", "baseline", "x:@acme", "--json"), 2, "too_little").message


def test_our_own_posts_are_no_hand_posting(office: Office) -> None:
    assert office.post("Ours").code == 0
    by_hand(office, 30)
    learned = shown(office.cli("watch", "baseline", "x:@acme", "--json"), WatchBaseline).learned
    assert learned is not None
    assert learned.posts == 30


def test_only_who_may_post_there_says_what_is_usual(office: Office, tmp_path: Path) -> None:
    """Nor does it stand when they may no more: then it is told, and everything by hand is again."""
    by_hand(office, 40)
    eva = joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))
    failed(eva.cli("watch", "baseline", "x:@acme", "--json"), 11, "not_allowed")
    happen(office, text="One", via="Web App")
    assert [one.severity for one in seen(office)] == ["critical"]
    jonas = joined(office, "Jonas", "publisher", tmp_path / "jonas", grants=("x:@acme",))
    assert jonas.cli("watch", "baseline", "x:@acme").code == 0
    happen(office, text="Two", via="Web App")
    assert [one.severity for one in seen(office)] == ["note"]
    assert office.cli("member", "remove", "Jonas", "--reason", "left").code == 0
    happen(office, text="Three", via="Web App")
    assert [one.severity for one in seen(office)] == ["critical"]
    assert "watch.baseline" in {one.kind for one in alerts(office).alerts}
