"""What nobody here did is found, with its evidence; what we did is never called foreign."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.backup.world import seeded, without_others
from tests.office import Office
from tests.shapes import AlertShown, WatchRun, failed, shown
from tests.watch.world import alerts, happen, ready, seen, watch

BOTH = pytest.mark.parametrize("name", ["x:@acme", "facebook:@acme"])


@BOTH
def test_a_post_that_nobody_here_sent_is_found_at_once_with_its_evidence(office: Office, name: str) -> None:
    ready(office, name)
    post = happen(office, name, text="We were hacked")
    (one,) = seen(office, name)
    assert (one.kind, one.severity, one.network_id) == ("post", "critical", post["id"])
    (alert,) = alerts(office).alerts
    assert (alert.kind, alert.account) == ("watch.foreign", name)
    assert one.url in alert.message
    assert "hacked" not in alert.message
    told = shown(office.cli("alerts", "show", str(alert.id), "--json"), AlertShown)
    assert [each.evidence for each in told.evidence] == [one.evidence]


@BOTH
def test_our_own_post_is_no_alarm_and_neither_is_its_deletion_by_us(office: Office, name: str) -> None:
    ready(office, name)
    first, second = office.post("Hello", name), office.post("Hello again", name)
    assert (first.code, second.code) == (0, 0)
    assert seen(office, name) == []
    delivery = first.deliveries[0]["id"]
    done = office.cli("delete", delivery, "--confirm", name, "--json")
    assert done.code == 0, done
    assert seen(office, name) == []
    assert alerts(office).alerts == []


@BOTH
def test_what_is_seen_is_told_once(office: Office, name: str) -> None:
    ready(office, name)
    happen(office, name, text="One")
    assert len(seen(office, name)) == 1
    assert seen(office, name) == []
    assert office.cli("alerts", "ack", "--all").code == 0
    assert seen(office, name) == []
    assert alerts(office).alerts == []
    happen(office, name, text="Two")
    assert len(seen(office, name)) == 1
    assert len(alerts(office).alerts) == 1, "what happens after somebody knows is a new alert"


@BOTH
def test_a_deletion_is_suspected_only_where_the_network_shows_others(office: Office, name: str) -> None:
    ready(office, name)
    sent = [office.post(f"Post {number}", name).deliveries[0]["network_id"] for number in range(3)]
    assert seen(office, name) == []
    happen(office, name, kind="delete", id=sent[0])
    (one,) = seen(office, name)
    assert (one.kind, one.suspected, one.network_id) == ("deletion", True, sent[0])
    assert seen(office, name) == [], "it is told once"
    for gone in sent[1:]:
        happen(office, name, kind="delete", id=gone)
    (row,) = shown_with_error(office, name)
    assert row["error"]["name"] == "none_shown"
    assert "watch.deletion" in {each.kind for each in alerts(office).alerts}


@pytest.mark.parametrize(("gone", "severity"), [(4, "warn"), (5, "critical")])
def test_many_deletions_are_graver_and_our_own_are_none_of_them(office: Office, gone: int, severity: str) -> None:
    name = "facebook:@acme"
    ready(office, name)
    sent = [office.post(f"Post {number}", name).deliveries[0] for number in range(gone + 2)]
    assert seen(office, name) == []
    assert office.cli("delete", sent[0]["id"], "--confirm", name, "--json").code == 0
    for one in sent[1 : gone + 1]:
        happen(office, name, kind="delete", id=one["network_id"])
    assert [one.severity for one in seen(office, name)] == [severity] * gone


def shown_with_error(office: Office, name: str) -> list[dict[str, Any]]:
    done = office.cli("watch", "run", name, "--json")
    assert done.code == 6, done
    rows: list[dict[str, Any]] = done.document["accounts"]
    return rows


def test_what_was_there_before_the_account_was_ours_is_history(office: Office) -> None:
    for number in range(3):
        happen(
            office, text=f"Old {number}", created_at=(datetime.now(UTC) - timedelta(days=90 - number)).isoformat()
        )
    assert seen(office) == []
    happen(office, text="New")
    assert [one.kind for one in seen(office)] == ["post"]


def test_what_was_backdated_after_the_first_backup_is_no_history(office: Office) -> None:
    ready(office, "facebook:@acme")
    assert seen(office, "facebook:@acme") == []
    past = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    happen(office, "facebook:@acme", text="Backdated", created_at=past)
    assert [one.kind for one in seen(office, "facebook:@acme")] == ["post"]


def test_nothing_is_judged_while_the_outcome_of_a_send_is_unknown(office: Office) -> None:
    ready(office)
    done = office.process(*office.post_words("Perhaps"), SOCIALGUARD_CRASH_AT="after_publish")
    assert done.code < 0, done
    happen(office, text="Foreign")
    (row,) = watch(office, "x:@acme").accounts
    assert (row.waits, row.sightings, row.asked) == (True, [], None)
    assert office.cli("queue", "reconcile", "--json").code == 0
    (row,) = watch(office, "x:@acme").accounts
    assert [one.kind for one in row.sightings] == ["post"], "ours is ours, and the other is found"


def test_a_changed_profile_is_an_alert_that_names_what_changed(office: Office) -> None:
    ready(office, "facebook:@acme")
    assert seen(office, "facebook:@acme") == []
    happen(office, "facebook:@acme", kind="profile", followers_count=9999)
    assert seen(office, "facebook:@acme") == [], "followers are nobody's change"
    happen(office, "facebook:@acme", kind="profile", display_name="Acme Crypto", description="Send coins")
    (one,) = seen(office, "facebook:@acme")
    assert (one.kind, one.what) == ("profile", "name, text")
    assert seen(office, "facebook:@acme") == []


def test_every_page_of_a_backup_is_judged(office: Office) -> None:
    ready(office)
    happen(office, text="Found by the backup")
    ready(office)
    assert [one.kind for one in alerts(office).alerts] == ["watch.foreign"]


def test_an_index_that_was_made_anew_tells_nothing_twice(office: Office) -> None:
    ready(office)
    happen(office, text="Foreign")
    assert len(seen(office)) == 1
    assert office.cli("backup", "rebuild", "--json").code == 0
    assert seen(office) == []


def test_the_alert_of_an_id_that_there_is_not_is_not_found(office: Office) -> None:
    failed(office.cli("alerts", "show", "99", "--json"), 5, "not_found")


def test_people_read_what_was_seen_and_what_to_do(office: Office) -> None:
    ready(office)
    assert office.cli("watch", "run", "x:@acme").stdout == "Nothing was seen that nobody here did.\n"
    happen(office, text="Foreign")
    assert "critical" in office.cli("watch", "run", "x:@acme").stdout
    told = office.cli("alerts", "show", "1").stdout
    assert "FOREIGN  x:@acme: posts that were not sent from here: 1;" in told
    assert "socialguard freeze x:@acme" in told


def test_a_post_that_a_person_settled_as_sent_is_ours(office: Office) -> None:
    """The word of a member counts as the worker's does."""
    ready(office)
    lost = {"network": "x", "operation": "publish", "kind": "accept_then_drop"}
    blind = {"network": "x", "operation": "timeline", "kind": "status", "code": 500, "times": None}
    office.sandbox.faults([lost, blind])
    done = office.post("Perhaps")
    assert done.code == 12, done
    office.sandbox.faults([])
    (post,) = office.sandbox.posts("x")
    url = f"https://x.com/acme/status/{post['id']}"
    settled = office.cli("queue", "settle", done.deliveries[0]["id"], "--sent", url, "--json")
    assert settled.code == 0, settled
    assert seen(office) == []


