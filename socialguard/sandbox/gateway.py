"""The way of every request of a network: read it, know the caller, apply faults, do it, keep it, answer.

A face lists `Operation`s; `endpoint` turns one into a starlette endpoint. Handlers are plain functions that get a
`Call` and return a response or raise `Refused`; they run one at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from socialguard.sandbox.clock import http_date
from socialguard.sandbox.faults import Chosen, Fault, usual_body
from socialguard.sandbox.hub import Hub
from socialguard.sandbox.limits import Limit
from socialguard.sandbox.state import Account, App, Token, World


class Refused(Exception):
    """The network's documented refusal; `response` is what it answers."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"refused with {response.status_code}")
        self.response = response


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file of a multipart form."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Call:
    """One request, read whole, and the world that it came to: a late deed does not reach a world made since."""

    hub: Hub
    world: World
    request: Request
    params: dict[str, str]
    query: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    document: Any = None
    body: bytes = b""
    account: Account | None = None
    token: Token | None = None
    app: App | None = None
    hidden_for: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """The sandbox's time in seconds since the epoch."""
        return self.world.clock.now()

    def value(self, name: str) -> str | None:
        """Return a parameter from the form or, failing that, from the query."""
        return self.form.get(name, self.query.get(name))

    @property
    def caller(self) -> Account:
        """The account that asks; only handlers behind a user's token ask for it."""
        assert self.account is not None
        return self.account


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a network can be asked for: its name for faults, who may ask, how often."""

    name: str | Callable[[Call], str]
    handler: Handler
    scopes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    open_to_all: bool = False
    app_only: bool = False
    changes: bool = False

    def name_for(self, call: Call) -> str:
        """Return the operation's name, which may depend on what the request says."""
        return self.name if isinstance(self.name, str) else self.name(call)


class Face(Protocol):
    """What differs between the networks."""

    network: str

    def authenticate(self, call: Call, operation: Operation) -> None:
        """Set the call's account, token and app; raise Refused."""

    def count(self, call: Call, operation: Operation, name: str) -> None:
        """Count the call against the rate limits; raise Refused."""

    def expired(self, call: Call) -> Response:
        """Return the answer of a network to an expired token, and let the call's token expire."""

    def finish(self, call: Call, response: Response) -> None:
        """Add the network's own headers."""


class CutResponse(Response):
    """Close the connection without sending a byte."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut, and wait until the server has noticed, or it would answer 500 in our place."""
        scope["state"]["transport"].abort()
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)


class HalfResponse(Response):
    """Send a response's head and the first part of its body, then close the connection."""

    def __init__(self, whole: Response, size: int | None) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))
        self.part = self.body[: len(self.body) // 2 if size is None else size]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the part, and wait until the connection is gone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.part, "more_body": True})
        # not aborted: what was written shall arrive
        scope["state"]["transport"].close()
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)


def endpoint(hub: Hub, face: Face, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """Return the starlette endpoint of one operation."""

    async def answer(request: Request) -> Response:
        """Answer one request."""
        try:
            call = await read_call(hub, request)
        except ClientDisconnect:
            # killed while it wrote, or cut by a fault: nothing has arrived whole, nothing is done
            return CutResponse()
        except ValueError:
            return _dated(hub, Response('{"error":"unreadable body"}', 400, media_type="application/json"))
        refusal: Response | None = None
        try:
            face.authenticate(call, operation)
        except Refused as refused:
            refusal = refused.response
        name = operation.name_for(call)
        hub.world.count(face.network, name)
        names = (call.account.handle.casefold(), call.account.user_id) if call.account else ()
        chosen = hub.faults.take(face.network, name, names)
        response = await _with_faults(call, face, operation, name, chosen, refusal)
        face.finish(call, response)
        if chosen.closes:
            # this answer still goes out, on a connection that then closes
            hub.refuse(face.network, chosen.closes[0].seconds, keep=request.scope["state"]["transport"])
            response.headers["Connection"] = "close"
        return _dated(hub, response)

    return answer


async def _with_faults(
    call: Call, face: Face, operation: Operation, name: str, chosen: Chosen, refusal: Response | None
) -> Response:
    main, slow = chosen.main, chosen.slow
    if slow and slow.when == "before":
        await asyncio.sleep(slow.seconds or 0)
    if main and main.kind == "drop_before":
        return CutResponse()
    if main and (early := _instead(call, face, main)) is not None:
        return early
    call.hidden_for = chosen.late_visible.seconds or 0 if chosen.late_visible else 0
    response = refusal or _do(call, face, operation, name)
    if slow and slow.when != "before":
        await asyncio.sleep(slow.seconds or 0)
    if main and main.kind == "accept_then_drop":
        return CutResponse()
    if main and main.kind == "cut":
        return HalfResponse(response, main.bytes)
    if main and main.kind == "status":
        return status_response(call, face, main)
    return response


def _instead(call: Call, face: Face, fault: Fault) -> Response | None:
    if fault.kind == "redirect":
        return Response(status_code=307, headers={"Location": fault.location})
    if fault.kind == "expired_token":
        response = face.expired(call)
        call.hub.changed()
        return response
    if fault.kind == "status" and fault.when != "after":
        return status_response(call, face, fault)
    return None


def _do(call: Call, face: Face, operation: Operation, name: str) -> Response:
    world = call.world
    world.publish_due()
    try:
        face.count(call, operation, name)
        response = operation.handler(call)
    except Refused as refused:
        return refused.response
    if operation.changes:
        call.hub.changed()
    return response


def status_response(call: Call, face: Face, fault: Fault) -> Response:
    """Return the answer that a `status` fault asks for.

    Without a body it is the network's usual one; without headers a 429 carries X's reset time, `seconds` (900)
    from now, and `"headers": {}` leaves that out. The media type follows the body.
    """
    text = usual_body(face.network, fault.code) if fault.body is None else fault.body
    headers = {"content-type": "text/html" if text.lstrip().startswith("<") else "application/json"}
    if fault.headers is None and fault.code == 429:
        reset = int(call.now + (900 if fault.seconds is None else fault.seconds)) + 1
        headers |= {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    headers |= {name.lower(): value for name, value in (fault.headers or {}).items()}
    return Response(text, fault.code, headers)


def _dated(hub: Hub, response: Response) -> Response:
    response.headers["Date"] = http_date(hub.world.clock.now())
    return response


async def read_call(hub: Hub, request: Request) -> Call:
    """Read a request whole: query, form or JSON body, files; ValueError where it cannot be parsed."""
    call = Call(hub, hub.world, request, dict(request.path_params), dict(request.query_params))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    call.body = await request.body()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form() as form:
            for name, value in form.items():
                if isinstance(value, UploadFile):
                    call.files[name] = Upload(value.filename or "", value.content_type or "", await value.read())
                else:
                    call.form[name] = value
    elif call.body and (kind == "application/json" or kind.endswith("+json")):
        call.document = json.loads(call.body)
        if b"\\u" in call.body:
            # half a surrogate pair is no text: UnicodeEncodeError is a ValueError
            json.dumps(call.document, ensure_ascii=False).encode()
    return call
