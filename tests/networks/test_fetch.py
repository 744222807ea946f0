"""A file from an address that somebody else chose: what is fetched, and everything that is not."""

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.networks import fetch
from socialguard.networks import http as our_http
from socialguard.networks.addresses import is_public
from tests.networks.wire import Wire, close, http, leaked

PUBLIC = "93.184.215.14"


def whole(url: str, start: int = 0, origin: str = "", seconds: float = 10.0) -> tuple[int, int | None, bytes]:
    """Fetch a file; return where it began, its size as told, and its bytes."""
    with fetch.opened(url, start, origin=origin, seconds=seconds) as opened:
        return opened.start, opened.size, b"".join(opened.chunks)


class Names:
    """A name server that a test scripts, and a record of who was connected to; each connection really goes to
    `wire`."""

    def __init__(self, wire: Wire) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self._port = wire.listening.getsockname()[1]

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """Answer with the next of the scripted answers; the last repeats."""
        self.asked.append(host)
        found = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def create_connection(self, address: tuple[str, int], timeout: Any = None) -> socket.socket:
        """Note where the connection should go, and connect to the test's server."""
        self.connected.append(address)
        made = socket.socket()
        made.settimeout(timeout)
        made.connect(("127.0.0.1", self._port))
        return made


@pytest.fixture
def names(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Names:
    """Names lead where the test says."""
    made = Names(wire)
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", made.create_connection)
    return made


# ── what is fetched ──────────────────────────────────────────────────────────────────────────────────────


def test_a_file_comes_whole_from_the_address_that_was_checked(wire: Wire, names: Names) -> None:
    names.answers, wire.answers = [[PUBLIC]], [http(b"picture", Content_Type="image/png")]
    assert whole("http://media.example/a?b=c") == (0, 7, b"picture")
    assert names.asked == ["media.example"]
    assert names.connected == [(PUBLIC, 80)]
    (request,) = wire.requests
    assert (request.target, request.headers["host"]) == ("/a?b=c", "media.example")
    assert not {"cookie", "authorization", "range"} & set(request.headers)


def test_the_rest_of_a_file_is_asked_for(wire: Wire) -> None:
    wire.answers = [http(b"ture", 206, Content_Range="bytes 3-6/7")]
    assert whole(f"{wire.origin}/a", 3, wire.origin) == (3, 7, b"ture")
    assert wire.requests[0].headers["range"] == "bytes=3-"


def test_a_server_without_parts_sends_the_whole(wire: Wire) -> None:
    wire.answers = [http(b"picture")]
    assert whole(f"{wire.origin}/a", 3, wire.origin) == (0, 7, b"picture")


def test_a_file_that_became_shorter_is_fetched_anew(wire: Wire) -> None:
    wire.answers = [http(b"", 416, Content_Range="bytes */2"), http(b"ab")]
    assert whole(f"{wire.origin}/a", 3, wire.origin) == (0, 2, b"ab")


def test_another_part_than_was_asked_for_is_refused(wire: Wire) -> None:
    wire.answers = [http(b"icture", 206, Content_Range="bytes 1-6/7")]
    with pytest.raises(errors.FileRefused, match="another part"):
        whole(f"{wire.origin}/a", 3, wire.origin)


def test_a_redirect_is_followed_and_cookies_and_proxies_are_not_taken_along(
    wire: Wire, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    names.answers = [[PUBLIC]]
    wire.answers = [http(b"", 302, Location="http://other.example/b", Set_Cookie="a=b"), http(b"picture")]
    assert whole("http://media.example/a")[2] == b"picture"
    assert names.asked == ["media.example", "other.example"]
    assert "cookie" not in wire.requests[1].headers


# ── what is not ──────────────────────────────────────────────────────────────────────────────────────────

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # an address to refuse, not to listen on
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:93.184.215.14",
    "::93.184.215.14",
    "64:ff9b::5db8:d70e",
    "64:ff9b:1::a00:1",
    "2002:5db8:d70e::1",
    "2001:0:1:2::3",
    "2001:db8::1",
    "3fff::1",
    "100::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_never_connected_to(
    names: Names, wire: Wire, address: str
) -> None:
    wire.answers = [http(b"inside")]
    for answer in ([address], [PUBLIC, address]):
        names.answers = [answer]
        with pytest.raises(errors.FileRefused, match="public internet") as caught:
            whole("http://media.example/a")
        assert caught.value.fields["gone"] is True
    assert names.connected == []


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "2a00:1450:4007::1"])
def test_an_address_of_the_public_internet_is_taken(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_reached_by_an_ipv6_one_that_holds_it(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix in ("::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::"):
        assert not is_public(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | number)))
    assert not is_public(str(ipaddress.IPv6Address(0x2002 << 112 | number << 80)))


