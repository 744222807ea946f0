"""The Facebook adapter against the sandbox: two steps, one post, and nothing public that is not known."""

import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socialguard import errors
from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.facebook_session import FacebookSession
from socialguard.networks.interface import Network, Outgoing, Resolve, Upload, load
from socialguard.sandbox.process import Running, start

DOCUMENT = {
    "kind": "page",
    "page_token": "EAAtoken-of-the-page-4711",
    "app_id": "100200300",
    "app_secret": "0123456789abcdef-app-secret",
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def seed(**options: Any) -> dict[str, Any]:
    """Return a seed of one Page."""
    page = {
        "network": "facebook",
        "handle": "acme",
        "user_id": "777001",
        "display_name": "Acme Ltd",
        "followers_count": 1234,
        "credential": DOCUMENT,
    }
    return {"accounts": [page | options]}


def picture(shade: int = 0) -> bytes:
    """Return a PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, shade]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One sandbox for all tests of this file."""
    with start(seed()) as running:
        yield running


@pytest.fixture
def sandbox(server: Running) -> Running:
    """The sandbox, as new."""
    server.reset(seed())
    return server


def opened(sandbox: Running, **document: str) -> FacebookSession:
    """Return a session on the Page."""
    adapter = FacebookAdapter()
    session = adapter.open(adapter.credential(DOCUMENT | document), sandbox.facebook, "facebook:@acme")
    assert isinstance(session, FacebookSession)
    return session


def fault(sandbox: Running, operation: str, kind: str, **more: Any) -> None:
    """Let the next such request go wrong."""
    sandbox.faults([{"network": "facebook", "operation": operation, "kind": kind, "times": 1, **more}])


def test_the_adapter_is_found_by_its_entry_point() -> None:
    network: Network = load("facebook")
    assert (network.name, network.title, network.resolve) == ("facebook", "Facebook", Resolve.TWO_STEP)
    assert network.limits.text == 63_206
    assert network.length("é" + "👍🏽", "https://example.org") == 3
    assert network.price("text", "https://example.org") == 0
    assert network.profile_url("acme", "1") == "https://www.facebook.com/acme"


def test_it_says_whose_token_it_is(sandbox: Running) -> None:
    who = opened(sandbox).identity()
    assert (who.handle, who.user_id, who.display_name, who.followers) == ("acme", "777001", "Acme Ltd", 1234)


def test_a_persons_token_is_not_taken_for_a_page(sandbox: Running) -> None:
    sandbox.reset(seed(user_token="EAAU-token-of-a-person"))
    with pytest.raises(errors.NetworkRefused, match="100"):
        opened(sandbox, page_token="EAAU-token-of-a-person").identity()


def test_a_post_is_unpublished_until_its_id_is_kept(sandbox: Running) -> None:
    seen: list[tuple[str, bool]] = []

    def keep(step: str) -> None:
        (post,) = sandbox.posts("facebook")
        seen.append((post["id"], post["published"]))

    receipt = opened(sandbox).publish(Outgoing("Bonjour — à tous"), keep)
    (post,) = sandbox.posts("facebook")
    assert seen == [(receipt.network_id, False)]
    assert (post["id"], post["published"], post["text"]) == (receipt.network_id, True, "Bonjour — à tous")
    assert receipt.url == f"https://www.facebook.com/777001/posts/{receipt.network_id.partition('_')[2]}"
    assert abs(receipt.published_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_nothing_becomes_public_if_the_id_cannot_be_kept(sandbox: Running) -> None:
    def full(step: str) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        opened(sandbox).publish(Outgoing("Hello"), full)
    assert [post["published"] for post in sandbox.posts("facebook")] == [False]


def test_a_link_and_images_with_their_texts_arrive(sandbox: Running) -> None:
    opened(sandbox).publish(Outgoing("See", link="https://example.org/a?b=1"), lambda _: None)
    images = (Upload(picture(1), "image/png", "A dog — 🐕"), Upload(picture(2), "image/png", ""))
    opened(sandbox).publish(Outgoing("Look", uploads=images), lambda _: None)
    linked, pictured = sandbox.posts("facebook")
    assert linked["link"] == "https://example.org/a?b=1"
    assert [media["alt_text"] for media in pictured["media"]] == ["A dog — 🐕", ""]
    assert [media["size"] for media in pictured["media"]] == [len(picture(1)), len(picture(2))]


def test_images_with_a_link_are_refused_since_only_one_would_show(sandbox: Running) -> None:
    post = Outgoing("Both", link="https://example.org", uploads=(Upload(picture(), "image/png", ""),))
    with pytest.raises(errors.NetworkRefused, match="put the link into the text"):
        opened(sandbox).publish(post, lambda _: None)
    assert sandbox.requests().get("facebook", {}) == {}


@pytest.mark.parametrize("kind", ["drop_before", "accept_then_drop", "status"])
@pytest.mark.parametrize("operation", ["upload", "publish", "publish_step"])
def test_a_lost_answer_never_makes_two_posts(sandbox: Running, operation: str, kind: str) -> None:
    """What fails before the last step says that nothing can be public; the last step is repeated by its id."""
    fault(sandbox, operation, kind)
    steps: list[str] = []
    post = Outgoing("Once", uploads=(Upload(picture(), "image/png", "A dog"),))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        opened(sandbox).publish(post, steps.append)
    if operation != "publish_step":
        assert steps == []
        assert caught.value.fields["public_possible"] is False
        assert not any(remote["published"] for remote in sandbox.posts("facebook"))
        return
    again = opened(sandbox).publish(Outgoing("Once", resume=steps[0]), steps.append)
    assert again.network_id == steps[0]
    assert len(steps) == 1
    assert [remote["published"] for remote in sandbox.posts("facebook")] == [True]


@pytest.mark.parametrize("operation", ["publish", "publish_step"])
def test_a_network_that_is_down_was_not_reached(sandbox: Running, operation: str) -> None:
    session = opened(sandbox)
    if operation == "publish":
        fault(sandbox, "any", "refuse")
        with pytest.raises(errors.NotReached, match="Nothing was sent"):
            session.publish(Outgoing("Hello"), lambda _: None)
        sandbox.faults([])
        assert sandbox.posts("facebook") == []
        return
    with pytest.raises(errors.NotReached):
        session.publish(Outgoing("Hello"), lambda _: fault(sandbox, "any", "refuse"))
    sandbox.faults([])
    assert [post["published"] for post in sandbox.posts("facebook")] == [False]


def test_a_rate_limit_at_the_last_step_leaves_an_attempt_to_finish(sandbox: Running) -> None:
    body = {"error": {"code": 80001, "message": "Too many calls"}}
    fault(sandbox, "publish_step", "status", code=400, body=body)
    steps: list[str] = []
    with pytest.raises(errors.RateLimited):
        opened(sandbox).publish(Outgoing("Later"), steps.append)
    opened(sandbox).publish(Outgoing("Later", resume=steps[0]), steps.append)
    assert [post["published"] for post in sandbox.posts("facebook")] == [True]


def test_the_sandboxs_own_rate_limit_names_its_end(sandbox: Running) -> None:
    sandbox.settings(limits={"facebook": 1})
    session = opened(sandbox)
    session.identity()
    with pytest.raises(errors.RateLimited) as caught:
        session.identity()
    until = caught.value.fields["reset"]
    assert isinstance(until, datetime)
    assert timedelta() < until - datetime.now(UTC) <= timedelta(minutes=61)


CALLS: dict[str, Callable[[FacebookSession], object]] = {
    "identity": lambda session: session.identity(),
    "publish": lambda session: session.publish(Outgoing("Hello"), lambda _: None),
    "publish_step": lambda session: session.publish(Outgoing("Hello"), lambda _: None),
    "delete": lambda session: session.delete("777001_1"),
    "timeline": lambda session: list(session.timeline(LONG_AGO)),
    "read": lambda session: session.find("777001_1"),
}


@pytest.mark.parametrize("operation", CALLS)
def test_an_expired_token_asks_for_a_new_one(sandbox: Running, operation: str) -> None:
    fault(sandbox, operation, "expired_token")
    with pytest.raises(errors.AuthenticationNeeded, match="expired"):
        CALLS[operation](opened(sandbox))


def test_a_redirect_is_not_followed_with_the_token(sandbox: Running) -> None:
    fault(sandbox, "identity", "redirect", location=f"{sandbox.facebook}/v26.0/debug_token")
    with pytest.raises(errors.NetworkRefused, match="redirect"):
        opened(sandbox).identity()
    assert sandbox.requests()["facebook"] == {"identity": 1}


def test_the_timeline_shows_unpublished_posts_and_says_so(sandbox: Running) -> None:
    session = opened(sandbox)
    fault(sandbox, "publish_step", "drop_before")
    with pytest.raises(errors.OutcomeUnknown):
        session.publish(Outgoing("Hidden"), lambda _: None)
    session.publish(Outgoing("Shown", link="https://example.org/"), lambda _: None)
    found = {post.text: post for post in session.timeline(LONG_AGO)}
    assert {text: post.public for text, post in found.items()} == {"Hidden": False, "Shown": True}
    assert found["Shown"].link == "https://example.org/"
    assert FacebookAdapter().matches(Outgoing("Shown", link="https://example.org"), found["Shown"])


def test_a_long_timeline_is_read_to_its_end_and_not_beyond(sandbox: Running) -> None:
    now = datetime.now(UTC)
    posts = [
        {"text": f"Post {hour}", "created_at": (now - timedelta(hours=hour)).isoformat()} for hour in range(1, 231)
    ]
    sandbox.reset(seed(posts=posts))
    session = opened(sandbox)
    assert len(list(session.timeline(LONG_AGO))) == 230
    assert session.calls == 4
    recent = [post.text for post in opened(sandbox).timeline(now - timedelta(hours=3, minutes=30))]
    assert recent == ["Post 1", "Post 2", "Post 3"]


def test_a_post_is_found_by_its_id_until_it_is_deleted(sandbox: Running) -> None:
    session = opened(sandbox)
    receipt = session.publish(Outgoing("Hello"), lambda _: None)
    found = session.find(receipt.network_id)
    assert found is not None
    assert (found.text, found.url, found.public) == ("Hello", receipt.url, True)
    session.delete(receipt.network_id)
    assert session.find(receipt.network_id) is None
    session.delete(receipt.network_id)
    assert [post["deleted"] for post in sandbox.posts("facebook")] == [True]


def test_a_lost_answer_to_a_deletion_is_unknown_and_can_be_repeated(sandbox: Running) -> None:
    session = opened(sandbox)
    receipt = session.publish(Outgoing("Hello"), lambda _: None)
    fault(sandbox, "delete", "accept_then_drop")
    with pytest.raises(errors.OutcomeUnknown):
        session.delete(receipt.network_id)
    session.delete(receipt.network_id)


def test_a_resumed_post_that_somebody_deleted_is_refused(sandbox: Running) -> None:
    session = opened(sandbox)
    receipt = session.publish(Outgoing("Hello"), lambda _: None)
    session.delete(receipt.network_id)
    with pytest.raises(errors.NetworkRefused, match="no longer exists"):
        session.publish(Outgoing("Hello", resume=receipt.network_id), lambda _: None)


def test_an_inspection_tells_scopes_and_that_live_cannot_be_proved(sandbox: Running) -> None:
    found = opened(sandbox).inspect()
    assert "pages_manage_posts" in found.scopes
    assert (found.expires_at, found.app_live, found.api_version) == (None, None, "v26.0")
    assert found.issued_at is not None
    assert ["Live" in warning for warning in found.warnings] == [True]


def test_an_inspection_warns_of_what_will_go_wrong(sandbox: Running) -> None:
    sandbox.reset(seed(scopes=["pages_read_engagement"]))
    sandbox.clock(80 * 86400)
    from socialguard import clock

    clock.shift(timedelta(days=80))
    try:
        shown = " ".join(opened(sandbox).inspect().warnings)
    finally:
        clock.shift(timedelta())
    assert "permission is missing; posting needs" in shown
    assert "permission is missing; backups and the watch need pages_read_user_content" in shown
    assert "access to data ends" in shown


def test_without_the_apps_secret_an_inspection_says_what_it_does_not_know(sandbox: Running) -> None:
    adapter = FacebookAdapter()
    credential = adapter.credential({"kind": "page", "page_token": DOCUMENT["page_token"]})
    found = adapter.open(credential, sandbox.facebook, "facebook:@acme").inspect()
    assert found.scopes == ()
    assert any("app_secret" in warning for warning in found.warnings)


def test_an_inspection_of_a_dead_token_says_why_it_is_dead(sandbox: Running) -> None:
    sandbox.tokens("facebook", "acme", "revoked", 460)
    with pytest.raises(errors.AuthenticationNeeded, match="password"):
        opened(sandbox).inspect()


def test_an_app_that_demands_the_proof_gets_it(sandbox: Running) -> None:
    sandbox.reset(seed(proof_required=True))
    session = opened(sandbox)
    receipt = session.publish(Outgoing("Hello"), lambda _: None)
    assert session.find(receipt.network_id)
    assert session.inspect().scopes
    session.delete(receipt.network_id)


def test_a_wrong_app_secret_is_refused_before_anything_is_made(sandbox: Running) -> None:
    with pytest.raises(errors.NetworkRefused, match="appsecret_proof"):
        opened(sandbox, app_secret="another-secret").publish(Outgoing("Hello"), lambda _: None)
    assert sandbox.posts("facebook") == []


def test_a_revoked_token_is_rejected_from_then_on(sandbox: Running) -> None:
    session = opened(sandbox)
    assert session.revoke().confirmed
    with pytest.raises(errors.AuthenticationNeeded, match="removed the app"):
        session.identity()
    assert opened(sandbox).revoke().confirmed


def test_a_page_token_needs_no_refresh(sandbox: Running) -> None:
    assert opened(sandbox).refresh() is None


def test_an_origin_that_is_not_safe_is_refused(sandbox: Running) -> None:
    adapter = FacebookAdapter()
    with pytest.raises(errors.NetworkRefused, match="https"):
        adapter.open(adapter.credential(DOCUMENT), "http://graph.example", "facebook:@acme")


def test_only_the_post_that_was_confirmed_is_finished(sandbox: Running) -> None:
    body = {"error": {"code": 80001, "message": "Too many calls"}}
    fault(sandbox, "publish_step", "status", code=400, body=body)
    steps: list[str] = []
    with pytest.raises(errors.RateLimited):
        opened(sandbox).publish(Outgoing("A draft that nobody confirmed"), steps.append)
    with pytest.raises(errors.NetworkRefused, match="not what was confirmed"):
        opened(sandbox).publish(Outgoing("Hello", resume=steps[0]), steps.append)
    assert not any(remote["published"] for remote in sandbox.posts("facebook"))
