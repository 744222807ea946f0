"""What waits and what went out: listed, shown, edited, cancelled, released, taken back, deleted, tried dry."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest
from PIL import Image

from tests.attacker import sql
from tests.office import Office
from tests.office import office as office
from tests.shapes import Cancelled, Deliveries, DeliveryPage, DryRun, OneDelivery, Whoami, failed, shown
from tests.wrong_account.firm import apply_policy

CONFIRM = ("--confirm", "x:@acme")
TO = ("--to", "x:@acme", *CONFIRM)
REFUSED = {"network": "x", "operation": "publish", "kind": "status", "times": 1}


def scheduled(office: Office, text: str = "Later", *more: str, at: str = "in 2 hours") -> dict[str, Any]:
    """Queue a text on x:@acme for later and return the delivery."""
    done = office.cli("post", text, *TO, "--at", at, *more, "--json")
    (found,) = shown(done, Deliveries).deliveries
    assert found.state == "queued"
    return found.model_dump()


def state(office: Office, delivery: str) -> tuple[str, str]:
    """Return state and reason of a delivery."""
    found = shown(office.cli("queue", "show", delivery, "--json"), OneDelivery).delivery
    return found.state, found.reason


def held(office: Office, text: str = "Late") -> str:
    """Return a delivery that was held because its time had passed."""
    delivery: str = scheduled(office, text)["id"]
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3h")
    assert done.code == 11, done
    assert state(office, delivery)[0] == "held"
    return delivery


def test_a_post_tells_scripts_what_became_of_it(office: Office) -> None:
    (found,) = shown(office.post("Hello"), Deliveries).deliveries
    (public,) = office.sandbox.posts("x", "acme")
    assert (found.account, found.state, found.act) == ("x:@acme", "sent", "publish")
    assert (found.network_id, found.url) == (public["id"], f"https://x.com/acme/status/{public['id']}")


def test_a_post_tells_people_where_it_is_and_how_to_take_it_back(office: Office) -> None:
    done = office.cli("post", "Hello", *TO, "--grace", "0")
    delivery = office.queue("sent")[0]
    assert done.stdout.splitlines() == [
        f"x:@acme  {delivery['url']}",
        f"To take it back: socialguard delete {delivery['id']}",
    ]


def test_a_post_that_the_network_refused_names_the_draft_that_keeps_its_text(office: Office) -> None:
    office.sandbox.faults([{**REFUSED, "code": 402}])
    told = office.cli("post", "Hello", *TO, "--grace", "0")
    assert told.code == 6
    assert told.stderr.splitlines()[-1] == "Draft d-1 kept."
    office.sandbox.faults([{**REFUSED, "code": 402}])
    done = office.cli("post", "--draft", "d-1", *TO, "--grace", "0", "--json")
    assert done.code == done.error["code"] == 6
    assert done.error["draft"] == "d-1"


def test_a_post_whose_outcome_is_unknown_names_no_draft_to_post_again(office: Office) -> None:
    office.sandbox.faults([{**REFUSED, "kind": "drop_before"}])
    told = office.cli("post", "Hello", *TO, "--grace", "0")
    assert told.code == 12
    assert "Draft" not in told.stderr


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://x.com/globex/status/1234567890", "is a post of x:@globex, and this delivery is for x:@acme."),
        ("https://www.facebook.com/acme/posts/1234567890", "is not the address of a post on x.com."),
        ("https://x.com.example/acme/status/1234567890", "is not the address of a post on x.com."),
    ],
)
def test_an_unknown_outcome_is_not_settled_with_a_post_from_elsewhere(office: Office, url: str, why: str) -> None:
    office.sandbox.faults([{**REFUSED, "kind": "drop_before"}])
    office.post("Hello")
    (unknown,) = office.queue("unknown")
    done = office.cli("queue", "settle", unknown["id"], "--sent", url, "--json")
    assert failed(done, 2, "usage_error").message == f"{url} {why}"
    assert office.queue("unknown") == [unknown]


@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
def test_an_unknown_outcome_is_not_settled_with_the_post_of_another_delivery(office: Office, account: str) -> None:
    """One post is one delivery's; Facebook's ids begin with the Page's, which not every address has."""
    other = office.post("Public", account).deliveries[0]
    words = ("--to", account, "--confirm", account, "--at", "in 2 hours", "--json")
    waiting = office.cli("post", "Hello", *words).deliveries[0]["id"]
    sql(office, "update delivery set state = 'unknown' where id = ?", waiting)
    (unknown,) = office.queue("unknown")
    done = office.cli("queue", "settle", unknown["id"], "--sent", other["url"], "--json")
    assert "is the post of another delivery" in failed(done, 2, "usage_error").message
    assert office.queue("unknown") == [unknown]


