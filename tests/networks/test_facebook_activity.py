"""Reading a Page: its posts, what others wrote to it, its metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from socialguard import errors
from socialguard.model.activity import Item, Kind, Mark, Stream
from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.interface import Session
from socialguard.sandbox.process import Running, start

PAGE = "777001"
DOCUMENT = {
    "kind": "page",
    "page_token": "EAAtoken-4711",
    "app_id": "100200300",
    "app_secret": "the-secret-of-the-app",
}
FIRST = 1_780_000_000


def seed(*posts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a seed of one Page."""
    page = {"network": "facebook", "handle": "acme", "user_id": PAGE, "display_name": "Acme Ltd"}
    return {"accounts": [{**page, "credential": DOCUMENT, "posts": list(posts), "followers_count": 5, **more}]}


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with start(seed()) as running:
        yield running


@pytest.fixture
def sandbox(_process: Running) -> Running:
    """A sandbox with an empty Page."""
    _process.reset(seed())
    return _process


def session(sandbox: Running) -> Session:
    """Return a session of the Page."""
    adapter = FacebookAdapter()
    return adapter.open(adapter.credential(DOCUMENT), sandbox.facebook, "facebook:@acme")


def read(of: Session, stream: Stream, since: Mark | None = None, at: str | None = None) -> list[Item]:
    """Return all items of a stream, to its end, once each."""
    found: dict[str, Item] = {}
    while True:
        page = of.activity(stream, since=since, at=at)
        found |= {item.network_id: item for item in page.items}
        if page.next is None:
            return list(found.values())
        at = page.next


def test_all_posts_are_read_newest_first(sandbox: Running) -> None:
    sandbox.reset(seed(*({"text": f"number {n}", "created_at": FIRST + 60 * n} for n in range(350))))
    found = read(session(sandbox), Stream.POSTS)
    assert [item.text for item in found] == [f"number {n}" for n in reversed(range(350))]
    assert {(item.own, item.kind, item.author_id) for item in found} == {(True, Kind.POST, PAGE)}


