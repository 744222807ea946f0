"""A mail server and a webhook on this machine that keep what they are sent."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Listener:
    """Where it listens, what it got, and whether it refuses."""

    port: int = 0
    got: list[str] = field(default_factory=list)
    refuses: bool = False


@contextlib.contextmanager
def mail_server() -> Iterator[Listener]:
    """Serve as much of SMTP as a client needs to leave a mail."""
    kept = Listener()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self.wfile.write(b"354 go\r\n")
                    kept.got.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                if word == b"EHLO":
                    self.wfile.write(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n")
                elif word == b"AUTH":
                    self.wfile.write(b"235 come in\r\n")
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        kept.port = port
        yield kept


@contextlib.contextmanager
def webhook() -> Iterator[Listener]:
    """Serve HTTP that takes any POST, or refuses it."""
    kept = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not kept.refuses:
                kept.got.append(body)
            self.send_response(500 if kept.refuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        kept.port = port
        yield kept


@contextlib.contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
