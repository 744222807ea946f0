"""The urllib3 side of `fetch`: connections that go to an address that was checked. Import it inside functions."""

import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import SplitResult

import certifi
import urllib3

from socialguard import errors
from socialguard.networks import http
from socialguard.networks.addresses import is_loopback, is_public
from socialguard.networks.fetch import refused
from socialguard.networks.http_exchange import Exchange, current, pool_classes, trusting

_HEADERS: Final = {"User-Agent": "socialguard", "Accept": "*/*", "Accept-Encoding": "identity"}
_Reporting: Final[Any] = pool_classes()["http"].ConnectionCls
_ReportingTls: Final[Any] = pool_classes()["https"].ConnectionCls


class Forbidden(Exception):
    """A name that leads to an address that is not to be asked."""


def _connected(host: str, port: int, timeout: Any, *, is_own: bool) -> socket.socket:
    """Resolve a name once, check every address, and connect to one of these: no second answer of a name server can
    put another in its place."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConnectionError("its name could not be resolved") from None
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not all(is_public(each) or (is_own and is_loopback(each)) for each in addresses):
        raise Forbidden
    problem: OSError = ConnectionError("no connection")
    for address in dict.fromkeys(addresses):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as failed:
            problem = failed
    raise problem


class _Connection(_Reporting):  # type: ignore[misc] # a class of ours, found at run time
    is_own = False

    def _new_conn(self) -> socket.socket:
        made = _connected(self._dns_host, self.port, self.timeout, is_own=self.is_own)
        if (exchange := current.get()) is not None:
            exchange.watch(made.fileno())
        return made


class _TlsConnection(_Connection, _ReportingTls):  # type: ignore[misc]
    """The same over TLS: the certificate is checked against the name, not the address."""


class _OwnConnection(_Connection):
    is_own = True


class _OwnTlsConnection(_TlsConnection):
    is_own = True


class Asked:
    """Requests for one file, all of them together over after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._exchange = Exchange(seconds)
        self._pools: list[urllib3.HTTPConnectionPool] = []
        self._responses: list[urllib3.BaseHTTPResponse] = []

    def __enter__(self) -> Self:
        http.quieten()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exchange.end()
        for response in self._responses:
            response.close()
        for pool in self._pools:
            pool.close()

    def ask(self, parts: SplitResult, start: int, *, is_own: bool) -> urllib3.BaseHTTPResponse:
        """Send one request and return the head of its answer; raises FileRefused."""
        headers = _HEADERS | ({"Range": f"bytes={start}-"} if start else {})
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        token = current.set(self._exchange)
        failure: errors.FileRefused | None = None
        try:
            response = self._pool(parts, is_own=is_own).urlopen(
                "GET", target, headers=headers, redirect=False, retries=False, preload_content=False,
                timeout=urllib3.Timeout(http.CONNECT_SECONDS, http.READ_SECONDS), decode_content=False,
            )  # fmt: skip
            self._responses.append(response)
            return response
        except Forbidden:
            failure = refused(parts.geturl(), "its address is not of the public internet.", gone=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            failure = self._broken(parts.geturl())
        finally:
            current.reset(token)
        raise failure  # outside the except block: nothing of the request hangs on it

    def chunks(self, response: urllib3.BaseHTTPResponse, url: str, size: int) -> Iterator[bytes]:
        """Yield the body as it comes; raises FileRefused where it breaks or time is over."""
        failure: errors.FileRefused | None = None
        try:
            yield from response.stream(size, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            failure = self._broken(url)
        if failure is None and self._exchange.expired:  # an answer without a length also ends when we shut it
            failure = self._broken(url)
        if failure is not None:
            raise failure

    def _broken(self, url: str) -> errors.FileRefused:
        late = self._exchange.expired
        return refused(url, "it did not come in time." if late else "the connection broke.")

    def _pool(self, parts: SplitResult, *, is_own: bool) -> urllib3.HTTPConnectionPool:
        host = parts.hostname or ""
        made: urllib3.HTTPConnectionPool
        if parts.scheme == "https":
            context = trusting(http.ca_bundle() or certifi.where())
            made = urllib3.HTTPSConnectionPool(
                host, parts.port or 443, cert_reqs="CERT_REQUIRED", ssl_context=context
            )
            made.ConnectionCls = _OwnTlsConnection if is_own else _TlsConnection
        else:
            made = urllib3.HTTPConnectionPool(host, parts.port or 80)
            made.ConnectionCls = _OwnConnection if is_own else _Connection
        self._pools.append(made)
        return made