def test_more_posts_than_a_page_within_one_second_are_all_read(sandbox: Running) -> None:
    sandbox.reset(seed(*({"text": f"number {n}", "created_at": FIRST + n // 250} for n in range(300))))
    found = read(session(sandbox), Stream.POSTS)
    assert sorted(item.text for item in found) == sorted(f"number {n}" for n in range(300))


def test_unpublished_posts_are_no_activity(sandbox: Running) -> None:
    of = session(sandbox)
    with pytest.raises(RuntimeError):
        of.publish(_outgoing(), _crash)
    assert read(of, Stream.POSTS) == []


def test_comments_on_old_posts_and_posts_of_visitors_are_found(sandbox: Running) -> None:
    old = {"text": "old", "created_at": "2020-01-01T00:00:00Z"}
    sandbox.reset(seed(*({"text": f"n {n}", "created_at": FIRST + n} for n in range(120)), old))
    of = session(sandbox)
    assert read(of, Stream.MENTIONS) == []
    oldest = sandbox.posts("facebook", "acme")[0]["id"]
    sandbox.foreign(
        {
            "network": "facebook", "account": "acme", "kind": "comment", "id": oldest, "text": "late",
            "from": "A Fan",
        }
    )  # fmt: skip
    sandbox.foreign({"network": "facebook", "account": "acme", "kind": "visitor", "text": "hi", "from": "A Guest"})
    sandbox.clock(2)
    found = {item.text: item for item in read(session(sandbox), Stream.MENTIONS)}
    assert set(found) == {"late", "hi"}
    assert (found["late"].kind, found["late"].author_name, found["late"].reply_to) == (
        Kind.COMMENT, "A Fan", oldest,
    )  # fmt: skip
    assert (found["hi"].kind, found["hi"].own) == (Kind.POST, False)


def test_hundreds_of_comments_under_one_post_are_read_by_themselves(sandbox: Running) -> None:
    comments = [{"text": f"c {n}", "created_at": FIRST + n // 3, "from": f"fan {n}"} for n in range(420)]
    busy = {"text": "busy", "created_at": FIRST - 60, "comments": comments}
    quiet = {"text": "quiet", "created_at": FIRST - 90, "comments": comments[:1]}
    sandbox.reset(seed(busy, quiet))
    found = read(session(sandbox), Stream.MENTIONS)
    assert sorted(item.text for item in found) == sorted([*(f"c {n}" for n in range(420)), "c 0"])


def test_a_comment_written_during_a_walk_is_left_to_the_next_one(sandbox: Running) -> None:
    posts = ({"text": f"n {n}", "created_at": FIRST + n} for n in range(120))
    sandbox.reset(seed(*posts))
    of = session(sandbox)
    first = of.activity(Stream.MENTIONS, since=None, at=None)
    sandbox.clock(60)
    ids = [post["id"] for post in sandbox.posts("facebook", "acme")]
    for number, post in enumerate((ids[-1], ids[0])):
        sandbox.foreign(
            {"network": "facebook", "account": "acme", "kind": "comment", "id": post, "text": str(number)}
        )
    assert read(of, Stream.MENTIONS, at=first.next) == []
    sandbox.clock(2)
    since = Mark("1_1", datetime.fromtimestamp(FIRST, UTC))
    assert {item.text for item in read(session(sandbox), Stream.MENTIONS, since=since)} == {"0", "1"}


def test_metrics_of_50_posts_take_one_call_for_each_of_them(sandbox: Running) -> None:
    metrics = {"post_media_view": 42, "likes": 3, "reactions": 4, "shares": 2}
    sandbox.reset(
        seed(
            *(
                {"text": str(n), "created_at": FIRST + n, "metrics": metrics, "comments": [{"text": "c"}]}
                for n in range(50)
            )
        )
    )
    of = session(sandbox)
    ids = [post["id"] for post in sandbox.posts("facebook", "acme") if not post["comment_on"]]
    found = of.metrics(ids)
    assert list(found) == ids
    assert found[ids[0]] == {
        "comments": 1, "reactions": 4, "shares": 2, "post_media_view": 42, "post_total_media_view_unique": 0,
        "post_clicks": 0, "post_reactions_by_type_total.like": 3,
    }  # fmt: skip
    assert of.calls == 5
    assert {charge.micros for charge in of.take_charges()} == {0}


def test_a_post_that_is_gone_fails_no_other(sandbox: Running) -> None:
    sandbox.reset(seed(*({"text": str(n), "created_at": FIRST + n} for n in range(9))))
    ids = [post["id"] for post in sandbox.posts("facebook", "acme")]
    sandbox.foreign({"network": "facebook", "account": "acme", "kind": "delete", "id": ids[4]})
    assert set(session(sandbox).metrics(ids)) == {*ids} - {ids[4]}


def test_a_token_without_insights_still_gives_the_counts(sandbox: Running) -> None:
    sandbox.reset(seed({"text": "a"}, scopes=["pages_read_engagement"]))
    of = session(sandbox)
    (post,) = sandbox.posts("facebook", "acme")
    assert of.metrics([post["id"]]) == {post["id"]: {"comments": 0, "reactions": 0, "shares": 0}}
    assert of.profile().metrics == {"fan_count": 5, "followers_count": 5}


def test_the_profile_has_the_pages_insights(sandbox: Running) -> None:
    found = session(sandbox).profile()
    assert (found.user_id, found.handle, found.display_name, found.followers, found.posts) == (
        PAGE, "acme", "Acme Ltd", 5, None,
    )  # fmt: skip
    assert found.metrics["page_follows"] == 5
    assert found.content["category"] == "Company"


def test_pictures_have_a_key_that_stays_while_their_address_changes(sandbox: Running) -> None:
    sandbox.reset(seed({"text": "a", "media": [{"alt_text": "A dot"}, {"bytes": 2000}]}))
    of = session(sandbox)
    (before,) = read(of, Stream.POSTS)
    sandbox.clock(2 * 86_400)
    (after,) = read(of, Stream.POSTS)
    assert [one.key for one in before.attachments] == [one.key for one in after.attachments]
    assert before.attachments[0].url != after.attachments[0].url
    assert before.content == after.content
    assert len(before.attachments) == 2


@pytest.mark.parametrize(
    "at",
    [
        "x",
        "[]",
        "[1,2,3,4,5,6]",
        '[null,"",false,0,[],0]',
        '[null,"",false,0,[],1000]',
        '[null,"",false,0,[["a"]],50]',
        "[" * 30_000,
    ],
)
@pytest.mark.parametrize("stream", list(Stream))
def test_a_place_that_nobody_wrote_is_refused(sandbox: Running, stream: Stream, at: str) -> None:
    with pytest.raises(errors.NetworkRefused):
        session(sandbox).activity(stream, since=None, at=at)


def _outgoing() -> Any:
    from socialguard.networks.interface import Outgoing

    return Outgoing("hidden")


def _crash(_step: str) -> None:
    raise RuntimeError
