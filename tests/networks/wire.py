"""A server that answers with raw bytes, or breaks off as it is told; and the search for secrets in exceptions."""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType, ModuleType, TracebackType
from typing import Any

Answer = bytes | Callable[[socket.socket], None]

JSON = "application/json; charset=utf-8"


def http(body: object = b"{}", status: int = 200, **headers: str) -> bytes:
    """Return a whole HTTP answer; a body that is no bytes is written as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Content-Type": JSON, "Content-Length": str(len(data)), "Connection": "close"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data


def packed(size: int) -> bytes:
    """Return an answer of a few bytes that unpacks to `size`."""
    return http(gzip.compress(bytes(size)), Content_Encoding="gzip")


def close(_connection: socket.socket) -> None:
    """Close the connection without a byte."""


@dataclass
class Request:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def document(self) -> Any:
        """The JSON body."""
        return json.loads(self.body)


@dataclass
class Wire:
    """Gives one answer after the other, each on a connection of its own unless it keeps it; the last repeats."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    released: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext | None = None

    @property
    def origin(self) -> str:
        """Where it listens."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.listening.getsockname()[1]}"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self.tls = context

    def serve(self) -> None:
        """Answer until the listener is closed."""
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def hang(self, _connection: socket.socket) -> None:
        """Say nothing until the test is over."""
        self.released.wait(20)

    def drip(self, connection: socket.socket) -> None:
        """Send a header one byte at a time, for longer than any test waits."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.released.wait(0.02):
            connection.sendall(b"a")

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._answer(connection)
        except OSError:
            pass  # the other side went away, or did not trust us
        finally:
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        while request := _read(connection):
            self.requests.append(request)
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            if callable(answer):
                answer(connection)
                return
            connection.sendall(answer)
            if b"Connection: close" in answer:
                return


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    missing = int(headers.get("content-length", "0")) - len(body)
    while missing > 0 and (chunk := connection.recv(65536)):
        body += chunk
        missing -= len(chunk)
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)


def reachable(error: BaseException) -> Iterator[str]:
    """Yield the text of everything that hangs on an exception: arguments, attributes, causes, contexts."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, TracebackType | FrameType | ModuleType | type):
            continue
        seen.add(id(thing))
        yield repr(thing)
        if isinstance(thing, BaseException):
            yield str(thing)
            waiting += [thing.args, thing.__cause__, thing.__context__, thing.__dict__]
        elif isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += list(thing)
        elif hasattr(thing, "__dict__"):
            waiting.append(vars(thing))


def leaked(error: BaseException, secrets: list[str]) -> list[str]:
    """Return the secrets that an exception shows anywhere."""
    texts = list(reachable(error))
    return [secret for secret in secrets if any(secret in text for text in texts)]
