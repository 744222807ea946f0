"""Answers to readings that nobody should send: one clear error, no guess, nothing kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.activity import Kind, Stream
from socialguard.networks.plain import plain

from .wire import Wire, http
from .x_world import session

ME = http({"data": {"id": "111", "name": "Acme", "username": "acme", "public_metrics": {"tweet_count": 7}}})
POST: dict[str, Any] = {
    "id": "42",
    "text": "Hello",
    "created_at": "2026-11-27T09:00:00.000Z",
    "author_id": "111",
    "public_metrics": {"like_count": 3},
}
END = {"result_count": 1}


def page(*posts: Any, **more: Any) -> bytes:
    """Return a page of posts."""
    return http({"data": list(posts), "meta": END, **more})


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (page({k: v for k, v in POST.items() if k != "created_at"}), "created_at"),
        (page({k: v for k, v in POST.items() if k != "id"}), "id"),
        (page({k: v for k, v in POST.items() if k != "author_id"}), "author_id"),
        (page(POST | {"text": "t" * 1_000_000}), "text"),
        (page(POST, includes={"media": [{"media_key": "3_1", "type": "photo", "url": "u" * 20_000}]}), "url"),
        (page(POST | {"id": 42}), "id"),
        (page(POST | {"id": "42; drop table"}), "id"),
        (page(POST | {"created_at": "2026-11-27T09:00:00"}), "created_at"),
        (page(POST | {"created_at": "9999-12-31T23:59:59-23:59"}), "created_at"),
        (page(POST | {"created_at": "0001-01-01T00:00:00+23:59"}), "created_at"),
        (page(POST | {"text": None}), "text"),
        (page(POST | {"public_metrics": []}), "public_metrics"),
        (page(POST | {"public_metrics": {"like_count": "3"}}), "public_metrics"),
        (page(POST | {"public_metrics": {"like_count": -1}}), "public_metrics"),
        (page(POST | {"public_metrics": {"like_count": 2**60}}), "public_metrics"),
        (page(POST | {"referenced_tweets": [{"type": "quoted"}]}), "referenced_tweets"),
        (page(POST | {"attachments": {"media_keys": "3_1"}}), "media_keys"),
        (page("a post"), "data.0"),
        (page(POST, includes={"users": [{"id": "1", "username": "a", "name": "n" * 1_000_000}]}), "name"),
        (page(POST, includes={"users": [{"id": "1", "username": "u" * 1_000_000, "name": "n"}]}), "username"),
        (page(POST, includes={"media": [{"type": "photo"}]}), "media_key"),
        (page(POST | {"geo": json.loads("[" * 100 + "]" * 100)}), "nested"),
        (http({"data": [POST], "meta": {"next_token": "t" * 1_000_000}}), "next_token"),
        (http({"data": [POST], "meta": {"next_token": 7}}), "next_token"),
        (http({"data": {"id": "42"}, "meta": {}}), "data"),
        (http([POST]), "cannot be read"),
        (http({"errors": [{"title": "Not Authorized"}]}), "holds no posts"),
        (http(b'{"data": ['), "cannot be read"),
        (http(b"[" * 100_000), "cannot be read"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", list(Stream))
def test_a_page_that_is_not_understood_is_refused_by_the_name_of_what_is_wrong(
    wire: Wire, stream: Stream, answer: bytes, word: str
) -> None:
    wire.answers = [ME, answer]
    with pytest.raises(errors.NetworkRefused) as caught:
        session(wire.origin).activity(stream, since=None, at=None)
    assert word in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_answer_that_is_not_understood_was_paid_for(wire: Wire) -> None:
    wire.answers = [ME, page(POST, {"id": "41"})]
    of = session(wire.origin)
    with pytest.raises(errors.NetworkRefused):
        of.activity(Stream.POSTS, since=None, at=None)
    assert [(one.operation, one.units) for one in of.take_charges()] == [("posts.read", 2), ("user.read", 1)]


def test_pages_that_go_round_in_a_circle_are_refused(wire: Wire) -> None:
    wire.answers = [ME, http({"data": [POST], "meta": {"next_token": "n"}})]
    of = session(wire.origin)
    first = of.activity(Stream.POSTS, since=None, at=None)
    with pytest.raises(errors.NetworkRefused, match="circle"):
        of.activity(Stream.POSTS, since=None, at=first.next)
    wire.answers = [http({"meta": {"next_token": "n"}})]
    empty = of.activity(Stream.POSTS, since=None, at=None)
    with pytest.raises(errors.NetworkRefused, match="circle"):
        of.activity(Stream.POSTS, since=None, at=empty.next)


def test_a_token_that_has_ended_is_asked_around(wire: Wire) -> None:
    """Behind an empty page only a token leads on, and tokens end: then the same stretch is asked for again."""
    gone = http({"title": "Invalid Request", "detail": "bad token", "status": 400}, 400)
    wire.answers = [ME, gone, page(POST)]
    found = session(wire.origin).activity(Stream.POSTS, since=None, at="50.10.7.OldToken")
    assert [item.network_id for item in found.items] == ["42"]
    assert "pagination_token=OldToken" in wire.requests[1].target
    assert "pagination_token" not in wire.requests[2].target
    assert "until_id=50" in wire.requests[2].target


@pytest.mark.parametrize("at", ["", "x", "1.2.3", "1.2.3.4.5", "1.-2..", "1.2..a b", "9" * 30 + ".1.."])
def test_a_place_that_nobody_wrote_is_refused(wire: Wire, at: str) -> None:
    wire.answers = [ME]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).activity(Stream.POSTS, since=None, at=at)
    assert len(wire.requests) == 1


def test_what_no_database_takes_is_made_plain(wire: Wire) -> None:
    odd = POST | {
        "text": "a\0b \ud800 c",
        "geo": {"coordinates": {"coordinates": [1.5, 2**70]}},
        "source": "x\udfff",
    }
    wire.answers = [ME, page(odd)]
    (item,) = session(wire.origin).activity(Stream.POSTS, since=None, at=None).items
    assert item.text == "a\ufffdb \ufffd c"
    assert item.content["geo"] == {"coordinates": {"coordinates": ["1.5", str(2**70)]}}
    jcs.encode(dict(item.content))


def test_a_film_has_the_address_with_the_most_bits(wire: Wire) -> None:
    variants = [
        {"content_type": "application/x-mpegURL", "url": "https://v.example/a.m3u8"},
        {"content_type": "video/mp4", "bit_rate": 256_000, "url": "https://v.example/small.mp4"},
        {"content_type": "video/mp4", "bit_rate": 832_000, "url": "https://v.example/large.mp4"},
    ]
    film = {"media_key": "7_1", "type": "video", "preview_image_url": "https://p.example/1", "variants": variants}
    still = {"media_key": "3_2", "type": "photo", "url": "https://p.example/2", "alt_text": "A dot"}
    lost = {"media_keys": ["7_1", "3_2", "3_3"]}
    wire.answers = [ME, page(POST | {"attachments": lost}, includes={"media": [film, still]})]
    (item,) = session(wire.origin).activity(Stream.POSTS, since=None, at=None).items
    assert [(one.key, one.type, one.url, one.alt) for one in item.attachments] == [
        ("7_1", "video", "https://v.example/large.mp4", ""),
        ("3_2", "photo", "https://p.example/2", "A dot"),
    ]


@pytest.mark.parametrize("names", ["tweet", "post"])
def test_both_names_of_a_thing_make_the_same_item(wire: Wire, names: str) -> None:
    row = POST | {
        f"referenced_{names}s": [{"type": "replied_to", "id": "9"}],
        f"edit_history_{names}_ids": ["41", "42"],
        f"note_{names}": {"text": "Hello, all of it"},
        "public_metrics": {"like_count": 3, f"re{names}_count": 5},
    }
    wire.answers = [ME, page(row)]
    (item,) = session(wire.origin).activity(Stream.POSTS, since=None, at=None).items
    assert (item.kind, item.reply_to, item.text) == (Kind.REPLY, "9", "Hello, all of it")
    assert item.metrics == {"like_count": 3, "retweet_count": 5}
    assert set(item.content) == {"edit_history_tweet_ids", "note_tweet", "referenced_tweets", "text"}


def test_a_metric_that_x_does_not_tell_of_one_post_fails_no_other(wire: Wire) -> None:
    young, other = str(1 << 62), "43"
    denied = {"type": "https://api.twitter.com/2/problems/not-authorized-for-field", "resource_id": young}
    gone = {"type": "https://api.twitter.com/2/problems/resource-not-found", "resource_id": "43"}
    told = {"id": young, "public_metrics": {"like_count": 1, "bookmark_count": None}}
    wire.answers = [http({"errors": [denied]}), http({"data": [told], "errors": [gone]})]
    assert session(wire.origin).metrics([young, other]) == {young: {"like_count": 1}}
    wire.answers = [http({"data": [told | {"id": "99"}]})]
    assert session(wire.origin).metrics([other]) == {}
    assert len(wire.requests) == 3


def test_a_refused_question_for_private_metrics_is_asked_for_the_public_ones(wire: Wire) -> None:
    young = str(1 << 62)
    forbidden = http({"title": "Forbidden", "detail": "Forbidden", "status": 403}, 403)
    wire.answers = [forbidden, http({"data": [{"id": young, "public_metrics": {"like_count": 1}}]})]
    assert session(wire.origin).metrics([young]) == {young: {"like_count": 1}}
    wire.answers = [http({"title": "CreditsDepleted", "status": 402}, 402)]
    with pytest.raises(errors.NetworkRefused, match="credits"):
        session(wire.origin).metrics([young])


@pytest.mark.parametrize("answer", [http({}), http({"data": {}}), http({"data": [{"id": 1}]}), http(b"")])
def test_metrics_that_are_not_understood_are_refused(wire: Wire, answer: bytes) -> None:
    wire.answers = [answer]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).metrics(["42"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_plain_json_always_has_a_canonical_form(value: object) -> None:
    once = plain(value)
    jcs.encode(once)
    assert plain(once) == once


def test_more_ids_than_x_takes_are_a_mistake_of_ours(wire: Wire) -> None:
    with pytest.raises(ValueError, match="100"):
        session(wire.origin).metrics([str(n) for n in range(101)])
