"""Images on X: uploaded, described, attached."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import requests
import tweepy

from socialguard.sandbox.process import Running
from tests.sandbox.clients import PNG, bearer, tweepy_client


def upload(client: Any, content: bytes = PNG) -> str:
    body = {"media": base64.b64encode(content).decode(), "media_category": "tweet_image"}
    answer = client.request("POST", "/2/media/upload", json=body, user_auth=True)
    return str(answer.json()["data"]["id"])


def test_an_image_is_uploaded_described_and_shown(sandbox: Running, x: Any) -> None:
    media_id = upload(x)
    body = {"id": media_id, "metadata": {"alt_text": {"text": "A red line"}}}
    assert x.request("POST", "/2/media/metadata", json=body, user_auth=True).status_code == 200
    post_id = x.create_tweet(text="look", media_ids=[media_id], user_auth=True)["data"]["id"]
    kept = sandbox.posts("x", "acme")[-1]["media"][0]
    assert kept["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert (kept["alt_text"], kept["width"], kept["height"]) == ("A red line", 3, 2)
    seen = x.get_tweet(
        post_id, user_auth=True, tweet_fields=["attachments"], media_fields=["alt_text", "url"],
        expansions=["attachments.media_keys"],
    )  # fmt: skip
    assert seen["includes"]["media"][0]["alt_text"] == "A red line"
    assert seen["data"]["attachments"] == {"media_keys": [f"3_{media_id}"]}
    assert seen["data"]["text"].startswith("look https://t.co/")


def test_a_multipart_upload_is_the_same(sandbox: Running, http: requests.Session) -> None:
    answer = http.post(
        f"{sandbox.x}/2/media/upload", headers=bearer("bearer-acme"), files={"media": ("a.png", PNG)},
        data={"media_category": "tweet_image"},
    )  # fmt: skip
    assert answer.json()["data"]["size"] == len(PNG)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"media": "no base64!", "media_category": "tweet_image"},
        {"media": "aGVsbG8=", "media_category": "tweet_image"},
        {"media": base64.b64encode(PNG).decode()},
    ],
)
def test_what_is_no_image_is_refused(sandbox: Running, http: requests.Session, body: dict[str, str]) -> None:
    answer = http.post(f"{sandbox.x}/2/media/upload", json=body, headers=bearer("bearer-acme"))
    assert answer.status_code == 400


def test_an_unknown_or_foreign_image_cannot_be_attached_or_described(sandbox: Running, x: Any) -> None:
    other = tweepy_client(sandbox.x, "globex")
    theirs = upload(other)
    other.session.close()
    for media_id in (theirs, "1999999999999999999"):
        with pytest.raises(tweepy.BadRequest, match="media IDs are invalid"):
            x.create_tweet(text="look", media_ids=[media_id], user_auth=True)
        body = {"id": media_id, "metadata": {"alt_text": {"text": "mine"}}}
        with pytest.raises(tweepy.BadRequest):
            x.request("POST", "/2/media/metadata", json=body, user_auth=True)
    assert len(sandbox.posts("x", "acme")) == 1


def test_a_post_takes_at_most_four_images(x: Any) -> None:
    ids = [upload(x) for _ in range(5)]
    with pytest.raises(tweepy.BadRequest):
        x.create_tweet(text="five", media_ids=ids, user_auth=True)
    assert x.create_tweet(text="", media_ids=ids[:4], user_auth=True)["data"]["id"]
