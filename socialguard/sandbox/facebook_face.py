"""The Facebook face: Graph's addresses, tokens, usage headers.

`/v26.0/…` and addresses without a version mean the same; a trailing slash is allowed. An id alone may be a Page,
a post, a photo, a comment or the app: `facebook_nodes` finds out which.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from socialguard.sandbox import facebook_nodes, facebook_tokens, served
from socialguard.sandbox.facebook_errors import graph_error, token_error
from socialguard.sandbox.gateway import Call, Operation, Refused, endpoint
from socialguard.sandbox.hub import Hub
from socialguard.sandbox.limits import Limit
from socialguard.sandbox.state import App, Token

VERSION = "v26.0"
HOUR = 3600
PAGE_CALLS = Limit(4800, HOUR)
_VERSION_PREFIX = re.compile(r"^/v(\d+)\.(\d+)(?=/|$)")

Row = tuple[str, str, Operation]


def operations() -> list[Row]:
    """Return method, path and operation of everything that the face answers."""
    tokens = facebook_tokens
    dialog = Operation("authorize", tokens.dialog, open_to_all=True, changes=True)
    exchange = Operation("token", tokens.exchange, open_to_all=True, changes=True)
    revoke = Operation("revoke", tokens.revoke_permissions, changes=True)
    return [
        ("GET", "/dialog/oauth", dialog),
        ("GET", "/oauth/access_token", exchange),
        ("POST", "/oauth/access_token", exchange),
        ("GET", "/debug_token", Operation("inspect", tokens.debug_token)),
        ("GET", "/me/accounts", Operation("token", tokens.my_pages, changes=True)),
        ("GET", "/{node}/permissions", Operation("inspect", tokens.get_permissions)),
        ("DELETE", "/{node}/permissions", revoke),
        ("DELETE", "/{node}/permissions/{permission}", revoke),
        ("GET", "/media/{id}", Operation("media", served.serve, open_to_all=True)),
        *facebook_nodes.operations(),
    ]


class FacebookFace:
    """How Facebook knows its callers, counts them and words its refusals."""

    network = "facebook"

    def authenticate(self, call: Call, operation: Operation) -> None:
        """Take the token from form, query or Authorization, and check it and its appsecret_proof."""
        if operation.open_to_all:
            return
        header = call.request.headers.get("authorization", "")
        bearer = header.partition(" ")[2] if header.lower().startswith(("bearer ", "oauth ")) else ""
        value = call.value("access_token") or bearer
        if not value:
            message = "An active access token must be used to query information about the current user."
            raise graph_error(2500, message)
        call.token, call.app = self._token(call, value)
        if call.token.kind == "page":
            call.account = call.world.account("facebook", call.token.user_id)
        if problem := facebook_tokens.problem_of(call, call.token):
            raise token_error(*problem)
        self._check_proof(call, value, call.app)

    @staticmethod
    def _token(call: Call, value: str) -> tuple[Token, App]:
        app_id, separator, secret = value.partition("|")
        if separator:
            app = call.world.app("facebook", app_id)
            if app is None or not app.secret or not hmac.compare_digest(secret.encode(), app.secret.encode()):
                raise token_error("Invalid OAuth access token signature.")
            return Token("facebook", "app", value, app_id, "", call.now), app
        token = call.world.tokens.get(value)
        app = call.world.app("facebook", token.app_id) if token else None
        if token is None or app is None or token.network != "facebook":
            raise token_error("Invalid OAuth access token - Cannot parse access token")
        return token, app

    @staticmethod
    def _check_proof(call: Call, value: str, app: App) -> None:
        proof = call.value("appsecret_proof")
        if proof is None:
            if app.proof_required:
                message = "API calls from the server require an appsecret_proof argument"
                raise graph_error(100, message, kind="GraphMethodException")
            return
        expected = hmac.new(app.secret.encode(), value.encode(), hashlib.sha256).hexdigest()
        if not app.secret or not hmac.compare_digest(proof.encode(), expected.encode()):
            message = "Invalid appsecret_proof provided in the API argument"
            raise graph_error(100, message, kind="GraphMethodException")

    def count(self, call: Call, operation: Operation, name: str) -> None:
        """Count the call of an hour: per app and Page; Refused with 80001."""
        if call.token is None:
            return
        settings = call.world.settings
        limit = Limit(settings.limits.get("facebook", PAGE_CALLS.calls), HOUR)
        who = call.token.user_id or call.token.app_id
        standing = call.hub.windows.use(f"facebook {call.token.app_id} {who}", limit, call.now)
        used = min(100, round(100 * (standing.limit - standing.remaining) / standing.limit))
        wait = max(1, round((standing.reset - call.now) / 60)) if standing.exceeded else 0
        usage = {"call_count": used, "total_time": used // 2, "total_cputime": used // 4}
        call.headers["X-App-Usage"] = json.dumps(usage)
        if call.account is not None:
            row = {"type": "pages", **usage, "estimated_time_to_regain_access": wait}
            call.headers["X-Business-Use-Case-Usage"] = json.dumps({call.account.user_id: [row]})
        if standing.exceeded and settings.rate_limits:
            raise graph_error(
                80001,
                "(#80001) There have been too many calls to this Page account. Wait a bit and try again.",
                subcode=2446079,
            )

    def expired(self, call: Call) -> Response:
        """Answer 190 with subcode 463."""
        return token_error("Error validating access token: Session has expired.", 463).response

    def finish(self, call: Call, response: Response) -> None:
        """Add the usage headers and the version that answered."""
        for name, value in call.headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("facebook-api-version", call.request.scope["state"]["graph_version"])


class VersionPrefix:
    """Cut `/v26.0` and a trailing slash from the path; an unknown version is refused, an old one falls forward."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its plain path."""
        path, version = scope["path"], VERSION
        if match := _VERSION_PREFIX.match(path):
            path = path[match.end() :] or "/"
            version = match[0].removeprefix("/")
            if float(version[1:]) > float(VERSION[1:]):
                refused = graph_error(2635, f"(#2635) Unknown Graph API version {version}")
                await refused.response(scope, receive, send)
                return
            # a dead version is answered by the oldest living one, v23.0
            version = version if int(match[1]) >= 23 else "v23.0"
        scope["state"]["graph_version"] = version
        await self.app({**scope, "path": path.rstrip("/") or "/"}, receive, send)


async def _unknown(request: Request, _error: Exception) -> Response:
    message = f"Unknown path components: {request.url.path}"
    refused: Refused = graph_error(2500, message)
    return refused.response


def facebook_app(hub: Hub) -> ASGIApp:
    """Return the ASGI app of the Facebook face."""
    face = FacebookFace()
    routes = [
        Route(path, endpoint(hub, face, operation), methods=[method]) for method, path, operation in operations()
    ]
    app = Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})
    return VersionPrefix(app)
