"""The lists of a Page: feed, published and scheduled posts, photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from heapq import merge

from starlette.responses import JSONResponse, Response

from socialguard.sandbox.facebook_fields import asked_fields
from socialguard.sandbox.facebook_paging import bound, paged
from socialguard.sandbox.facebook_posts import DEFAULT_FIELDS
from socialguard.sandbox.facebook_render import render_photo, render_post
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Account, Post

# Graph returns about 600 ranked posts a year
YEARLY_REACH = 600


def feed(call: Call, page: Account) -> Response:
    """GET /{page}/feed: published posts, unpublished ones too, and what visitors wrote."""
    own, visitors = call.world.posts_of("facebook", page.user_id), call.world.shelves.of("visitors", page.user_id)
    merged = merge(own, visitors.newest_first(), key=lambda post: post.created_at, reverse=True)
    return _list(call, merged, lambda post: post.scheduled_at is None)


def published_posts(call: Call, page: Account) -> Response:
    """GET /{page}/published_posts and /{page}/posts."""
    return _posts(call, page, lambda post: post.published)


def scheduled_posts(call: Call, page: Account) -> Response:
    """GET /{page}/scheduled_posts."""
    return _posts(call, page, lambda post: post.scheduled_at is not None and not post.published)


def visitor_posts(call: Call, page: Account) -> Response:
    """GET /{page}/visitor_posts: what others wrote on the Page."""
    return _list(call, call.world.shelves.of("visitors", page.user_id).newest_first(), call.world.visible)


def _posts(call: Call, page: Account, wanted: Callable[[Post], bool]) -> Response:
    return _list(call, call.world.posts_of("facebook", page.user_id), wanted)


def _list(call: Call, newest_first: Iterator[Post], wanted: Callable[[Post], bool]) -> Response:
    fields = asked_fields(call, DEFAULT_FIELDS)
    asked, now = {**call.query, **call.form}, call.now
    since, until = bound(asked, "since"), bound(asked, "until")
    chosen: list[Post] = []
    per_year: Counter[int] = Counter()
    for post in newest_first:
        if post.deleted_at is not None or post.visible_at > now or not wanted(post):
            continue
        year = _year(int(post.created_at // 86_400))
        per_year[year] += 1
        if per_year[year] > YEARLY_REACH:
            continue
        if since is not None and int(post.created_at) < since:
            break
        if until is None or int(post.created_at) <= until:
            chosen.append(post)
    by_id = {post.post_id: post for post in chosen}
    return JSONResponse(paged(call, list(by_id), lambda key: render_post(call, by_id[key], fields)))


@cache
def _year(day: int) -> int:
    return datetime.fromtimestamp(day * 86_400, UTC).year


def photos(call: Call, page: Account) -> Response:
    """GET /{page}/photos: uploaded photos that a post shows."""
    fields = asked_fields(call, ("created_time", "name"))
    own = [m for m in call.world.media.values() if m.network == "facebook" and m.owner_id == page.user_id]
    by_id = {photo.media_id: photo for photo in reversed(own) if photo.attached_to}
    return JSONResponse(paged(call, list(by_id), lambda key: render_photo(call, by_id[key], fields)))
