"""Whatever X answers, the adapter says what it means.

The answers are raw: the sandbox cannot speak broken HTTP."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from socialguard import clock, errors
from socialguard.model.stream import Stream
from socialguard.networks.interface import Outgoing, Upload

from .wire import Answer, Wire, close, http, leaked
from .x_world import CONFIDENTIAL, OAUTH1, PUBLIC, SECRETS, png, publish, session

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
DATE = "Fri, 27 Nov 2026 09:00:00 GMT"
PROBLEMS = "https://api.twitter.com/2/problems/"
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
ME = {"data": {"id": "111", "name": "Acme", "username": "acme", "public_metrics": {"followers_count": 5}}}
CREATED = http({"data": {"id": "42", "text": "Hello"}}, 201, Date=DATE)


def problem(status: int, detail: str = "Forbidden", kind: str = "about:blank", **more: Any) -> bytes:
    """Return a refusal in X's shape."""
    return http({"detail": detail, "title": "Forbidden", "type": kind, "status": status, **more}, status)


def failing(wire: Wire, *answers: Answer, **post: Any) -> errors.SocialGuardError:
    """Publish a post that fails; return how. Nothing may be tried twice, and no secret may show."""
    wire.answers = list(answers)
    with pytest.raises(errors.SocialGuardError) as caught:
        publish(session(wire.origin), **post)
    assert len([request for request in wire.requests if request.path == "/2/tweets"]) <= 1
    assert leaked(caught.value, SECRETS) == []
    return caught.value


def failing_read(wire: Wire, *answers: Answer) -> errors.SocialGuardError:
    """Ask who we are, and fail; return how."""
    wire.answers = list(answers)
    with pytest.raises(errors.SocialGuardError) as caught:
        session(wire.origin).identity()
    assert leaked(caught.value, SECRETS) == []
    return caught.value


UNCLEAR: dict[str, Answer] = {
    "500 with an object": http(b"{}", 500),
    "500 with a list": http(b"[]", 500),
    "500 without errors": http({"errors": None}, 500),
    "502 in HTML": http(b"<html>Bad gateway</html>", 502),
    "503 without a body": http(b"", 503),
    "408 of a gateway": http(b"{}", 408),
    "499 of a gateway": http(b"{}", 499),
    "200 in HTML": http(b"<html>", 200),
    "201 without a body": http(b"", 201),
    "201 as a list": http(b"[]", 201),
    "201 without data": http({}, 201),
    "201 without id": http({"data": {"text": "Hello"}}, 201),
    "201 with an id that is a number": http({"data": {"id": 42, "text": "Hello"}}, 201),
    "201 with an id that is no number": http({"data": {"id": "4/2", "text": "Hello"}}, 201),
    "201 cut": http(b'{"data": {"id": "4', 201),
    "201 nested too deep": http(b"[" * 100_000, 201),
    "200 with errors and no data": http({"errors": [{"title": "Oops", "type": "about:blank"}]}, 200),
    "307": http(b"", 307, Location="https://evil.example/"),
    "a closed connection": close,
}


@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_post_without_a_clear_answer_is_unknown(wire: Wire, answer: Answer) -> None:
    found = failing(wire, answer)
    assert isinstance(found, errors.OutcomeUnknown)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_read_without_a_clear_answer_is_no_unknown_post(wire: Wire, answer: Answer) -> None:
    assert isinstance(failing_read(wire, answer), errors.NetworkRefused)


def test_a_read_of_which_nothing_came_back_was_not_reached(wire: Wire) -> None:
    assert isinstance(failing_read(wire, close), errors.NotReached)


REFUSED = {
    "duplicate": (problem(403, DUPLICATE), "duplicate", "no duplicates"),
    "read only": (problem(403, kind=PROBLEMS + "oauth1-permissions"), "read_only", "may only read"),
    "app token": (problem(403, kind=PROBLEMS + "unsupported-authentication"), "wrong_kind", "user's tokens"),
    "client": (problem(403, kind=PROBLEMS + "client-forbidden"), "client_forbidden", "project"),
    "usage cap as 429": (problem(429, "Usage cap", PROBLEMS + "usage-capped"), "usage_capped", "used up"),
    "credits": (http({"title": "CreditsDepleted", "status": 402}, 402), "credits", "credits exhausted"),
    "credits in HTML": (http(b"<html>", 402), "credits", "credits exhausted"),
    "other 403": (problem(403, "You are not permitted."), "refused", "You are not permitted (403)."),
    "400": (
        problem(400, "One or more.", errors=[{"message": "Your media IDs are invalid."}]),
        "refused",
        "Your media IDs are invalid (400).",
    ),
    "only errors with detail": (http({"errors": [{"detail": "Only this."}]}, 400), "refused", "Only this (400)."),
    "errors of strings": (http({"errors": ["a", 1, None]}, 400), "refused", "no reason (400)"),
    "404 in HTML": (http(b"<html>", 404), "refused", "no reason (404)"),
    "413": (http(b"", 413), "refused", "(413)"),
}


