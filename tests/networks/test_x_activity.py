"""Reading an X account's activity: whole, in any pages, at any time, and priced as X counts it."""

from datetime import UTC, datetime
from typing import Any

from socialguard.model.activity import Charge, Item, Kind, Mark, Stream
from socialguard.networks.interface import Session
from socialguard.sandbox.process import Running

from .x_world import PUBLIC, X_SEED, session

FIRST = 1_780_000_000
ME = {
    "data": {
        "id": "111",
        "name": "Acme",
        "username": "acme",
        "public_metrics": {"tweet_count": 7, "followers_count": 3},
    }
}


def seed_with(count: int, **more: Any) -> dict[str, Any]:
    """Return a seed whose first account has so many posts, a minute apart."""
    posts = [{"text": f"number {n}", "created_at": FIRST + 60 * n} for n in range(count)]
    return {"accounts": [{**X_SEED["accounts"][0], "posts": posts, **more}, *X_SEED["accounts"][1:]]}


def read(
    of: Session, stream: Stream = Stream.POSTS, since: Mark | None = None, at: str | None = None
) -> list[Item]:
    """Return all items of a stream, to its end."""
    found: list[Item] = []
    while True:
        page = of.activity(stream, since=since, at=at)
        found += page.items
        if page.next is None:
            return found
        at = page.next


def test_a_timeline_is_read_newest_first_to_its_end(sandbox: Running) -> None:
    sandbox.reset(seed_with(250))
    found = read(session(sandbox.x))
    assert [item.text for item in found] == [f"number {n}" for n in reversed(range(250))]
    assert found[0].created_at == datetime.fromtimestamp(FIRST + 60 * 249, UTC)
    assert {item.own for item in found} == {True}


def test_posts_made_meanwhile_shift_nothing(sandbox: Running) -> None:
    sandbox.reset(seed_with(150))
    reading = session(sandbox.x)
    first = reading.activity(Stream.POSTS, since=None, at=None)
    sandbox.foreign({"network": "x", "account": "acme", "text": "in between"})
    rest = read(session(sandbox.x), at=first.next)
    assert [item.text for item in (*first.items, *rest)] == [f"number {n}" for n in reversed(range(150))]


def test_nothing_at_or_below_the_mark_is_read(sandbox: Running) -> None:
    sandbox.reset(seed_with(12))
    of = session(sandbox.x)
    newest = read(of)[2]
    since = Mark(newest.network_id, newest.created_at)
    of.take_charges()
    assert [item.text for item in read(of, since=since)] == ["number 11", "number 10"]
    assert of.take_charges() == (Charge("posts.read", 1, 2, 10_000),)


def test_what_was_read_is_charged_by_the_post_and_the_user(sandbox: Running) -> None:
    sandbox.reset(seed_with(120))
    of = session(sandbox.x)
    read(of)
    assert of.take_charges() == (Charge("posts.read", 2, 120, 600_000), Charge("user.read", 1, 1, 10_000))
    assert of.take_charges() == ()


def test_mentions_tell_who_wrote_them(sandbox: Running) -> None:
    sandbox.foreign({"network": "x", "account": "public", "text": "hello @acme <3 https://example.com"})
    (item,) = read(session(sandbox.x), Stream.MENTIONS)
    assert (item.kind, item.own, item.author_id, item.author_name) == (Kind.MENTION, False, "222", "public")
    assert item.text == "hello @acme <3 https://example.com"
    assert item.url == f"https://x.com/public/status/{item.network_id}"
    assert item.content["text"] != item.text


def test_metrics_come_by_id_with_the_private_ones_of_young_posts(sandbox: Running) -> None:
    sandbox.reset(seed_with(1, posts=[{"text": "old", "created_at": "2020-01-01T00:00:00Z"}]))
    sandbox.foreign({"network": "x", "account": "acme", "text": "young"})
    young, old = sorted((post["id"] for post in sandbox.posts("x", "acme")), key=int, reverse=True)
    sandbox.foreign(
        {"network": "x", "account": "acme", "kind": "metrics", "id": young, "metrics": {"like_count": 3}}
    )
    found = session(sandbox.x).metrics([young, old, "1999999999999999999"])
    assert set(found) == {young, old}
    of = session(sandbox.x)
    of.metrics([old])
    assert of.calls == 1
    assert found[young]["like_count"] == found[young]["organic.like_count"] == 3
    assert "non_public.url_link_clicks" in found[young]
    assert set(found[old]) == {
        "bookmark_count", "impression_count", "like_count", "quote_count", "reply_count", "retweet_count",
    }  # fmt: skip


def test_the_profile_counts_posts_and_followers(sandbox: Running) -> None:
    found = session(sandbox.x, PUBLIC).profile()
    assert (found.handle, found.user_id, found.posts) == ("public", "222", 0)
    assert found.metrics["followers_count"] == found.followers == 0
    assert "public_metrics" not in found.content
