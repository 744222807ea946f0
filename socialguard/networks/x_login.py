"""Logging in to X without any face: OAuth 2 with PKCE (RFC 7636, S256), and OAuth 1.0a with a PIN.

`begin` and `begin_pin` give the address that a person opens; `finish` and `finish_pin` make the credential of
what came back. Nothing of a returned address shows in an error, and a wrong state never reaches X."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from socialguard import errors
from socialguard.model.credential import Credential, guard
from socialguard.networks.http import ExchangeFailed, origin_session
from socialguard.networks.x_credential import OAUTH1, OAUTH2, parse

if TYPE_CHECKING:
    import requests

    from socialguard.networks.http_session import OriginSession

ORIGIN: Final = "https://api.x.com"
AUTHORIZE_ORIGIN: Final = "https://x.com"
AUTHORIZE_PATH: Final = "/i/oauth2/authorize"
TOKEN_PATH: Final = "/2/oauth2/token"  # noqa: S105 # a path
# offline.access is what gives a refresh token; without it the login lasts two hours.
SCOPES: Final = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")

_TITLE: Final = "X"
_ACCOUNT: Final = "this login"
_AGAIN: Final = "Start again: socialguard account login x"
_PIN: Final = re.compile(r"[0-9]{4,12}")
_VERIFIER_BYTES: Final = 64
# RFC 6749 §4.1.2.1: the only words of a returned address that are ever shown.
_REFUSALS: Final = {
    "access_denied": "the person did not allow it.",
    "invalid_scope": "X does not know a scope that was asked for.",
    "unauthorized_client": "the app may not use this kind of login; see its settings in the developer console.",
    "server_error": "X had an error.",
    "temporarily_unavailable": "X is not available now.",
}


@dataclass(frozen=True, slots=True)
class Started:
    """A login under way: `url` is for the browser; the rest is for `finish`, and never printed."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str | None = field(repr=False)
    redirect_uri: str
    origin: str


@dataclass(frozen=True, slots=True)
class StartedPin:
    """A login by PIN under way: `url` is for the browser of any device."""

    url: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    origin: str


def begin(
    client_id: str,
    client_secret: str | None,
    redirect_uri: str,
    origin: str = ORIGIN,
    authorize_origin: str = AUTHORIZE_ORIGIN,
) -> Started:
    """Return a new login by OAuth 2. `redirect_uri` must be registered with the app, to the letter;
    `authorize_origin` is where the consent page is (the sandbox has it at its own origin). Raises UsageError
    where a key cannot be one."""
    _check_key("client id", client_id)
    _check_key("client secret", client_secret)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(_VERIFIER_BYTES)
    guard([state, verifier, client_secret or ""])
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"{authorize_origin.rstrip('/')}{AUTHORIZE_PATH}?{urlencode(query)}"
    return Started(url, state, verifier, client_id, client_secret, redirect_uri, origin)


def finish(started: Started, returned_url: str) -> Credential:
    """Return the credential of the address that the browser came back to.

    Raises UsageError where the address is not of this login, NetworkRefused where the person or X said no,
    NotReached and RateLimited where the code could not be exchanged."""
    code = _code(started, returned_url)
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": started.redirect_uri,
        "code_verifier": started.verifier,
    }
    auth = None
    if started.client_secret is None:
        fields["client_id"] = started.client_id
    else:
        auth = (started.client_id, started.client_secret)
    session = origin_session(started.origin, _ACCOUNT, _TITLE)
    answer = _exchange(
        session, lambda: session.request("POST", session.origin + TOKEN_PATH, data=fields, auth=auth)
    )
    return _oauth2_credential(started, answer)


def begin_pin(
    consumer_key: str, consumer_secret: str, origin: str = ORIGIN, authorize_origin: str | None = None
) -> StartedPin:
    """Return a new login by PIN, for a server or for a client on the phone. Raises as `finish`."""
    from requests_oauthlib import OAuth1

    _check_key("consumer key", consumer_key)
    _check_key("consumer secret", consumer_secret)
    guard([consumer_secret])
    answer = _signed(origin, "/oauth/request_token", OAuth1(consumer_key, consumer_secret, callback_uri="oob"))
    token, token_secret = _pair(answer)
    page = (authorize_origin or origin).rstrip("/")
    url = f"{page}/oauth/authorize?{urlencode({'oauth_token': token})}"
    return StartedPin(url, token, token_secret, consumer_key, consumer_secret, origin)