@given(st.ip_addresses())
def test_whatever_counts_as_public_is_global_and_no_multicast(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not any((address.is_multicast, address.is_private, address.is_loopback, address.is_link_local))


def test_a_name_that_changes_its_answer_cannot_put_another_address_in_place(wire: Wire, names: Names) -> None:
    names.answers, wire.answers = [[PUBLIC], ["127.0.0.1"]], [http(b"picture")]
    assert whole("http://media.example/a")[2] == b"picture"
    assert names.asked == ["media.example"]  # resolved once: there is no second answer to be fooled by
    assert names.connected == [(PUBLIC, 80)]


def test_a_redirect_to_a_name_inside_is_refused(wire: Wire, names: Names) -> None:
    names.answers, wire.answers = [[PUBLIC], ["10.0.0.1"]], [http(b"", 302, Location="http://inside.example/")]
    with pytest.raises(errors.FileRefused, match=r"inside\.example .*public internet"):
        whole("http://media.example/a")
    assert names.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:22/",
        "http://media.example:8080/",
        "file:///etc/passwd",
        "ftp://media.example/",
        "//a@b/",
        "http://[",
        "//[b/",
    ],
)
def test_a_redirect_to_another_port_or_scheme_is_refused(wire: Wire, names: Names, target: str) -> None:
    names.answers, wire.answers = [[PUBLIC]], [http(b"", 302, Location=target)]
    with pytest.raises(errors.FileRefused):
        whole("http://media.example/a")
    assert len(names.connected) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "media.example/a",
        "file:///etc/passwd",
        "gopher://media.example/a",
        "http://",
        "http:///a",
        "http://user:secret@media.example/",
        "http://media.example:8443/",
        "http://media.example:99999/",
        "http://[::1/",
        "http://media.example/a b",
        "http://media.example/\r\nX: y",
        "http://médias.example/",
        "http://media.example\\@inside/",
        "http://media.example/" + "a" * 9000,
    ],
)
def test_an_address_that_is_not_plain_is_never_asked(names: Names, url: str) -> None:
    with pytest.raises(errors.FileRefused):
        whole(url)
    assert (names.asked, names.connected) == ([], [])


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "127.1", "localhost", "[::1]"])
def test_this_machine_is_never_asked_however_it_is_written(host: str) -> None:
    with pytest.raises(errors.FileRefused):
        whole(f"http://{host}/a")


def test_only_the_account_s_own_origin_is_allowed_on_this_machine(wire: Wire) -> None:
    wire.answers = [http(b"picture")]
    assert whole(f"{wire.origin}/a", origin=wire.origin)[2] == b"picture"
    for origin in ("", "http://127.0.0.1:1", wire.origin.replace("http", "https"), "https://api.x.com"):
        with pytest.raises(errors.FileRefused):
            whole(f"{wire.origin}/a", origin=origin)
    with pytest.raises(errors.FileRefused):
        whole("http://10.0.0.1:8080/a", origin="http://10.0.0.1:8080")


def test_without_the_operators_certificates_nobody_is_asked(
    names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.answers = [[PUBLIC]]
    missing = our_http.Transport(ca_bundle=str(tmp_path / "missing.pem"))
    monkeypatch.setattr(our_http, "_transport", missing)
    with pytest.raises(errors.FileRefused):
        whole("https://media.example/a")
    assert names.connected == []


def test_redirects_have_an_end(wire: Wire) -> None:
    wire.answers = [http(b"", 302, Location="/again")]
    with pytest.raises(errors.FileRefused, match="too often"):
        whole(f"{wire.origin}/a", origin=wire.origin)
    assert len(wire.requests) == fetch.REDIRECTS + 1


def test_an_endless_body_ends_at_the_deadline(wire: Wire) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not wire.released.wait(0.01):
            connection.sendall(b"a" * 10)

    wire.answers = [endless]
    with pytest.raises(errors.FileRefused, match="in time"):
        whole(f"{wire.origin}/a", origin=wire.origin, seconds=0.4)


def test_a_slow_head_and_silence_end_at_the_deadline(wire: Wire) -> None:
    wire.answers = [wire.drip, wire.hang]
    for _ in range(2):
        with pytest.raises(errors.FileRefused, match="in time"):
            whole(f"{wire.origin}/a", origin=wire.origin, seconds=0.3)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500, 503, 204])
def test_no_answer_but_a_file_is_kept(wire: Wire, status: int) -> None:
    wire.answers = [http(b"<html>", status)]
    with pytest.raises(errors.FileRefused) as caught:
        whole(f"{wire.origin}/a", origin=wire.origin)
    assert caught.value.fields["gone"] is (400 <= status < 500)


def test_a_broken_or_packed_body_is_refused(wire: Wire) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    wire.answers = [close, cut, http(b"x", Content_Encoding="gzip")]
    for _ in wire.answers:
        with pytest.raises(errors.FileRefused):
            whole(f"{wire.origin}/a", origin=wire.origin)


def test_an_error_tells_the_host_and_nothing_else_of_the_address(wire: Wire) -> None:
    wire.answers = [http(b"", 500)]
    with pytest.raises(errors.FileRefused) as caught:
        whole(f"{wire.origin}/path?sig=SECRETSECRET", origin=wire.origin)
    assert leaked(caught.value, ["SECRETSECRET", "path?"]) == []


# ── where a link leads ───────────────────────────────────────────────────────────────────────────────────


def test_where_a_link_leads_is_told_without_reading_the_page(wire: Wire, names: Names) -> None:
    names.answers = [[PUBLIC]]
    wire.answers = [http(b"", 301, Location="http://acme.example/new"), http(b"gone" * 10_000, 404)]
    assert fetch.landed("http://short.example/a", seconds=5) == ("http://acme.example/new", 404)
    assert names.asked == ["short.example", "acme.example"]


@pytest.mark.parametrize("private", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1"])
def test_a_link_that_redirects_to_a_private_address_is_followed_no_further(
    wire: Wire, names: Names, private: str
) -> None:
    names.answers, wire.answers = [[PUBLIC], [private]], [http(b"", 302, Location="http://inside.example/")]
    with pytest.raises(errors.FileRefused, match="not of the public internet"):
        fetch.landed("http://short.example/a", seconds=5)
    assert names.connected == [(PUBLIC, 80)]
