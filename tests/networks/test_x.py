"""X from end to end, on the sandbox: what is posted, found, deleted, and what a fault leaves behind."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socialguard import errors
from socialguard.networks import interface
from socialguard.networks.interface import Outgoing, RemotePost, Resolve, Upload
from socialguard.networks.x import XAdapter
from socialguard.sandbox.process import Running

from .wire import leaked
from .x_world import CONFIDENTIAL, OAUTH1, OLD_POST, PUBLIC, SECRETS, png, publish, session

WAY_BACK = datetime(2025, 1, 1, tzinfo=UTC)


def recent(sandbox: Running) -> list[RemotePost]:
    """Return what our own session sees of the last minute."""
    opened = session(sandbox.x)
    opened.identity()
    assert opened.server_time is not None
    return list(opened.timeline(opened.server_time - timedelta(minutes=1)))


def test_the_entry_point_gives_a_network_that_is_reconciled() -> None:
    found = interface.load("x")
    assert isinstance(found, XAdapter)
    assert (found.name, found.title, found.origin) == ("x", "X", "https://api.x.com")
    assert found.resolve is Resolve.RECONCILE
    assert found.profile_url("acme", "111") == "https://x.com/acme"


@pytest.mark.parametrize(
    ("document", "handle", "user_id"),
    [(OAUTH1, "acme", "111"), (PUBLIC, "public", "222"), (CONFIDENTIAL, "confidential", "333")],
)
def test_x_tells_whose_a_credential_is(
    sandbox: Running, document: dict[str, str], handle: str, user_id: str
) -> None:
    found = session(sandbox.x, document).identity()
    assert (found.handle, found.user_id, found.url) == (handle, user_id, f"https://x.com/{handle}")


def test_followers_are_counted(sandbox: Running) -> None:
    assert session(sandbox.x).identity().followers == 4711


@pytest.mark.parametrize("document", [OAUTH1, PUBLIC], ids=["oauth1", "oauth2"])
def test_a_post_is_found_again_as_it_was_written(sandbox: Running, document: dict[str, str]) -> None:
    ours = Outgoing("Fish & chips <b> café ☕️\n\nSee example.com/menu.", link="https://example.com/shop?a=1&b=2")
    opened = session(sandbox.x, document)
    receipt = opened.publish(ours, print)
    theirs = opened.find(receipt.network_id)
    assert theirs is not None
    assert theirs.text.startswith("Fish & chips <b> café ☕️")
    assert XAdapter().matches(ours, theirs)
    listed = list(opened.timeline(receipt.published_at - timedelta(minutes=1)))
    assert [post.network_id for post in listed] == [receipt.network_id]
    assert XAdapter().matches(ours, listed[0])


def test_images_carry_their_alt_text(sandbox: Running) -> None:
    uploads = (Upload(png(1), "image/png", "One"), Upload(png(2), "image/png", ""))
    publish(session(sandbox.x), "With images", uploads=uploads)
    posted = sandbox.posts("x", "acme")[-1]
    assert [item["alt_text"] for item in posted["media"]] == ["One", ""]
    (theirs,) = recent(sandbox)
    assert XAdapter().matches(Outgoing("With images", uploads=uploads), theirs)


def test_a_thread_hangs_together(sandbox: Running) -> None:
    opened = session(sandbox.x)
    first = publish(opened, "One")
    second = publish(opened, "Two", reply_to=first)
    found = opened.find(second)
    assert found is not None
    assert found.reply_to == first
    assert XAdapter().matches(Outgoing("Two", reply_to=first), found)
    assert not XAdapter().matches(Outgoing("Two"), found)


def test_a_deleted_post_is_gone_and_deleting_it_again_is_no_error(sandbox: Running) -> None:
    opened = session(sandbox.x)
    post_id = publish(opened)
    opened.delete(post_id)
    opened.delete(post_id)
    assert opened.find(post_id) is None
    assert opened.find("1") is None


def test_a_timeline_of_many_pages_is_complete_and_newest_first(sandbox: Running) -> None:
    seed = sandbox.accounts()
    assert seed
    for number in range(5):
        publish(session(sandbox.x), f"Post {number}")
    found = list(session(sandbox.x).timeline(WAY_BACK))
    assert [post.text for post in found] == [f"Post {number}" for number in reversed(range(5))] + [OLD_POST]


def test_x_answers_are_read_under_their_new_names(sandbox: Running) -> None:
    sandbox.settings(post_names=True)
    opened = session(sandbox.x)
    first = publish(opened, "One")
    second = publish(opened, "Two", reply_to=first)
    found = opened.find(second)
    assert found is not None
    assert found.reply_to == first
    assert len(list(opened.timeline(WAY_BACK))) == 3


def test_the_same_text_twice_is_refused_as_a_duplicate(sandbox: Running) -> None:
    publish(session(sandbox.x))
    with pytest.raises(errors.NetworkRefused) as caught:
        publish(session(sandbox.x))
    assert caught.value.fields["reason"] == "duplicate"


def test_a_used_up_limit_says_until_when(sandbox: Running) -> None:
    sandbox.settings(limits={"publish": 1})
    publish(session(sandbox.x), "One")
    with pytest.raises(errors.RateLimited) as caught:
        publish(session(sandbox.x), "Two")
    wait = caught.value.fields["reset"] - datetime.now(UTC)  # type: ignore[operator]
    # X's Date has whole seconds, so the wait may be one too long, never too short.
    assert timedelta(0) < wait <= timedelta(minutes=15, seconds=1)


def test_a_refresh_rotates_and_the_new_tokens_work(sandbox: Running) -> None:
    renewed = session(sandbox.x, CONFIDENTIAL).refresh()
    assert renewed is not None
    assert session(sandbox.x, renewed.document()).identity().user_id == "333"
    with pytest.raises(errors.AuthenticationNeeded):
        session(sandbox.x, CONFIDENTIAL).refresh()
    again = session(sandbox.x, renewed.document()).refresh()
    assert again is not None
    assert again.reveal("refresh_token") != renewed.reveal("refresh_token")


@pytest.mark.parametrize("document", [OAUTH1, PUBLIC, CONFIDENTIAL], ids=["oauth1", "public", "confidential"])
def test_a_revoked_credential_is_rejected(sandbox: Running, document: dict[str, str]) -> None:
    assert session(sandbox.x, document).revoke().confirmed
    with pytest.raises(errors.AuthenticationNeeded):
        session(sandbox.x, document).identity()
    # A retry after a lost answer finds the token rejected, and that is what was wanted.
    assert session(sandbox.x, document).revoke().confirmed


def test_another_secret_is_not_accepted(sandbox: Running) -> None:
    with pytest.raises(errors.AuthenticationNeeded):
        session(sandbox.x, {**OAUTH1, "access_token_secret": "AnotherSecret-1"}).identity()


Fault = Mapping[str, Any]
# What the fault leaves at X (0 or 1 posts), and what the adapter must say of it.
FAULTS: dict[str, tuple[Fault, int, type[errors.SocialGuardError]]] = {
    "drop before": ({"kind": "drop_before"}, 0, errors.OutcomeUnknown),
    "drop after": ({"kind": "accept_then_drop"}, 1, errors.OutcomeUnknown),
    "500 before": ({"kind": "status", "code": 500, "body": "{}"}, 0, errors.OutcomeUnknown),
    "500 after": ({"kind": "status", "code": 500, "body": "{}", "when": "after"}, 1, errors.OutcomeUnknown),
    "502 in HTML after": (
        {"kind": "status", "code": 502, "body": "<html>", "when": "after"},
        1,
        errors.OutcomeUnknown,
    ),
    "200 in HTML after": (
        {"kind": "status", "code": 200, "body": "<html>", "when": "after"},
        1,
        errors.OutcomeUnknown,
    ),
    "201 without id": ({"kind": "status", "code": 201, "body": "{}", "when": "after"}, 1, errors.OutcomeUnknown),
    "402": ({"kind": "status", "code": 402, "body": "{}"}, 0, errors.NetworkRefused),
    "429": ({"kind": "status", "code": 429, "body": "{}"}, 0, errors.RateLimited),
    "expired": ({"kind": "expired_token"}, 0, errors.AuthenticationNeeded),
    "redirect": ({"kind": "redirect", "location": "http://127.0.0.1:9/"}, 0, errors.OutcomeUnknown),
    "refuse": ({"kind": "refuse"}, 0, errors.NotReached),
}


@pytest.mark.parametrize(("fault", "left", "kind"), FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("document", [OAUTH1, PUBLIC], ids=["oauth1", "oauth2"])
def test_every_fault_is_told_as_it_is_and_shows_no_secret(
    sandbox: Running, document: dict[str, str], fault: Fault, left: int, kind: type[errors.SocialGuardError]
) -> None:
    handle = "acme" if document is OAUTH1 else "public"
    before = len(sandbox.posts("x", handle))
    operation = "any" if fault["kind"] == "refuse" else "publish"
    sandbox.faults([{"network": "x", "operation": operation, **fault}])
    with pytest.raises(errors.SocialGuardError) as caught:
        publish(session(sandbox.x, document), "Under a fault")
    sandbox.faults([])
    assert type(caught.value) is kind
    assert leaked(caught.value, SECRETS) == []
    assert len(sandbox.posts("x", handle)) - before == left


def test_a_post_whose_answer_was_lost_is_found_by_its_text(sandbox: Running) -> None:
    ours = Outgoing("Lost & found", link="https://example.com/x")
    sandbox.faults([{"network": "x", "operation": "publish", "kind": "accept_then_drop"}])
    with pytest.raises(errors.OutcomeUnknown):
        session(sandbox.x).publish(ours, print)
    assert [XAdapter().matches(ours, post) for post in recent(sandbox)] == [True]


@pytest.mark.parametrize("kind", ["drop_before", "accept_then_drop", "refuse"])
def test_a_lost_upload_leaves_no_post_and_no_doubt(sandbox: Running, kind: str) -> None:
    sandbox.faults([{"network": "x", "operation": "upload", "kind": kind}])
    with pytest.raises(errors.NotReached):
        publish(session(sandbox.x), "With image", uploads=(Upload(png(), "image/png", "A dot"),))
    sandbox.faults([])
    assert len(sandbox.posts("x", "acme")) == 1
