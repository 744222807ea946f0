"""Whatever Graph answers, the adapter says what it means: refused for certain, later, log in again, unknown.

The answers are raw bytes from a server of this file: the sandbox cannot speak broken HTTP."""

import json
import socket
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socialguard import clock, errors
from socialguard.model.credential import Credential
from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.interface import Outgoing, Session

TOKEN = "EAAtoken-of-the-page-4711"
SECRET = "0123456789abcdef-app-secret"
JSON = "application/json; charset=UTF-8"


def answer(body: object, status: int = 200, kind: str | None = JSON, **headers: str) -> bytes:
    """Return a raw HTTP answer; a body that is no bytes is written as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Content-Length": str(len(data)), "Connection": "close"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        head["Content-Type"] = kind
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data


def error(code: int, subcode: int | None = None, message: str = "Why.", **more: object) -> dict[str, Any]:
    """Return Graph's error document."""
    inside: dict[str, object] = {"message": message, "code": code, "type": "OAuthException", **more}
    return {"error": inside if subcode is None else {**inside, "error_subcode": subcode}}


@dataclass
class Scripted:
    """A server that gives one answer after the other, and keeps what it was asked."""

    answers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def serve(self) -> None:
        """Answer until the listener is closed; the last answer is repeated."""
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                self.requests.append(self._read(connection))
                reply = self.answers[min(len(self.requests), len(self.answers)) - 1]
                if reply:
                    connection.sendall(reply)

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data and (chunk := connection.recv(65536)):
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
        while missing > 0 and (chunk := connection.recv(65536)):
            data += chunk
            missing -= len(chunk)
        return data

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def session(self, *answers: bytes) -> Session:
        """Return a session that will get these answers."""
        self.answers[:] = answers
        self.requests.clear()
        fields = {"page_token": TOKEN, "app_id": "123", "app_secret": SECRET}
        return FacebookAdapter().open(Credential("facebook", "page", fields), self.origin, "facebook:@acme")


@pytest.fixture
def graph() -> Iterator[Scripted]:
    """A scripted Graph."""
    scripted = Scripted()
    thread = threading.Thread(target=scripted.serve, daemon=True)
    thread.start()
    yield scripted
    scripted.listening.shutdown(socket.SHUT_RDWR)
    scripted.listening.close()
    thread.join(5)


def publish(session: Session, **more: Any) -> list[str]:
    """Publish a text; return the ids of the steps."""
    steps: list[str] = []
    session.publish(Outgoing("Hello", **more), steps.append)
    return steps


BUC = json.dumps(
    {"1": [{"type": "pages", "estimated_time_to_regain_access": 7}, {"estimated_time_to_regain_access": 3}]}
)
CREATED = answer({"id": "1_2"})
DONE = answer({"success": True})
POST = {"id": "1_2", "message": "Hello", "created_time": "2026-11-23T12:00:00+0000", "is_published": True}

