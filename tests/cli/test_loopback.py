"""The listener for a browser login takes one return, and nothing else, and shows nothing of it."""

import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.cli.loopback import HOST, Listener, LoginTimedOut, ReturnedUrl
from socialguard.model.credential import redact

STATE = "state-of-this-login-42"
CODE = "code-that-buys-a-token-77"
TARGET = f"/callback?code={CODE}&state={STATE}"


class Login:
    """A listener that waits in a thread."""

    def __init__(self, listener: Listener, waiting: Future[ReturnedUrl]) -> None:
        self.listener, self.waiting = listener, waiting

    def ask(self, target: str, method: str = "GET", host: str | None = None) -> tuple[int, str, dict[str, str]]:
        """Send one request and return status, body and headers."""
        with closing(http.client.HTTPConnection(HOST, self.listener.port, timeout=5)) as connection:
            connection.putrequest(method, target, skip_host=True)
            connection.putheader("Host", host or f"{HOST}:{self.listener.port}")
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())

    def send_raw(self, data: bytes) -> bytes:
        """Send bytes as they are and return all that comes back."""
        with socket.create_connection((HOST, self.listener.port), timeout=5) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: raw.recv(65536), b""))


@pytest.fixture
def login() -> Iterator[Login]:
    """A listener that waits for up to 20 s."""
    with Listener.open() as listener, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(listener.wait, STATE, "You may close <this> window.", limit=20)
        running = Login(listener, waiting)
        yield running
        if not waiting.done():
            running.ask(TARGET)


def test_the_return_is_handed_over_once_and_whole(login: Login) -> None:
    status, body, headers = login.ask(TARGET)
    assert status == 200
    assert "You may close &lt;this&gt; window." in body
    assert login.waiting.result(5).reveal() == f"http://{HOST}:{login.listener.port}{TARGET}"
    assert headers["Connection"] == "close"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("target", "method", "host", "status"),
    [
        (f"/other?code={CODE}&state={STATE}", "GET", None, 404),
        (f"/callback/?code={CODE}&state={STATE}", "GET", None, 404),
        (f"http://{HOST}/callback?code={CODE}&state={STATE}", "GET", None, 404),
        (TARGET, "POST", None, 405),
        (TARGET, "HEAD", None, 405),
        (TARGET, "GET", "localhost", 400),
        (TARGET, "GET", "attacker.example", 400),
        (f"/callback?code={CODE}&state=another-state", "GET", None, 403),
        (f"/callback?code={CODE}", "GET", None, 403),
        (f"/callback?code={CODE}&state=", "GET", None, 403),
        (f"{TARGET}&state={STATE}", "GET", None, 403),
        (f"/callback?{'a=1&' * 40}state={STATE}", "GET", None, 403),
    ],
)
def test_anything_else_is_refused_and_does_not_use_up_the_login(
    login: Login, target: str, method: str, host: str | None, status: int
) -> None:
    refused, body, _ = login.ask(target, method, host)
    assert refused == status
    assert CODE not in body
    assert STATE not in body
    assert not login.waiting.done()
    assert login.ask(TARGET)[0] == 200
    assert CODE in login.waiting.result(5).reveal()


def test_a_second_host_header_is_refused(login: Login) -> None:
    host = f"{HOST}:{login.listener.port}"
    head = f"GET {TARGET} HTTP/1.1\r\nHost: {host}\r\nHost: attacker.example\r\n\r\n"
    assert login.send_raw(head.encode()).startswith(b"HTTP/1.1 400 ")


def test_an_idle_connection_does_not_hold_up_the_return(login: Login) -> None:
    with socket.create_connection((HOST, login.listener.port)):
        assert login.ask(TARGET)[0] == 200
        assert login.waiting.result(5)


def test_connections_that_are_open_at_the_end_leave_no_trace(
    login: Login, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as idle:
        for _ in range(5):
            idle.enter_context(socket.create_connection((HOST, login.listener.port)))
        login.ask(TARGET)
        login.waiting.result(5)
    assert caplog.text == ""
    assert "".join(capfd.readouterr()) == ""


def test_of_two_returns_at_once_one_is_accepted(login: Login) -> None:
    start = threading.Barrier(2)

    def ask() -> int:
        start.wait()
        try:
            return login.ask(TARGET)[0]
        except (OSError, http.client.HTTPException):
            return 0  # the listener had already left

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask) for _ in range(2)]
    assert [each.result() for each in asked].count(200) == 1
    assert login.waiting.result(5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_no_bytes_are_echoed_and_none_but_the_return_is_accepted(login: Login, data: bytes) -> None:
    marked = b"GET /callback?secret-mark=" + data + b"\r\n\r\n"
    assert b"secret-mark" not in login.send_raw(marked)
    assert not login.waiting.done()


def test_a_head_without_end_is_cut(login: Login) -> None:
    assert login.send_raw(b"GET " + b"a" * 100_000) == b""
    assert not login.waiting.done()


def test_a_taken_port_is_an_error() -> None:
    with Listener.open() as first, pytest.raises(errors.Busy, match=str(first.port)):
        Listener.open(first.port)


def test_nobody_can_share_the_port() -> None:
    with Listener.open() as listener, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind((HOST, listener.port))


def test_the_port_is_free_again_for_the_next_login(login: Login) -> None:
    port = login.listener.port
    login.ask(TARGET)
    login.waiting.result(5)
    with Listener.open(port) as again:
        assert again.port == port


def test_it_listens_on_the_loopback_address_only() -> None:
    with Listener.open() as listener:
        assert listener.redirect_uri == f"http://127.0.0.1:{listener.port}/callback"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", listener.port), timeout=2)


def test_a_login_that_never_returns_ends_with_a_remedy() -> None:
    with Listener.open() as listener, pytest.raises(LoginTimedOut) as caught:
        listener.wait(STATE, "", limit=0.05)
    assert "--no-browser" in caught.value.what_to_do()


def test_the_returned_address_shows_nothing_unless_asked(
    login: Login, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    login.ask("/callback?" + f"code={CODE}&state=wrong")
    login.ask(TARGET)
    returned = login.waiting.result(5)
    shown = f"{returned!r} {returned} {caplog.text} {capfd.readouterr()}"
    assert CODE not in shown
    assert STATE not in shown
    assert redact(f"a log line with {CODE}") == "a log line with [secret]"
