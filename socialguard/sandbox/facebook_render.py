"""Pages, posts, photos and comments in Graph's shapes: only the fields that were asked for."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlencode

from socialguard.sandbox.clock import graph_time
from socialguard.sandbox.facebook_errors import graph_error, invalid_parameter
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.served import address
from socialguard.sandbox.state import Account, Media, Post, World

_FIELD = re.compile(r"[a-z_0-9]+", re.IGNORECASE)
MAX_PAGE = 100
DEFAULT_PAGE = 25


def asked_fields(call: Call, default: tuple[str, ...]) -> list[str]:
    """Return the top-level names of `fields`; what stands in braces or after a dot is for the field itself."""
    text = call.value("fields")
    if not text:
        return list(default)
    names, depth, current = [], 0, ""
    for character in text + ",":
        depth += (character in "{(") - (character in "})")
        if character == "," and depth == 0:
            if match := _FIELD.match(current.strip()):
                names.append(match[0])
            current = ""
        else:
            current += character
    return names


def pick(everything: dict[str, Any], fields: list[str], node_type: str) -> dict[str, Any]:
    """Return the asked fields and the id; None values are left out as Graph does; Refused for an unknown name."""
    for name in fields:
        if name not in everything:
            message = f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})"
            raise graph_error(100, message)
    chosen = {name: everything[name] for name in fields if everything[name] is not None}
    return {**chosen, "id": everything["id"]}


def render_page(world: World, page: Account, fields: list[str]) -> dict[str, Any]:
    """Return a Page."""
    everything = {
        "id": page.user_id,
        "name": page.display_name,
        "username": page.handle,
        "link": f"https://www.facebook.com/{page.handle}",
        "fan_count": page.followers_count,
        "followers_count": page.followers_count,
        "about": page.description or None,
        "category": "Company",
        "is_published": not page.protected,
        "verification_status": "not_verified",
        "picture": {"data": {"url": f"https://graph.facebook.com/{page.user_id}/picture", "is_silhouette": False}},
        "website": None,
        "has_transitioned_to_new_page_experience": True,
    }
    return pick(everything, fields, "Page")


def render_post(call: Call, post: Post, fields: list[str]) -> dict[str, Any]:
    """Return a post of a Page, or of a visitor on it."""
    world = call.world
    author = world.person("facebook", post.user_id)
    app = world.app("facebook", post.created_by_app)
    comments = [c for c in world.shelves.of("comments", post.post_id).oldest_first() if c.deleted_at is None]
    metrics = world.metrics_of(post)
    number = post.post_id.partition("_")[2]
    pictures = [world.media[media_id] for media_id in post.media_ids if media_id in world.media]
    everything: dict[str, Any] = {
        "id": post.post_id,
        "message": post.text or None,
        "created_time": graph_time(post.created_at),
        "updated_time": graph_time(post.edited_at or post.created_at),
        "is_published": post.published,
        "is_hidden": False,
        "is_expired": False,
        "permalink_url": f"https://www.facebook.com/{post.user_id}/posts/{number}",
        "from": {"name": author.display_name, "id": author.user_id} if author else None,
        "status_type": "added_photos" if pictures else "shared_story" if post.link else "mobile_status_update",
        "story": None,
        "scheduled_publish_time": int(post.scheduled_at) if post.scheduled_at else None,
        "application": {"name": app.name, "id": app.app_id} if app else None,
        "full_picture": picture_url(call, pictures[0]) if pictures else None,
        "attachments": _attachments(call, post, pictures),
        "shares": {"count": metrics["shares"]} if metrics.get("shares") else None,
        "comments": {
            "data": [],
            "summary": {"order": "chronological", "total_count": len(comments), "can_comment": True},
        },
        "reactions": {
            "data": [],
            "summary": {"total_count": metrics.get("reactions", 0), "viewer_reaction": "NONE"},
        },
        "likes": {"data": [], "summary": {"total_count": metrics.get("likes", 0)}},
    }
    return pick(everything, fields, "Post")


def _attachments(call: Call, post: Post, pictures: list[Media]) -> dict[str, Any] | None:
    if pictures:
        parts = [
            {
                "media": {
                    "image": {"src": picture_url(call, picture), "width": picture.width, "height": picture.height}
                },
                "media_type": "photo",
                "type": "photo",
                "target": {
                    "id": picture.media_id,
                    "url": f"https://www.facebook.com/photo.php?fbid={picture.media_id}",
                },
                "description": picture.alt_text,
            }
            for picture in pictures
        ]
        if len(parts) == 1:
            return {"data": parts}
        return {"data": [{"media_type": "album", "type": "album", "subattachments": {"data": parts}}]}
    if post.link:
        return {"data": [{"media_type": "link", "type": "share", "url": post.link, "unshimmed_url": post.link}]}
    return None


def picture_url(call: Call, picture: Media) -> str:
    """Return where the picture is served. As Facebook's, the address has a signature that is another one each
    day."""
    return f"{address(call, picture)}?oh={picture.sha256[:16]}&oe={int(call.now // 86_400):X}"


def render_photo(call: Call, photo: Media, fields: list[str]) -> dict[str, Any]:
    """Return an uploaded photo."""
    everything = {
        "id": photo.media_id,
        "created_time": graph_time(photo.created_at),
        "alt_text": photo.alt_text or None,
        "alt_text_custom": photo.alt_text or None,
        "name": None,
        "width": photo.width,
        "height": photo.height,
        "link": f"https://www.facebook.com/photo.php?fbid={photo.media_id}",
        "images": [{"source": picture_url(call, photo), "width": photo.width, "height": photo.height}],
        "page_story_id": photo.attached_to or None,
    }
    return pick(everything, fields, "Photo")


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
    }
    return pick(everything, fields, "Comment")


def paged(call: Call, keys: list[str], render: Any) -> dict[str, Any]:
    """Return one page of a list: `keys` are the ids in order, `render` makes a row of an id.

    `paging.next` repeats the request with `after`, the access token in it, as Graph does.
    """
    size = _page_size(call)
    first = 0
    if after := call.value("after"):
        first = _position(keys, after) + 1
    elif before := call.value("before"):
        first = max(_position(keys, before) - size, 0)
    chosen = keys[first : first + size]
    document: dict[str, Any] = {"data": [render(key) for key in chosen]}
    if chosen:
        document["paging"] = {"cursors": {"before": _cursor(chosen[0]), "after": _cursor(chosen[-1])}}
        if first + size < len(keys):
            document["paging"]["next"] = _link(call, "after", chosen[-1], size)
        if first > 0:
            document["paging"]["previous"] = _link(call, "before", chosen[0], size)
    return document


def _page_size(call: Call) -> int:
    text = call.value("limit") or str(DEFAULT_PAGE)
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


def _link(call: Call, direction: str, key: str, size: int) -> str:
    request = call.request
    query = {name: value for name, value in call.query.items() if name not in ("after", "before", "limit")}
    query.update(access_token=call.token.value if call.token else "", limit=str(size))
    query[direction] = _cursor(key)
    return (
        f"{request.url.scheme}://{request.headers['host']}{request.scope['raw_path'].decode()}?{urlencode(query)}"
    )