def finish_pin(started: StartedPin, pin: str) -> Credential:
    """Return the credential for the PIN that X showed; UsageError where it is no PIN, else as `finish`."""
    from requests_oauthlib import OAuth1

    digits = "".join(pin.split())
    if not _PIN.fullmatch(digits):
        raise errors.UsageError(detail="That is not a PIN: X shows a number of 7 digits.")
    auth = OAuth1(
        started.consumer_key, started.consumer_secret, started.token, started.token_secret, verifier=digits
    )
    token, token_secret = _pair(_signed(started.origin, "/oauth/access_token", auth))
    return parse(
        {
            "kind": OAUTH1,
            "consumer_key": started.consumer_key,
            "consumer_secret": started.consumer_secret,
            "access_token": token,
            "access_token_secret": token_secret,
        }
    )


def _code(started: Started, returned_url: str) -> str:
    query = _query(started.redirect_uri, returned_url)
    states = query.get("state", [])
    if len(states) != 1 or not hmac.compare_digest(_octets(states[0]), _octets(started.state)):
        raise errors.UsageError(detail="That address is not the answer to this login.", remedy=_AGAIN)
    if "error" in query:
        raise _refused(_REFUSALS.get(query["error"][0], "X refused the login."))
    codes = query.get("code", [])
    if len(codes) != 1:
        raise errors.UsageError(detail="That address holds no code.", remedy=_AGAIN)
    guard(codes)
    return codes[0]


def _query(redirect_uri: str, returned_url: str) -> dict[str, list[str]]:
    """Return the query of the returned address; nothing of one that is not of `redirect_uri`."""
    expected = urlsplit(redirect_uri)
    try:
        given = urlsplit(returned_url.strip())
        query = parse_qs(given.query, max_num_fields=20)
    except ValueError:
        return {}
    ours = (expected.scheme, expected.netloc, expected.path or "/")
    return query if (given.scheme, given.netloc, given.path or "/") == ours else {}


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _oauth2_credential(started: Started, answer: "requests.Response") -> Credential:
    from socialguard.networks.x_replies import Tokens, Unusable
    from socialguard.networks.x_replies import parse as read
    from socialguard.networks.x_tokens import token_fields

    fields: dict[str, str] = {}
    # Refused below, without what was answered.
    with suppress(Unusable, ValueError, RecursionError):
        fields = token_fields(read(Tokens, answer.json()))
    if not fields:
        raise _refused("its answer holds no token.")
    return parse(
        {"kind": OAUTH2, "client_id": started.client_id, "client_secret": started.client_secret, **fields}
    )


def _signed(origin: str, path: str, auth: object) -> "requests.Response":
    session = origin_session(origin, _ACCOUNT, _TITLE)
    return _exchange(session, lambda: session.request("POST", session.origin + path, auth=auth))


def _exchange(session: "OriginSession", call: Callable[[], "requests.Response"]) -> "requests.Response":
    """Return a 2xx answer; a login that broke is begun anew, since each of its codes works once."""
    from socialguard.networks.x_refusals import refusal

    failure: errors.SocialGuardError | None = None
    try:
        answer = call()
    except ExchangeFailed as failed:
        failure = failed.as_error(_TITLE, _ACCOUNT, write=False)
    if failure is not None:
        raise failure
    if 200 <= answer.status_code < 300:
        return answer
    if answer.status_code == 429:
        raise refusal(429, None, answer.headers, session.server_time, _ACCOUNT)
    if answer.status_code >= 500:
        raise _refused(f"X is not available now ({answer.status_code}).")
    raise _refused(
        f"it does not take the app's keys, or the code or PIN is wrong or too old ({answer.status_code})."
    )


def _pair(answer: "requests.Response") -> tuple[str, str]:
    """Return token and secret of a form-encoded answer of OAuth 1.0a."""
    try:
        found = dict(parse_qsl(answer.content.decode("ascii"), max_num_fields=20))
    except ValueError:
        found = {}
    token, secret = found.get("oauth_token", ""), found.get("oauth_token_secret", "")
    if not token or not secret:
        raise _refused("its answer holds no token.")
    guard([token, secret])
    return token, secret


def _refused(detail: str) -> errors.NetworkRefused:
    return errors.NetworkRefused(network=_TITLE, account=_ACCOUNT, detail=detail, remedy=_AGAIN)


def _check_key(name: str, value: str | None) -> None:
    if value is not None and not (value.isascii() and value.isprintable() and value and " " not in value):
        raise errors.UsageError(detail=f"The {name} is empty, or holds characters that no key of X has.")
