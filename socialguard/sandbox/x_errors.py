"""X's refusals, in the problem shape of its API description (RFC 7807) and of its OAuth endpoints."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from socialguard.sandbox.gateway import Refused

PROBLEMS = "https://api.twitter.com/2/problems/"
INVALID = "One or more parameters to your request was invalid."


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Refused:
    """Return a refusal of this status; `kind` is the last part of X's problem type."""
    address = kind if kind == "about:blank" else PROBLEMS + kind
    return Refused(problem_response(status, {"title": title, "detail": detail, "type": address, **more}))


def problem_response(status: int, body: dict[str, Any]) -> Response:
    """Return the response of a problem document."""
    text = json.dumps({**body, "status": status}, separators=(",", ":"))
    return Response(text, status, media_type="application/problem+json")


def unauthorized() -> Refused:
    """Return 401: no credential, an expired or a wrong one."""
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str = "Forbidden") -> Refused:
    """Return 403 for a missing scope or a rule of the service."""
    return problem(403, "Forbidden", detail)


def too_many() -> Refused:
    """Return 429; the headers tell the reset time."""
    return problem(429, "Too Many Requests", "Too Many Requests")


def invalid(message: str, **parameters: Any) -> Refused:
    """Return 400 and name the parameters that are wrong."""
    texts = {
        name: [str(v) for v in value] if isinstance(value, list) else [str(value)]
        for name, value in parameters.items()
    }
    details = [{"parameters": texts, "message": message}]
    return problem(400, "Invalid Request", INVALID, "invalid-request", errors=details)


def not_found(value: str, resource: str, parameter: str) -> dict[str, Any]:
    """Return the problem of a post or user that does not exist: X answers 200 with this in `errors`."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def field_denied(value: str, name: str, parameter: str) -> dict[str, Any]:
    """Return the problem of a post whose private metrics the caller may not see: X leaves out the post itself."""
    return {
        "value": value,
        "detail": f"Sorry, you are not authorized to access '{name}' on the Tweet with tweet_id : [{value}].",
        "title": "Field Authorization Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": value,
        "section": "data",
        "field": name,
        "type": PROBLEMS + "not-authorized-for-field",
    }


def oauth2_error(status: int, error: str, description: str) -> Refused:
    """Return a refusal of the OAuth 2 endpoints (RFC 6749 §5.2)."""
    text = json.dumps({"error": error, "error_description": description})
    return Refused(Response(text, status, media_type="application/json"))


def legacy_error(status: int, code: int, message: str) -> Refused:
    """Return a refusal in the shape of API 1.1 and the OAuth 1 endpoints."""
    text = json.dumps({"errors": [{"code": code, "message": message}]})
    return Refused(Response(text, status, media_type="application/json"))
