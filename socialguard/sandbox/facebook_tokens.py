"""Facebook Login and tokens: dialog, code and long-lived exchange, debug_token, Pages of a user, permissions."""

from __future__ import annotations

import hmac
import html
import secrets
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from socialguard.sandbox.facebook_errors import (
    graph_error,
    invalid_parameter,
    page_token_required,
    token_error,
)
from socialguard.sandbox.facebook_fields import asked_fields, pick
from socialguard.sandbox.facebook_paging import paged
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import FACEBOOK_SCOPES, Account, App, Grant, Token

SHORT_SECONDS, LONG_SECONDS = 5400, 60 * 86_400
DATA_ACCESS_SECONDS = 90 * 86_400
CODE_SECONDS = 600


def dialog(call: Call) -> Response:
    """GET /dialog/oauth: consent (at once with `auto_approve`) and send the browser back with a code.

    `account=HANDLE` names the Page whose owner consents; else the owner of the app's first Page does.
    """
    query = call.query
    app = call.world.app("facebook", query.get("client_id", ""))
    if app is None or not query.get("redirect_uri"):
        return HTMLResponse("<h1>Invalid App ID</h1>", 400)
    if not call.world.settings.auto_approve and query.get("approve") != "1":
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in query.items()
        )
        return HTMLResponse(
            f'<form>{fields}<input type="hidden" name="approve" value="1"><button>Continue</button></form>'
        )
    grant = Grant(
        "facebook", secrets.token_urlsafe(60), app.app_id, _owner(call, app), query["redirect_uri"], call.now
    )
    grant.scopes = [s for s in query.get("scope", ",".join(FACEBOOK_SCOPES)).replace(" ", ",").split(",") if s]
    call.world.grants[grant.value] = grant
    joiner = "&" if "?" in grant.redirect_uri else "?"
    back = urlencode({"code": grant.value, "state": query.get("state", "")})
    return RedirectResponse(f"{grant.redirect_uri}{joiner}{back}", 302)


def _owner(call: Call, app: App) -> str:
    named = call.world.account("facebook", call.query.get("account", ""))
    pages = [t.user_id for t in call.world.tokens.values() if t.app_id == app.app_id and t.kind == "page"]
    first = named or call.world.account("facebook", (pages or [""])[0])
    pages_of_all = [account for account in call.world.accounts if account.network == "facebook"]
    return (first or pages_of_all[0]).owner_id if first or pages_of_all else "900000000000001"


def exchange(call: Call) -> Response:
    """GET /oauth/access_token: code → user token, user token → 60 days, app id and secret → app token."""
    app = call.world.app("facebook", call.value("client_id") or "")
    if app is None or not hmac.compare_digest(call.value("client_secret") or "", app.secret):
        raise (
            graph_error(1, "Error validating client secret.")
            if app
            else graph_error(101, "Error validating application.")
        )
    kind = call.value("grant_type") or "authorization_code"
    if kind == "client_credentials":
        return JSONResponse({"access_token": f"{app.app_id}|{app.secret}", "token_type": "bearer"})
    if kind == "fb_exchange_token":
        old = call.world.tokens.get(call.value("fb_exchange_token") or "")
        if old is None or old.app_id != app.app_id or problem_of(call, old) is not None:
            raise token_error("Error validating access token: The session is invalid.", 467)
        return _user_token(call, app, old.user_id, old.scopes, LONG_SECONDS)
    grant = call.world.grants.get(call.value("code") or "")
    is_right = (
        grant is not None and grant.app_id == app.app_id and grant.redirect_uri == call.value("redirect_uri")
    )
    if grant is None or not is_right or call.now - grant.created_at > CODE_SECONDS:
        raise graph_error(100, "Invalid verification code format.", subcode=36007)
    if grant.used:
        raise graph_error(100, "This authorization code has been used.", subcode=36009)
    grant.used = True
    return _user_token(call, app, grant.user_id, grant.scopes, SHORT_SECONDS)


def _user_token(call: Call, app: App, user_id: str, scopes: list[str], seconds: int) -> Response:
    token = Token("facebook", "user", "EAAU" + secrets.token_urlsafe(80), app.app_id, user_id, call.now)
    token.scopes, token.expires_at = list(scopes), call.now + seconds
    token.data_access_expires_at = call.now + DATA_ACCESS_SECONDS
    call.world.tokens[token.value] = token
    return JSONResponse({"access_token": token.value, "token_type": "bearer", "expires_in": seconds})


def problem_of(call: Call, token: Token) -> tuple[str, int] | None:
    """Return why a token is of no use, message and subcode; None if it is good."""
    if token.revoked:
        subcode = token.subcode or 458
        return "Error validating access token: The user has not authorized application.", subcode
    if token.expires_at is not None and token.expires_at <= call.now:
        return "Error validating access token: Session has expired.", 463
    return None


