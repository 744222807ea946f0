"""Fetch a file from an address that somebody else chose: media of a post, for example.

It promises: http or https on ports 80 and 443 only; every address that the name resolves to is of the public
internet, and the connection goes to one of those that were checked, again at each redirect; no cookies, no proxy,
no credential; an end after so many seconds, and the caller counts the bytes. An account's own origin on this
machine is allowed besides, so that a sandbox works.

Cheap to import; urllib3 is imported by the first file."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from socialguard import errors
from socialguard.networks.addresses import is_loopback

if TYPE_CHECKING:
    import urllib3

SECONDS: Final = 600.0
REDIRECTS: Final = 5
_PORTS: Final = {"http": 80, "https": 443}
_GONE: Final = frozenset({400, 401, 403, 404, 410, 451})
_CHUNK: Final = 64 * 1024
_LONGEST_URL: Final = 8_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being fetched: from byte `start` on, `size` bytes as a whole where the server tells."""

    start: int
    size: int | None
    content_type: str
    chunks: Iterator[bytes]


@contextlib.contextmanager
def opened(url: str, start: int = 0, *, origin: str = "", seconds: float = SECONDS) -> Iterator[Opened]:
    """Begin to fetch a file from byte `start` on; where the server has no such part, from 0. `origin` is the
    account's, which counts where it is on this machine.

    Raises FileRefused; `fields["gone"]` tells that asking again is of no use."""
    from socialguard.networks.fetch_exchange import Asked

    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(Asked(seconds))
        response, _ = _followed(asked, url, start, origin)
        if response.status == 416 and start:  # the file is shorter than what is here of it
            (response, _), start = _followed(asked, url, 0, origin), 0
        yield _opened(asked, response, start, url)


def landed(url: str, *, origin: str = "", seconds: float) -> tuple[str, int]:
    """Return where a link leads: the address at the end of its redirects, and the status of the answer there. No
    byte of a page is read. `origin` as for `opened`; raises FileRefused."""
    from socialguard.networks.fetch_exchange import Asked

    with Asked(seconds) as asked:
        response, end = _followed(asked, url, 0, origin)
        return end, int(response.status)


def _followed(asked: "Asking", url: str, start: int, origin: str) -> "tuple[urllib3.BaseHTTPResponse, str]":
    """The answer at the end of the redirects, each of them checked as the first address was, and that address."""
    for _ in range(REDIRECTS + 1):
        parts = checked(url, origin)
        response = asked.ask(parts, start, is_own=_is_own(parts, origin))
        location = response.headers.get("Location")
        if response.status not in (301, 302, 303, 307, 308) or location is None:
            return response, url
        response.close()
        try:
            url = urljoin(url, location)
        except ValueError:
            raise refused(url, "it redirects to what is no address.", gone=True) from None
    raise refused(url, "it redirects too often.", gone=True)


def checked(url: str, origin: str = "") -> SplitResult:
    """Return the parts of a URL that may be asked for; raises FileRefused for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused("", "its address is none.", gone=True) from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _LONGEST_URL
    if not plain or parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise refused(url, "its address is not a plain http or https one.", gone=True)
    if port not in (None, *_PORTS.values()) and not _is_own(parts, origin):
        raise refused(url, f"its address names port {port}.", gone=True)
    return parts


def refused(url: str, detail: str, *, gone: bool = False) -> errors.FileRefused:
    """Return the error for a file; only the host of its address is told: the rest may be a key to it."""
    try:
        host = urlsplit(url).hostname or "?"
    except ValueError:
        host = "?"
    return errors.FileRefused(host=host, detail=detail, gone=gone)


def _is_own(parts: SplitResult, origin: str) -> bool:
    """Whether a URL is of the account's origin, and that one is on this machine."""
    own = urlsplit(origin)
    host = own.hostname or ""
    same = (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc.lower())
    return bool(host) and same and (host == "localhost" or is_loopback(host))


def _opened(asked: "Asking", response: "urllib3.BaseHTTPResponse", start: int, url: str) -> Opened:
    if response.status == 206:
        first, size = _range(response.headers.get("Content-Range", ""))
        if first != start:
            raise refused(url, "it sent another part than was asked for.")
    elif response.status == 200:
        first, size = 0, _number(response.headers.get("Content-Length"))
    else:
        detail = f"the server answered {response.status}."
        raise refused(url, detail, gone=response.status in _GONE)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise refused(url, "it is packed in a way that was not asked for.")
    return Opened(first, size, response.headers.get("Content-Type", ""), asked.chunks(response, url, _CHUNK))


def _range(value: str) -> tuple[int, int | None]:
    """The first byte and the whole size that a Content-Range tells (RFC 9110 §14.4); -1 for one that is none."""
    unit, _, rest = value.partition(" ")
    part, _, whole = rest.partition("/")
    first = _number(part.partition("-")[0])
    return (-1, None) if unit != "bytes" or first is None else (first, _number(whole))


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else None


if TYPE_CHECKING:
    from socialguard.networks.fetch_exchange import Asked as Asking