def test_a_deletion_that_nobody_confirmed_says_that_nothing_was_deleted(office: Office) -> None:
    sent = office.post("Public").deliveries[0]["id"]
    done = office.cli("delete", sent, "--json")
    error = failed(done, 10, "confirmation_required")
    assert error.message.endswith("Nothing was deleted.")
    assert "draft" not in done.error
    assert "Draft" not in office.cli("delete", sent).stderr
    for answers in ([""], ["wrong", "wrong", "wrong"]):
        child = office.terminal("delete", sent)
        for answer in answers:
            child.expect("to delete the post. Enter stops:")
            assert "Nothing was sent" not in str(child.before)
            child.sendline(answer)
        child.expect("The post was not deleted")
        child.expect(pexpect.EOF)
        assert "Draft" not in str(child.before)
        child.close()
        assert child.exitstatus == 3
    assert office.published() == ["Public"]


def test_several_accounts_need_confirmation(office: Office) -> None:
    done = office.cli("post", "Hello", "--to", "x:@acme", "--to", "x:@globex", "--json")
    assert failed(done, 10, "confirmation_required").message.startswith("x:@acme, x:@globex need confirmation")


@pytest.mark.parametrize(
    ("words", "home", "told"),
    [
        (("--reply-to", "nonsense"), "workspace", "nonsense is not the address of a post."),
        ((), "elsewhere", "There is no workspace in"),
    ],
)
def test_nothing_is_written_in_the_editor_in_vain(
    office: Office, tmp_path: Path, words: tuple[str, ...], home: str, told: str
) -> None:
    opened, editor = tmp_path / "opened", tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\ntouch {opened}\necho "A text" > "$1"\n')
    editor.chmod(0o700)
    place = {"SOCIALGUARD_HOME": str(office.base / home)}
    child = office.terminal("post", *TO[:2], *words, EDITOR=str(editor), VISUAL="", **place)
    child.expect(told)
    child.expect(pexpect.EOF)
    assert not opened.exists()


def a_friday() -> date:
    """Return a Friday in about half a year."""
    day = datetime.now(UTC).date() + timedelta(days=180)
    return day + timedelta(days=(4 - day.weekday()) % 7)


def test_a_post_that_is_to_go_out_in_years_is_a_slip_in_the_year(office: Office) -> None:
    for words in (("post", "Hello", *TO), ("post", "Hello", *TO, "--dry-run")):
        done = office.cli(*words, "--at", "2126-11-28T09:00", "--json")
        assert "more than a year ahead" in failed(done, 2, "bad_time").message
    assert office.queue() == []


def test_a_scheduled_post_is_echoed_with_weekday_time_zone_and_instant(office: Office) -> None:
    day = a_friday()
    done = office.cli("post", "Hello", *TO, "--at", f"{day}T09:00")
    assert done.code == 0
    assert f"goes out on Friday {day} 09:00 UTC." in done.stdout
    assert "No daemon works now" in done.stderr
    french = office.cli("post", "Bonjour", *TO, "--at", f"{day}T09:00", LANGUAGE="fr")
    assert f"vendredi {day} 09:00" in french.stdout
    assert office.published() == []


def test_what_is_due_goes_out_once_and_not_before(office: Office) -> None:
    delivery = scheduled(office)["id"]
    assert shown(office.cli("queue", "run", "--json"), Deliveries).deliveries == []
    for _ in range(2):
        assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+7205s").code == 0
    assert office.published() == ["Later"]
    assert state(office, delivery)[0] == "sent"


def test_a_listing_comes_in_pages_and_can_be_narrowed(office: Office) -> None:
    ids = [scheduled(office, f"Text {hours}", at=f"in {hours} hours")["id"] for hours in (1, 2, 3)]
    office.post("On the page", "facebook:@acme")
    whole = shown(office.cli("queue", "list", "--json"), DeliveryPage)
    assert [one.id for one in whole.deliveries][1:] == ids
    assert whole.more is None
    first = shown(office.cli("queue", "list", "--state", "queued", "--limit", "2", "--json"), DeliveryPage)
    assert ([one.id for one in first.deliveries], first.more) == (ids[:2], ids[1])
    rest = shown(office.cli("queue", "list", "--state", "queued", "--after", ids[1], "--json"), DeliveryPage)
    assert [one.id for one in rest.deliveries] == ids[2:]
    page = shown(
        office.cli("queue", "list", "--account", "client:acme", "--state", "sent", "--json"), DeliveryPage
    )
    assert [one.account for one in page.deliveries] == ["facebook:@acme"]
    failed(office.cli("queue", "list", "--account", "x:@nobody", "--json"), 5, "unknown_account")
    failed(office.cli("queue", "list", "--after", "ffffffff", "--json"), 5, "not_found")
    failed(office.cli("queue", "list", "--state", "lost", "--json"), 2, "usage_error")


