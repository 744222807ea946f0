"""Whatever X answers, the adapter says what it means.

The answers are raw: the sandbox cannot speak broken HTTP."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from socialguard import clock, errors
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


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(close, id="closed"),
        pytest.param(http(b"{}", 500), id="500"),
        pytest.param(http(b"<html>", 200), id="html"),
        pytest.param(http({"data": {}}), id="no id"),
        pytest.param(problem(403), id="403"),
    ],
)
@pytest.mark.parametrize("step", ["image", "alt text"])
def test_an_image_that_could_not_be_uploaded_proves_that_nothing_was_posted(
    wire: Wire, answer: bytes, step: str
) -> None:
    if step == "alt text" and answer == http({"data": {}}):
        pytest.skip("the answer to an alt text needs no id")
    uploaded = http({"data": {"id": "7"}, "meta": {}})
    answers = [answer] if step == "image" else [uploaded, answer]
    found = failing(wire, *answers, CREATED, uploads=(Upload(png(), "image/png", "A dot"),))
    assert isinstance(found, errors.NetworkRefused)
    assert "/2/tweets" not in [request.path for request in wire.requests]


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


@pytest.mark.parametrize(
    ("level", "scopes", "warnings"),
    [
        ("read-write-directmessages", ("read", "write", "directmessages"), 0),
        ("read-write", ("read", "write"), 0),
        ("read", ("read",), 1),
        (None, (), 1),
    ],
)
def test_what_oauth1_keys_may_do_is_read_from_the_header(
    wire: Wire, level: str | None, scopes: tuple[str, ...], warnings: int
) -> None:
    headers = {} if level is None else {"x-access-level": level}
    wire.answers = [http(ME, 200, **headers)]
    found = session(wire.origin).inspect()
    assert (found.scopes, len(found.warnings), found.api_version) == (scopes, warnings, "2")


def test_what_an_oauth2_token_may_do_is_what_its_document_says(wire: Wire) -> None:
    wire.answers = [http(ME)]
    document = {**PUBLIC, "scope": "tweet.read users.read", "expires_at": "2026-11-27T09:00:00Z"}
    found = session(wire.origin, document).inspect()
    assert found.scopes == ("tweet.read", "users.read")
    assert found.expires_at == NOW
    assert any("tweet.write, media.write" in warning for warning in found.warnings)


def test_oauth1_keys_need_no_refresh(wire: Wire) -> None:
    assert session(wire.origin).refresh() is None
    assert wire.connections == 0


@pytest.mark.parametrize("document", [PUBLIC, CONFIDENTIAL], ids=["public", "confidential"])
def test_a_refresh_names_the_app_as_its_kind_must(wire: Wire, document: dict[str, str]) -> None:
    body = {"access_token": "New-access-1", "refresh_token": "New-refresh-1", "expires_in": 7200, "scope": "a b"}
    wire.answers = [http(body)]
    with time_machine.travel(NOW, tick=False):
        found = session(wire.origin, document).refresh()
    assert found is not None
    assert found.document() == {
        **document,
        "access_token": "New-access-1",
        "refresh_token": "New-refresh-1",
        "expires_at": "2026-11-27T11:00:00+00:00",
        "scope": "a b",
    }
    sent = wire.requests[0].body.decode()
    assert ("client_id=" in sent) == (document is PUBLIC)
    assert wire.requests[0].headers.get("authorization", "").startswith("Basic ") == (document is CONFIDENTIAL)


def test_a_refresh_without_rotation_keeps_the_refresh_token(wire: Wire) -> None:
    wire.answers = [http({"access_token": "New-access-2"})]
    found = session(wire.origin, PUBLIC).refresh()
    assert found is not None
    assert (found.reveal("access_token"), found.reveal("refresh_token")) == (
        "New-access-2",
        PUBLIC["refresh_token"],
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(close, errors.OutcomeUnknown, id="closed"),
        pytest.param(http(b"{}", 500), errors.OutcomeUnknown, id="500"),
        pytest.param(http(b"<html>", 502), errors.OutcomeUnknown, id="502 in HTML"),
        pytest.param(http({"token_type": "bearer"}), errors.OutcomeUnknown, id="200 without token"),
        pytest.param(http({"access_token": "a b"}), errors.OutcomeUnknown, id="200 with a token that is none"),
        pytest.param(http({"error": "invalid_grant"}, 400), errors.AuthenticationNeeded, id="invalid_grant"),
        pytest.param(
            http(
                {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}, 400
            ),
            errors.AuthenticationNeeded,
            id="spent",
        ),
        pytest.param(http({"error": "unauthorized_client"}, 401), errors.AuthenticationNeeded, id="401"),
        pytest.param(http({}, 429), errors.RateLimited, id="429"),
        pytest.param(http({"error": "x"}, 403), errors.NetworkRefused, id="403"),
    ],
)
def test_a_refresh_that_failed_says_whether_the_token_may_be_spent(
    wire: Wire, answer: Answer, kind: type[errors.SocialGuardError]
) -> None:
    wire.answers = [answer]
    with pytest.raises(kind) as caught:
        session(wire.origin, CONFIDENTIAL).refresh()
    assert len(wire.requests) == 1
    assert "post of" not in str(caught.value)
    assert leaked(caught.value, SECRETS) == []


@pytest.mark.parametrize(
    ("answers", "confirmed"),
    [
        pytest.param([http({"revoked": True})], True, id="revoked"),
        pytest.param([http({"revoked": True}), close], False, id="second closed"),
        pytest.param([close, http({"revoked": True})], False, id="first closed"),
        pytest.param([http({"revoked": False})], False, id="not revoked"),
        pytest.param([http(b"{}", 503)], False, id="503"),
        pytest.param(
            [
                http(
                    {"error": "invalid_request", "error_description": "Value passed for the token was invalid."},
                    400,
                )
            ],
            True,
            id="known as invalid",
        ),
    ],
)
def test_a_revocation_is_confirmed_only_by_x(wire: Wire, answers: list[Answer], confirmed: bool) -> None:
    wire.answers = answers
    found = session(wire.origin, PUBLIC).revoke()
    assert found.confirmed is confirmed
    assert (found.page is None) is confirmed
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("answer", "confirmed"),
    [
        pytest.param(http({"access_token": "x"}), True, id="invalidated"),
        pytest.param(http({"errors": [{"code": 89, "message": "Invalid or expired token."}]}, 401), True, id="89"),
        pytest.param(problem(401, "Unauthorized"), True, id="401"),
        pytest.param(http({"errors": [{"code": 32, "message": "Could not."}]}, 401), False, id="wrong signature"),
        pytest.param(close, False, id="closed"),
    ],
)
def test_oauth1_keys_are_revoked_by_a_signed_call(wire: Wire, answer: Answer, confirmed: bool) -> None:
    wire.answers = [answer]
    assert session(wire.origin).revoke().confirmed is confirmed
    assert wire.requests[0].path == "/1.1/oauth/invalidate_token.json"


def test_an_app_that_x_does_not_know_cannot_revoke(wire: Wire) -> None:
    wire.answers = [http({"error": "unauthorized_client"}, 401)]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin, PUBLIC).revoke()


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