def debug_token(call: Call) -> Response:
    """GET /debug_token?input_token=: what a token is; asked with a token of the same app."""
    value = call.value("input_token") or ""
    if not value:
        raise invalid_parameter("The parameter input_token is required")
    if "|" in value:
        app_id = value.partition("|")[0]
        return JSONResponse({"data": {"app_id": app_id, "type": "APP", "is_valid": True, "scopes": []}})
    token = call.world.tokens.get(value)
    assert call.token is not None
    if token is None or token.network != "facebook":
        error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
        return JSONResponse({"data": {"is_valid": False, "error": error, "scopes": []}})
    if token.app_id != call.token.app_id:
        raise graph_error(
            100,
            "(#100) You must provide an app access token, or a user access token that is an owner "
            "or developer of the app",
        )
    return JSONResponse({"data": _description(call, token)})


def _description(call: Call, token: Token) -> dict[str, Any]:
    app, problem = call.world.app("facebook", token.app_id), problem_of(call, token)
    page = call.world.account("facebook", token.user_id)
    data: dict[str, Any] = {
        "app_id": token.app_id,
        "type": token.kind.upper(),
        "application": app.name if app else "",
        "data_access_expires_at": int(token.data_access_expires_at or 0),
        "expires_at": int(token.expires_at or 0),
        "is_valid": problem is None,
        "issued_at": int(token.issued_at),
        "scopes": token.scopes,
        "granular_scopes": [{"scope": scope} for scope in token.scopes],
        "user_id": token.user_id,
    }
    if token.kind == "page" and page:
        data["profile_id"], data["user_id"] = page.user_id, page.owner_id
        data["granular_scopes"] = [{"scope": scope, "target_ids": [page.user_id]} for scope in token.scopes]
    if problem:
        data["error"] = {"code": 190, "message": problem[0], "subcode": problem[1]}
    return data


def my_pages(call: Call) -> Response:
    """GET /me/accounts: the Pages of the user, each with a Page token that does not expire."""
    assert call.token is not None
    if call.token.kind != "user":
        raise graph_error(100, "(#100) Tried accessing nonexisting field (accounts) on node type (Page)")
    if "pages_show_list" not in call.token.scopes:
        return JSONResponse({"data": []})
    fields = asked_fields(call, ("access_token", "category", "name", "tasks"))
    pages = {
        a.user_id: a for a in call.world.accounts if a.owner_id == call.token.user_id and a.network == "facebook"
    }

    def row(key: str) -> dict[str, Any]:
        page = pages[key]
        everything = {
            "id": key,
            "name": page.display_name,
            "username": page.handle,
            "category": "Company",
            "access_token": _page_token(call, page).value,
            "fan_count": page.followers_count,
            "link": f"https://www.facebook.com/{page.handle}",
            "tasks": ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"],
        }
        return pick(everything, fields, "Page")

    return JSONResponse(paged(call, list(pages), row))


def _page_token(call: Call, page: Account) -> Token:
    assert call.token is not None
    for known in call.world.tokens.values():
        is_own = known.kind == "page" and known.user_id == page.user_id and known.app_id == call.token.app_id
        if is_own and not known.revoked and known.expires_at is None:
            return known
    token = Token(
        "facebook", "page", "EAAP" + secrets.token_urlsafe(80), call.token.app_id, page.user_id, call.now
    )
    token.scopes, token.data_access_expires_at = list(call.token.scopes), call.token.data_access_expires_at
    call.world.tokens[token.value] = token
    return token


def get_permissions(call: Call) -> Response:
    """GET /me/permissions."""
    assert call.token is not None
    return JSONResponse({"data": [{"permission": scope, "status": "granted"} for scope in call.token.scopes]})


def revoke_permissions(call: Call) -> Response:
    """DELETE /me/permissions (the whole app) or /me/permissions/{name}: for the user and every Page token."""
    name = call.params.get("permission", "")
    affected = _same_grant(call)
    if name and all(name not in token.scopes for token in affected):
        raise invalid_parameter("The permission is not granted")
    for token in affected:
        if name:
            token.scopes = [scope for scope in token.scopes if scope != name]
        else:
            token.revoked, token.subcode = True, 458
    return JSONResponse({"success": True})


def _same_grant(call: Call) -> list[Token]:
    assert call.token is not None
    page = call.world.account("facebook", call.token.user_id)
    owner = page.owner_id if page and call.token.kind == "page" else call.token.user_id
    theirs = {account.user_id for account in call.world.accounts if account.owner_id == owner} | {owner}
    return [t for t in call.world.tokens.values() if t.app_id == call.token.app_id and t.user_id in theirs]


def require_page_token(call: Call, page: Account) -> None:
    """Raise Refused unless the call's token is this Page's own."""
    if call.token is None or call.token.kind != "page" or call.token.user_id != page.user_id:
        raise page_token_required()
