"""Messages of RFC 5424 over TCP or TLS (RFC 6587 octet counting, RFC 5425), for anchors and sinks.

A syslog server confirms nothing: what it closed the connection upon is told as a failure, and goes again; what it
took and lost is not known here."""

import os
import socket
import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from socialguard import clock, errors
from socialguard.canon import jcs

SECONDS: Final = 10.0
_PRIORITY: Final = 13 * 8 + 6  # log audit, informational
_PORTS: Final = {"syslog+tcp": 514, "syslog+tls": 6514}


def is_address(text: str) -> bool:
    """Whether a text is `syslog+tcp://HOST[:PORT]` or `syslog+tls://HOST[:PORT]`."""
    try:
        found = urlsplit(text)
        return found.scheme in _PORTS and bool(found.hostname) and found.path in ("", "/") and not found.username
    except ValueError:
        return False


def send(address: str, kind: str, texts: Sequence[str], ca_bundle: str | None = None) -> None:
    """Send each text as one message of type `kind`; raises OSError (of TLS, too) where that fails."""
    found = urlsplit(address)
    place = (found.hostname or "", found.port or _PORTS[found.scheme])
    stamp = jcs.timestamp(clock.now())
    head = f"<{_PRIORITY}>1 {stamp} {_host()} socialguard {os.getpid()} {kind} - "
    framed = b"".join(b"%d %s" % (len(one), one) for one in ((head + text).encode() for text in texts))
    with socket.create_connection(place, timeout=SECONDS) as plain:
        if found.scheme == "syslog+tcp":
            _write(plain, framed)
            return
        context = ssl.create_default_context(cafile=ca_bundle)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(plain, server_hostname=found.hostname) as secure:
            _write(secure, framed)


def refuse_bad(text: str) -> None:
    """Raise UsageError for what is no address of a syslog server."""
    if not is_address(text):
        raise errors.UsageError(detail=f"{text} is not a syslog server; write syslog+tls://HOST:PORT.")


def _write(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()  # its answer says that all of it was read
    else:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def _host() -> str:
    name = socket.gethostname()
    return name if name.isascii() and name.isprintable() and " " not in name else "-"
