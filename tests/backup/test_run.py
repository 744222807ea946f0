"""`backup run`: what is new comes in, once, and what is known is not fetched again."""

import threading
import time
from datetime import datetime, timedelta

import pytest

from socialguard.cli.commands.backup_run import WORDS
from tests.backup.world import SEEN, back_up, item_ids, seeded, without_others
from tests.office import Office


@pytest.mark.parametrize("name", ["x:@acme", "facebook:@acme"])
def test_a_backup_brings_everything_and_the_next_one_nothing(office: Office, name: str) -> None:
    office.sandbox.reset(seeded(office, name, posts=130, mentions=20, media=3))
    row = back_up(office, name)
    assert {key: row[key] for key in SEEN} == {
        "items_new": 150, "items_total": 150, "gaps_open": 0, "files_new": 3, "files_failed": 0, "error": None,
    }  # fmt: skip
    again = back_up(office, name)
    assert (again["items_new"], again["items_changed"], again["items_total"], again["files_new"]) == (0, 0, 150, 0)
    assert len(item_ids(office)) == len(set(item_ids(office))) == 150
    assert office.cli("backup", "verify", "--json").document["status"] == "whole"
    rebuilt = office.cli("backup", "rebuild", "--json").document
    assert rebuilt["before"] == rebuilt["after"]
    assert rebuilt["before"] is not None


def test_without_a_selector_every_account_is_backed_up_and_one_s_trouble_stops_no_other(office: Office) -> None:
    office.sandbox.tokens("x", "acme", "revoked")
    done = office.cli("backup", "run", "--max-cost", "20", "--json")
    rows = {row["account"]: row for row in done.document["accounts"]}
    assert sorted(rows) == ["facebook:@acme", "facebook:@globex", "x:@acme", "x:@globex"]
    assert [name for name, row in rows.items() if row["error"]] == ["x:@acme"]
    assert rows["x:@acme"]["error"]["name"] == "authentication_needed"
    assert done.code == 4


def test_posts_that_are_made_between_two_runs_come_with_the_next(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=5))
    back_up(office)
    for number in range(3):
        office.sandbox.foreign({"network": "x", "account": "acme", "text": f"New {number}"})
    row = back_up(office)
    assert (row["items_new"], row["items_total"], row["gaps_open"]) == (3, 8, 0)


def test_an_edit_becomes_a_version_and_search_finds_both(office: Office) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=2))
    back_up(office, "facebook:@acme")
    (newest,) = office.cli("backup", "list", "facebook:@acme", "--limit", "1", "--json").document["items"]
    edit = {"network": "facebook", "account": "acme", "kind": "edit", "id": newest["network_id"]}
    office.sandbox.foreign({**edit, "text": "Quite another text"})
    row = back_up(office, "facebook:@acme")
    assert (row["items_new"], row["items_changed"]) == (0, 1)
    shown = office.cli("backup", "show", newest["item"], "--json").document["item"]
    assert [one["text"] for one in shown["versions"]] == [newest["text"], "Quite another text"]
    for words in (newest["text"], "another text"):
        (found,) = office.cli("backup", "search", f'"{words}"', "--json").document["items"]
        assert (found["item"], found["edits"]) == (newest["item"], 1)


def test_a_comment_on_a_post_of_long_ago_is_found_although_newer_ones_are_known(office: Office) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=120))
    posts = sorted(office.sandbox.posts("facebook"), key=lambda post: str(post["created_at"]))
    comment = {"network": "facebook", "account": "acme", "kind": "comment", "from": "fan"}
    office.sandbox.foreign({**comment, "id": posts[-1]["id"], "text": "On the newest"})
    assert back_up(office, "facebook:@acme")["items_new"] == 121
    office.sandbox.foreign({**comment, "id": posts[0]["id"], "text": "On the oldest"})
    assert back_up(office, "facebook:@acme")["items_new"] == 1
    assert office.cli("backup", "search", "oldest", "--json").document["items"]
    row = back_up(office, "facebook:@acme")
    assert (row["items_new"], row["items_total"], row["gaps_open"]) == (0, 122, 0)