@pytest.mark.parametrize(("answer", "reason", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_documented_refusal_proves_that_nothing_was_posted(
    wire: Wire, answer: bytes, reason: str, words: str
) -> None:
    found = failing(wire, answer)
    assert type(found) is errors.NetworkRefused
    assert found.fields["reason"] == reason
    assert words in str(found)
    assert "x:@acme" in str(found)


def test_401_asks_for_a_new_credential(wire: Wire) -> None:
    found = failing(wire, problem(401, "Unauthorized"))
    assert isinstance(found, errors.AuthenticationNeeded)
    assert "(401: Unauthorized)" in str(found)


OUT_OF_BOUNDS = {"errors": [{"code": 135, "message": "Timestamp out of bounds."}]}
NO_TOKEN = {"errors": [{"code": 89, "message": "Invalid or expired token."}]}


@pytest.mark.parametrize("body", [OUT_OF_BOUNDS, {"title": "Unauthorized", "status": 401}])
def test_a_signature_of_another_time_is_no_rejected_token(wire: Wire, body: dict[str, Any]) -> None:
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        found = failing(wire, http(body, 401, Date=DATE))
    assert isinstance(found, errors.NetworkRefused)
    assert found.fields["reason"] == "clock"
    assert "this machine's clock differs from X's by 60 min" in str(found)


def test_a_signature_of_another_time_by_a_clock_that_agrees_names_no_minutes(wire: Wire) -> None:
    with time_machine.travel(NOW, tick=False):
        found = failing(wire, http(OUT_OF_BOUNDS, 401, Date=DATE))
    assert found.fields["reason"] == "clock"
    assert "found the time of the signature wrong" in str(found)
    assert " min" not in str(found)


@pytest.mark.parametrize(("document", "body"), [(OAUTH1, NO_TOKEN), (PUBLIC, {"status": 401})])
def test_what_the_clock_cannot_have_caused_is_the_token(
    wire: Wire, document: dict[str, str], body: dict[str, Any]
) -> None:
    wire.answers = [http(body, 401, Date=DATE)]
    with time_machine.travel(NOW + timedelta(hours=1), tick=False), pytest.raises(errors.AuthenticationNeeded):
        session(wire.origin, document).identity()


@pytest.mark.parametrize("kind", ["operational-disconnect", "streaming-connection", ""])
def test_a_problem_that_may_pass_is_no_refusal(wire: Wire, kind: str) -> None:
    """A scheduled post waits for it."""
    wire.answers = [http({"errors": [{"detail": "Try again.", "type": PROBLEMS + kind}]})]
    with pytest.raises(errors.NetworkRefused, match="Try again") as caught:
        session(wire.origin).identity()
    assert caught.value.fields["reason"] == "unavailable"


SUSPENDED = {"errors": [{"detail": "User has been suspended: [111].", "type": PROBLEMS + "resource-not-found"}]}


@pytest.mark.parametrize("what", ["identity", "profile", "timeline", "find", "posts"])
def test_problems_instead_of_what_was_asked_for_are_told_in_the_words_of_x(wire: Wire, what: str) -> None:
    hidden = {"errors": [{"detail": "You are not authorized.", "type": PROBLEMS + "not-authorized-for-resource"}]}
    wire.answers = [http(hidden if what == "find" else SUSPENDED)]
    of = session(wire.origin)
    of.assume("111", "acme")
    ask: dict[str, Any] = {
        "identity": of.identity,
        "profile": of.profile,
        "timeline": lambda: list(of.timeline(NOW)),
        "find": lambda: of.find("42"),
        "posts": lambda: of.activity(Stream.POSTS, since=None, at=None),
    }
    with pytest.raises(errors.NetworkRefused) as caught:
        ask[what]()
    # It is an answer: a post does not wait for it as for a network that is away.
    assert caught.value.fields["reason"] == "refused"
    assert ("not authorized" if what == "find" else "has been suspended: [111] (200)") in str(caught.value)


def test_what_x_says_is_bounded_and_free_of_secrets(wire: Wire) -> None:
    found = failing(wire, problem(400, f"Token {OAUTH1['access_token']} " + "a" * 10_000))
    assert "[secret]" in str(found)
    assert len(str(found)) < 500


LIMITED: dict[str, tuple[dict[str, str], timedelta]] = {
    "reset": ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 600)}, timedelta(seconds=600)),
    "no reset": ({}, timedelta(minutes=15)),
    "a reset that is no number": ({"x-rate-limit-reset": "soon"}, timedelta(minutes=15)),
    "a reset that has passed": ({"x-rate-limit-reset": "1"}, timedelta(seconds=1)),
    "a reset in ten years": ({"x-rate-limit-reset": "2111111111"}, timedelta(hours=24)),
    "a wait": ({"retry-after": "30"}, timedelta(seconds=30)),
    "the day is used up": (
        {
            "x-rate-limit-reset": str(int(NOW.timestamp()) + 600),
            "x-app-limit-24hour-remaining": "0",
            "x-app-limit-24hour-reset": str(int(NOW.timestamp()) + 7200),
        },
        timedelta(hours=2),
    ),
    "the day is not used up": (
        {
            "x-rate-limit-reset": str(int(NOW.timestamp()) + 600),
            "x-app-limit-24hour-remaining": "9",
            "x-app-limit-24hour-reset": str(int(NOW.timestamp()) + 7200),
        },
        timedelta(seconds=600),
    ),
}


