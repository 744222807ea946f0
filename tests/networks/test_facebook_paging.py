"""Whatever a Page's lists look like, nothing of them is missed, nor taken for what it is not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.model.activity import Item, Mark, Stream
from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.interface import Session
from socialguard.sandbox.process import Running, start

from .wire import Wire, http

PAGE = "777001"
DOCUMENT = {"kind": "page", "page_token": "EAAtoken-4711"}
FIRST = 1_780_000_000
YEAR = 365 * 86_400
slow = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def seed(posts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a seed of one Page."""
    page = {"network": "facebook", "handle": "acme", "user_id": PAGE, "display_name": "Acme Ltd"}
    account = {**page, "credential": DOCUMENT, "posts": posts, **more}
    return {"accounts": [account], "settings": {"rate_limits": False}}


@pytest.fixture(scope="module")
def process() -> Iterator[Running]:
    """A sandbox for the module."""
    with start(seed([])) as running:
        yield running


def session(origin: str) -> Session:
    """Return a session of the Page."""
    adapter = FacebookAdapter()
    return adapter.open(adapter.credential(DOCUMENT), origin, "facebook:@acme")


def read(origin: str, stream: Stream, since: Mark | None = None, new_session: bool = False) -> dict[str, Item]:
    """Return all items of a stream by id."""
    of, found, at = session(origin), dict[str, Item](), None
    for _ in range(1000):
        page = of.activity(stream, since=since, at=at)
        found |= {item.network_id: item for item in page.items}
        if (at := page.next) is None:
            return found
        of = session(origin) if new_session else of
    raise AssertionError("no end")


moments = st.integers(0, 20)


