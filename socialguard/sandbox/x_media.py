"""Upload images to X and give them alt text."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from starlette.responses import Response

from socialguard.sandbox.costs import charge
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.image_size import image_size, sniff_mime
from socialguard.sandbox.state import Media
from socialguard.sandbox.x_answers import answer
from socialguard.sandbox.x_errors import invalid

MEDIA_SECONDS = 86_400
MAX_IMAGE = 5 * 1024 * 1024
ALT_LIMIT = 1000
CATEGORIES = frozenset({"tweet_image", "dm_image", "subtitles"})


def upload(call: Call) -> Response:
    """POST /2/media/upload: one shot, JSON with base64 or a multipart form; images only, at most 5 MB."""
    content, category = _content(call)
    if category not in CATEGORIES:
        raise invalid("$.media_category: does not have a value in the enumeration", media_category=category)
    mime = sniff_mime(content)
    if not mime.startswith("image/"):
        raise invalid("media type unrecognized.", media=mime)
    if len(content) > MAX_IMAGE:
        raise invalid(f"Image file size must be <= {MAX_IMAGE} bytes", media=len(content))
    media_id = call.world.new_id(call.now)
    width, height = image_size(content)
    digest = hashlib.sha256(content).hexdigest()
    call.world.files[media_id] = content
    call.world.media[media_id] = Media(
        "x", media_id, call.caller.user_id, digest, len(content), mime, call.now, width=width, height=height
    )
    data = {
        "id": media_id,
        "media_key": f"3_{media_id}",
        "size": len(content),
        "expires_after_secs": MEDIA_SECONDS,
    }
    return answer(call, {"data": data, "meta": {}})


def _content(call: Call) -> tuple[bytes, str]:
    if call.files or call.form:
        uploaded, category = call.files.get("media"), call.form.get("media_category", "")
        content = uploaded.content if uploaded else _decoded(call.form.get("media", ""))
        return content, category
    document = call.document if isinstance(call.document, dict) else {}
    return _decoded(document.get("media", "")), str(document.get("media_category", ""))


def _decoded(text: object) -> bytes:
    if not isinstance(text, str) or not text:
        raise invalid("$.media: is missing but it is required")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("$.media: is not base64") from None


def set_metadata(call: Call) -> Response:
    """POST /2/media/metadata: alt text for an own upload."""
    document: dict[str, Any] = call.document if isinstance(call.document, dict) else {}
    media = call.world.media.get(str(document.get("id", "")))
    if media is None or media.network != "x" or media.owner_id != call.caller.user_id:
        raise invalid("The media ID is invalid.", id=document.get("id", ""))
    metadata = document.get("metadata") or {}
    alt_text = metadata.get("alt_text") if isinstance(metadata, dict) else None
    text = alt_text.get("text") if isinstance(alt_text, dict) else None
    if not isinstance(text, str) or len(text) > ALT_LIMIT:
        raise invalid(f"$.metadata.alt_text.text: must be a text of at most {ALT_LIMIT} characters")
    media.alt_text = text
    charge(call.world, call.caller.user_id, "media.describe", 1)
    return answer(call, {"data": {"id": media.media_id, "associated_metadata": {"alt_text": {"text": text}}}})