@pytest.mark.parametrize(("headers", "wait"), LIMITED.values(), ids=LIMITED.keys())
def test_429_says_until_when(wire: Wire, headers: dict[str, str], wait: timedelta) -> None:
    with time_machine.travel(NOW, tick=False):
        found = failing(wire, http({"title": "Too Many Requests"}, 429, Date=DATE, **headers))
    assert isinstance(found, errors.RateLimited)
    assert found.fields["reset"] == NOW + wait
    assert found.fields["until"] == (NOW + wait).isoformat().replace("+00:00", "Z")


def test_the_wait_after_429_is_right_by_a_clock_that_is_wrong(wire: Wire) -> None:
    headers = {"x-rate-limit-reset": str(int(NOW.timestamp()) + 600)}
    with time_machine.travel(NOW - timedelta(hours=5), tick=False):
        found = failing(wire, http({}, 429, Date=DATE, **headers))
    assert found.fields["reset"] == NOW - timedelta(hours=5) + timedelta(seconds=600)


UPLOADED = http({"data": {"id": "7"}, "meta": {}})
BROKEN: dict[str, Answer] = {
    "closed": close,
    "500": http(b"{}", 500),
    "html": http(b"<html>", 200),
    "403": problem(403),
    "errors": http({"errors": [{"title": "Oops"}]}),
}


@pytest.mark.parametrize("answer", [*BROKEN.values(), http({"data": {}})], ids=[*BROKEN, "no id"])
def test_an_image_that_could_not_be_uploaded_proves_that_nothing_was_posted(wire: Wire, answer: Answer) -> None:
    found = failing(wire, answer, CREATED, uploads=(Upload(png(), "image/png", "A dot"),))
    assert isinstance(found, errors.NetworkRefused)
    assert [request.path for request in wire.requests] == ["/2/media/upload"]


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_an_alt_text_that_was_not_taken_stops_the_post(wire: Wire, answer: Answer) -> None:
    found = failing(wire, UPLOADED, answer, CREATED, uploads=(Upload(png(), "image/png", "A dot"),))
    assert isinstance(found, errors.NetworkRefused)
    assert [request.path for request in wire.requests] == ["/2/media/upload", "/2/media/metadata"]


def test_a_post_goes_out_once_with_all_its_parts(wire: Wire) -> None:
    image = png()
    wire.answers = [http({"data": {"id": "7"}, "meta": {}}), http({"data": {"id": "7"}}), CREATED]
    uploads = (Upload(image, "image/png", "A dot"),)
    opened = session(wire.origin)
    receipt = opened.publish(Outgoing("Hello", "https://example.com", "41", uploads), print)
    assert (receipt.network_id, receipt.url) == ("42", "https://x.com/acme/status/42")
    assert receipt.published_at == NOW == opened.server_time
    assert [request.path for request in wire.requests] == ["/2/media/upload", "/2/media/metadata", "/2/tweets"]
    assert wire.requests[1].document == {"id": "7", "metadata": {"alt_text": {"text": "A dot"}}}
    assert wire.requests[2].document == {
        "text": "Hello https://example.com",
        "reply": {"in_reply_to_tweet_id": "41"},
        "media": {"media_ids": ["7"]},
    }
    assert all(request.headers["authorization"].startswith("OAuth ") for request in wire.requests)
    assert opened.calls == 3


def test_an_oauth2_token_goes_out_as_bearer(wire: Wire) -> None:
    wire.answers = [CREATED]
    publish(session(wire.origin, PUBLIC))
    assert wire.requests[0].headers["authorization"] == f"Bearer {PUBLIC['access_token']}"


def test_an_id_that_is_none_never_becomes_part_of_an_address(wire: Wire) -> None:
    opened = session(wire.origin)
    for act in (opened.delete, opened.find):
        with pytest.raises(errors.NetworkRefused):
            act("1/../2")
    with pytest.raises(errors.NetworkRefused):
        publish(opened, reply_to="1?x")
    assert wire.connections == 0


def test_nothing_of_a_call_is_logged_even_with_debug(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tweepy.client").setLevel(logging.DEBUG)
    for document in (OAUTH1, CONFIDENTIAL):
        wire.answers = [CREATED]
        publish(session(wire.origin, document))
        wire.answers = [http({"access_token": "Fresh-access-9", "refresh_token": "Fresh-refresh-9"})]
        session(wire.origin, document).refresh()
    text = caplog.text + json.dumps([record.__dict__ for record in caplog.records], default=repr)
    assert [secret for secret in [*SECRETS, "Fresh-access-9", "Fresh-refresh-9"] if secret in text] == []


def test_times_come_from_the_one_clock(wire: Wire) -> None:
    clock.shift(timedelta(hours=1))
    wire.answers = [http({}, 429)]
    with time_machine.travel(NOW, tick=False), pytest.raises(errors.RateLimited) as caught:
        session(wire.origin).identity()
    assert caught.value.fields["reset"] == NOW + timedelta(hours=1, minutes=15)
