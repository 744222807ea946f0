"""The `requests` side of `http`: the session that is bound to one origin, and the connections that know
whether a byte of a request has left. Import it inside functions only (through `http.origin_session`)."""

import http.client
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from socialguard import clock, errors
from socialguard.networks.http import ExchangeFailed, Transport
from socialguard.networks.http_exchange import Exchange, current, elapsed, pool_classes, trusting
from socialguard.networks.plain import in_utc

_CHUNK: Final = 64 * 1024
_IDLE_SECONDS: Final = 4.0
_READS: Final = frozenset({"GET", "HEAD"})
# What requests, urllib3 and http.client raise, and what a token that is no header value makes them raise.
_FAILURES: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


class OriginSession(requests.Session):
    """A session for one origin; `calls` counts the requests that were made, `server_time` is the `Date` of
    the newest answer, `ahead` how far our clock is ahead of it, and `last` the whole answer to the newest
    request, None while there is none. Every method raises `ExchangeFailed` and nothing of `requests`."""

    def __init__(
        self, origin: str, account: str, network: str, canonical: tuple[str, ...], transport: Transport
    ) -> None:
        super().__init__()
        self.account, self.network, self.transport = account, network, transport
        self.origin = self._checked(origin)
        self.calls = 0
        self.server_time: datetime | None = None
        self.ahead = timedelta(0)
        self.last: requests.Response | None = None
        self._hosts = frozenset(host.lower() for host in canonical)
        self._last_used = 0.0
        self._until: float | None = None
        self.trust_env = False
        self.max_redirects = 0
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if transport.proxy and not _is_loopback(urlsplit(self.origin).hostname or ""):
            self.proxies = {"http": transport.proxy, "https": transport.proxy}
        self.adapters.clear()
        self._adapter = _Adapter(transport.ca_bundle or certifi.where())
        self.mount(self.origin + "/", self._adapter)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let every request of the block be over in `seconds` from now: one that would begin later is refused,
        with proof that nothing was sent. So a sender that was stopped for long does not send any more."""
        before, until = self._until, elapsed() + seconds
        self._until = until if before is None else min(before, until)
        try:
            yield
        finally:
            self._until = before

    def request(  # type: ignore[override] # options by keyword only, as both libraries pass them
        self, method: str | bytes, url: str | bytes, **kwargs: Any
    ) -> requests.Response:
        """Send one request to the origin and return the whole answer, its body read and within the limits.

        Raises ExchangeFailed for anything but a complete answer outside 3xx."""
        self.last = None
        name = method.decode() if isinstance(method, bytes) else method
        target = self._rewritten(url.decode() if isinstance(url, bytes) else url)
        for option in ("timeout", "allow_redirects", "proxies", "verify", "cert", "stream"):
            kwargs.pop(option, None)  # ours, whatever a library passes
        total = self.transport.total if self._until is None else min(self.transport.total, self._until - elapsed())
        if total <= 0:
            raise ExchangeFailed("there was no time left for it", nothing_sent=True)
        # A write never rides on a connection that the other side may just be closing: its failure would be
        # an unknown outcome where a new connection would simply have worked.
        if name.upper() not in _READS or elapsed() - self._last_used > _IDLE_SECONDS:
            self._adapter.close()
        self.calls += 1
        exchange = Exchange(total)
        token = current.set(exchange)
        failure: ExchangeFailed | None = None
        try:
            # Closing an answer that was not read to its end closes the connection with it.
            with self.send(self.prepare_request(requests.Request(name, target, **kwargs))) as answer:
                self._read(answer, exchange)
        except ExchangeFailed as failed:
            failure = ExchangeFailed(
                failed.reason, nothing_sent=failed.nothing_sent and not exchange.started, answered=failed.answered
            )
        except _FAILURES as cause:
            failure = exchange.failure(cause, self.transport)
        finally:
            current.reset(token)
            exchange.end()
            self._last_used = elapsed()
        if failure is not None:
            # Outside the except block: `requests` exceptions hold the request with its headers.
            self._adapter.close()
            raise failure
        _forget_request(answer)
        self.last = answer
        return answer

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request with the headers of this session. `requests` would look five times for what there
        never is here, cookies first, which takes as long as all the rest of the request."""
        headers = CaseInsensitiveDict(self.headers)
        headers.update(request.headers)
        prepared = _Prepared()
        prepared.prepare(
            method=request.method,
            url=request.url,
            headers=headers,
            files=request.files,
            data=request.data,
            json=request.json,
            params=request.params or None,
            auth=request.auth,
        )
        return prepared

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request, to the origin only; for `request`, which alone knows what failures mean."""
        if current.get() is None or not (request.url or "").startswith(self.origin + "/"):
            raise ExchangeFailed("a request to another host was stopped here", nothing_sent=True)
        timeout = (self.transport.connect, self.transport.read)
        return self._adapter.send(request, stream=True, timeout=timeout, proxies=self.proxies)

    def _read(self, answer: requests.Response, exchange: Exchange) -> None:
        self._note_date(answer.headers.get("Date"))
        if 300 <= answer.status_code < 400:
            raise ExchangeFailed(
                f"it answered with a redirect ({answer.status_code}), which is never followed",
                nothing_sent=False,
                answered=True,
            )
        body = b"".join(self._bounded(answer))
        # An answer without a length also ends when our deadline shuts the connection.
        if exchange.expired:
            raise TimeoutError
        answer._content = body
        answer._content_consumed = True  # type: ignore[attr-defined] # what Response.content would set

    def _bounded(self, answer: requests.Response) -> Iterator[bytes]:
        """Yield the decoded body; urllib3 decompresses no more than is asked for, so a bomb ends here."""
        size = 0
        for chunk in answer.iter_content(_CHUNK):
            size += len(chunk)
            if size > self.transport.max_bytes:
                reason = f"its answer is larger than {self.transport.max_bytes} bytes"
                raise ExchangeFailed(reason, nothing_sent=False, answered=True)
            yield chunk

    def _note_date(self, value: str | None) -> None:
        try:
            moment = parsedate_to_datetime(value or "")
            self.server_time = in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError):  # an answer without a time that can be one tells none
            return
        self.ahead = clock.now() - self.server_time

    def _rewritten(self, url: str) -> str:
        parts = urlsplit(url)
        ours = urlsplit(self.origin)
        same = (parts.scheme, _endpoint(parts)) == (ours.scheme, _endpoint(ours))
        canonical = parts.scheme == "https" and parts.netloc.lower() in self._hosts
        if not (same or canonical) or "@" in parts.netloc or "\\" in url:
            raise ExchangeFailed("a request to another host was stopped here", nothing_sent=True)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.origin}/{parts.path.lstrip('/')}{query}"

    def _checked(self, origin: str) -> str:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        plain = not (parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"))
        secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
        if host and plain and secure:
            return f"{parts.scheme}://{parts.netloc.lower()}"
        raise errors.NetworkRefused(
            network=self.network,
            account=self.account,
            detail="its address must be https://host[:port], or http on this machine. Nothing was sent.",
        )


class _Prepared(requests.PreparedRequest):
    """A request without cookies: no session here keeps one."""

    def prepare_cookies(self, cookies: object) -> None:
        """Send none."""
        self._cookies = _NO_COOKIES


_NO_COOKIES: Final = requests.cookies.RequestsCookieJar(DefaultCookiePolicy(allowed_domains=[]))


class _Adapter(HTTPAdapter):
    """Pools of connections that report to the running exchange and trust `authorities`, a file or directory."""

    def __init__(self, authorities: str) -> None:
        self._authorities = authorities
        super().__init__(max_retries=0, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pool_classes()

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            options["ssl_context"] = self._context
        return host, options

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Name no file of certificates: each connection would read it again."""

    @cached_property
    def _context(self) -> ssl.SSLContext:
        try:
            return trusting(self._authorities)
        except OSError as problem:
            raise requests.exceptions.SSLError(problem) from None

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        if proxy.startswith("https:"):
            kwargs["proxy_ssl_context"] = self._context
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = pool_classes()
        return manager


def _endpoint(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _forget_request(answer: requests.Response) -> None:
    """Empty what `answer` remembers of its request: libraries put the answer into their exceptions."""
    answer.request.headers = CaseInsensitiveDict()
    answer.request.body = None
    answer.url = answer.request.url = (answer.url or "").partition("?")[0]