def test_looking_for_comments_that_are_not_there_goes_no_further_back_and_leaves_no_segment(
    office: Office,
) -> None:
    """Each look takes several answers; what is known already is never asked for again."""
    seed = seeded(office, "facebook:@acme", posts=130)
    (past,) = [entry["posts"] for entry in seed["accounts"] if entry.get("posts")]
    said = datetime.fromisoformat(past[0]["created_at"])
    past[0]["comments"] = [
        {"text": "Hello", "from": "fan", "created_at": (said + timedelta(minutes=number)).isoformat()}
        for number in range(60)
    ]
    office.sandbox.reset(seed)
    assert back_up(office, "facebook:@acme")["items_new"] == 190
    calls = [back_up(office, "facebook:@acme")["calls"] for _ in range(3)]
    assert calls == [calls[0]] * 3
    segments = office.cli("backup", "verify", "--json").document["segments"]
    back_up(office, "facebook:@acme")
    assert office.cli("backup", "verify", "--json").document["segments"] == segments


def test_a_page_without_a_comment_leaves_no_gap_open(office: Office) -> None:
    """Looking for comments takes several answers, all of them empty."""
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=130))
    for _ in range(2):
        assert back_up(office, "facebook:@acme")["gaps_open"] == 0


def test_a_rate_limit_leaves_the_gap_open_and_the_next_run_goes_on(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=250, mentions=5))
    fault = {"network": "x", "operation": "timeline", "kind": "status", "code": 429, "after": 1, "times": None}
    office.sandbox.faults([fault])
    row = back_up(office, code=7)
    assert (row["items_new"], row["gaps_open"], row["error"]["name"]) == (100, 1, "rate_limited")
    assert "backup" in row["error"]["remedy"]
    office.sandbox.faults([])
    row = back_up(office)
    assert (row["items_new"], row["items_total"], row["gaps_open"]) == (155, 255, 0)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "accept_then_drop"},
        {"kind": "drop_before"},
        {"kind": "status", "code": 500},
        {"kind": "status", "code": 200, "body": "<html>"},
        {"kind": "expired_token"},
    ],
    ids=["dropped", "cut", "500", "no JSON", "expired"],
)
def test_after_any_fault_the_next_run_brings_the_rest(office: Office, fault: dict[str, object]) -> None:
    office.sandbox.reset(seeded(office, posts=220))
    office.sandbox.faults([{"network": "x", "operation": "timeline", "after": 1, **fault}])
    broken = back_up(office, code=None)
    assert (broken["items_new"], broken["gaps_open"]) == (100, 1)
    assert broken["error"] is not None
    office.sandbox.tokens("x", "acme", "valid")
    row = back_up(office)
    assert (row["items_new"], row["items_total"], row["gaps_open"], row["error"]) == (120, 220, 0, None)
    assert len(item_ids(office)) == len(set(item_ids(office))) == 220


def test_a_post_that_shows_late_is_found_by_a_later_run(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=3))
    back_up(office)
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "late_visible", "seconds": 600}])
    assert office.post("Late one").code == 0
    assert back_up(office)["items_new"] == 0
    office.sandbox.clock(601)
    assert back_up(office)["items_new"] == 1


def test_what_shows_late_below_what_is_known_is_found_where_reading_costs_money(office: Office) -> None:
    """X's ids are in the order of time: asked only for what is newer than the newest, it would never tell."""
    office.sandbox.reset(seeded(office, posts=3))
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "late_visible", "seconds": 60}])
    assert office.post("Late one").code == 0
    office.sandbox.foreign({"network": "x", "account": "acme", "text": "Shown at once"})
    assert back_up(office)["items_new"] == 4
    office.sandbox.clock(61)
    row = back_up(office)
    assert (row["items_new"], row["items_total"], row["gaps_open"]) == (1, 5, 0)


def test_what_was_made_shortly_before_the_last_look_is_paid_once_more_and_then_never(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=3))
    office.sandbox.foreign({"network": "x", "account": "acme", "text": "Just now"})
    back_up(office)
    assert [back_up(office, SOCIALGUARD_CLOCK="+700s")["cost_micros"] for _ in range(2)] == [5_000, 0]


