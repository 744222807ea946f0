"""Comments under a post of a Page: as a list of their own, and inside the post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from socialguard.sandbox.clock import graph_time
from socialguard.sandbox.facebook_errors import invalid_parameter
from socialguard.sandbox.facebook_fields import asked_fields, pick
from socialguard.sandbox.facebook_paging import bound, page_of
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Post, World

ORDERS = ("chronological", "reverse_chronological")


def comments(call: Call, post: Post) -> Response:
    """GET /{post}/comments: oldest first, newest with `order=reverse_chronological`; `since` and `until` bound
    it."""
    fields = asked_fields(call, ("created_time", "from", "message"))
    return JSONResponse(comment_page(call, post, {**call.query, **call.form}, fields))


def comment_page(call: Call, post: Post, asked: Mapping[str, str], fields: list[str]) -> dict[str, Any]:
    """Return a page of comments as `asked` says: limit, order, filter, since, until, after, summary."""
    found = list(filter(call.world.visible, call.world.shelves.of("comments", post.post_id).oldest_first()))
    total = len(found)
    since, until = bound(asked, "since"), bound(asked, "until")
    found = [
        comment
        for comment in found
        if (since is None or int(comment.created_at) >= since)
        and (until is None or int(comment.created_at) <= until)
    ]
    order = asked.get("order", "chronological")
    if order not in ORDERS:
        raise invalid_parameter(f"Param order must be one of {{{', '.join(ORDERS)}}}")
    if order == "reverse_chronological":
        found.reverse()
    by_id = {comment.post_id: comment for comment in found}
    page = page_of(
        call,
        list(by_id),
        lambda key: render_comment(call.world, by_id[key], fields),
        asked,
        f"/{post.post_id}/comments",
    )
    if asked.get("summary") in ("true", "1"):
        page["summary"] = {"order": order, "total_count": total, "can_comment": True}
    return page


def render_comment(world: World, comment: Post, fields: list[str]) -> dict[str, Any]:
    """Return a comment."""
    author = world.person("facebook", comment.user_id)
    everything = {
        "id": comment.post_id,
        "message": comment.text,
        "created_time": graph_time(comment.created_at),
        "from": {"name": author.display_name, "id": author.user_id} if author else None,
        "like_count": world.metrics_of(comment).get("likes", 0),
        "comment_count": 0,
        "is_hidden": False,
        "can_remove": True,
        "parent": None,
        "permalink_url": f"https://www.facebook.com/{comment.comment_on}?comment_id={comment.post_id}",
        "user_likes": False,
        "attachment": None,
    }
    return pick(everything, fields, "Comment")
