"""An account's own posts and its mentions on X: newest first, in pages, no further back than X reaches."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from starlette.responses import Response

from socialguard.sandbox.clock import parse_moment
from socialguard.sandbox.costs import charge
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Account, Post
from socialguard.sandbox.x_answers import answer
from socialguard.sandbox.x_errors import PROBLEMS, invalid, not_found
from socialguard.sandbox.x_render import TWEET_FIELDS, asked_fields, may_answer, render_includes, render_post

TIMELINE_REACH = 3200
WITHOUT_REPLIES_REACH = 800
MENTIONS_REACH = 800
DEFAULT_PAGE = 10


def user_timeline(call: Call) -> Response:
    """GET /2/users/:id/tweets."""
    account = _account(call)
    if account is None:
        return answer(call, {"errors": [not_found(call.params["id"], "user", "id")]})
    if account.protected and (call.account is None or call.account.user_id != account.user_id):
        return answer(call, {"errors": [_not_authorized(account)]})
    excluded = {name for name in call.query.get("exclude", "").split(",") if name}
    if excluded - {"replies", "retweets"}:
        raise invalid(
            "The `exclude` query parameter value is not one of [replies,retweets]", exclude=",".join(excluded)
        )
    visible = _visible(call, call.world.posts_of("x", account.user_id), TIMELINE_REACH)
    if "replies" in excluded:
        # a thread's own continuation is a reply, too
        visible = [post for post in visible[:WITHOUT_REPLIES_REACH] if not post.reply_to]
    is_own = call.account is not None and call.account.user_id == account.user_id and account.owns_app
    return _page(call, visible, "own_posts.read" if is_own else "posts.read")


def user_mentions(call: Call) -> Response:
    """GET /2/users/:id/mentions."""
    account = _account(call)
    if account is None:
        return answer(call, {"errors": [not_found(call.params["id"], "user", "id")]})
    mentions = call.world.shelves.of("mentions", account.user_id).newest_first()
    return _page(call, _visible(call, mentions, MENTIONS_REACH), "posts.read")


def _visible(call: Call, posts: Iterable[Post], reach: int) -> list[Post]:
    return list(islice(filter(call.world.visible, posts), reach))


def _account(call: Call) -> Account | None:
    user_id = call.params["id"]
    if not user_id.isdecimal() or len(user_id) > 19:
        raise invalid(f"The `id` query parameter value [{user_id}] is not valid", id=user_id)
    return call.world.account("x", user_id)


def _not_authorized(account: Account) -> dict[str, Any]:
    return {
        "value": account.user_id,
        "detail": f"Sorry, you are not authorized to see the user with id: [{account.user_id}].",
        "title": "Authorization Error",
        "resource_type": "user",
        "parameter": "id",
        "resource_id": account.user_id,
        "section": "data",
        "type": PROBLEMS + "not-authorized-for-resource",
    }


def _page(call: Call, posts: list[Post], charged_as: str) -> Response:
    fields = asked_fields(call, "tweet", TWEET_FIELDS)
    size = _page_size(call)
    within = _bounds(call)
    wanted = [post for post in posts if within(post) and may_answer(call, post, fields)]
    offset_id = _read_token(call)
    first = 0
    if offset_id is not None:
        older = (n for n, post in enumerate(wanted) if int(post.post_id) <= offset_id)
        first = next(older, len(wanted))
    if call.world.settings.short_pages:
        size = _shortened(size, call.query, wanted[first:])
    page = wanted[first : first + size]
    meta: dict[str, Any] = {"result_count": len(page)}
    document: dict[str, Any] = {"meta": meta}
    if page:
        document["data"] = [render_post(call.world, post, fields, call.account) for post in page]
        meta["newest_id"], meta["oldest_id"] = page[0].post_id, page[-1].post_id
    if first + size < len(wanted):
        meta["next_token"] = _token(wanted[first + size].post_id)
    if first > 0:
        meta["previous_token"] = _token(wanted[max(first - size, 0)].post_id)
    if includes := render_includes(call, page):
        document["includes"] = includes
    if call.account:
        charge(call.world, call.account.user_id, charged_as, len(page))
    return answer(call, document)


def _shortened(size: int, query: dict[str, str], wanted: list[Post]) -> int:
    """Return how many of `wanted` a page shows where X leaves some to the next one; none at all for some of those
    that are asked for without a token."""
    number = int(wanted[0].post_id) if wanted else 0
    if "pagination_token" not in query and number % 5 == 0 and len(wanted) > 1:
        return 0
    return max(1, size - number % (size // 2))


def _page_size(call: Call) -> int:
    text = call.query.get("max_results", str(DEFAULT_PAGE))
    if not text.isdecimal() or not 5 <= int(text) <= 100:
        raise invalid(
            f"The `max_results` query parameter value [{text}] is not between 5 and 100", max_results=text
        )
    return int(text)


def _bounds(call: Call) -> Callable[[Post], bool]:
    query = call.query
    since, until = query.get("since_id"), query.get("until_id")
    start, end = query.get("start_time"), query.get("end_time")
    above = _number(since, "since_id") if since else -1
    below = _number(until, "until_id") if until else 10**19
    earliest = _moment(start, "start_time") if start else 0.0
    latest = _moment(end, "end_time") if end else float("inf")
    return lambda post: above < int(post.post_id) < below and earliest <= post.created_at < latest


def _number(text: str, name: str) -> int:
    if not text.isdecimal() or len(text) > 19:
        raise invalid(f"The `{name}` query parameter value [{text}] is not valid", **{name: text})
    return int(text)


def _moment(text: str, name: str) -> float:
    try:
        return parse_moment(text)
    except ValueError:
        raise invalid(
            f"The `{name}` query parameter value [{text}] is not a valid RFC 3339 time", **{name: text}
        ) from None


def _token(post_id: str) -> str:
    return base64.b32encode(b"7140" + int(post_id).to_bytes(8, "big")).decode().rstrip("=").lower()


def _read_token(call: Call) -> int | None:
    text = call.query.get("pagination_token")
    if text is None:
        return None
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        raw = b""
    if not raw.startswith(b"7140"):
        raise invalid(f"The `pagination_token` query parameter value [{text}] is not valid", pagination_token=text)
    return int.from_bytes(raw[4:], "big")