UNUSABLE = {
    "500 with an empty object": answer({}, 500),
    "502 with a page of HTML": answer(b"<html>Bad gateway", 502, "text/html"),
    "404 with a page of HTML": answer(b"<html>Not found", 404, "text/html"),
    "broken JSON": answer(b'{"success": tru'),
    "deeply nested JSON": answer(b"[" * 200_000),
    "an empty body": answer(b""),
    "a list": answer([]),
    "null": answer(b"null"),
    "200 with an error in it": answer(error(368)),
    "an unknown success": answer({}),
    "success false": answer({"success": False}),
    "a redirect": answer(b"", 307, None, Location="https://graph.facebook.com/v26.0/me"),
    "code 1": answer(error(1), 400),
    "code 2 with 503": answer(error(2), 503),
    "a transient refusal": answer(error(100, is_transient=True), 400),
    "a refusal with 500": answer(error(100), 500),
    "a token error with 500": answer(error(190), 500),
    "a cut connection": b"",
    "a cut answer": answer({"success": True})[:-3],
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_answer_that_proves_nothing_leaves_the_last_step_unknown(graph: Scripted, name: str) -> None:
    session = graph.session(CREATED, UNUSABLE[name])
    steps: list[str] = []
    with pytest.raises(errors.OutcomeUnknown) as caught:
        session.publish(Outgoing("Hello"), steps.append)
    assert steps == ["1_2"]
    assert "public_possible" not in caught.value.fields


@pytest.mark.parametrize("name", UNUSABLE)
def test_before_the_last_step_an_unknown_answer_says_that_nothing_can_be_public(
    graph: Scripted, name: str
) -> None:
    session = graph.session(UNUSABLE[name])
    with pytest.raises(errors.OutcomeUnknown) as caught:
        publish(session)
    assert caught.value.fields["public_possible"] is False
    assert len(graph.requests) == 1


@pytest.mark.parametrize("name", [name for name in UNUSABLE if "cut" not in name])
def test_a_read_with_an_unusable_answer_is_refused(graph: Scripted, name: str) -> None:
    with pytest.raises((errors.NetworkRefused, errors.AuthenticationNeeded)):
        graph.session(UNUSABLE[name]).identity()


@pytest.mark.parametrize("kind", [None, "text/html", "text/javascript; charset=UTF-8"])
def test_json_counts_whatever_content_type_it_has(graph: Scripted, kind: str | None) -> None:
    session = graph.session(answer({"id": "1_2"}, kind=kind), answer(b"true", kind=kind), answer(POST, kind=kind))
    assert publish(session) == ["1_2"]


@pytest.mark.parametrize("code", [3, 10, 100, 200, 210, 299, 368, 506, 1500])
def test_a_documented_refusal_proves_that_nothing_was_created(graph: Scripted, code: int) -> None:
    with pytest.raises(errors.NetworkRefused, match=rf"\b{code}\b.*Facebook says: Why\.") as caught:
        publish(graph.session(answer(error(code), 400)))
    assert not isinstance(caught.value, errors.NotReached)
    words = {368: "blocked", 506: "duplicate", 100: "invalid", 1500: "refused"}
    assert caught.value.fields["reason"] == words.get(code, "permission")


def test_nothing_for_the_person_is_no_answer_that_cannot_be_understood(graph: Scripted) -> None:
    with pytest.raises(errors.NetworkRefused, match="Invalid parameter"):
        publish(graph.session(answer(error(100, None, "Invalid parameter", error_user_msg=None), 400)))


def test_what_graph_means_for_the_person_is_told_too(graph: Scripted) -> None:
    why = "Photos should be smaller than 4 MB and saved as JPG or PNG."
    refused = error(100, 1366046, "Invalid parameter", error_user_msg=why)
    with pytest.raises(errors.NetworkRefused) as caught:
        publish(graph.session(answer(refused, 400)))
    assert str(caught.value).endswith(f"Facebook says: Invalid parameter – {why}")


@pytest.mark.parametrize(
    ("subcode", "words"),
    [
        (458, "removed the app"),
        (459, "checkpoint"),
        (460, "changed the password"),
        (463, "expired"),
        (464, "not confirmed"),
        (467, "invalid"),
        (492, "no longer has a role"),
        (None, "invalid"),
    ],
)
@pytest.mark.parametrize("code", [102, 190])
def test_a_rejected_token_says_why(graph: Scripted, code: int, subcode: int | None, words: str) -> None:
    with pytest.raises(errors.AuthenticationNeeded, match=words):
        publish(graph.session(answer(error(code, subcode), 400)))


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80002])
@pytest.mark.parametrize("step", ["create", "release"])
def test_a_rate_limit_names_when_it_ends(graph: Scripted, code: int, step: str) -> None:
    limited = answer(error(code, is_transient=True), 403, X_Business_Use_Case_Usage=BUC)
    before = clock.now()
    with pytest.raises(errors.RateLimited) as caught:
        publish(graph.session(*([limited] if step == "create" else [CREATED, limited])))
    until = caught.value.fields["reset"]
    assert isinstance(until, datetime)
    assert timedelta(minutes=7) <= until - before < timedelta(minutes=8)
    assert until.strftime("%Y-%m-%dT%H:%M:%SZ") in str(caught.value)


@pytest.mark.parametrize(
    "usage", ["", "no json", "[]", '{"1": 2}', '{"1": [{"estimated_time_to_regain_access": 0}]}']
)
def test_a_rate_limit_without_a_time_lasts_an_hour(graph: Scripted, usage: str) -> None:
    before = clock.now()
    with pytest.raises(errors.RateLimited) as caught:
        publish(graph.session(answer(b"slow down", 429, "text/plain", X_Business_Use_Case_Usage=usage)))
    until = caught.value.fields["reset"]
    assert isinstance(until, datetime)
    assert timedelta(minutes=60) <= until - before < timedelta(minutes=61)


def test_what_is_sent_is_what_graph_documents(graph: Scripted) -> None:
    publish(graph.session(CREATED, DONE, answer(POST)), link="https://example.org/a")
    create, release, look = (request.decode() for request in graph.requests)
    assert create.startswith("POST /v26.0/me/feed HTTP/1.1\r\n")
    form = urllib.parse.parse_qs(create.partition("\r\n\r\n")[2])
    assert form.pop("appsecret_proof")
    assert form == {"published": ["false"], "message": ["Hello"], "link": ["https://example.org/a"]}
    assert release.startswith("POST /v26.0/1_2 HTTP/1.1\r\n")
    assert "is_published=true" in release
    assert look.startswith("GET /v26.0/1_2?fields=")


