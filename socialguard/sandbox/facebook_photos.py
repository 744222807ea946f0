"""Upload photos to a Page: for a post to come (`published=false`), or as a post at once."""

from __future__ import annotations

import hashlib

from starlette.responses import JSONResponse, Response

from socialguard.sandbox.facebook_errors import graph_error, invalid_parameter
from socialguard.sandbox.facebook_posts import is_true, keep
from socialguard.sandbox.facebook_text import make_post
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.image_size import image_size, sniff_mime
from socialguard.sandbox.state import Account, Media

MAX_PHOTO = 10 * 1024 * 1024
TYPES = frozenset({"image/jpeg", "image/bmp", "image/png", "image/gif", "image/tiff"})


def upload_photo(call: Call, page: Account) -> Response:
    """POST /{page}/photos with a multipart `source`: answers `{"id"}`, and `post_id` when published."""
    if call.value("url"):
        raise invalid_parameter("The sandbox fetches no addresses: send the photo as `source`")
    uploaded = next(iter(call.files.values()), None)
    mime = sniff_mime(uploaded.content) if uploaded else ""
    if uploaded is None or mime not in TYPES:
        raise graph_error(324, "(#324) Requires upload file", subcode=2069019)
    if len(uploaded.content) > MAX_PHOTO:
        raise graph_error(1, "Photo file size must be at most 10 MB", subcode=1366046)
    published = is_true(call.value("published"), default=True)
    photo_id = call.world.new_id(call.now)
    width, height = image_size(uploaded.content)
    photo = Media(
        "facebook",
        photo_id,
        page.user_id,
        hashlib.sha256(uploaded.content).hexdigest(),
        len(uploaded.content),
        mime,
        call.now,
        call.value("alt_text_custom") or "",
        width,
        height,
    )
    call.world.media[photo_id] = photo
    call.world.files[photo_id] = uploaded.content
    if not published:
        return JSONResponse({"id": photo_id})
    post = make_post(call.world, page, call.value("caption") or call.value("message") or "", call.now)
    post.media_ids = [photo_id]
    photo.attached_to = post.post_id
    keep(call, post)
    return JSONResponse({"id": photo_id, "post_id": post.post_id})
