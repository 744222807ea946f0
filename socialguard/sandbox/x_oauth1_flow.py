"""X's three-legged OAuth 1.0a: request token, authorize with a PIN or a callback, access token, invalidate."""

from __future__ import annotations

import html
import json
import secrets
from urllib.parse import parse_qs, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from socialguard.sandbox import oauth1
from socialguard.sandbox.gateway import Call, Operation
from socialguard.sandbox.state import App, Grant, Token
from socialguard.sandbox.x_errors import legacy_error

OUT_OF_BAND = "oob"


def operations() -> list[tuple[str, str, Operation]]:
    """Return method, path and operation of the OAuth 1 endpoints."""
    authorize_page = Operation("authorize", authorize, open_to_all=True, changes=True)
    return [
        ("POST", "/oauth/request_token", Operation("token", request_token, open_to_all=True, changes=True)),
        ("GET", "/oauth/request_token", Operation("token", request_token, open_to_all=True, changes=True)),
        ("GET", "/oauth/authorize", authorize_page),
        ("GET", "/oauth/authenticate", authorize_page),
        ("POST", "/oauth/access_token", Operation("token", access_token, open_to_all=True, changes=True)),
        ("GET", "/oauth/access_token", Operation("token", access_token, open_to_all=True, changes=True)),
        ("POST", "/1.1/oauth/invalidate_token.json", Operation("revoke", invalidate_token, changes=True)),
        ("POST", "/1.1/oauth/invalidate_token", Operation("revoke", invalidate_token, changes=True)),
    ]


def _signing_app(call: Call) -> tuple[oauth1.Signed, App]:
    signed = oauth1.parse_header(call.request.headers.get("authorization", ""))
    app = call.world.app("x", signed.get("consumer_key")) if signed else None
    if signed is None or app is None:
        raise legacy_error(401, 32, "Could not authenticate you.")
    return signed, app


def request_token(call: Call) -> Response:
    """Return a request token for the callback that the app names."""
    signed, app = _signing_app(call)
    oauth1.check_signature(call, signed, app, None)
    callback = signed.get("callback") or call.value("oauth_callback") or OUT_OF_BAND
    grant = Grant("x", secrets.token_urlsafe(20), app.app_id, "", callback, call.now)
    grant.secret = secrets.token_urlsafe(24)
    call.world.grants[grant.value] = grant
    return _form(
        {"oauth_token": grant.value, "oauth_token_secret": grant.secret, "oauth_callback_confirmed": "true"}
    )


def authorize(call: Call) -> Response:
    """Show the PIN, or send the browser back with the verifier; `account=HANDLE` names who consents."""
    grant = call.world.grants.get(call.query.get("oauth_token", ""))
    if grant is None or grant.used or not grant.secret:
        return HTMLResponse("<h1>Whoa there!</h1><p>The request token for this page is invalid.</p>", 403)
    if not call.world.settings.auto_approve and call.query.get("approve") != "1":
        token = html.escape(grant.value)
        return HTMLResponse(
            f'<form><input type="hidden" name="oauth_token" value="{token}">'
            '<input type="hidden" name="approve" value="1"><button>Authorize app</button></form>'
        )
    own = [t.user_id for t in call.world.tokens.values() if t.network == "x" and t.app_id == grant.app_id]
    anyone = [a.user_id for a in call.world.accounts if a.network == "x"]
    named = call.world.account("x", call.query.get("account", ""))
    grant.user_id = named.user_id if named else (own or anyone or [""])[0]
    if grant.redirect_uri == OUT_OF_BAND:
        grant.verifier = f"{secrets.randbelow(10**7):07d}"
        return HTMLResponse(
            f"<p>Enter this PIN to complete the authorization process:</p><code>{grant.verifier}</code>"
        )
    grant.verifier = secrets.token_urlsafe(24)
    joiner = "&" if "?" in grant.redirect_uri else "?"
    back = urlencode({"oauth_token": grant.value, "oauth_verifier": grant.verifier})
    return RedirectResponse(f"{grant.redirect_uri}{joiner}{back}", 302)


def access_token(call: Call) -> Response:
    """Exchange a consented request token and its verifier for an access token."""
    signed, app = _signing_app(call)
    grant = call.world.grants.get(signed.get("token"))
    verifier = signed.get("verifier") or call.value("oauth_verifier") or _body_verifier(call)
    if grant is None or grant.used or grant.app_id != app.app_id or not grant.verifier:
        raise legacy_error(401, 89, "Invalid or expired token.")
    oauth1.check_signature(call, signed, app, None, grant.secret)
    if not secrets.compare_digest(verifier, grant.verifier):
        raise legacy_error(401, 89, "Invalid or expired token.")
    grant.used = True
    account = call.world.account("x", grant.user_id)
    assert account is not None
    token = Token(
        "x", "oauth1", f"{account.user_id}-{secrets.token_urlsafe(24)}", app.app_id, account.user_id, call.now
    )
    token.secret = secrets.token_urlsafe(32)
    call.world.tokens[token.value] = token
    names = {"user_id": account.user_id, "screen_name": account.handle}
    return _form({"oauth_token": token.value, "oauth_token_secret": token.secret, **names})


def _body_verifier(call: Call) -> str:
    # tweepy posts the verifier without a content type
    return parse_qs(call.body.decode("utf-8", "replace")).get("oauth_verifier", [""])[0]


def invalidate_token(call: Call) -> Response:
    """Revoke the access token that signs the request."""
    token = call.token
    if token is None or token.kind != "oauth1":
        raise legacy_error(403, 220, "Your credentials do not allow access to this resource.")
    token.revoked = True
    return Response(json.dumps({"access_token": token.value}), media_type="application/json")


def _form(values: dict[str, str]) -> Response:
    return Response(urlencode(values), media_type="application/x-www-form-urlencoded")