def test_a_listing_for_people_has_one_line_for_each(office: Office) -> None:
    delivery = scheduled(office, "Two\nlines and \x1b[2J more " + "x" * 200)["id"]
    lines = office.cli("queue", "list").stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(delivery)
    assert "x:@acme" in lines[1]
    assert "\x1b" not in lines[1]


def test_a_delivery_is_shown_whole(office: Office, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plan.png")
    more = ("--media", str(tmp_path / "plan.png"), "--alt", "A plan", "--link", "https://acme.example/plan")
    delivery = scheduled(office, "See the plan", *more)["id"]
    found = shown(office.cli("queue", "show", delivery, "--json"), OneDelivery).delivery
    assert (found.text, found.link) == ("See the plan", "https://acme.example/plan")
    assert [(one.file, one.alt) for one in found.media] == [("plan.png", "A plan")]
    assert found.attempt is None
    told = office.cli("queue", "show", delivery).stdout
    assert ("See the plan" in told, "plan.png (A plan)" in told) == (True, True)
    failed(office.cli("queue", "show", "ffffffff", "--json"), 5, "not_found")


def test_an_edit_is_a_new_delivery_that_is_confirmed_anew(office: Office, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plan.png")
    more = ("--media", str(tmp_path / "plan.png"), "--alt", "A plan", "--link", "https://acme.example/plan")
    old = scheduled(office, "Typo", *more)
    error = failed(office.cli("queue", "edit", old["id"], "No typo", "--json"), 10, "confirmation_required")
    assert error.needs == ["x:@acme"]
    assert state(office, old["id"])[0] == "queued"
    (new,) = shown(office.cli("queue", "edit", old["id"], "No typo", *CONFIRM, "--json"), Deliveries).deliveries
    assert (new.state, new.due) == ("queued", old["due"])
    assert new.fingerprint != old["fingerprint"]
    assert state(office, old["id"]) == ("cancelled", "edited")
    failed(office.cli("queue", "cancel", old["id"], "--json"), 11, "replaced")
    assert state(office, new.id)[0] == "queued"
    whole = shown(office.cli("queue", "show", new.id, "--json"), OneDelivery).delivery
    assert (whole.text, whole.link, whole.media[0].file) == ("No typo", "https://acme.example/plan", "plan.png")
    office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+7205s")
    assert [text.split(" http")[0] for text in office.published()] == ["No typo"]


@pytest.mark.parametrize(
    "again",
    [("queue", "edit", "{}", "Newer"), ("plan", "move", "{}", "in 2 hours"), ("queue", "release", "{}", "--now")],
)
def test_what_an_edit_or_a_move_replaced_says_that_another_waits(office: Office, again: tuple[str, ...]) -> None:
    words = ("post", "Old", *TO, "--at", "in 1 hour", "--json")
    (old,) = shown(office.cli(*words, *CONFIRM), Deliveries).deliveries
    assert office.cli("plan", "move", old.id, "in 3 hours", *CONFIRM).code == 0
    error = failed(
        office.cli(*(word.format(old.id) for word in again), *CONFIRM, "--json"), 2, "replaced_by_another"
    )
    assert "another delivery took its place" in error.message


def test_an_edit_that_is_refused_leaves_what_waits(office: Office) -> None:
    old = scheduled(office, "Typo")["id"]
    failed(office.cli("queue", "edit", old, "x" * 300, *CONFIRM, "--json"), 11, "held")
    failed(office.cli("queue", "edit", old, "", *CONFIRM, "--json"), 11, "held")
    failed(office.cli("queue", "edit", old, "--json"), 2, "usage_error")
    failed(office.cli("queue", "edit", "ffffffff", "Text", *CONFIRM, "--json"), 5, "not_found")
    assert state(office, old)[0] == "queued"
    # The same words are no twin of themselves.
    assert office.cli("queue", "edit", old, "Typo", *CONFIRM, "--json").code == 0


def test_what_is_public_cannot_be_edited(office: Office) -> None:
    sent = office.post("Hello").deliveries[0]["id"]
    error = failed(office.cli("queue", "edit", sent, "Other", *CONFIRM, "--json"), 2, "usage_error")
    assert error.message == f"Delivery {sent} is sent; it can no longer be edited."
    assert office.published() == ["Hello"]


def test_cancelling_keeps_the_draft_and_asks_nothing(office: Office) -> None:
    one, two = scheduled(office, "One"), scheduled(office, "Two")
    found = shown(office.cli("queue", "cancel", one["id"], two["id"], "--reason", "rain", "--json"), Cancelled)
    assert [(each.state, each.reason) for each in found.deliveries] == [("cancelled", "rain")] * 2
    again = shown(office.cli("queue", "cancel", one["id"], "--json"), Cancelled)
    assert again.deliveries[0].state == "cancelled"
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+7205s").deliveries == []
    assert office.published() == []


def test_one_that_cannot_be_cancelled_does_not_keep_the_others(office: Office) -> None:
    sent, waiting = office.post("Hello").deliveries[0], scheduled(office)
    done = office.cli("queue", "cancel", "ffffffff", sent["id"], waiting["id"], "--json")
    found = shown(done, Cancelled, 1)
    assert [one.id for one in found.deliveries] == [waiting["id"]]
    assert found.error is not None
    assert found.error.name == "already_public"
    assert state(office, waiting["id"])[0] == "cancelled"


def test_a_late_delivery_is_held_and_released_by_name(office: Office) -> None:
    delivery = held(office)
    failed(office.cli("queue", "release", delivery, "--json"), 2, "usage_error")
    failed(office.cli("queue", "release", delivery, "--now", "--at", "friday 9h", "--json"), 2, "usage_error")
    failed(office.cli("queue", "release", delivery, "--now", "--json"), 10, "confirmation_required")
    assert office.published() == []
    (moved,) = shown(
        office.cli("queue", "release", delivery, "--at", "in 5 hours", *CONFIRM, "--json"), Deliveries
    ).deliveries
    assert moved.state == "queued"
    assert state(office, delivery)[0] == "cancelled"
    failed(office.cli("queue", "release", moved.id, "--now", *CONFIRM, "--json"), 2, "usage_error")
    assert office.published() == []


def test_a_late_delivery_released_now_goes_out_now(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 1\n")  # which holds here too: Ctrl-C can still take it back
    delivery = held(office)
    done = office.cli("queue", "release", delivery, "--now", *CONFIRM, "--json")
    assert shown(done, Deliveries).deliveries[0].state == "sent"
    assert office.published() == ["Late"]


def test_what_was_passed_once_is_passed_again_only_with_a_reason(office: Office, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plan.png")
    why = ("--override", "alt", "--reason", "a plain colour")
    delivery = scheduled(office, "Late", "--media", str(tmp_path / "plan.png"), *why)["id"]
    office.cli("queue", "run", SOCIALGUARD_CLOCK="+3h")
    release = ("queue", "release", delivery, "--at", "in 5 hours", *CONFIRM, "--json")
    assert failed(office.cli(*release), 11, "held").remedy == "Fix it, or --override alt --reason …"
    (found,) = shown(office.cli(*release, *why), Deliveries).deliveries
    assert found.findings[0].overridden == "a plain colour"


def test_undo_takes_back_what_waits_and_names_delete_for_what_is_public(office: Office) -> None:
    waiting = scheduled(office)["id"]
    (found,) = shown(office.cli("undo", waiting, "--json"), Cancelled).deliveries
    assert (found.state, found.reason) == ("cancelled", "undo")
    sent = office.post("Hello").deliveries[0]
    error = failed(office.cli("undo", sent["id"], "--json"), 1, "already_public")
    assert error.message.startswith(f"x:@acme {sent['id']} has been public since ")
    assert error.remedy == f"To delete it: socialguard delete {sent['id']}"
    failed(office.cli("undo", "ffffffff", "--json"), 5, "not_found")


def test_undo_does_not_call_public_what_was_deleted(office: Office) -> None:
    sent = office.post("Hello").deliveries[0]["id"]
    assert office.cli("delete", sent, *CONFIRM, "--json").code == 0
    error = failed(office.cli("undo", sent, "--json"), 11, "cannot_cancel")
    assert error.message == f"Delivery {sent} is deleted; it can no longer be cancelled."


@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
def test_delete_asks_by_name_and_deletes(office: Office, account: str) -> None:
    sent = office.post("Hello", account).deliveries[0]["id"]
    error = failed(office.cli("delete", sent, "--json"), 10, "confirmation_required")
    assert error.needs == [account]
    assert office.published() == ["Hello"]
    (found,) = shown(office.cli("delete", sent, "--confirm", account, "--json"), Deliveries).deliveries
    assert (found.act, found.state, found.account) == ("delete", "sent", account)
    assert "(deletion)" in office.cli("queue", "list").stdout
    assert "deletes" in office.cli("queue", "show", found.id).stdout
    assert office.published() == []
    assert office.cli("delete", sent, "--confirm", account, "--json").code == 0  # gone is gone
    failed(office.cli("delete", scheduled(office, "Other")["id"], *CONFIRM, "--json"), 2, "usage_error")


def test_a_deletion_that_waited_too_long_deletes_when_it_is_released(office: Office) -> None:
    sent = office.post("Hello").deliveries[0]["id"]
    office.sandbox.faults([{"network": "x", "operation": "delete", "kind": "status", "code": 429, "times": 1}])
    limited = office.cli("delete", sent, *CONFIRM, "--json")
    assert limited.code == 7, limited
    office.sandbox.faults([])
    deletion = limited.deliveries[0]["id"]
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+24h").code == 11
    assert state(office, deletion)[0] == "held"
    failed(office.cli("queue", "edit", deletion, "Text", *CONFIRM, "--json"), 2, "usage_error")
    failed(office.cli("queue", "release", deletion, "--at", "in 1 hour", *CONFIRM, "--json"), 2, "usage_error")
    failed(office.cli("queue", "release", deletion, "--now", "--json"), 10, "confirmation_required")
    (found,) = shown(office.cli("queue", "release", deletion, "--now", *CONFIRM, "--json"), Deliveries).deliveries
    assert (found.act, found.state) == ("delete", "sent")
    assert office.published() == []


def test_a_dry_run_shows_everything_and_keeps_nothing(office: Office) -> None:
    done = office.cli("post", "Hello", "--to", "client:acme", "--dry-run", "--json")
    found = shown(done, DryRun)
    assert found.needs == ["facebook:@acme", "x:@acme"]
    assert [(one.account, one.length, one.limit) for one in found.candidates] == [
        ("facebook:@acme", 5, 63206),
        ("x:@acme", 5, 280),
    ]
    assert found.findings == []
    stopped = shown(office.cli("post", "x" * 281, *TO, "--dry-run", "--json"), DryRun, 11)
    assert [(one.check, one.severity) for one in stopped.findings] == [("length", "block")]
    assert "x:@acme: 5/280, $0.015, now. Nothing was sent." in office.cli("post", "Hello", *TO, "--dry-run").stdout
    day = a_friday()
    at = ("--at", f"{day}T09:00")
    assert f"Friday {day} 09:00 UTC" in office.cli("post", "Hello", *TO, "--dry-run", *at).stdout
    timed = shown(office.cli("post", "Hello", *TO, "--dry-run", *at, "--json"), DryRun)
    assert [one.when for one in timed.candidates] == [f"{day}T09:00:00.000000Z"]
    assert office.queue() == []
    assert office.cli("draft", "list", "--json").document == {"drafts": [], "more": None}
    assert office.published() == []


def test_a_delivery_that_needs_an_approval_waits_and_says_so(office: Office) -> None:
    apply_policy(office, '[account."x:@acme"]\napprovals = 1\n')
    found = shown(office.post("Hello"), Deliveries, 11)
    assert found.deliveries[0].state == "awaiting"
    assert found.error is not None
    assert "waits for an approval" in found.error.message
    assert office.published() == []


def test_a_post_that_another_command_took_back_in_its_grace_says_so(office: Office) -> None:
    running = office.start("post", "Hello", *TO, "--grace", "2", "--json")
    waiting: list[dict[str, Any]] = []
    while not waiting:
        waiting = office.queue("queued")
        assert running.poll() is None
    assert office.cli("undo", waiting[0]["id"], "--json").code == 0
    from tests.office import finish

    done = finish(running)
    found = shown(done, Deliveries, 3)
    assert found.deliveries[0].state == "cancelled"
    assert found.error is not None
    assert found.error.name == "cancelled"
    assert office.published() == []


def test_without_a_terminal_nothing_can_be_confirmed_early(office: Office) -> None:
    error = failed(office.cli("use", "x:@acme", "--json"), 2, "usage_error")
    assert "--confirm x:@acme" in error.remedy
    found = shown(office.process("whoami", "--json"), Whoami)
    assert (found.terminal, found.accounts, found.confirmed_at) == (False, [], None)
    assert office.process("whoami").stdout == "No account is confirmed here.\n"