def test_the_token_travels_in_a_header_and_never_in_an_address_or_form(graph: Scripted) -> None:
    session = graph.session(CREATED, DONE, answer(POST), answer({"id": "1"}), answer({"data": []}), DONE)
    publish(session)
    session.identity()
    list(session.timeline(datetime.now(UTC)))
    session.delete("1_2")
    assert len(graph.requests) == 6
    for request in graph.requests:
        assert f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode() in request
        assert request.count(TOKEN.encode()) == 1
        assert SECRET.encode() not in request
        assert b"appsecret_proof=" in request


def test_without_an_app_secret_no_proof_is_sent(graph: Scripted) -> None:
    graph.answers[:] = [answer({"id": "1"})]
    credential = Credential("facebook", "page", {"page_token": TOKEN})
    FacebookAdapter().open(credential, graph.origin, "facebook:@acme").identity()
    assert b"appsecret_proof" not in graph.requests[0]


def test_a_proved_publish_is_a_receipt_even_if_it_cannot_be_read_back(graph: Scripted) -> None:
    date = "Mon, 23 Nov 2026 12:00:00 GMT"
    session = graph.session(CREATED, answer({"success": True}, Date=date), answer({}, 500))
    receipt = session.publish(Outgoing("Hello"), lambda _: None)
    assert receipt.network_id == "1_2"
    assert receipt.url == "https://www.facebook.com/1_2"
    assert receipt.published_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert session.calls == 3


def test_a_permalink_that_is_no_address_is_replaced(graph: Scripted) -> None:
    hostile = POST | {"permalink_url": "javascript:alert(1)"}
    receipt = graph.session(CREATED, DONE, answer(hostile)).publish(Outgoing("Hello"), lambda _: None)
    assert receipt.url == "https://www.facebook.com/1_2"


@pytest.mark.parametrize(
    "first",
    [
        answer({}, 500),
        answer(error(190, 463), 400),
        answer(error(200), 403),
        answer(POST | {"is_published": None}),
        b"",
    ],
)
def test_a_resumed_attempt_that_cannot_be_looked_at_stays_unknown(graph: Scripted, first: bytes) -> None:
    """The earlier attempt may have made it public: no refusal of now proves the contrary."""
    with pytest.raises(errors.OutcomeUnknown):
        publish(graph.session(first), resume="1_2")
    assert len(graph.requests) == 1


def test_a_resumed_attempt_takes_only_the_last_step(graph: Scripted) -> None:
    hidden = answer(POST | {"is_published": False})
    session = graph.session(hidden, DONE, answer(POST))
    steps = publish(session, resume="1_2")
    assert steps == []
    assert [request.split(b" ")[0] for request in graph.requests] == [b"GET", b"POST", b"GET"]


def test_a_resumed_attempt_that_was_already_public_is_not_touched(graph: Scripted) -> None:
    publish(graph.session(answer(POST)), resume="1_2")
    assert len(graph.requests) == 1


def test_a_resumed_attempt_whose_post_is_gone_is_refused(graph: Scripted) -> None:
    with pytest.raises(errors.NetworkRefused, match="no longer exists"):
        publish(graph.session(answer(error(100, 33), 400)), resume="1_2")


def test_a_resumed_attempt_under_a_rate_limit_waits(graph: Scripted) -> None:
    with pytest.raises(errors.RateLimited):
        publish(graph.session(answer(error(32), 403)), resume="1_2")


@pytest.mark.parametrize(
    "post",
    [
        Outgoing("Hello", reply_to="1_2"),
        Outgoing("  "),
        Outgoing(""),
    ],
)
def test_what_a_page_cannot_post_is_refused_before_any_call(graph: Scripted, post: Outgoing) -> None:
    session = graph.session(CREATED)
    with pytest.raises(errors.NetworkRefused, match="Nothing was sent"):
        session.publish(post, lambda _: None)
    assert session.calls == 0


@pytest.mark.parametrize("bad", ["../me", "1/2", "1_2?x=1", "", "1_2\n", "a" * 200, "1 2"])
@pytest.mark.parametrize("call", [lambda s, i: s.find(i), lambda s, i: s.delete(i)])
def test_an_id_that_would_change_the_path_is_never_sent(
    graph: Scripted, bad: str, call: Callable[[Session, str], object]
) -> None:
    session = graph.session(DONE)
    with pytest.raises(errors.NetworkRefused, match="not the id"):
        call(session, bad)
    assert session.calls == 0


