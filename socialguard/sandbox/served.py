"""Serve media: either network at `/media/<id>` on its own port, whole or a range, to anybody who has the address.

So do the real ones, from hosts of their own."""

from __future__ import annotations

import re

from starlette.responses import Response

from socialguard.sandbox.files import content_of
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Media

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def serve(call: Call) -> Response:
    """GET /media/{id}, with `Range: bytes=a-b`: 206, or 416 beyond the end."""
    media = call.world.media.get(call.params["id"].partition(".")[0])
    content = content_of(call.world, media) if media else None
    if media is None or content is None:
        return Response(status_code=404)
    headers = {"ETag": f'"{media.sha256[:32]}"', "Accept-Ranges": "bytes"}
    asked = _RANGE.fullmatch(call.request.headers.get("range", ""))
    if asked is None:
        return Response(content, 200, headers, media.mime)
    first = int(asked[1])
    last = min(int(asked[2] or media.size), len(content) - 1)
    if first > last:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, media.mime)


def address(call: Call, media: Media) -> str:
    """Return where this network serves the file."""
    request = call.request
    return (
        f"{request.url.scheme}://{request.headers['host']}/media/{media.media_id}.{media.mime.rpartition('/')[2]}"
    )
