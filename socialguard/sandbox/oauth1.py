"""Check OAuth 1.0a requests as X does: HMAC-SHA1 signature, timestamp, nonce (RFC 5849 §3).

The base string and the signature are computed by oauthlib. A timestamp may lie five minutes off the machine's
clock or off the sandbox's: control moves only the latter, and clients sign with the former.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849 import signature

from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import App, Token
from socialguard.sandbox.x_errors import legacy_error, unauthorized

TOLERANCE = 300.0


@dataclass(frozen=True, slots=True)
class Signed:
    """The OAuth parameters of a request's Authorization header, decoded."""

    values: dict[str, str]

    def get(self, name: str) -> str:
        """Return `oauth_<name>`, or the empty text."""
        return self.values.get(f"oauth_{name}", "")


def parse_header(header: str) -> Signed | None:
    """Return the parameters of an `OAuth …` Authorization header; None for another scheme."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return None
    values = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        values[unquote(name)] = unquote(value.strip().strip('"'))
    return Signed(values)


def check_signature(call: Call, signed: Signed, app: App, token: Token | None, token_secret: str = "") -> None:
    """Raise Refused (401) unless the request is signed by the app's and the token's secrets, once, just now."""
    secret = token.secret if token is not None else token_secret
    if signed.get("signature_method") != "HMAC-SHA1":
        raise unauthorized()
    try:
        base_string = _base_string(call)
    except ValueError:
        # a header, query or form that oauthlib cannot take apart was not signed by a client
        raise unauthorized() from None
    expected = signature.sign_hmac_sha1(base_string, app.secret, secret)
    given = signed.get("signature")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise legacy_error(401, 32, "Could not authenticate you.") if token is None else unauthorized()
    _check_freshness(call, signed)


def _check_freshness(call: Call, signed: Signed) -> None:
    try:
        stamp = float(signed.get("timestamp"))
    except ValueError:
        raise unauthorized() from None
    if min(abs(stamp - time.time()), abs(stamp - call.now)) > TOLERANCE:
        raise legacy_error(401, 135, "Timestamp out of bounds.")
    nonces = call.hub.nonces
    key = "\n".join(signed.get(name) for name in ("consumer_key", "token", "timestamp", "nonce"))
    if not signed.get("nonce") or key in nonces:
        raise unauthorized()
    nonces[key] = time.time()
    if len(nonces) > 20_000:
        for old in [name for name, seen in nonces.items() if seen < time.time() - 2 * TOLERANCE]:
            del nonces[old]


def _base_string(call: Call) -> str:
    request = call.request
    form_type = "application/x-www-form-urlencoded"
    is_form = request.headers.get("content-type", "").startswith(form_type)
    parameters = signature.collect_parameters(
        uri_query=request.url.query,
        body=call.body.decode("utf-8") if is_form else "",
        headers={"Authorization": request.headers["authorization"]},
        with_realm=False,
    )
    # the raw path: a client signs what it sends, percent-encoded
    path = request.scope["raw_path"].decode("ascii")
    uri = signature.base_string_uri(f"http://{request.headers['host']}{path}")
    normalized = signature.normalize_parameters(parameters)
    base: str = signature.signature_base_string(request.method, uri, normalized)
    return base
