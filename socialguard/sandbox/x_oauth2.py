"""X's OAuth 2: authorize with PKCE, exchange the code, refresh with rotation, revoke (RFC 6749, 7636, 7009)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import html
import json
import secrets
from urllib.parse import unquote_plus, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from socialguard.sandbox.gateway import Call, Operation
from socialguard.sandbox.state import App, Grant, Token
from socialguard.sandbox.x_errors import oauth2_error

# X lets a code live for 30 seconds
CODE_SECONDS = 30


def operations() -> list[tuple[str, str, Operation]]:
    """Return method, path and operation of the OAuth 2 endpoints."""
    authorize_page = Operation("authorize", authorize, open_to_all=True, changes=True)
    return [
        ("GET", "/2/oauth2/authorize", authorize_page),
        ("GET", "/i/oauth2/authorize", authorize_page),
        ("POST", "/2/oauth2/token", Operation("token", token, open_to_all=True, changes=True)),
        ("POST", "/2/oauth2/revoke", Operation("revoke", revoke, open_to_all=True, changes=True)),
    ]


def authorize(call: Call) -> Response:
    """Show the consent page; with `auto_approve` (the default) consent at once, as `account` or the app's own one.

    The query may name the consenting account as `account=HANDLE`, which X does by its login.
    """
    query = call.query
    app = call.world.app("x", query.get("client_id", ""))
    if app is None or query.get("response_type") != "code":
        return HTMLResponse("<h1>Something went wrong</h1><p>You weren't able to give access to the App.</p>", 400)
    method, challenge = query.get("code_challenge_method", "plain"), query.get("code_challenge", "")
    if not challenge or method not in ("S256", "plain") or not query.get("redirect_uri") or not query.get("state"):
        return HTMLResponse("<h1>Something went wrong</h1><p>Missing or invalid parameters.</p>", 400)
    user_id = _consenting_user(call, app)
    if not call.world.settings.auto_approve and query.get("approve") != "1":
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in query.items()
        )
        return HTMLResponse(
            f"<h1>{html.escape(app.name)} wants to access your X account</h1><form>{fields}"
            '<input type="hidden" name="approve" value="1"><button>Authorize app</button></form>'
        )
    grant = Grant("x", secrets.token_urlsafe(48), app.app_id, user_id, query["redirect_uri"], call.now)
    grant.scopes = query.get("scope", "").split()
    grant.challenge = challenge if method == "S256" else _s256(challenge)
    call.world.grants[grant.value] = grant
    target = query["redirect_uri"]
    joiner = "&" if "?" in target else "?"
    answer = urlencode({"state": query["state"], "code": grant.value})
    return RedirectResponse(f"{target}{joiner}{answer}", 302)


def _consenting_user(call: Call, app: App) -> str:
    if account := call.world.account("x", call.query.get("account", "")):
        return account.user_id
    own = [t.user_id for t in call.world.tokens.values() if t.network == "x" and t.app_id == app.app_id]
    anyone = [a.user_id for a in call.world.accounts if a.network == "x"]
    return (own or anyone or [""])[0]


def token(call: Call) -> Response:
    """Exchange a code, a refresh token, or (app-only) the client's own secret for an access token."""
    app = _client(call)
    kind = call.form.get("grant_type", "")
    if kind == "authorization_code":
        return _tokens(call, app, *_by_code(call, app))
    if kind == "refresh_token":
        return _tokens(call, app, *_by_refresh(call, app))
    raise oauth2_error(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")


def _client(call: Call) -> App:
    header = call.request.headers.get("authorization", "")
    name, secret = call.form.get("client_id", ""), None
    if header.lower().startswith("basic "):
        try:
            name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = ""
    app = call.world.app("x", name) or call.world.app("x", unquote_plus(name))
    if app is None or not _is_secret_of(app, secret):
        raise oauth2_error(401, "unauthorized_client", "Missing valid authorization header")
    return app


def _is_secret_of(app: App, given: str | None) -> bool:
    if given is None:
        return not app.secret
    # RFC 6749 §2.3.1 wants both parts form-encoded; most clients send them plain
    return any(hmac.compare_digest(form.encode(), app.secret.encode()) for form in (given, unquote_plus(given)))


def _by_code(call: Call, app: App) -> tuple[str, list[str]]:
    grant = call.world.grants.get(call.form.get("code", ""))
    is_right = (
        grant is not None
        and grant.app_id == app.app_id
        and not grant.used
        and grant.redirect_uri == call.form.get("redirect_uri")
        and call.now - grant.created_at <= CODE_SECONDS
        and hmac.compare_digest(grant.challenge, _s256(call.form.get("code_verifier", "")))
    )
    if grant is None or not is_right:
        raise oauth2_error(400, "invalid_request", "Value passed for the authorization code was invalid.")
    grant.used = True
    return grant.user_id, grant.scopes


def _by_refresh(call: Call, app: App) -> tuple[str, list[str]]:
    value = call.form.get("refresh_token", "")
    old = next((t for t in call.world.tokens.values() if value and t.refresh_token == value), None)
    if old is None or old.app_id != app.app_id or old.revoked:
        raise oauth2_error(400, "invalid_request", "Value passed for the token was invalid.")
    if call.world.settings.rotate_refresh_tokens:
        old.refresh_token = ""
    return old.user_id, old.scopes


def _tokens(call: Call, app: App, user_id: str, scopes: list[str]) -> Response:
    seconds = call.world.settings.access_token_seconds
    fresh = Token("x", "oauth2", secrets.token_urlsafe(66), app.app_id, user_id, call.now, scopes=list(scopes))
    fresh.expires_at = call.now + seconds
    document = {
        "token_type": "bearer",
        "expires_in": seconds,
        "access_token": fresh.value,
        "scope": " ".join(scopes),
    }
    if "offline.access" in scopes:
        fresh.refresh_token = document["refresh_token"] = secrets.token_urlsafe(66)
    call.world.tokens[fresh.value] = fresh
    return Response(json.dumps(document), media_type="application/json", headers={"Cache-Control": "no-store"})


def revoke(call: Call) -> Response:
    """Revoke an access or a refresh token; its twin dies with it."""
    app = _client(call)
    value = call.form.get("token", "")
    if not value:
        raise oauth2_error(400, "invalid_request", "Missing required parameter [token].")
    for known in call.world.tokens.values():
        if known.app_id == app.app_id and value in (known.value, known.refresh_token):
            known.revoked, known.refresh_token = True, ""
    return Response('{"revoked":true}', media_type="application/json")


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