def test_the_list_is_followed_by_its_cursor_and_never_to_the_host_that_it_names(graph: Scripted) -> None:
    def page(number: int, paging: object) -> bytes:
        return answer({"data": [POST | {"id": f"1_{number}", "from": {"id": "1"}}], "paging": paging})

    evil = "https://attacker.example/v26.0/me/feed?after=c2&access_token=stolen"
    session = graph.session(
        answer({"id": "1"}),
        page(3, {"cursors": {"after": "c1"}, "next": evil}),
        page(2, {"next": evil}),
        page(1, {"cursors": {"after": "c3"}}),
    )
    seen = [post.network_id for post in session.timeline(datetime(2026, 1, 1, tzinfo=UTC))]
    assert seen == ["1_3", "1_2", "1_1"]
    assert b"after=c1" in graph.requests[2]
    assert b"after=c2" in graph.requests[3]


@pytest.mark.parametrize("paging", [{"next": "https://h/x"}, {"cursors": {"after": "c"}, "next": "https://h/x"}])
def test_a_list_without_end_is_refused_and_not_taken_for_whole(graph: Scripted, paging: object) -> None:
    session = graph.session(answer({"id": "1"}), answer({"data": [POST], "paging": paging}))
    with pytest.raises(errors.NetworkRefused, match="list of posts"):
        list(session.timeline(datetime(2026, 1, 1, tzinfo=UTC)))


def test_what_visitors_wrote_on_the_page_is_not_ours(graph: Scripted) -> None:
    rows = [POST | {"id": "1_1", "from": {"id": "1"}}, POST | {"id": "1_2", "from": {"id": "99"}}]
    session = graph.session(answer({"id": "1"}), answer({"data": rows}))
    assert [post.network_id for post in session.timeline(datetime(2026, 1, 1, tzinfo=UTC))] == ["1_1"]


def test_another_answering_version_is_told(graph: Scripted) -> None:
    facts = {"data": {"is_valid": True, "app_id": "123", "type": "PAGE", "expires_at": 0, "scopes": []}}
    found = graph.session(answer(facts, facebook_api_version="v23.0")).inspect()
    assert found.api_version == "v23.0"
    assert any("another version" in warning for warning in found.warnings)


def test_a_page_that_hides_its_numbers_has_a_name_all_the_same(graph: Scripted) -> None:
    who = graph.session(answer({"id": "17", "name": "Acmé"})).identity()
    assert (who.handle, who.user_id, who.followers) == ("17", "17", None)
    assert who.url == "https://www.facebook.com/17"


@pytest.mark.parametrize(
    ("reply", "confirmed"),
    [
        (DONE, True),
        (answer(b"true"), True),
        (answer(error(190, 458), 400), True),
        (answer(error(190, 459), 400), False),
        (answer(error(100), 400), False),
        (answer(error(200), 403), False),
        (answer({}, 500), False),
    ],
)
def test_a_revocation_counts_only_when_the_token_is_dead(graph: Scripted, reply: bytes, confirmed: bool) -> None:
    revoked = graph.session(reply).revoke()
    assert revoked.confirmed is confirmed
    assert (revoked.page is None) is confirmed


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps({"id": "1", "name": "Acme"}).encode(), "application/json; charset=idna"),
        (json.dumps({"id": "1", "name": "Acme"}).encode(), "application/json; charset=none-such"),
        (json.dumps({"id": "1", "name": "Acme"}).encode("utf-16"), JSON),
        (b"\xef\xbb\xbf" + json.dumps({"id": "1", "name": "Acme"}).encode(), JSON),
    ],
)
def test_json_is_read_as_what_it_is_and_not_as_a_header_says(graph: Scripted, body: bytes, kind: str) -> None:
    assert graph.session(answer(body, kind=kind)).identity().display_name == "Acme"


def test_a_name_with_half_a_character_is_shown_with_a_mark(graph: Scripted) -> None:
    found = graph.session(answer(b'{"id": "1", "name": "Ac\\ud800me"}')).identity()
    assert found.display_name == "Ac\ufffdme"


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-2359", "0001-01-01T00:00:00+2359"])
def test_a_post_of_a_time_that_is_none_is_not_understood(graph: Scripted, time: str) -> None:
    page = answer({"data": [POST | {"created_time": time}]})
    with pytest.raises(errors.NetworkRefused):
        list(graph.session(answer({"id": "1", "name": "Acme"}), page).timeline(datetime(2026, 1, 1, tzinfo=UTC)))
