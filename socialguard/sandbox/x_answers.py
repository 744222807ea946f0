"""Send a document as X does."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from socialguard.sandbox.gateway import Call
from socialguard.sandbox.x_render import with_new_names


def answer(call: Call, document: dict[str, Any], status: int = 200) -> Response:
    """Return the JSON response, with the old or the new names as the settings say."""
    if call.world.settings.post_names:
        document = with_new_names(document)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, media_type="application/json")
