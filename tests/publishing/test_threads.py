"""Threads: sent in order, each part once; what stops one is told, and it can be resumed."""

import json
from datetime import datetime
from typing import Any, Final

import pytest

from socialguard import clock
from socialguard.ledger import due
from socialguard.publishing import accept, crash
from tests.attacker import sql
from tests.fork_server import ForkServer
from tests.networks.x_world import png
from tests.office import Office
from tests.wrong_account.firm import apply_policy

PARTS: Final = ("First part", "Second part", "Third part")
IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3610s"}
CONFIRMED: Final = ("--confirm", "x:@acme", "--json")


def thread_words(*more: str, parts: tuple[str, ...] = PARTS, account: str = "x:@acme") -> list[str]:
    """The command line that posts a thread."""
    then = [word for part in parts[1:] for word in ("--then", part)]
    return ["post", parts[0], *then, "--to", account, "--confirm", account, "--grace", "0", "--json", *more]


def public(office: Office) -> list[tuple[str, str | None]]:
    """The text of each public post, oldest first, and the text of the one that it answers."""
    posts = [post for post in office.sandbox.posts("x") if post["published"] and not post["deleted"]]
    texts = {post["id"]: post["text"] for post in posts}
    return [(post["text"], texts.get(post["reply_to"])) for post in posts]


def chained(parts: tuple[str, ...] = PARTS) -> list[tuple[str, str | None]]:
    """What is public when a thread went out whole."""
    return [(part, parts[place - 1] if place else None) for place, part in enumerate(parts)]


def states(office: Office) -> list[str]:
    """The states of the parts, by their place; of one that was made anew the newest."""
    rows = sql(office, "select content, state from delivery where state <> 'cancelled' order by created_at")
    found = {json.loads(content)["thread_position"]: state for content, state in rows}
    return [found[place] for place in sorted(found)]


def fault(office: Office, kind: str, after: int = 1, **more: Any) -> None:
    """Let the post after so many others go wrong."""
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": kind, "after": after, **more}])


def test_the_parts_of_a_thread_answer_each_other(office: Office) -> None:
    done = office.cli(*thread_words())
    assert done.code == 0, done
    assert public(office) == chained()
    assert [one["thread"]["part"] for one in done.deliveries] == [1, 2, 3]


def test_a_failure_in_the_middle_stops_and_says_where(office: Office) -> None:
    fault(office, "status", code=402)
    done = office.cli(*thread_words())
    assert done.code == 11, done
    assert states(office) == ["sent", "failed", "held"]
    assert public(office) == chained()[:1]
    failed = done.deliveries[1]["id"]
    assert f"part 2 ({failed}) is failed" in done.deliveries[2]["reason"]
    assert done.error["remedy"].endswith(f"queue resume {failed}")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_thread_is_resumed_from_where_it_stopped_by_any_of_its_parts(office: Office, place: int) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    fault(office, "status", code=402)
    named = office.cli(*thread_words()).deliveries[place]["id"]
    assert office.cli("queue", "resume", named, "--json").code == 10
    done = office.cli("queue", "resume", named, *CONFIRMED)
    assert done.code == 0, done
    assert public(office) == chained()
    assert [one["thread"]["part"] for one in done.deliveries] == [2, 3]
    again = office.cli("queue", "resume", named, *CONFIRMED)
    assert (again.code, "public" in again.error["message"]) == (2, True), again
    assert office.cli("queue", "run", "--json").deliveries == []
    assert public(office) == chained()


def test_what_is_left_is_looked_up_where_policy_wants_it(office: Office) -> None:
    fault(office, "status", code=402)
    named = office.cli(*thread_words()).deliveries[1]["id"]
    apply_policy(office, '[defaults.checks]\nmissing_handle = "hold"\n')
    done = office.cli("queue", "resume", named, "--text", "Thank you @nobody_here_1", *CONFIRMED)
    assert done.code == 11, done
    assert "--override missing_handle" in done.error["remedy"]
    assert office.published() == ["First part"]


