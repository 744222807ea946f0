"""Every request goes to one origin, ends in time, and says for certain whether a byte of it left."""

import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from socialguard import errors
from socialguard.model.credential import guard
from socialguard.networks import http as our_http
from socialguard.networks import http_exchange
from socialguard.networks.http import ExchangeFailed, Transport, origin_session, proves_nothing_sent

from .wire import Answer, Wire, close, http, leaked, packed

SECRET = "Token-that-nobody-may-see"
HOST = "https://api.example.com"
QUICK = Transport(connect=0.5, read=0.3, total=1.0, max_bytes=1000)


@pytest.fixture(autouse=True)
def _known_secret() -> None:
    guard([SECRET])


def failure(
    origin: str, method: str = "POST", url: str = HOST + "/x", transport: Transport = QUICK
) -> ExchangeFailed:
    """Make one request that must fail; return how."""
    session = origin_session(origin, "x:@acme", "X", ("api.example.com",), transport)
    with pytest.raises(ExchangeFailed) as caught:
        session.request(
            method, url, params={"access_token": SECRET}, headers={"Authorization": f"Bearer {SECRET}"}, json={}
        )
    assert leaked(caught.value, [SECRET, quote(SECRET)]) == []
    assert caught.value.__context__ is None
    return caught.value


def test_importing_it_imports_no_http_library() -> None:
    code = "import sys, socialguard.networks.http, socialguard.networks.x_login, socialguard.networks.x\n"
    code += "assert not {'requests', 'urllib3', 'tweepy', 'pydantic', 'oauthlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_host_that_a_library_insists_on_becomes_the_origin(wire: Wire) -> None:
    wire.answers = [http({"ok": True})]
    session = origin_session(wire.origin, "x:@acme", "X", ("api.example.com",))
    assert session.request("GET", HOST + "/2/me", params={"a": "b c"}).json() == {"ok": True}
    assert wire.requests[0].target == "/2/me?a=b+c"
    assert wire.requests[0].headers["host"] == wire.origin.removeprefix("http://")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://api.example.com/x",
        "https://api.example.com:444/x",
        "https://api.example.com@evil.example/x",
        "https://evil.example\\@api.example.com/x",
        "https://api.example.com.evil.example/x",
        "file:///etc/passwd",
        "/relative",
    ],
)
def test_another_host_is_refused_before_anything_is_sent(wire: Wire, url: str) -> None:
    assert proves_nothing_sent(failure(wire.origin, url=url))
    assert wire.connections == 0


def test_a_prepared_request_cannot_pass_by_the_check(wire: Wire) -> None:
    import requests

    session = origin_session(wire.origin, "x:@acme", "X")
    with pytest.raises(ExchangeFailed):
        session.send(requests.Request("GET", wire.origin + "/x").prepare())
    assert wire.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(wire: Wire, status: int) -> None:
    wire.answers = [http(b"", status, Location=wire.origin + "/elsewhere")]
    found = failure(wire.origin)
    assert (found.nothing_sent, found.answered, len(wire.requests)) == (False, True, 1)


def test_no_proxy_netrc_or_cookie_of_the_environment_is_used(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    wire.answers = [http(Set_Cookie="id=1; Path=/"), http()]
    session = origin_session(wire.origin, "x:@acme", "X")
    session.request("GET", wire.origin + "/a")
    session.request("GET", wire.origin + "/b")
    assert "cookie" not in wire.requests[1].headers


def test_an_explicit_proxy_carries_what_is_not_on_this_machine(wire: Wire) -> None:
    wire.answers = [http(b"", 403)]
    transport = Transport(connect=1, read=1, total=2, proxy=wire.origin)
    found = failure("https://api.example.com", transport=transport)
    assert (wire.requests[0].method, wire.requests[0].target) == ("CONNECT", "api.example.com:443")
    # What the proxy refused never reached the network.
    assert found.nothing_sent
    assert SECRET not in str(wire.requests[0])


@pytest.mark.parametrize(
    "origin",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "https://user:pw@api.example.com",
        "https://api.example.com/path",
        "https://api.example.com?x",
        "ftp://127.0.0.1",
        "https://",
        "",
    ],
)
def test_an_origin_without_tls_is_refused_unless_it_is_this_machine(origin: str) -> None:
    with pytest.raises(errors.NetworkRefused) as caught:
        origin_session(origin, "x:@acme", "X")
    assert caught.value.exit_code == 6


