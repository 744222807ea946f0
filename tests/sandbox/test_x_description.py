"""The sandbox's X answers, held against X's own API description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from socialguard.sandbox.process import Running
from tests.sandbox.clients import ACME, PNG, bearer

DESCRIPTION = Path(__file__).parents[2] / "../shared/specs/x-openapi-2.166.json"
pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="X's API description (not ours to ship) is not beside this checkout"
)
ALL_FIELDS = (
    "tweet.fields=attachments,author_id,conversation_id,created_at,display_text_range,edit_controls,"
    "edit_history_tweet_ids,entities,in_reply_to_user_id,lang,non_public_metrics,organic_metrics,public_metrics,"
    "possibly_sensitive,referenced_tweets,reply_settings,source,text"
    "&expansions=author_id,attachments.media_keys,referenced_tweets.id&media.fields=alt_text,url,width,height"
    "&user.fields=created_at,description,public_metrics,verified,protected"
)


@pytest.fixture(scope="session")
def description() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return document


def complaints(description: dict[str, Any], path: str, method: str, answer: requests.Response) -> list[str]:
    responses = description["paths"][path][method]["responses"]
    media_type = answer.headers["content-type"].partition(";")[0]
    content = responses.get(str(answer.status_code), responses["default"])["content"]
    registry: Registry[Any] = Registry().with_resource("urn:x", DRAFT4.create_resource(description))
    schema = {"$ref": "urn:x" + content[media_type]["schema"]["$ref"]}
    validator = Draft4Validator(schema, registry=registry)
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(answer.json())]


@pytest.fixture
def busy_account(sandbox: Running, http: requests.Session) -> str:
    headers = bearer("bearer-acme")
    files = {"media": ("a.png", PNG)}
    form = {"media_category": "tweet_image"}
    media = http.post(f"{sandbox.x}/2/media/upload", headers=headers, files=files, data=form).json()["data"]["id"]
    head = http.post(
        f"{sandbox.x}/2/tweets", headers=headers, json={"text": "head #tag $ACME @globex a.com"}
    ).json()
    body = {
        "text": "tail", "media": {"media_ids": [media]}, "quote_tweet_id": head["data"]["id"],
        "reply": {"in_reply_to_tweet_id": head["data"]["id"]},
    }  # fmt: skip
    post = http.post(f"{sandbox.x}/2/tweets", headers=headers, json=body).json()["data"]["id"]
    sandbox.foreign({"network": "x", "account": "globex", "text": "hi @acme"})
    return str(post)


def test_every_read_has_the_described_shape(
    sandbox: Running, http: requests.Session, description: dict[str, Any], busy_account: str
) -> None:
    user_fields = (
        "user.fields=created_at,description,protected,public_metrics,verified,verified_type,profile_image_url"
    )
    reads = {
        f"/2/tweets/{busy_account}?{ALL_FIELDS}": "/2/tweets/{id}",
        f"/2/tweets?ids={busy_account},1999999999999999999&{ALL_FIELDS}": "/2/tweets",
        f"/2/users/{ACME}/tweets?{ALL_FIELDS}": "/2/users/{id}/tweets",
        f"/2/users/{ACME}/tweets?max_results=5&until_id=1000": "/2/users/{id}/tweets",
        f"/2/users/{ACME}/mentions?{ALL_FIELDS}": "/2/users/{id}/mentions",
        f"/2/users/me?{user_fields}": "/2/users/me",
        f"/2/users/{ACME}?{user_fields}": "/2/users/{id}",
        "/2/users/by/username/acme": "/2/users/by/username/{username}",
        "/2/users/by/username/nobody": "/2/users/by/username/{username}",
        "/2/tweets/1999999999999999999": "/2/tweets/{id}",
        "/2/tweets/nonsense": "/2/tweets/{id}",
        f"/2/users/{ACME}/tweets?max_results=1": "/2/users/{id}/tweets",
    }
    found = {}
    for path, described in reads.items():
        answer = http.get(sandbox.x + path, headers=bearer("bearer-acme"))
        found[path] = complaints(description, described, "get", answer)
    assert {path: errors for path, errors in found.items() if errors} == {}


def test_every_write_has_the_described_shape(
    sandbox: Running, http: requests.Session, description: dict[str, Any], busy_account: str
) -> None:
    headers = bearer("bearer-acme")
    found = []
    for body in ({"text": "fine"}, {"text": "fine"}, {"text": ""}, {"text": "x" * 300}):
        answer = http.post(f"{sandbox.x}/2/tweets", json=body, headers=headers)
        found += complaints(description, "/2/tweets", "post", answer)
    answer = http.delete(f"{sandbox.x}/2/tweets/{busy_account}", headers=headers)
    found += complaints(description, "/2/tweets/{id}", "delete", answer)
    form = {"media_category": "tweet_image"}
    upload = http.post(f"{sandbox.x}/2/media/upload", files={"media": PNG}, data=form, headers=headers)
    found += complaints(description, "/2/media/upload", "post", upload)
    described = {"id": upload.json()["data"]["id"], "metadata": {"alt_text": {"text": "red"}}}
    answer = http.post(f"{sandbox.x}/2/media/metadata", json=described, headers=headers)
    found += complaints(description, "/2/media/metadata", "post", answer)
    unauthorized = http.post(f"{sandbox.x}/2/tweets", json={"text": "who?"})
    found += complaints(description, "/2/tweets", "post", unauthorized)
    assert found == []
