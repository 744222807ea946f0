"""The listener for the return of a browser login: one port of 127.0.0.1, one accepted GET, five minutes.

Only a GET of exactly our path, with our Host and the state that we handed out, is the return; anything else
gets a fixed refusal and changes nothing. The query carries the code that buys a token, so nothing of a request
is ever echoed, logged or put into an error.
"""

import asyncio
import hmac
import html
import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, NoReturn, Self
from urllib.parse import parse_qs, urlsplit

from socialguard import errors
from socialguard.model.credential import HIDDEN, guard

HOST: Final = "127.0.0.1"
LIMIT: Final = 300.0
_MAX_HEAD: Final = 16 * 1024
_READ_SECONDS: Final = 10.0
_LEAVE_SECONDS: Final = 1.0
_REFUSED_PAGE: Final = "<!doctype html><title>-</title>"
_REASONS: Final = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


class LoginTimedOut(errors.SocialGuardError):
    """No answer came back from the browser within {seconds} seconds."""

    remedy = "Repeat the command, or use --no-browser and paste the address of the page you come back to."


@dataclass(frozen=True, slots=True, repr=False)
class ReturnedUrl:
    """The whole address that the browser came back with. It holds a login code: only `reveal` shows it."""

    _value: str

    def __repr__(self) -> str:
        return f"ReturnedUrl({self._value.partition('?')[0]}?{HIDDEN})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a returned address is never pickled")

    def reveal(self) -> str:
        """Return the address in plain: for the login's `finish`, never for printing."""
        return self._value


@dataclass(slots=True)
class Listener:
    """A port of 127.0.0.1 held for one login. Use it as a context manager; leaving it gives the port back."""

    path: str
    port: int
    _socket: socket.socket = field(repr=False)

    @classmethod
    def open(cls, port: int = 0, path: str = "/callback") -> Self:
        """Return a listener on `port` (0: any free one) that waits for `path`.

        Raises Busy where the port is taken. No option that would let another process share it is set."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows shares ports unless told not to
        taken = False
        try:
            if exclusive is not None:
                bound.setsockopt(socket.SOL_SOCKET, exclusive, 1)
            bound.bind((HOST, port))
            bound.listen(16)
            bound.setblocking(False)
        except OSError:
            bound.close()
            taken = True
        if taken:
            raise errors.Busy(
                what=f"Port {port} of {HOST}", remedy="End the program that holds it, or choose another port."
            )
        return cls(path, bound.getsockname()[1], bound)

    @property
    def redirect_uri(self) -> str:
        """The address to register with the network and to hand to the login."""
        return f"http://{HOST}:{self.port}{self.path}"

    def wait(self, state: str, page: str, *, limit: float = LIMIT) -> ReturnedUrl:
        """Wait `limit` seconds for the browser and return the address that it came back with; once only, for
        the port is given back at the end.

        `state` is what the login handed out; `page` is the sentence that the person reads in the browser.
        Raises LoginTimedOut; an error that the network put into the address is for the login's `finish`."""
        returned = asyncio.run(self._wait(state, page, limit))
        if returned is None:
            raise LoginTimedOut(seconds=f"{limit:g}")
        guard(value for values in parse_qs(urlsplit(returned).query).values() for value in values)
        return ReturnedUrl(returned)

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _wait(self, state: str, page: str, limit: float) -> str | None:
        arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        accepted = False
        serving: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepted
            target = None
            if (task := asyncio.current_task()) is not None:
                serving.add(task)
                task.add_done_callback(serving.discard)
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                status, asked = self._judge(head, state)
                if status == 200 and accepted:
                    status = 404
                elif status == 200:
                    accepted, target = True, asked
                await _answer(reader, writer, status, page)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass  # a browser opens spare connections and drops them
            except asyncio.CancelledError:
                pass  # from below, at the end; Python 3.11 would print a traceback of it
            finally:
                writer.close()
                if target is not None and not arrived.done():
                    arrived.set_result(f"http://{HOST}:{self.port}{target}")

        server = await asyncio.start_server(serve, sock=self._socket, limit=_MAX_HEAD)
        try:
            async with asyncio.timeout(limit):
                return await arrived
        except TimeoutError:
            return None
        finally:
            server.close()
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    def _judge(self, head: bytes, state: str) -> tuple[int, str]:
        """Return the status for a request's head, and its target where that is 200."""
        lines = head.decode("latin-1").split("\r\n")[:-2]
        words = lines[0].split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].isascii():
            return 400, ""
        method, target, _ = words
        fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        hosts = [value for name, value in fields if name == "host"]
        if hosts != [f"{HOST}:{self.port}"]:
            return 400, ""  # a name that was made to point at us (DNS rebinding)
        if any(name in ("transfer-encoding", "content-length") and value != "0" for name, value in fields):
            return 400, ""
        path, _, query = target.partition("?")
        if path != self.path:
            return 404, ""
        if method != "GET":
            return 405, ""
        return (200, target) if _has_state(query, state) else (403, "")


def _has_state(query: str, state: str) -> bool:
    try:
        given = parse_qs(query, keep_blank_values=True, max_num_fields=32).get("state", [])
    except ValueError:
        return False
    return len(given) == 1 and bool(state) and hmac.compare_digest(given[0].encode(), state.encode())


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int, page: str) -> None:
    text = f"<!doctype html><meta charset=utf-8><title>SocialGuard</title><p>{html.escape(page)}</p>"
    body = (text if status == 200 else _REFUSED_PAGE).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        f"{'Allow: GET' + chr(13) + chr(10) if status == 405 else ''}\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    # The browser should close first: otherwise the kernel keeps our port busy for a minute.
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await reader.read()
    except TimeoutError:
        pass