@pytest.mark.parametrize(
    "origin", ["http://localhost:1", "http://[::1]:1", "http://127.0.0.2:1", "https://a.example"]
)
def test_this_machine_and_tls_are_taken_as_origin(origin: str) -> None:
    assert origin_session(origin + "/", "x:@acme", "X").origin == origin


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
    found = failure(origin)
    assert found.nothing_sent
    assert "refused" in found.reason


def test_a_name_without_address_proves_that_nothing_was_sent() -> None:
    found = failure("https://no-such-host.invalid")
    assert (found.nothing_sent, found.reason) == (True, "its name could not be resolved")


def test_a_tls_failure_proves_that_nothing_was_sent(wire: Wire) -> None:
    wire.answers = [close]
    found = failure(wire.origin.replace("http://", "https://"))
    assert found.nothing_sent


def test_a_tls_handshake_that_never_ends_proves_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = failure(f"https://127.0.0.1:{silent.getsockname()[1]}")
    assert found.nothing_sent


def cut(connection: socket.socket) -> None:
    """Announce ten bytes and give two."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")


def cut_chunk(connection: socket.socket) -> None:
    """Break off inside a chunked body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}")


def not_http(connection: socket.socket) -> None:
    """Answer something that is not HTTP."""
    connection.sendall(b"220 smtp.example.com\r\n")


def reset(connection: socket.socket) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "answer",
    [close, cut, cut_chunk, not_http, reset, http(b"not packed", Content_Encoding="gzip")],
    ids=["close", "cut", "cut_chunk", "not_http", "reset", "not_packed"],
)
def test_whatever_breaks_after_the_first_byte_leaves_the_outcome_unknown(wire: Wire, answer: Answer) -> None:
    wire.answers = [answer]
    found = failure(wire.origin)
    assert not found.nothing_sent
    assert len(wire.requests) == 1, "a write was sent twice"
    as_write = found.as_error("X", "x:@acme", write=True)
    assert isinstance(as_write, errors.OutcomeUnknown)
    assert isinstance(found.as_error("X", "x:@acme", write=False), errors.NetworkRefused)


def test_a_server_that_says_nothing_is_given_up(wire: Wire) -> None:
    wire.answers = [wire.hang]
    found = failure(wire.origin)
    assert (found.nothing_sent, found.reason) == (False, "no answer within 0.3 s")


