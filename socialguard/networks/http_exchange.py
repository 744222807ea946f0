"""One request and its answer on the wire: whether it has begun to leave, and when it must be over.

The connections here report to the `current` exchange. That the first byte has not been sent is the one proof
that a request did nothing; no class of exception says it as surely (a TLS error can come before or after)."""

import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import requests
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from socialguard.networks.http import ExchangeFailed, Transport
from socialguard.networks.http_watch import Watch


def elapsed() -> float:
    """Return seconds that pass also while the machine sleeps (where the system tells) or this process is
    stopped: a sender that wakes up late must see that it is late."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


_watch: Final = Watch(elapsed)


class Exchange:
    """A request in flight. At its deadline the connection is shut, so that neither a server that drips
    single bytes nor one that never stops talking can hold the caller longer."""

    def __init__(self, total: float) -> None:
        self.started = False
        self.expired = False
        self._total = total
        self._deadline = elapsed() + total
        self._lock = threading.Lock()
        self._ended = False
        self._sockets: list[socket.socket] = []
        _watch.add(self, self._deadline, self._expire)

    def watch(self, descriptor: int) -> None:
        """Shut the connection behind this file descriptor at the deadline, TLS or not."""
        with self._lock:
            if self._ended:
                return
            # A duplicate of our own: the connection may close its descriptor and the number be used again.
            self._sockets.append(socket.socket(fileno=os.dup(descriptor)))
            if self.expired:
                self._shut()

    def begin(self, connection: HTTPConnection) -> None:
        """Note that a byte of the request is about to leave; raises TimeoutError if it is too late for that."""
        left = self._deadline - elapsed()
        if not self.started:
            # Not `expired`: after a stop this may run before the timer does.
            if left <= 0:
                self.expired = True
                raise TimeoutError
            if not self._sockets:
                self.watch(connection.sock.fileno())
            self.started = True
        # `sendall` counts this for the whole body: urllib3 leaves the short connect time-out here.
        connection.sock.settimeout(max(0.001, left))

    def end(self) -> None:
        """Stop the watch and free what it held."""
        _watch.remove(self)
        with self._lock:
            self._ended = True
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    def failure(self, cause: BaseException, transport: Transport) -> ExchangeFailed:
        """Return what `cause` means, in words that hold nothing of the request."""
        if self.expired:
            return ExchangeFailed(f"no complete answer within {self._total:.3g} s", nothing_sent=not self.started)
        return ExchangeFailed(_words(cause, transport), nothing_sent=not self.started)

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        for watched in self._sockets:
            with suppress(OSError):
                watched.shutdown(socket.SHUT_RDWR)


current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class _Reporting(HTTPConnection):
    """A connection that tells the running exchange when it connects and when it sends."""

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        if (exchange := current.get()) is not None:
            exchange.watch(connected.fileno())
        return connected

    def connect(self) -> None:
        exchange = current.get()
        before = exchange is not None and exchange.started
        try:
            super().connect()
        finally:
            # What connecting sends (the CONNECT to a proxy) is not the request.
            if exchange is not None:
                exchange.started = before

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if (exchange := current.get()) is not None:
            exchange.begin(self)
        super().send(data)


class _ReportingTls(_Reporting, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Reporting


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _ReportingTls


def pool_classes() -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Return the connection pools to use per scheme."""
    return {"http": _PlainPool, "https": _TlsPool}


def trusting(authorities: str) -> ssl.SSLContext:
    """Return what trusts the certificates in a file or directory as it is now, and nobody else; raises OSError.

    Connections share that of a file: to read all public authorities takes several times as long as the rest of a
    request. A directory does not show that a file in it is another, and is read as far as it is needed."""
    found = Path(authorities).stat()
    if stat.S_ISDIR(found.st_mode):
        return _reading(capath=authorities)
    return _trusting(authorities, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=4)
def _trusting(authorities: str, _state: tuple[int, ...]) -> ssl.SSLContext:
    return _reading(cafile=authorities)


def _reading(**place: str) -> ssl.SSLContext:
    context = create_urllib3_context()  # it requires a certificate, of that name
    context.load_verify_locations(**place)
    return context


def _words(cause: BaseException, transport: Transport) -> str:
    chain = list(_causes(cause))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    if has(urllib3.exceptions.NameResolutionError):
        return "its name could not be resolved"
    if has(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return "the proxy could not be used"
    if has(urllib3.exceptions.NewConnectionError):
        number = next((link for link in chain if isinstance(link, OSError) and link.errno), None)
        return f"no connection ({os.strerror(number.errno or 0)})" if number else "no connection"
    if has(urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {transport.connect:g} s"
    if has(requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        return "no trusted TLS connection"
    if has(requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        return f"no answer within {transport.read:g} s"
    if has(requests.exceptions.InvalidHeader, UnicodeError):
        return "the credential holds characters that no HTTP header may have"
    return "the connection broke before the answer was complete"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and everything that it wraps: requests and urllib3 nest causes in args and `reason`."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop()
        if isinstance(link, BaseException) and not any(link is known for known in seen):
            seen.append(link)
            yield link
            waiting += [*link.args, getattr(link, "reason", None), link.__cause__, link.__context__]
