"""The listening sockets, and how to cut a connection without answering.

uvicorn's HTTP/1.1 protocol is used without its server loop, so that a listener can be closed (connects are then
refused by the kernel) and opened again on the same port while the process lives. Each connection hands its raw
transport to the app through `scope["state"]`, uvicorn's own place for such things.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

LOOPBACK = "127.0.0.1"


class CuttableProtocol(H11Protocol):
    """uvicorn's protocol that shows its transport to the app as `scope["state"]["transport"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport for the requests of this connection."""
        super().connection_made(transport)
        self.app_state["transport"] = transport
        if not self.app_state["listener"].is_open:
            # accepted just before the listener was closed
            transport.abort()


class Listener:
    """One port of 127.0.0.1 that can be opened and closed many times.

    A second socket stays bound to the port and never listens: it keeps the port ours while the listener is
    closed, and connects are refused in that time.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._config = Config(
            app=app,
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=120,
        )
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._reservation = _bound_socket(port)
        self.port: int = self._reservation.getsockname()[1]

    @property
    def origin(self) -> str:
        """The base URL of this listener."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def is_open(self) -> bool:
        """True while connects are accepted."""
        return self._server is not None

    async def open(self) -> None:
        """Accept connections (again)."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            listening = _bound_socket(self.port)
            self._server = await loop.create_server(self._protocol, sock=listening, backlog=512)

    def close(self, keep: asyncio.BaseTransport | None = None) -> None:
        """Refuse connects and cut every connection of this port but `keep`, at once."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for protocol in list(self._state.connections):
            if protocol.transport is not keep:
                protocol.transport.abort()

    def release(self) -> None:
        """Close for good and give the port back."""
        self.close()
        self._reservation.close()

    def _protocol(self) -> CuttableProtocol:
        app_state: dict[str, Any] = {"listener": self}
        return CuttableProtocol(self._config, self._state, app_state)


def _bound_socket(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off (40 ms an answer) only where the protocol is named
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # two sockets may share a port as long as neither listens when the other binds
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound
