"""How every adapter talks HTTP: to one origin and nowhere else.

`origin_session` returns a `requests.Session` that promises: requests go to the given origin only (a library's
hard-coded hosts are rewritten to it before anything is signed, any other host is refused), https unless
loopback, no redirects, no proxy, netrc or cookies from the environment, a hard limit on time and size, no
retries, and a fresh connection for every write. Whatever fails is one `ExchangeFailed`, which says whether a
byte of the request can have left and holds no token, no request and no chain of causes.

Cheap to import; `requests` is imported by the first session.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.model.credential import redact

if TYPE_CHECKING:
    from socialguard.networks.http_session import OriginSession

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
TOTAL_SECONDS: Final = 60.0
# All calls of one `publish`, uploads included: afterwards none of them can still begin.
PUBLISH_SECONDS: Final = 120.0
MAX_BYTES: Final = 10 * 1024 * 1024

# Loggers that print tokens, codes or whole headers at DEBUG (facts: tweepy.client logs the Bearer header,
# requests_oauthlib the Basic header, urllib3.connectionpool the query with Facebook's access_token).
_LEAKY: Final = ("tweepy", "requests_oauthlib", "oauthlib", "urllib3", "requests", "facebook")


class ExchangeFailed(Exception):
    """A request without a usable answer. `nothing_sent` is proof that no byte of it left this machine;
    `answered` says that the other side did answer, with something that we do not take."""

    def __init__(self, reason: str, *, nothing_sent: bool, answered: bool = False) -> None:
        self.reason = redact(reason)
        self.nothing_sent = nothing_sent
        self.answered = answered
        super().__init__(self.reason)

    def as_error(self, network: str, account: str, *, write: bool) -> errors.SocialGuardError:
        """Return what this means: `NotReached` where nothing was sent, or for a read that broke;
        `NetworkRefused` for a read with an unusable answer; `OutcomeUnknown` for any other write."""
        if self.nothing_sent or not (write or self.answered):
            return errors.NotReached(network=network, account=account, detail=self.reason + ".")
        if write:
            return errors.OutcomeUnknown(network=network, account=account, detail=self.reason)
        return errors.NetworkRefused(network=network, account=account, detail=self.reason + ".")


@dataclass(frozen=True, slots=True)
class Transport:
    """How requests leave this machine: limits in seconds and bytes, and what an operator may set."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    total: float = TOTAL_SECONDS
    max_bytes: int = MAX_BYTES
    proxy: str | None = None
    ca_bundle: str | None = None


_transport = Transport()


def use(transport: Transport) -> None:
    """Make `transport` the default of every session that is opened from now on in this process."""
    global _transport
    _transport = transport


def ca_bundle() -> str | None:
    """Return the file of certificates that an operator set, None for the usual ones."""
    return _transport.ca_bundle


def origin_session(
    origin: str,
    account: str,
    network_title: str,
    canonical_hosts: tuple[str, ...] = (),
    transport: Transport | None = None,
) -> "OriginSession":
    """Return a session that talks to `origin` (scheme, host, port) only.

    `canonical_hosts` are the https hosts that a library insists on, e.g. `api.x.com`: their URLs are sent to
    `origin` instead. Raises NetworkRefused where `origin` is not https and not loopback, or no origin."""
    from socialguard.networks.http_session import OriginSession

    quieten()
    return OriginSession(origin, account, network_title, canonical_hosts, transport or _transport)


def proves_nothing_sent(failure: BaseException) -> bool:
    """Return whether `failure` proves that no byte of the request left: name resolution, refused or timed-out
    connection, TLS handshake, our own refusals. Everything else means that the outcome is unknown."""
    return isinstance(failure, ExchangeFailed) and failure.nothing_sent


def quieten() -> None:
    """Keep the loggers that would print credentials at INFO or above, whatever `--debug` asks for."""
    for logger in _leaky(len(logging.root.manager.loggerDict)):
        # Only where it changes something: every setting makes the whole logging system forget what it knew.
        if logger.level < logging.INFO and (logger.level or logger.name in _LEAKY):
            logger.setLevel(logging.INFO)


@lru_cache(maxsize=1)
def _leaky(_known: int) -> tuple[logging.Logger, ...]:
    """Return those loggers; looked for again when another number of names is known, for none is ever forgotten."""
    existing = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LEAKY]
    return tuple(logging.getLogger(name) for name in sorted({*_LEAKY, *existing}))