def test_a_profile_that_costs_money_says_when_it_was_read(office: Office) -> None:
    """Once a day, so that a person who looks does not take silence for "unchanged"."""
    (first,) = shown(office.cli("watch", "run", "x:@acme", "--json"), WatchRun).accounts
    happen(office, kind="profile", description="Send coins")
    (again,) = shown(office.cli("watch", "run", "x:@acme", "--json"), WatchRun).accounts
    assert (again.sightings, again.profile_at) == ([], first.profile_at)
    assert "x:@acme: its profile was read at " in office.cli("watch", "run", "x:@acme").stderr
    (later,) = shown(office.cli("watch", "run", "x:@acme", "--json", SOCIALGUARD_CLOCK="+25h"), WatchRun).accounts
    assert [one.kind for one in later.sightings] == ["profile"]
    assert later.profile_at is not None
    assert later.profile_at > str(first.profile_at)


def test_a_token_that_may_not_read_what_others_wrote_still_sees_what_is_gone(office: Office) -> None:
    """A Page's own posts are told without that permission."""
    office.sandbox.reset(without_others(seeded(office, "facebook:@acme", posts=3)))
    office.cli("backup", "run", "facebook:@acme", "--json")
    gone = office.sandbox.posts("facebook", "acme")[0]["id"]
    happen(office, "facebook:@acme", kind="delete", id=gone)
    (row,) = office.cli("watch", "run", "facebook:@acme", "--json").document["accounts"]
    assert "pages_read_user_content" in row["error"]["message"]
    assert [(one["kind"], one["network_id"]) for one in row["sightings"]] == [("deletion", gone)]
