"""Posts of a Page: create (published, unpublished, scheduled), publish, edit, delete, read, comment."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from socialguard.sandbox.clock import parse_moment
from socialguard.sandbox.facebook_errors import graph_error, invalid_parameter, missing_object
from socialguard.sandbox.facebook_fields import asked_fields
from socialguard.sandbox.facebook_render import render_post
from socialguard.sandbox.facebook_text import make_comment, make_post
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Account, Post

TEXT_LIMIT = 63_206
SCHEDULE_EARLIEST, SCHEDULE_LATEST = 600, 30 * 86_400
UPLOAD_SECONDS = 86_400
MAX_PHOTOS = 10
DEFAULT_FIELDS = ("created_time", "message")


def create_post(call: Call, page: Account) -> Response:
    """POST /{page}/feed: answers `{"id"}`."""
    message, link = call.value("message") or "", call.value("link") or ""
    photos = _attached_photos(call, page)
    if not message.strip() and not link and not photos:
        raise invalid_parameter("Missing message or attachment", 1349125)
    if len(message) > TEXT_LIMIT:
        raise invalid_parameter(f"Param message must be at most {TEXT_LIMIT} characters long")
    if link and not link.startswith(("http://", "https://")):
        raise graph_error(100, "(#100) The url you supplied is invalid", subcode=1500)
    published = is_true(call.value("published"), default=True)
    scheduled_at = _schedule(call, published)
    if published and call.world.settings.refuse_duplicates:
        _check_duplicate(call, page, message, link, photos)
    post = make_post(call.world, page, message, call.now)
    post.published, post.scheduled_at, post.link = published, scheduled_at, link
    post.media_ids = photos
    for photo in photos:
        call.world.media[photo].attached_to = post.post_id
    keep(call, post)
    return JSONResponse({"id": post.post_id})


def keep(call: Call, post: Post) -> None:
    """Put a new post into the world, with its app and the moment from which timelines show it."""
    if call.app:
        post.via, post.created_by_app = call.app.name, call.app.app_id
    post.visible_at = call.now + call.hidden_for if call.hidden_for else 0.0
    call.world.keep(post)


def is_true(text: str | None, *, default: bool) -> bool:
    """Return a Graph boolean; the text `False` that Python makes is refused, so that no client relies on it."""
    if text is None or text == "":
        return default
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    raise invalid_parameter(f"Param must be a boolean, got {text[:20]!r}")


def _schedule(call: Call, published: bool) -> float | None:
    text = call.value("scheduled_publish_time")
    if not text:
        return None
    try:
        moment = parse_moment(text)
    except ValueError:
        raise invalid_parameter("The specified scheduled publish time is invalid.", 1609004) from None
    if published:
        raise invalid_parameter("You cannot specify a scheduled publish time on a published post", 1363040)
    if not SCHEDULE_EARLIEST <= moment - call.now <= SCHEDULE_LATEST:
        raise invalid_parameter("The specified scheduled publish time is invalid.", 1609004)
    return moment


def _attached_photos(call: Call, page: Account) -> list[str]:
    entries: list[Any] = []
    if whole := call.value("attached_media"):
        entries = _json_list(whole)
    for name in sorted((*call.form, *call.query)):
        if name.startswith("attached_media["):
            entries += _json_list(f"[{call.value(name)}]")
    photos = [str(entry.get("media_fbid", "")) if isinstance(entry, dict) else "" for entry in entries]
    if len(photos) > MAX_PHOTOS:
        raise invalid_parameter(f"Param attached_media must have at most {MAX_PHOTOS} elements")
    for photo in photos:
        media = call.world.media.get(photo)
        is_own = media is not None and media.network == "facebook" and media.owner_id == page.user_id
        if media is None or not is_own or call.now - media.created_at > UPLOAD_SECONDS:
            raise invalid_parameter("Param attached_media has an invalid media_fbid")
    return photos


def _json_list(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, list):
        raise invalid_parameter("Param attached_media must be an array.")
    return value


def _check_duplicate(call: Call, page: Account, message: str, link: str, photos: list[str]) -> None:
    own = call.world.posts_of("facebook", page.user_id)
    last = next((p for p in own if p.published and p.deleted_at is None and not p.comment_on), None)
    if last and message and not photos and not last.media_ids and (last.text, last.link) == (message, link):
        raise graph_error(506, "(#506) Duplicate status message", subcode=1455006, is_transient=False)


def change_post(call: Call, post: Post) -> Response:
    """POST /{post}: publish an unpublished post (repeatable), move its time, or edit its text."""
    if call.app and post.created_by_app != call.app.app_id:
        raise graph_error(10, "(#10) Application does not have permission for this action", status=403)
    message, publish = call.value("message"), call.value("is_published")
    if message is None and publish is None and call.value("scheduled_publish_time") is None:
        raise invalid_parameter("Nothing to update")
    if publish is not None and not is_true(publish, default=True) and post.published:
        raise invalid_parameter("A published post cannot be unpublished")
    if call.value("scheduled_publish_time"):
        post.scheduled_at = _schedule(call, post.published)
        call.world.keep(post)
    if publish is not None and is_true(publish, default=True) and not post.published:
        call.world.publish(post, call.now)
        post.visible_at = call.now + call.hidden_for if call.hidden_for else post.visible_at
    if message is not None:
        if len(message) > TEXT_LIMIT:
            raise invalid_parameter(f"Param message must be at most {TEXT_LIMIT} characters long")
        post.text = post.shown = message
        post.edited_at = call.now
    return JSONResponse({"success": True})


def delete_post(call: Call, post: Post) -> Response:
    """DELETE /{post} or /{comment}."""
    post.deleted_at = call.now
    return JSONResponse({"success": True})


def get_post(call: Call, post: Post) -> Response:
    """GET /{post}?fields=."""
    return JSONResponse(render_post(call, post, asked_fields(call, DEFAULT_FIELDS)))


def add_comment(call: Call, post: Post, author: Account) -> Response:
    """POST /{post}/comments as the Page."""
    message = call.value("message") or ""
    if not message.strip():
        raise invalid_parameter("Missing message", 1705)
    if not post.published:
        raise missing_object("POST", post.post_id)
    comment = make_comment(call.world, author, post, message, call.now)
    keep(call, comment)
    return JSONResponse({"id": comment.post_id})