def test_the_part_that_was_refused_can_be_put_right(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    fault(office, "status", code=402)
    named = office.cli(*thread_words()).deliveries[1]["id"]
    assert office.cli("queue", "resume", named, "--text", "Better", *CONFIRMED).code == 0
    assert public(office) == chained(("First part", "Better", "Third part"))


def test_a_thread_whose_first_part_failed_is_resumed_once(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    fault(office, "status", after=0, code=402)
    named = office.cli(*thread_words()).deliveries[0]["id"]
    assert states(office) == ["failed", "held", "held"]
    assert office.cli("queue", "resume", named, *CONFIRMED).code == 0
    again = office.cli("queue", "resume", named, *CONFIRMED, "--override", "duplicate", "--reason", "again")
    assert (again.code, "made anew" in again.error["message"]) == (2, True), again
    assert public(office) == chained()


def test_an_unknown_part_holds_what_comes_after_it_back(office: Office, forks: ForkServer) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    fault(office, "drop_before")
    ended = forks.run(office, *thread_words(), environment={crash.VARIABLE: "after_settle:2"})
    assert ended.signal
    assert states(office) == ["sent", "unknown", "queued"]
    unknown = office.queue("unknown")[0]["id"]
    for _ in range(2):
        assert office.cli("queue", "run", "--json").code == 12
    refused = office.cli("queue", "resume", unknown, *CONFIRMED)
    assert (refused.code, "unknown" in refused.error["message"]) == (2, True)
    assert states(office) == ["sent", "unknown", "queued"]
    office.cli("queue", "settle", unknown, "--not-sent", "--reason", "looked", "--json")
    assert office.cli("queue", "run", "--json").code == 11
    assert office.cli("queue", "resume", unknown, *CONFIRMED).code == 0
    assert public(office) == chained()


def test_a_part_that_was_found_out_to_be_public_lets_the_next_one_go(office: Office) -> None:
    fault(office, "accept_then_drop")
    done = office.cli(*thread_words())
    assert done.code == 0, done
    assert [one["state"] for one in done.deliveries] == ["sent", "sent", "sent"]
    assert public(office) == chained()


def test_a_person_who_found_the_post_lets_the_next_one_go(office: Office, forks: ForkServer) -> None:
    fault(office, "accept_then_drop")
    forks.run(office, *thread_words(), environment={crash.VARIABLE: "after_settle:2"})
    found = next(post for post in office.sandbox.posts("x") if post["text"] == "Second part")
    url = f"https://x.com/acme/status/{found['id']}"
    assert office.cli("queue", "settle", office.queue("unknown")[0]["id"], "--sent", url, "--json").code == 0
    assert office.cli("queue", "run", "--json").code == 0
    assert public(office) == chained()


def test_a_limited_part_waits_and_what_follows_is_not_late(office: Office) -> None:
    fault(office, "status", code=429, seconds=3600)
    done = office.cli(*thread_words())
    assert done.code == 7, done
    assert [one["state"] for one in done.deliveries] == ["sent", "queued", "queued"]
    office.sandbox.clock(3700)
    later = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3700s")
    assert [one["state"] for one in later.deliveries] == ["sent", "sent"], later
    assert public(office) == chained()


@pytest.mark.parametrize("command", [("undo",), ("queue", "cancel")])
def test_a_thread_is_taken_back_from_a_part_on(office: Office, command: tuple[str, ...]) -> None:
    scheduled = office.cli(*thread_words("--at", "in 1 hour"))
    ids = [one["id"] for one in scheduled.deliveries]
    done = office.cli(*command, ids[1], "--json")
    assert [(one["id"], one["state"]) for one in done.deliveries] == [(one, "cancelled") for one in ids[1:]]
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert public(office) == chained()[:1]
    refused = office.cli("queue", "resume", ids[2], *CONFIRMED)
    assert (refused.code, "was cancelled" in refused.error["message"]) == (2, True)


def test_what_waits_behind_a_public_part_is_taken_back_with_it(office: Office) -> None:
    fault(office, "status", code=402)
    ids = [one["id"] for one in office.cli(*thread_words()).deliveries]
    done = office.cli("undo", ids[0], "--json")
    assert (done.code, "public since" in done.error["message"]) == (1, True), done
    assert [(one["id"], one["state"]) for one in done.deliveries] == [(ids[2], "cancelled")]


def test_an_edit_of_a_part_keeps_the_thread_together(office: Office) -> None:
    ids = [one["id"] for one in office.cli(*thread_words("--at", "in 1 hour")).deliveries]
    edited = office.cli("queue", "edit", ids[1], "Edited", *CONFIRMED)
    assert edited.code == 0, edited
    assert edited.deliveries[0]["thread"]["after"] == ids[0]
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert public(office) == chained(("First part", "Edited", "Third part"))


def test_what_waits_behind_a_failure_is_resumed_not_edited(office: Office) -> None:
    fault(office, "status", code=402)
    third = office.cli(*thread_words()).deliveries[2]["id"]
    done = office.cli("queue", "edit", third, "Edited", *CONFIRMED)
    assert (done.code, f"queue resume {third}" in done.error["remedy"]) == (2, True), done


def test_a_freeze_stops_a_thread_and_a_thaw_lets_it_go_on(office: Office, forks: ForkServer) -> None:
    forks.run(office, *thread_words(), environment={crash.VARIABLE: "after_settle"})
    office.cli("freeze", "x:@acme", "--reason", "leak", "--json")
    assert office.cli("queue", "run", "--json").code == 11
    assert public(office) == chained()[:1]
    office.cli("thaw", "x:@acme", "--reason", "changed", "--confirm", "x:@acme", "--json")
    assert office.cli("queue", "run", "--json").code == 0
    assert public(office) == chained()


def test_a_part_whose_image_is_not_taken_now_waits_and_the_parts_before_it_stand(office: Office) -> None:
    """The upload of the second part's image gets a 503: nothing is sent twice, and the order stays."""
    (office.base / "plan.png").write_bytes(png(200))
    draft = office.base / "thread.md"
    head = '+++\nto = "x:@acme"\nat = "in 1 hour"\n[[media]]\nfile = "plan.png"\nalt = "The plan"\npart = 2\n+++\n'
    draft.write_text(head + "\n---\n".join(PARTS))
    assert office.cli("post", "--file", str(draft), *CONFIRMED).code == 0
    unavailable = {"network": "x", "operation": "upload", "kind": "status", "code": 503, "body": "{}", "times": 2}
    office.sandbox.faults([unavailable])
    office.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert public(office) == chained()[:1]
    assert states(office) == ["sent", "queued", "queued"]
    for at in ("+3700s", "+3800s"):
        office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=at)
    assert public(office) == chained()


def test_a_part_that_a_wrong_clock_held_goes_on_where_it_stopped(office: Office) -> None:
    """The clock shows to be wrong in the middle of a thread; once it is right the rest follows, nothing twice."""
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    office.sandbox.clock(66 * 60)
    late = json.dumps({"errors": [{"code": 135, "message": "Timestamp out of bounds."}]})
    fault(office, "status", code=401, body=late)
    office.cli(*thread_words())
    assert public(office) == chained()[:1]
    assert states(office) == ["sent", "held", "held"]
    office.sandbox.clock(-66 * 60)
    office.sandbox.faults([])
    (held,) = (row["id"] for row in office.queue("held") if row["thread"]["part"] == 2)
    done = office.cli("queue", "resume", held, *CONFIRMED)
    assert done.code == 0, done
    assert sorted(public(office)) == sorted(chained())  # by X's times the first is the youngest


def test_of_a_thread_only_the_part_whose_turn_it_is_is_due(office: Office, forks: ForkServer) -> None:
    fault(office, "drop_before")
    forks.run(office, *thread_words(), environment={crash.VARIABLE: "after_settle:2"})
    with office.entered() as workspace, workspace.database.read() as connection:
        (account,) = due.accounts(connection, clock.now())
        assert due.of_account(connection, account, clock.now()) == ()
    office.cli("queue", "settle", office.queue("unknown")[0]["id"], "--not-sent", "--reason", "looked", "--json")
    with office.entered() as workspace, workspace.database.read() as connection:
        assert len(due.of_account(connection, account, clock.now())) == 1


def test_a_late_thread_is_released_whole(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    office.cli(*thread_words("--at", "in 1 hour"))
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3h").code == 11
    assert states(office) == ["held", "held", "held"]
    third = next(row["id"] for row in office.queue() if row["thread"]["part"] == 3)
    done = office.cli("queue", "release", third, "--now", *CONFIRMED, SOCIALGUARD_CLOCK="+3h")
    assert done.code == 0, done
    assert public(office) == chained()


def test_the_post_of_a_part_can_be_deleted(office: Office) -> None:
    ids = [one["id"] for one in office.cli(*thread_words()).deliveries]
    assert office.cli("delete", ids[2], *CONFIRMED).code == 0
    assert public(office) == chained()[:2]


def test_threads_to_several_accounts_go_on_by_themselves(office: Office) -> None:
    words = thread_words("--to", "x:@globex", "--confirm", "x:@globex")
    fault(office, "status", code=402)
    done = office.cli(*words)
    by_account: dict[str, list[str]] = {}
    for one in done.deliveries:
        by_account.setdefault(one["account"], []).append(one["state"])
    assert by_account == {"x:@acme": ["sent", "failed", "held"], "x:@globex": ["sent", "sent", "sent"]}


def test_facebook_has_no_threads(office: Office) -> None:
    done = office.cli(*thread_words(account="facebook:@acme"))
    assert (done.code, "Facebook has no threads" in done.error["message"]) == (2, True), done
    assert done.error["draft"].startswith("d-")
    assert office.queue() == []


@pytest.mark.parametrize(
    ("parts", "said"), [(("Same", "Same"), "Parts 1 and 2"), (tuple(f"{n}" for n in range(26)), "more than 25")]
)
def test_what_makes_no_thread_is_refused_and_kept(office: Office, parts: tuple[str, ...], said: str) -> None:
    done = office.cli(*thread_words(parts=parts))
    assert (done.code, said in done.error["message"]) == (2, True), done
    kept = office.cli("draft", "show", done.error["draft"], "--json").document["draft"]
    assert kept["text"].split("\n---\n") == list(parts)


def test_a_part_that_is_too_long_stops_the_whole_thread(office: Office) -> None:
    done = office.cli(*thread_words(parts=("Short", "x" * 281)))
    assert (done.code, "281 of 280" in done.error["message"]) == (11, True), done
    assert office.queue() == []


# ── who writes the database ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        "update delivery set after_id = null where id = '{second}'",
        "update delivery set after_id = '{first}' where id = '{third}'",
        "update delivery set content = replace(content, '_size\": 3', '_size\": 9') where id = '{second}'",
        "update receipt set network_id = '1' where delivery_id = '{first}'",
        "update receipt set network_id = (select network_id from receipt where delivery_id = '{other}')"
        " where delivery_id = '{first}'",
    ],
)
def test_the_order_of_a_thread_cannot_be_changed_outside(office: Office, forks: ForkServer, change: str) -> None:
    other = office.post("Another post").deliveries[0]["id"]
    forks.run(office, *thread_words(), environment={crash.VARIABLE: "after_settle"})
    rows = sql(office, "select id from delivery order by created_at")
    first, second, third = (row[0] for row in rows[1:])
    sql(office, change.format(first=first, second=second, third=third, other=other))
    assert office.cli("queue", "run", "--json").code == 13
    assert ("Third part", "First part") not in public(office)
    assert [text for text, _ in public(office)][:2] == ["Another post", "First part"]
    assert all(answered == "First part" for text, answered in public(office) if text == "Second part")


