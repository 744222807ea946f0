"""Graph's refusals: `{"error": {"message", "type", "code", "error_subcode"?, "fbtrace_id"}}`."""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.responses import Response

from socialguard.sandbox.gateway import Refused


def graph_error(
    code: int,
    message: str,
    *,
    status: int = 400,
    subcode: int | None = None,
    kind: str = "OAuthException",
    **more: Any,
) -> Refused:
    """Return a refusal with this Graph code."""
    error: dict[str, Any] = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    error.update(more)
    error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    return Refused(Response(json.dumps({"error": error}), status, media_type="application/json"))


def token_error(message: str, subcode: int | None = None) -> Refused:
    """Return 190: the token is of no use (458 app removed, 460 password changed, 463 expired, 467 invalid)."""
    refused = graph_error(190, message, subcode=subcode)
    refused.response.headers["WWW-Authenticate"] = f'OAuth "Facebook Platform" "invalid_token" "{message}"'
    return refused


def invalid_parameter(message: str, subcode: int | None = None) -> Refused:
    """Return 100: a parameter is missing or wrong."""
    return graph_error(100, f"(#100) {message}", subcode=subcode)


def missing_object(method: str, node: str) -> Refused:
    """Return 100 with subcode 33: gone, never there, or not for this token."""
    verb = {"GET": "get", "POST": "post", "DELETE": "delete"}.get(method, method.lower())
    message = (
        f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return graph_error(100, message, subcode=33, kind="GraphMethodException")


def missing_permission(name: str) -> Refused:
    """Return 10 or 200: the token lacks a permission."""
    if name == "pages_manage_posts":
        message = (
            "(#200) If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin "
            "with sufficient administrative permission"
        )
        return graph_error(200, message, status=403)
    return graph_error(
        10,
        f"(#10) This endpoint requires the '{name}' permission or the 'Page Public Content Access' feature.",
        status=403,
    )


def page_token_required() -> Refused:
    """Return 210: a user or app token where a Page's is needed."""
    return graph_error(210, "(#210) A page access token is required to request this resource.")
