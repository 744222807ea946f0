"""Who an account is on X."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from socialguard.sandbox.costs import charge
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Account
from socialguard.sandbox.x_answers import answer
from socialguard.sandbox.x_errors import invalid, not_found
from socialguard.sandbox.x_render import USER_FIELDS, asked_fields, render_user

MAX_LOOKUP = 100
_NAME = re.compile(r"[A-Za-z0-9_]{1,15}")


def get_me(call: Call) -> Response:
    """GET /2/users/me: whom the credential belongs to."""
    return _user(call, call.caller, "", "id")


def get_user(call: Call) -> Response:
    """GET /2/users/:id."""
    user_id = call.params["id"]
    if not user_id.isdecimal() or len(user_id) > 19:
        raise invalid(f"The `id` query parameter value [{user_id}] is not valid", id=user_id)
    return _user(call, call.world.account("x", user_id), user_id, "id")


def get_user_by_name(call: Call) -> Response:
    """GET /2/users/by/username/:username."""
    name = call.params["username"]
    return _user(call, _named(call, name), name, "username")


def get_users_by_names(call: Call) -> Response:
    """GET /2/users/by?usernames=: what is found in `data`, the others in `errors`."""
    given = call.query.get("usernames", "")
    names = [name for name in given.split(",") if name]
    if not 1 <= len(names) <= MAX_LOOKUP or not all(_NAME.fullmatch(name) for name in names):
        raise invalid("The `usernames` query parameter must hold 1 to 100 names", usernames=given)
    fields = asked_fields(call, "user", USER_FIELDS)
    found = [account for name in names if (account := _named(call, name))]
    missing = [name for name in names if _named(call, name) is None]
    if call.account:
        charge(call.world, call.account.user_id, "user.read", len(found))
    document: dict[str, Any] = {}
    if found:
        document["data"] = [render_user(call.world, account, fields) for account in found]
    if missing:
        document["errors"] = [not_found(name, "user", "usernames") for name in missing]
    return answer(call, document)


def _named(call: Call, name: str) -> Account | None:
    return next(
        (a for a in call.world.accounts if a.network == "x" and a.handle.casefold() == name.casefold()), None
    )


def _user(call: Call, account: Account | None, value: str, parameter: str) -> Response:
    fields = asked_fields(call, "user", USER_FIELDS)
    if account is None:
        return answer(call, {"errors": [not_found(value, "user", parameter)]})
    if call.account:
        charge(call.world, call.account.user_id, "user.read", 1)
    return answer(call, {"data": render_user(call.world, account, fields)})