def test_what_came_in_is_told_where_it_cannot_be_put_into_segments(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=2))
    back_up(office)
    manifest = office.home / "archive" / "MANIFEST.jsonl"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:60] + b"x" + whole[61:])
    office.sandbox.foreign({"network": "x", "account": "acme", "text": "New"})
    done = office.cli("backup", "run", "x:@acme", "--json")
    (row,) = done.document["accounts"]
    assert (done.code, row["items_new"], row["items_total"], row["error"]) == (13, 1, 3, None)
    assert row["cost_micros"] > 0
    assert "MANIFEST.jsonl line 1" in done.stderr
    manifest.write_bytes(whole)
    assert back_up(office)["items_total"] == 3
    assert office.cli("backup", "rebuild", "--json").code == 0
    assert len(item_ids(office)) == 3


def test_a_frozen_account_is_backed_up_and_a_revoked_one_is_skipped_with_its_reason(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=2))
    assert office.cli("freeze", "x:@acme", "--reason", "drill", "--json").code == 0
    assert back_up(office)["items_new"] == 2
    assert office.cli("account", "revoke", "x:@globex", "--reason", "drill", "--json").code == 0
    row = back_up(office, "x:@globex")
    assert (row["skipped"], row["error"]) == ("revoked", None)
    assert row["skipped"] in WORDS


def test_a_run_writes_one_intent_and_one_outcome_with_its_calls(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=120, media=1))
    before = sum(sum(counts.values()) for counts in office.sandbox.requests().values())
    row = back_up(office)
    entries = office.cli("audit", "list", "--action", "backup.run", "--json").document["entries"]
    assert [entry["outcome"] for entry in entries] == ["ok", "intent"]
    assert entries[0]["obj"]["calls"] == row["calls"]
    after = sum(sum(counts.values()) for counts in office.sandbox.requests().values())
    assert (
        row["calls"] + 1 + 1 == after - before
    )  # the price was asked for before, and a file is no account's call


def test_a_second_run_of_the_same_account_says_that_there_is_one(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=3))
    office.sandbox.faults([{"network": "x", "operation": "timeline", "kind": "slow", "seconds": 20}])
    first = office.start("backup", "run", "x:@acme", "--json", "--max-cost", "9")
    end = time.monotonic() + 20
    while not office.sandbox.requests().get("x", {}).get("timeline") and time.monotonic() < end:
        threading.Event().wait(0.02)
    second = office.process("backup", "run", "x:@acme", "--json", "--max-cost", "9")
    assert second.document["accounts"][0]["error"]["name"] == "busy"
    assert second.code == 1
    first.kill()
    first.communicate()
    office.sandbox.faults([])
    assert back_up(office)["items_total"] == 3  # a run that was killed keeps nobody out


def test_the_credential_of_another_account_brings_nothing(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=3))
    other = next(one for one in office.seed["accounts"] if (one["network"], one["handle"]) == ("x", "globex"))
    seed = seeded(office, posts=3)
    for one in seed["accounts"]:
        if (one["network"], one["handle"]) == ("x", "acme"):
            one["user_id"] = other["user_id"][::-1]
    office.sandbox.reset(seed)
    row = back_up(office, code=14)
    assert (row["items_new"], row["error"]["name"]) == (0, "wrong_identity")


def test_a_token_that_may_not_read_what_others_wrote_keeps_back_nothing_of_the_page_s_own(office: Office) -> None:
    """The feed is refused: own posts, their numbers and their files are taken all the same, and it is said."""
    seed = seeded(office, "facebook:@acme", posts=3, media=2)
    office.sandbox.reset(without_others(seed))
    done = office.cli("backup", "run", "facebook:@acme", "--json")
    (row,) = done.document["accounts"]
    assert done.code == 6
    assert "pages_read_user_content" in row["error"]["message"]
    assert (row["items_new"], row["files_new"]) == (3, 2)
    later = office.cli("backup", "run", "facebook:@acme", "--json", SOCIALGUARD_CLOCK="+5h")
    assert later.document["accounts"][0]["metrics_taken"] == 3