@pytest.mark.parametrize("scheme", ["plain", "body"])
def test_a_server_that_drips_is_given_up_at_the_total_limit(wire: Wire, scheme: str) -> None:
    def body(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not wire.released.wait(0.02):
            connection.sendall(b" ")

    wire.answers = [wire.drip if scheme == "plain" else body]
    began = time.monotonic()
    found = failure(wire.origin)
    assert found.reason == "no complete answer within 1 s"
    assert time.monotonic() - began < 3


def test_requests_that_belong_together_end_together(wire: Wire) -> None:
    wire.answers = [http(), wire.hang]
    session = origin_session(wire.origin, "x:@acme", "X")
    with session.within(0.3):
        session.request("POST", wire.origin + "/")
        for nothing_sent in (False, True):
            with pytest.raises(ExchangeFailed) as caught:
                session.request("POST", wire.origin + "/")
            assert caught.value.nothing_sent is nothing_sent
    assert wire.connections == 2
    wire.answers = [http()]
    assert session.request("POST", wire.origin + "/").status_code == 200


def test_a_sender_that_was_stopped_before_the_first_byte_does_not_send(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    instants = iter([0.0])
    monkeypatch.setattr(http_exchange, "elapsed", lambda: next(instants, 3600.0))
    wire.answers = [http()]
    found = failure(wire.origin)
    assert (found.nothing_sent, wire.requests) == (True, [])


def test_an_answer_that_is_too_large_is_not_read(wire: Wire) -> None:
    wire.answers = [http(b" " * 2000)]
    assert failure(wire.origin).answered


def test_a_small_answer_that_unpacks_to_much_is_not_unpacked(wire: Wire) -> None:
    wire.answers = [packed(200_000_000)]
    assert failure(wire.origin, transport=Transport(max_bytes=1_000_000)).answered


def kept(body: bytes = b"{}") -> bytes:
    """Return an answer after which the connection stays open."""
    return re.sub(rb"Connection: close\r\n", b"", http(body))


def test_reads_share_a_connection_and_each_write_has_its_own(wire: Wire) -> None:
    wire.answers = [kept()]
    session = origin_session(wire.origin, "x:@acme", "X")
    for method in ("GET", "GET", "POST", "DELETE", "GET"):
        session.request(method, wire.origin + "/")
    assert (session.calls, wire.connections) == (5, 3)


def test_a_write_survives_that_the_kept_connection_is_dead(wire: Wire) -> None:
    def once(connection: socket.socket) -> None:
        connection.sendall(kept())

    wire.answers = [once, kept()]
    session = origin_session(wire.origin, "x:@acme", "X")
    session.request("GET", wire.origin + "/")
    assert session.request("POST", wire.origin + "/").status_code == 200


def test_a_large_body_may_take_longer_than_connecting(wire: Wire) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = b"x" * 4_000_000

    def slowly() -> None:
        connection, _ = listening.accept()
        with connection:
            time.sleep(0.5)
            received = 0
            while received < len(body):
                received += len(connection.recv(1 << 20))
            connection.sendall(http())

    thread = threading.Thread(target=slowly, daemon=True)
    thread.start()
    transport = Transport(connect=0.2, read=5, total=10)
    session = origin_session(f"http://127.0.0.1:{listening.getsockname()[1]}", "x:@acme", "X", (), transport)
    assert session.request("POST", session.origin + "/", data=body).status_code == 200
    thread.join(5)
    listening.close()


def test_the_date_of_the_newest_answer_is_kept(wire: Wire) -> None:
    wire.answers = [http(Date="Fri, 27 Nov 2026 09:00:00 GMT"), http(Date="nonsense")]
    session = origin_session(wire.origin, "x:@acme", "X")
    for _ in range(2):
        session.request("GET", wire.origin + "/")
        assert session.server_time is not None
        assert session.server_time.isoformat() == "2026-11-27T09:00:00+00:00"


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 -2300",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 99999999999999999999 Jan 2020 00:00:00 GMT",
        "Mon, 01 Jan 99999999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2020 00:00:00 +99999999999",
    ],
)
def test_a_date_that_no_clock_shows_tells_no_time(wire: Wire, date: str) -> None:
    wire.answers = [http(Date=date)]
    session = origin_session(wire.origin, "x:@acme", "X")
    assert session.request("POST", wire.origin + "/").status_code == 200
    assert session.server_time is None


def test_an_answer_remembers_nothing_of_its_request(wire: Wire) -> None:
    wire.answers = [http()]
    session = origin_session(wire.origin, "x:@acme", "X")
    answer = session.request(
        "POST", wire.origin + "/?access_token=" + SECRET, data=SECRET, headers={"Authorization": SECRET}
    )
    assert SECRET not in f"{answer.url} {vars(answer.request)}"


def test_a_token_that_is_no_header_value_is_not_shown(wire: Wire) -> None:
    session = origin_session(wire.origin, "x:@acme", "X")
    for value in (SECRET + "\n", SECRET + "€"):
        with pytest.raises(ExchangeFailed) as caught:
            session.request("GET", wire.origin + "/", headers={"Authorization": value})
        assert caught.value.nothing_sent
        assert leaked(caught.value, [SECRET]) == []


@pytest.fixture
def debugging() -> Iterator[None]:
    """What `--debug` does, and a logger that was made before."""
    root, child = logging.getLogger(), logging.getLogger("urllib3.connectionpool")
    before = root.level, child.level
    root.setLevel(logging.DEBUG)
    child.setLevel(logging.DEBUG)
    yield
    root.setLevel(before[0])
    child.setLevel(before[1])


@pytest.mark.usefixtures("debugging")
def test_no_library_logs_a_request_even_with_debug(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    wire.answers = [http()]
    caplog.set_level(logging.DEBUG)
    session = origin_session(wire.origin, "x:@acme", "X")
    session.request("GET", wire.origin + "/?access_token=" + SECRET)
    assert SECRET not in caplog.text


def test_the_operators_transport_is_the_default(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(our_http, "_transport", Transport())
    our_http.use(Transport(max_bytes=1))
    wire.answers = [http()]
    with pytest.raises(ExchangeFailed):
        origin_session(wire.origin, "x:@acme", "X").request("GET", wire.origin + "/")
