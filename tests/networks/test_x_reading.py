"""Posts as X shows them: found, missing, or not to be trusted; and deleting them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from socialguard import errors

from .wire import Answer, Wire, close, http
from .x_world import session

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
PROBLEMS = "https://api.twitter.com/2/problems/"
ME = {"data": {"id": "111", "name": "Acme", "username": "acme"}}


def problem(status: int, detail: str) -> bytes:
    """Return a refusal in X's shape."""
    return http({"detail": detail, "title": detail, "type": "about:blank", "status": status}, status)


MISSING = http(
    {"errors": [{"type": PROBLEMS + "resource-not-found", "title": "Not Found Error", "detail": "No post."}]}
)
GONE = problem(404, "Not Found")


@pytest.mark.parametrize("answer", [MISSING, GONE], ids=["200 with errors", "404"])
def test_a_post_that_x_does_not_know_is_not_found(wire: Wire, answer: bytes) -> None:
    wire.answers = [answer]
    assert session(wire.origin).find("42") is None
    session(wire.origin).delete("42")


@pytest.mark.parametrize(
    "answer",
    [
        http({"errors": [{"type": PROBLEMS + "not-authorized-for-resource", "detail": "Protected."}]}),
        http(b"<html>", 404),
        http({}),
    ],
    ids=["not authorized", "404 in HTML", "neither data nor errors"],
)
def test_a_post_that_x_does_not_show_is_not_taken_for_missing(wire: Wire, answer: bytes) -> None:
    wire.answers = [answer]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).find("42")


def test_a_deletion_that_did_not_happen_is_looked_up(wire: Wire) -> None:
    not_deleted = http({"data": {"deleted": False}})
    wire.answers = [not_deleted, MISSING]
    session(wire.origin).delete("42")
    wire.requests.clear()
    wire.answers = [
        not_deleted,
        http({"data": {"id": "42", "text": "a", "created_at": "2026-11-27T09:00:00.000Z"}}),
    ]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).delete("42")


@pytest.mark.parametrize("answer", [close, http(b"{}", 500), http({"data": {}})], ids=["closed", "500", "unclear"])
def test_a_deletion_without_a_clear_answer_is_unknown(wire: Wire, answer: Answer) -> None:
    wire.answers = [answer]
    with pytest.raises(errors.OutcomeUnknown):
        session(wire.origin).delete("42")


def post(number: int, text: str = "Hello", at: str = "2026-11-27T09:00:00.000Z", **more: Any) -> dict[str, Any]:
    """Return a post object."""
    return {"id": str(number), "text": text, "created_at": at, **more}


def page(*posts: dict[str, Any], token: str | None = None) -> bytes:
    """Return a page of a timeline."""
    meta: dict[str, Any] = {"result_count": len(posts)}
    return http({"data": list(posts), "meta": meta | ({"next_token": token} if token else {})})


def test_a_timeline_is_read_to_its_end(wire: Wire) -> None:
    wire.answers = [http(ME), page(post(3), post(2), token="more"), page(post(1))]
    found = list(session(wire.origin).timeline(NOW + timedelta(milliseconds=700)))
    assert [each.network_id for each in found] == ["3", "2", "1"]
    # X keeps whole seconds: what it made in the same second must not be lost.
    assert "start_time=2026-11-27T09%3A00%3A00Z" in wire.requests[1].target
    assert "pagination_token=more" in wire.requests[2].target


def test_reposts_and_older_posts_are_left_out(wire: Wire) -> None:
    repost = post(2, references=None) | {"referenced_tweets": [{"type": "retweeted", "id": "9"}]}
    wire.answers = [http(ME), page(repost, post(1, at="2026-11-27T08:59:59.000Z"))]
    assert list(session(wire.origin).timeline(NOW)) == []


@pytest.mark.parametrize("names", ["tweet", "post"])
def test_a_long_reply_with_links_is_read_under_both_names(wire: Wire, names: str) -> None:
    link = {"url": "https://t.co/a", "expanded_url": "https://example.com/?a=1&b=2", "start": 0, "end": 1}
    media = {"url": "https://t.co/m", "expanded_url": "https://x.com/a/1/photo/1", "media_key": "3_1"}
    pic = {"url": "https://t.co/n", "expanded_url": "https://x.com/a/1/photo/1", "display_url": "pic.x.com/n"}
    whole = "Long &amp; good https://t.co/a https://t.co/m https://t.co/n"
    long_post = {
        **post(3, "Long &amp;… https://t.co/z"),
        "entities": {"urls": [media, pic]},
        f"note_{names}": {"text": whole, "entities": {"urls": [link]}},
        f"referenced_{names}s": [{"type": "quoted", "id": "8"}, {"type": "replied_to", "id": "9"}],
        f"edit_history_{names}_ids": ["3"],
    }
    wire.answers = [http(ME), page(long_post)]
    found = next(session(wire.origin).timeline(NOW))
    assert found.text == "Long & good https://example.com/?a=1&b=2"
    assert found.reply_to == "9"
    assert found.created_at == NOW


@pytest.mark.parametrize(
    "answer",
    [
        http({"errors": [{"title": "Oops", "type": "about:blank"}]}),
        http({}),
        page({"id": "1", "text": "no time"}),
        page({"id": "1", "text": "bad time", "created_at": "yesterday"}),
        http({"data": {}, "meta": {}}),
        page(post(1), token="same"),
    ],
    ids=["errors", "nothing", "no time", "bad time", "no list", "circle"],
)
def test_a_timeline_that_cannot_be_trusted_is_no_proof_of_absence(wire: Wire, answer: bytes) -> None:
    wire.answers = [http(ME), answer]
    with pytest.raises(errors.NetworkRefused):
        list(session(wire.origin).timeline(NOW))


def test_an_empty_timeline_is_empty(wire: Wire) -> None:
    wire.answers = [http(ME), http({"meta": {"result_count": 0}})]
    assert list(session(wire.origin).timeline(NOW)) == []


def test_a_clock_that_is_ahead_does_not_hide_our_post(wire: Wire) -> None:
    wire.answers = [
        http(ME, 200, Date="Fri, 27 Nov 2026 09:00:00 GMT"),
        page(post(1, at="2026-11-27T09:00:01.000Z")),
    ]
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        found = list(session(wire.origin).timeline(NOW + timedelta(minutes=10)))
    assert [each.network_id for each in found] == ["1"]
    assert "start_time=2026-11-27T09%3A00%3A00Z" in wire.requests[1].target