# ── exactly once ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["none", "accept_then_drop", "drop_before", "429", "402"])
@pytest.mark.parametrize("point", [point for point in crash.POINTS if point not in ("before_queue", "after_step")])
def test_a_kill_in_the_middle_of_a_thread_repeats_and_skips_nothing(
    office: Office, forks: ForkServer, point: str, kind: str
) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    if kind in ("429", "402"):
        fault(office, "status", code=int(kind))
    elif kind != "none":
        fault(office, kind)
    passing = point if point == "after_queue" else f"{point}:2"
    forks.run(office, *thread_words(), environment={crash.VARIABLE: passing})
    for _ in range(2):
        forks.run(office, "queue", "run", "--json")
    out = public(office)
    assert out == chained()[: len(out)], "a part is missing, twice, or answers another"
    found = states(office)
    assert found.count("sent") == len(out)
    ends = {"402": "failed", "429": "queued"}.get(kind, "unknown")
    assert set(found[len(out) : len(out) + 1]) <= {ends, "unknown"}, "one that ended stops the thread"
    assert set(found[len(out) + 1 :]) <= {"held" if "failed" in found else "queued"}, found


@pytest.mark.parametrize("text", [(), ("--text", "Another last part")], ids=["same", "other"])
def test_of_two_who_resume_a_thread_at_once_only_one_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, text: tuple[str, ...]
) -> None:
    """Nothing waits behind the last part that could tell the second that the first was there."""
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    fault(office, "status", after=2, code=402)
    last = office.cli(*thread_words()).deliveries[-1]["id"]
    office.sandbox.faults([])
    fresh, other = accept.require_fresh, ["queue", "resume", last, *CONFIRMED]

    def while_the_person_reads(made_at: datetime) -> None:
        words = list(other)
        other.clear()
        if words:
            assert office.cli(*words).code == 0
        fresh(made_at)

    monkeypatch.setattr(accept, "require_fresh", while_the_person_reads)
    assert office.cli("queue", "resume", last, *text, *CONFIRMED).code == 11
    assert public(office) == chained()


def test_an_edit_brings_no_part_back_that_was_cancelled(office: Office) -> None:
    """The end of a thread was taken back; a change of what comes before it says nothing about that."""
    _, second, third = office.cli(*thread_words("--at", "in 1 hour")).deliveries
    assert office.cli("queue", "cancel", third["id"], "--json").code == 0
    assert office.cli("queue", "edit", second["id"], "Second, edited", *CONFIRMED).code == 0
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert public(office) == chained(("First part", "Second, edited"))
