"""The X face: its paths, who may ask for what, how often."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from socialguard.sandbox import oauth1, served, x_media, x_oauth1_flow, x_oauth2, x_posts, x_timelines, x_users
from socialguard.sandbox.gateway import Call, Handler, Operation, endpoint
from socialguard.sandbox.hub import Hub
from socialguard.sandbox.limits import Limit
from socialguard.sandbox.state import Token
from socialguard.sandbox.x_errors import PROBLEMS, forbidden, problem, too_many, unauthorized

QUARTER, DAY = 900, 86_400
READ = ("tweet.read", "users.read")
WRITE = ("tweet.read", "tweet.write", "users.read")
UPLOAD = ("media.write",)

Row = tuple[str, str, Operation]


def operations() -> list[Row]:
    """Return method, path and operation of everything that the face answers."""
    users, timelines, posts, media = x_users, x_timelines, x_posts, x_media
    return [
        ("GET", "/2/tweets", _read("read", posts.get_posts, 5000)),
        ("GET", "/2/tweets/{id}", _read("read", posts.get_post, 900)),
        ("GET", "/2/users/me", Operation("identity", users.get_me, READ, (Limit(75, QUARTER),))),
        ("GET", "/2/users/by", _read("identity", users.get_users_by_names, 900)),
        ("GET", "/2/users/by/username/{username}", _read("identity", users.get_user_by_name, 900)),
        ("GET", "/2/users/{id}", _read("identity", users.get_user, 900)),
        ("GET", "/2/users/{id}/tweets", _read("timeline", timelines.user_timeline, 900)),
        ("GET", "/2/users/{id}/mentions", _read("timeline", timelines.user_mentions, 300)),
        ("POST", "/2/tweets", _write(posts.publish_name, posts.create_post, WRITE, 100, Limit(10_000, DAY))),
        ("DELETE", "/2/tweets/{id}", _write("delete", posts.delete_post, WRITE, 50)),
        ("POST", "/2/media/upload", _write("upload", media.upload, UPLOAD, 500)),
        ("POST", "/2/media/metadata", _write("upload", media.set_metadata, UPLOAD, 500)),
        ("GET", "/media/{id}", Operation("media", served.serve, open_to_all=True)),
        *x_oauth2.operations(),
        *x_oauth1_flow.operations(),
    ]


def _read(name: str, handler: Handler, calls: int) -> Operation:
    return Operation(name, handler, READ, (Limit(calls, QUARTER),), app_only=True)


def _write(
    name: str | Callable[[Call], str], handler: Handler, scopes: tuple[str, ...], calls: int, *more: Limit
) -> Operation:
    return Operation(name, handler, scopes, (Limit(calls, QUARTER), *more), changes=True)


class XFace:
    """How X knows its callers, counts them and words its refusals."""

    network = "x"

    def authenticate(self, call: Call, operation: Operation) -> None:
        """Check a Bearer token or an OAuth 1.0a signature, and the scopes."""
        if operation.open_to_all:
            return
        header = call.request.headers.get("authorization", "")
        signed = oauth1.parse_header(header)
        if signed is not None:
            self._by_signature(call, signed)
        elif header.lower().startswith("bearer "):
            self._by_bearer(call, header[7:].strip())
        else:
            raise unauthorized()
        self._check_permission(call, operation)

    def _by_signature(self, call: Call, signed: oauth1.Signed) -> None:
        world = call.world
        token, app = world.tokens.get(signed.get("token")), world.app("x", signed.get("consumer_key"))
        if app is None or token is None or token.kind != "oauth1" or token.app_id != app.app_id:
            raise unauthorized()
        if token.revoked:
            raise unauthorized()
        oauth1.check_signature(call, signed, app, token)
        self._accept(call, token)

    def _by_bearer(self, call: Call, value: str) -> None:
        token = call.world.tokens.get(value)
        if token is None or token.network != "x" or token.kind not in ("oauth2", "app") or token.revoked:
            raise unauthorized()
        if token.expires_at is not None and token.expires_at <= call.now:
            raise unauthorized()
        self._accept(call, token)

    @staticmethod
    def _accept(call: Call, token: Token) -> None:
        call.token, call.app = token, call.world.app("x", token.app_id)
        call.account = call.world.account("x", token.user_id) if token.user_id else None

    @staticmethod
    def _check_permission(call: Call, operation: Operation) -> None:
        assert call.token is not None
        if call.token.kind == "app":
            if not operation.app_only:
                raise problem(
                    403,
                    "Unsupported Authentication",
                    "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported "
                    "authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
                    "unsupported-authentication",
                )
            return
        if call.account is None:
            raise unauthorized()
        if call.token.kind == "oauth2" and set(operation.scopes) - set(call.token.scopes):
            raise forbidden()
        if call.token.kind == "oauth1" and operation.changes and call.app and call.app.read_only:
            raise problem(
                403,
                "Forbidden",
                "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
                "oauth1-permissions",
            )

    def count(self, call: Call, operation: Operation, name: str) -> None:
        """Count the call in its windows: per user, and per app for a day; Refused with 429."""
        settings, what = call.world.settings, f"x {call.request.method} {operation.handler.__name__}"
        for limit in operation.limits:
            is_daily = limit.seconds == DAY
            who = call.token.app_id if is_daily and call.token else self._user(call)
            if not is_daily and name in settings.limits:
                limit = Limit(settings.limits[name], limit.seconds)
            standing = call.hub.windows.use(f"{what} {who} {limit.seconds}", limit, call.now)
            prefix = "x-app-limit-24hour" if is_daily else "x-rate-limit"
            call.headers[f"{prefix}-limit"] = str(standing.limit)
            call.headers[f"{prefix}-remaining"] = str(standing.remaining)
            call.headers[f"{prefix}-reset"] = str(standing.reset)
            if standing.exceeded and settings.rate_limits:
                raise too_many()

    @staticmethod
    def _user(call: Call) -> str:
        return call.account.user_id if call.account else call.token.app_id if call.token else ""

    def expired(self, call: Call) -> Response:
        """Answer 401; an OAuth 2 access token is expired from now on."""
        if call.token is not None and call.token.kind == "oauth2":
            call.token.expires_at = call.now
        return unauthorized().response

    def finish(self, call: Call, response: Response) -> None:
        """Add the rate-limit headers."""
        for name, value in call.headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("api-version", "2.166")


async def _not_found(_request: Request, _error: Exception) -> Response:
    body = {"title": "Not Found", "detail": "Not Found", "type": "about:blank", "status": 404}
    return Response(json.dumps(body), 404, media_type="application/problem+json")


async def _wrong_method(_request: Request, _error: Exception) -> Response:
    body = {"title": "Method Not Allowed", "type": PROBLEMS + "invalid-request", "status": 405}
    return Response(json.dumps(body), 405, media_type="application/problem+json")


def x_app(hub: Hub) -> Starlette:
    """Return the ASGI app of the X face."""
    face = XFace()
    routes = [
        Route(path, endpoint(hub, face, operation), methods=[method]) for method, path, operation in operations()
    ]
    handlers = {404: _not_found, 405: _wrong_method}
    return Starlette(routes=routes, exception_handlers=handlers)
