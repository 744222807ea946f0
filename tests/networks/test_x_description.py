"""Every request that the adapter makes is one that X's own API description allows."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest

from socialguard.model.activity import Mark, Stream
from socialguard.networks.interface import Outgoing, Upload

from .wire import Request, Wire, http
from .x_world import PUBLIC, png, session

DESCRIPTION = Path(__file__).parents[2] / "../shared/specs/x-openapi-2.166.json"
pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="X's API description is not beside the project")

ME = http({"data": {"id": "111", "name": "Acme", "username": "acme"}})
POST = {"id": "42", "text": "Hello", "created_at": "2026-11-27T09:00:00.000Z"}


@cache
def description() -> dict[str, Any]:
    """Return X's description."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return found


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    if "$ref" not in node:
        return node
    target: Any = description()
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return resolved(target)


def check(value: object, schema: dict[str, Any]) -> None:
    """Hold a value against a schema of the description."""
    whole = {**schema, "components": description()["components"]}
    jsonschema.Draft7Validator(whole).validate(value)


def operation(request: Request) -> dict[str, Any]:
    """Return what X describes for a request's method and path."""
    for path, methods in description()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.path) and request.method.lower() in methods:
            found: dict[str, Any] = methods[request.method.lower()]
            return found
    raise AssertionError(f"X describes no {request.method} {request.path}")


def check_request(request: Request) -> None:
    """Hold a request against the description: its parameters and its body."""
    described = operation(request)
    parameters = {
        parameter["name"]: parameter
        for parameter in map(resolved, described.get("parameters", []))
        if parameter["in"] == "query"
    }
    for name, value in parse_qsl(urlsplit(request.target).query):
        assert name in parameters, f"{request.path} has no {name}"
        schema = resolved(parameters[name]["schema"])
        typed: object = value
        if schema.get("type") == "array":
            typed = value.split(",")
        elif schema.get("type") == "integer":
            typed = int(value)
        check(typed, schema)
    if request.body:
        check(request.document, described["requestBody"]["content"]["application/json"]["schema"])
    else:
        assert "requestBody" not in described


@pytest.fixture
def requests_of_everything(wire: Wire) -> list[Request]:
    """Make each kind of call once."""
    page = http({"data": [POST], "meta": {"next_token": "n" * 16}})
    last = http({"meta": {"result_count": 0}})
    empty = http({"meta": {"result_count": 0, "next_token": "n" * 16}})
    uploaded = http({"data": {"id": "7"}, "meta": {}})
    created = http({"data": {"id": "42", "text": "Hello"}}, 201)
    wire.answers = [ME, page, last, uploaded, http({"data": {}}), created, http({"data": POST}), ME]
    wire.answers.append(http({"data": {"deleted": True}}))
    found = http({"data": [POST]})
    wire.answers += [last, empty, last, last, found, found, ME]
    opened = session(wire.origin, PUBLIC)
    opened.identity()
    assert len(list(opened.timeline(datetime(2026, 11, 27, tzinfo=UTC)))) == 1
    outgoing = Outgoing("Hello", "https://example.com", "41", (Upload(png(), "image/png", "A dot"),))
    opened.publish(outgoing, print)
    opened.find("42")
    opened.inspect()
    opened.delete("42")
    since = Mark("40", datetime(2026, 11, 27, tzinfo=UTC))
    opened.activity(Stream.POSTS, since=since, at=None)
    onward = opened.activity(Stream.MENTIONS, since=None, at=None).next
    opened.activity(Stream.MENTIONS, since=None, at=onward)
    opened.activity(Stream.POSTS, since=None, at="41.100.3200.")
    opened.metrics([str(1 << 61), "42"])
    opened.profile()
    return wire.requests


def test_x_describes_every_request_that_we_make(requests_of_everything: list[Request]) -> None:
    for request in requests_of_everything:
        check_request(request)
    assert {(request.method, request.path) for request in requests_of_everything} == {
        ("GET", "/2/users/me"),
        ("GET", "/2/users/111/tweets"),
        ("GET", "/2/users/111/mentions"),
        ("GET", "/2/tweets"),
        ("POST", "/2/media/upload"),
        ("POST", "/2/media/metadata"),
        ("POST", "/2/tweets"),
        ("GET", "/2/tweets/42"),
        ("DELETE", "/2/tweets/42"),
    }


def test_a_request_that_x_does_not_describe_would_be_noticed() -> None:
    for method, target, body in (
        ("GET", "/2/users/me?user.fields=shoe_size", b""),
        ("GET", "/2/users/me?max_results=5", b""),
        ("POST", "/2/tweets", b'{"text": "a", "shoe_size": 1}'),
        ("POST", "/2/nothing", b"{}"),
    ):
        with pytest.raises((AssertionError, jsonschema.ValidationError)):
            check_request(Request(method, target, {}, body))
