"""Pages of Graph's lists: a size, cursors, bounds in time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from socialguard.sandbox.clock import parse_moment
from socialguard.sandbox.facebook_errors import invalid_parameter
from socialguard.sandbox.gateway import Call

MAX_PAGE = 100
DEFAULT_PAGE = 25

Render = Callable[[str], dict[str, Any]]


def paged(call: Call, keys: list[str], render: Render) -> dict[str, Any]:
    """Return the page of a list that the request asks for: `keys` are the ids in order, `render` makes a row of
    one.

    `paging.next` repeats the request with `after`, the access token in it, as Graph does.
    """
    return page_of(call, keys, render, {**call.query, **call.form}, "")


def page_of(call: Call, keys: list[str], render: Render, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """Return the page that `asked` describes; its links lead to `path`, or to the request's own where that is
    empty.

    Inside another object a list of `limit(0)` holds nothing but its summary.
    """
    if path and asked.get("limit") == "0":
        return {"data": []}
    size = _page_size(asked)
    first = 0
    if after := asked.get("after"):
        first = _position(keys, after) + 1
    elif before := asked.get("before"):
        first = max(_position(keys, before) - size, 0)
    chosen = keys[first : first + size]
    document: dict[str, Any] = {"data": [render(key) for key in chosen]}
    if chosen:
        document["paging"] = {"cursors": {"before": _cursor(chosen[0]), "after": _cursor(chosen[-1])}}
        if first + size < len(keys):
            document["paging"]["next"] = _link(call, asked, path, "after", chosen[-1], size)
        if first > 0:
            document["paging"]["previous"] = _link(call, asked, path, "before", chosen[0], size)
    return document


def bound(asked: Mapping[str, str], name: str) -> float | None:
    """Return a bound in time; Graph keeps whole seconds, and both bounds belong to a list."""
    text = asked.get(name)
    if not text:
        return None
    try:
        return parse_moment(text)
    except ValueError:
        raise invalid_parameter(f"Param {name} must be a valid timestamp") from None


def _page_size(asked: Mapping[str, str]) -> int:
    text = asked.get("limit") or str(DEFAULT_PAGE)
    if not text.isdecimal() or not 0 < int(text) <= MAX_PAGE:
        raise invalid_parameter(f"Param limit must be a number from 1 to {MAX_PAGE}")
    return int(text)


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(f"QVFI:{key}".encode()).decode().rstrip("=")


def _position(keys: list[str], cursor: str) -> int:
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().removeprefix("QVFI:")
        return keys.index(key)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid_parameter("Invalid cursors values.") from None


def _link(call: Call, asked: Mapping[str, str], path: str, direction: str, key: str, size: int) -> str:
    request = call.request
    query = {name: value for name, value in asked.items() if name not in ("after", "before", "limit", "metric")}
    query.update(access_token=call.token.value if call.token else "", limit=str(size))
    query[direction] = _cursor(key)
    where = path or request.scope["raw_path"].decode()
    return f"{request.url.scheme}://{request.headers['host']}{where}?{urlencode(query)}"
