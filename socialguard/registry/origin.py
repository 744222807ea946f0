"""Where a credential may be sent: scheme, host and port, written one way only."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from socialguard import errors

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def normalise(url: str) -> str:
    """Return the origin of a base URL: lower case, no default port, no trailing slash.

    Raises UsageError for anything but https (http on the loopback interface only), for user names, paths,
    queries, and for hosts that are not plain ASCII."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise errors.UsageError(detail=f"{url} is not a base URL.") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        raise errors.UsageError(detail=f"{url} is not a base URL; write it as https://host or https://host:port.")
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise errors.UsageError(detail=f"{url} holds more than scheme, host and port.")
    if not host.isascii() or not all(char.isalnum() or char in ".-:" for char in host):
        raise errors.UsageError(detail=f"{url} has a host that is not plain ASCII; write it in its xn-- form.")
    if scheme == "http" and not is_loopback(f"http://{_bracketed(host)}"):
        raise errors.UsageError(detail=f"{url} would send credentials unencrypted; use https.")
    shown_port = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{_bracketed(host)}{shown_port}"


def is_loopback(origin: str) -> bool:
    """Whether an origin is this very machine (127.0.0.0/8, ::1, localhost)."""
    host = urlsplit(origin).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