@slow
@given(
    posts=st.lists(st.tuples(moments, st.lists(moments, max_size=8)), max_size=8),
    crowd=st.integers(0, 230),
    visitors=st.lists(moments, max_size=5),
    since=st.none() | moments,
    new_session=st.booleans(),
)
def test_everything_that_is_not_older_than_the_mark_is_found(
    process: Running,
    posts: list[tuple[int, list[int]]],
    crowd: int,
    visitors: list[int],
    since: int | None,
    new_session: bool,
) -> None:
    """Posts and comments may share a second, and one post may have hundreds of comments."""

    def written(moment: int, **more: Any) -> dict[str, Any]:
        return {"text": "t", "created_at": FIRST + moment, **more}

    entries = [written(at, comments=[written(c, **{"from": "F"}) for c in comments]) for at, comments in posts]
    entries.append(written(0, comments=[written(n // 60, **{"from": f"fan {n}"}) for n in range(crowd)]))
    process.reset(seed(entries, visitors=[written(at, **{"from": "V"}) for at in visitors]))
    mark = None if since is None else Mark("1_1", datetime.fromtimestamp(FIRST + since, UTC))
    everything = process.posts("facebook")
    lowest = datetime.fromtimestamp(FIRST + (since or 0), UTC).isoformat()[:19]
    newer = {post["id"]: post for post in everything if post["created_at"][:19] >= lowest}
    own = {name for name, post in newer.items() if post["user_id"] == PAGE and not post["comment_on"]}
    assert set(read(process.facebook, Stream.POSTS, mark, new_session)) == own
    assert set(read(process.facebook, Stream.MENTIONS, mark, new_session)) == set(newer) - own


def test_5000_posts_of_nine_years_are_read(process: Running) -> None:
    posts = [{"text": str(n), "created_at": 1_514_764_800 + n * (9 * YEAR // 5040)} for n in range(5000)]
    process.reset(seed(posts))
    found = read(process.facebook, Stream.POSTS)
    assert sorted(int(item.text) for item in found.values()) == list(range(5000))


@pytest.mark.parametrize(("posts", "seen", "limited"), [(700, 600, True), (500, 500, False)])
def test_a_year_that_graph_does_not_show_whole_is_told(
    process: Running, posts: int, seen: int, limited: bool
) -> None:
    """About 600 posts of a year are shown, and nothing says that there are more."""
    start = datetime(2024, 1, 2, tzinfo=UTC).timestamp()
    process.reset(seed([{"text": str(n), "created_at": start + n * 40_000} for n in range(posts)]))
    pages = [session(process.facebook).activity(Stream.POSTS, since=None, at=None)]
    while pages[-1].next is not None:
        pages.append(session(process.facebook).activity(Stream.POSTS, since=None, at=pages[-1].next))
    assert len({item.network_id for page in pages for item in page.items}) == seen
    assert [page.reached_limit for page in pages] == [*[False] * (len(pages) - 1), limited]


def test_comments_under_posts_that_graph_hides_are_told_to_be_missing(process: Running) -> None:
    """The walk along the feed ends where the feed does; that posts are hidden hides what others wrote there."""
    start = datetime(2024, 1, 2, tzinfo=UTC).timestamp()
    comment = [{"text": "Hi", "from": "fan"}]
    for posts, limited in ((700, True), (500, False)):
        past = [{"text": str(n), "created_at": start + n * 40_000, "comments": comment} for n in range(posts)]
        process.reset(seed(past))
        page = session(process.facebook).activity(Stream.MENTIONS, since=None, at=None)
        while page.next is not None:
            assert not page.reached_limit
            page = session(process.facebook).activity(Stream.MENTIONS, since=None, at=page.next)
        assert page.reached_limit is limited


def test_a_place_that_an_older_version_left_is_gone_on_with(process: Running) -> None:
    process.reset(seed([{"text": "a", "created_at": FIRST}]))
    page = session(process.facebook).activity(Stream.POSTS, since=None, at=f'[{FIRST},"",false,0,[],100]')
    assert [item.text for item in page.items] == ["a"]


def graph_page(*rows: dict[str, Any], onward: str = "") -> bytes:
    """Return a page of a list, as Graph writes it."""
    paging: dict[str, Any] = {"cursors": {"after": onward}}
    if onward:
        paging["next"] = f"https://graph.facebook.com/v26.0/me/feed?after={onward}&access_token=x"
    return http({"data": list(rows), "paging": paging})


def row(number: int, second: int, **more: Any) -> dict[str, Any]:
    """Return a post of the Page."""
    moment = datetime.fromtimestamp(FIRST + second, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": f"{PAGE}_{number}", "message": str(number), "created_time": moment, **more}


ME = http({"id": PAGE, "name": "Acme"}, Date="Fri, 29 May 2027 09:00:00 GMT")


def test_an_old_post_that_is_pinned_to_the_top_hides_none_behind_it(wire: Wire) -> None:
    pinned = [row(1, -90_000), *(row(n, 1000 - n) for n in range(2, 6))]
    wire.answers = [ME, graph_page(*pinned, onward="c1"), graph_page(row(6, 900))]
    of = session(wire.origin)
    first = of.activity(Stream.POSTS, since=None, at=None)
    of.activity(Stream.POSTS, since=None, at=first.next)
    assert f"until={FIRST + 997}" in wire.requests[-1].target


def test_what_no_database_takes_is_made_plain(wire: Wire) -> None:
    odd = row(1, 0, place={"name": "\ud800", "x": 1.5}) | {"message": "a\0b \udfff"}
    wire.answers = [ME, graph_page(odd)]
    (item,) = session(wire.origin).activity(Stream.POSTS, since=None, at=None).items
    assert (item.text, item.content["place"]) == ("a\ufffdb \ufffd", {"name": "\ufffd", "x": "1.5"})


def test_the_mark_itself_does_not_come_again(wire: Wire) -> None:
    wire.answers = [ME, graph_page(row(1, 0), row(2, 0), row(3, -1))]
    since = Mark(f"{PAGE}_1", datetime.fromtimestamp(FIRST, UTC))
    page = session(wire.origin).activity(Stream.POSTS, since=since, at=None)
    assert [item.text for item in page.items] == ["2"]


def test_what_is_younger_than_a_walk_is_left_to_the_next_one(wire: Wire) -> None:
    """Else it would be the newest that is known, and hide a comment that came to a post a moment before."""
    visitor = {"from": {"id": "9", "name": "A Guest"}}
    began = datetime(2027, 5, 29, 9, tzinfo=UTC).timestamp() - FIRST
    wire.answers = [ME, graph_page(row(1, int(began) + 60, **visitor), row(2, int(began) - 60, **visitor))]
    page = session(wire.origin).activity(Stream.MENTIONS, since=None, at=None)
    assert [item.text for item in page.items] == ["2"]


def test_an_empty_page_is_no_end(wire: Wire) -> None:
    wire.answers = [ME, graph_page(onward="c1"), graph_page(row(1, 0))]
    of = session(wire.origin)
    first = of.activity(Stream.POSTS, since=None, at=None)
    assert first.next is not None
    second = of.activity(Stream.POSTS, since=None, at=first.next)
    assert ([item.text for item in second.items], second.next) == (["1"], None)
    assert "after=c1" in wire.requests[-1].target


@pytest.mark.parametrize(("stream", "sizes"), [(Stream.POSTS, [100, 20, 20]), (Stream.MENTIONS, [50, 10, 10])])
def test_where_a_request_is_too_much_for_graph_less_is_asked_for_from_there_on(
    wire: Wire, stream: Stream, sizes: list[int]
) -> None:
    too_much = http({"error": {"message": "Please reduce the amount of data", "code": 1}}, 500)
    wire.answers = [ME, too_much, graph_page(row(1, 0), onward="c1"), graph_page(row(2, -9))]
    of = session(wire.origin)
    first = of.activity(stream, since=None, at=None)
    of.activity(stream, since=None, at=first.next)
    asked = [parse_qs(urlsplit(request.target).query) for request in wire.requests[1:]]
    assert [int(query["limit"][0]) for query in asked] == sizes
    wire.answers = [too_much]
    with pytest.raises(errors.NetworkRefused):
        of.activity(stream, since=None, at=None)


def test_posts_that_were_not_asked_for_have_no_metrics(wire: Wire) -> None:
    told = http({f"{PAGE}_1": row(1, 0), f"{PAGE}_2": row(2, 0)})
    wire.answers = [told, http({})]
    assert set(session(wire.origin).metrics([f"{PAGE}_1"])) == {f"{PAGE}_1"}
    with pytest.raises(ValueError, match="50"):
        session(wire.origin).metrics([f"{PAGE}_{n}" for n in range(51)])


def test_a_list_that_goes_round_in_a_circle_is_refused(wire: Wire) -> None:
    wire.answers = [ME, graph_page(row(1, 0), onward="c1")]
    with pytest.raises(errors.NetworkRefused, match="cannot be followed"):
        read(wire.origin, Stream.POSTS)


@pytest.mark.parametrize(
    "bad",
    [
        {"created_time": None},
        {"created_time": "yesterday"},
        {"id": "../me"},
        {"id": None},
        {"message": "m" * 1_000_000},
        {"message": ["a"]},
        {"from": {"name": "n" * 1_000_000, "id": "1"}},
        {"from": "me"},
        {"shares": {"count": "many"}},
        {"shares": {"count": -1}},
        {"reactions": {"data": [], "summary": {"total_count": 2**60}}},
        {"attachments": {"data": "none"}},
        {"place": json.loads("[" * 100 + "]" * 100)},
    ],
)
@pytest.mark.parametrize("stream", list(Stream))
def test_a_row_that_is_not_understood_is_refused_in_one_sentence(
    wire: Wire, stream: Stream, bad: dict[str, Any]
) -> None:
    wire.answers = [ME, graph_page(row(1, 0) | bad)]
    with pytest.raises(errors.NetworkRefused, match="could not be understood") as caught:
        session(wire.origin).activity(stream, since=None, at=None)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "body", [{}, {"data": {}}, {"data": None}, {"data": [1]}, {"data": [], "paging": 7}, [], True]
)
def test_a_list_that_is_none_is_refused(wire: Wire, body: Any) -> None:
    wire.answers = [ME, http(body)]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).activity(Stream.POSTS, since=None, at=None)


@pytest.mark.parametrize("body", [{"1_1": {}}, {"1_1": []}, {"1_1": row(1, 0) | {"shares": 3}}, True])
def test_metrics_that_are_none_are_refused(wire: Wire, body: Any) -> None:
    wire.answers = [http(body)]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).metrics(["1_1"])


def test_a_metric_that_died_is_asked_for_once_and_fails_no_other(wire: Wire) -> None:
    counted = http({f"{PAGE}_1": row(1, 0)})
    dead = http({"error": {"message": "(#100) must be a valid insights metric", "code": 100}}, 400)
    told = {"insights": {"data": [{"name": "post_clicks", "values": [{"value": 7}]}]}}
    alive = http({f"{PAGE}_1": told})
    wire.answers = [counted, dead, alive, dead, dead, counted, alive]
    of = session(wire.origin)
    expected = {f"{PAGE}_1": {"shares": 0, "post_clicks": 7}}
    assert of.metrics([f"{PAGE}_1"]) == expected
    assert of.metrics([f"{PAGE}_1"]) == expected
    assert len(wire.requests) == 7


def test_being_refused_for_now_is_not_taken_for_a_dead_metric(wire: Wire) -> None:
    limited = http({"error": {"message": "(#4) limit", "code": 4, "is_transient": True}}, 400)
    wire.answers = [http({f"{PAGE}_1": row(1, 0)}), limited]
    with pytest.raises(errors.RateLimited):
        session(wire.origin).metrics([f"{PAGE}_1"])


@pytest.mark.parametrize(
    "answer",
    [
        http({"error": {"message": "Unknown path components: /me/insights", "code": 2500}}, 404),
        http({"error": {"message": "Service temporarily unavailable", "code": 2, "is_transient": True}}, 503),
        http({}, 500),
    ],
)
def test_a_page_is_told_although_its_insights_cannot_be(wire: Wire, answer: bytes) -> None:
    wire.answers = [http({"id": PAGE, "name": "Acme", "fan_count": 5}), *[answer] * 4]
    assert session(wire.origin).profile().metrics == {"fan_count": 5}
    assert len(wire.requests) == 5
