"""The control face: look into the world, move its time, make things go wrong. JSON in, JSON out.

`GET /posts?network=&account=` · `GET /accounts` · `POST /accounts` · `POST /credentials` · `GET /requests` ·
`GET /costs` · `GET|POST|DELETE /faults` · `POST /foreign` · `POST /clock` · `POST /settings` · `POST /tokens` ·
`POST /reset`
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from socialguard.sandbox.clock import iso_milliseconds, parse_moment
from socialguard.sandbox.control_views import account_view, post_view
from socialguard.sandbox.costs import cost_rows
from socialguard.sandbox.faults import parse_fault
from socialguard.sandbox.foreign import happen
from socialguard.sandbox.hub import Hub
from socialguard.sandbox.seed import SeedError, add_account, add_activity, add_credential, change_setting

View = Callable[["Control", Any], Awaitable[Any]]


class Control:
    """The answers of control, over one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def posts(self, query: dict[str, str]) -> Any:
        """Return every post, deleted and unpublished ones too, oldest first."""
        world = self.hub.world
        world.publish_due()
        chosen = [p for p in world.in_order() if query.get("network") in (None, "", p.network)]
        if name := query.get("account"):
            ids = {a.user_id for n in ("x", "facebook") if (a := world.account(n, name))}
            chosen = [post for post in chosen if post.user_id in ids]
        return [post_view(world, post) for post in chosen]

    async def accounts(self, _query: dict[str, str]) -> Any:
        """Return the accounts with the credentials that work for them now."""
        return [account_view(self.hub.world, account) for account in self.hub.world.accounts]

    async def add_account(self, document: dict[str, Any]) -> Any:
        """Add an account as a seed would."""
        account = add_account(self.hub.world, document)
        add_activity(self.hub.world, document)
        return account_view(self.hub.world, account)

    async def add_credential(self, document: dict[str, Any]) -> Any:
        """Make another credential valid: `{"network", "account", "credential", ...options}`."""
        account = self.hub.world.account(document["network"], document["account"])
        if account is None:
            raise SeedError("there is no such account")
        add_credential(self.hub.world, account, document["credential"], {"handle": account.handle, **document})
        return account_view(self.hub.world, account)

    async def tokens(self, document: dict[str, Any]) -> Any:
        """Expire, revoke or restore an account's tokens: `{"network", "account", "state", "subcode"?}`."""
        world, state = self.hub.world, document["state"]
        account = world.account(document["network"], document["account"])
        if account is None or state not in ("expired", "revoked", "valid"):
            raise SeedError("`state` is expired, revoked or valid, of a known account")
        changed = [
            t for t in world.tokens.values() if (t.network, t.user_id) == (account.network, account.user_id)
        ]
        for token in changed:
            token.revoked, token.subcode = state == "revoked", document.get("subcode")
            if state == "expired":
                token.expires_at = world.clock.now()
            elif state == "valid" and token.expires_at is not None:
                token.expires_at = world.clock.now() + 7200
        return {"tokens": len(changed)}

    async def requests(self, _query: dict[str, str]) -> Any:
        """Return how many requests each network got, by operation."""
        return self.hub.world.counts

    async def costs(self, _query: dict[str, str]) -> Any:
        """Return what X would charge, by account and operation."""
        return cost_rows(self.hub.world)

    async def faults(self, _query: dict[str, str]) -> Any:
        """Return the faults that still wait."""
        rows = [
            {
                "network": f.network,
                "operation": f.operation,
                "kind": f.kind,
                "times": f.times,
                "after": f.after,
            }
            for f in self.hub.faults.waiting
        ]
        open_now = {name: self.hub.listeners[name].is_open for name in ("x", "facebook")}
        return {"faults": rows, "listening": open_now}

    async def set_faults(self, document: Any) -> Any:
        """Replace the faults by a list (or one fault)."""
        entries = document if isinstance(document, list) else [document]
        await self.hub.set_faults([parse_fault(entry) for entry in entries])
        return await self.faults({})

    async def lift_faults(self, _query: dict[str, str]) -> Any:
        """Lift every fault."""
        return await self.set_faults([])

    async def foreign(self, document: dict[str, Any]) -> Any:
        """Let something happen that no client of ours did."""
        return happen(self.hub.world, document)

    async def clock(self, document: dict[str, Any]) -> Any:
        """Move the time: `{"advance": seconds}`, `{"set": moment}` or `{"offset": seconds}` from ours; `{}`
        only tells it. Anything else is refused: a slip would leave the time where it was."""
        clock = self.hub.world.clock
        if unknown := set(document) - {"set", "advance", "offset"}:
            raise ValueError(f"there is no {', '.join(sorted(unknown))}; give advance, set or offset")
        if "offset" in document:
            clock.offset = float(document["offset"])
        if "set" in document:
            clock.set_to(parse_moment(document["set"]))
        if "advance" in document:
            clock.advance(float(document["advance"]))
        return {"now": iso_milliseconds(clock.now()), "offset": round(clock.offset, 6)}

    async def settings(self, document: dict[str, Any]) -> Any:
        """Change switches of the sandbox, and return them all."""
        for name, value in document.items():
            change_setting(self.hub.world.settings, name, value)
        return asdict(self.hub.world.settings)

    async def reset(self, document: Any) -> Any:
        """Start again, from the seed in the body or from random accounts."""
        await self.hub.reset(document or None)
        return await self.accounts({})


READS: dict[str, View] = {
    "/posts": Control.posts,
    "/accounts": Control.accounts,
    "/requests": Control.requests,
    "/costs": Control.costs,
    "/faults": Control.faults,
}
WRITES: dict[str, View] = {
    "/accounts": Control.add_account,
    "/credentials": Control.add_credential,
    "/tokens": Control.tokens,
    "/faults": Control.set_faults,
    "/foreign": Control.foreign,
    "/clock": Control.clock,
    "/settings": Control.settings,
    "/reset": Control.reset,
}


def control_app(hub: Hub) -> Starlette:
    """Return the ASGI app of the control face."""
    control = Control(hub)

    def reading(view: View) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            """Answer a question."""
            return JSONResponse(await view(control, dict(request.query_params)))

        return answer

    def writing(view: View) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            """Do what is asked, and keep it."""
            try:
                body = await request.body()
                result = await view(control, json.loads(body) if body.strip() else {})
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
            hub.changed()
            return JSONResponse(result)

        return answer

    routes = [Route(path, reading(view), methods=["GET"]) for path, view in READS.items()]
    routes += [Route(path, writing(view), methods=["POST"]) for path, view in WRITES.items()]
    routes.append(Route("/faults", writing(Control.lift_faults), methods=["DELETE"]))
    # a page in a browser must not reach control by a name that it makes point here
    known_hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[known_hosts])
