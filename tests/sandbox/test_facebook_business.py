"""The sandbox, driven by Meta's own SDK for Graph v26.0: a second client that shares nothing with ours.

`facebook-business` is installed by hand, without its dependencies but six; where it is missing these are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socialguard.sandbox.process import Running
from tests.sandbox.clients import PAGE, PNG

pytest.importorskip("six", reason="facebook-business needs six, which is not installed")
api = pytest.importorskip("facebook_business.api", reason="facebook-business is not installed")
page_module = pytest.importorskip("facebook_business.adobjects.page")
post_module = pytest.importorskip("facebook_business.adobjects.pagepost")


@pytest.fixture
def business(sandbox: Running) -> Iterator[Any]:
    session = api.FacebookSession(app_id="4200", app_secret="app-secret", access_token="page-token-acme")
    session.GRAPH = sandbox.facebook
    session.requests.trust_env = False
    yield api.FacebookAdsApi(session, api_version="v26.0")
    session.requests.close()


def test_metas_sdk_publishes_in_two_steps_and_reads_back(sandbox: Running, business: Any) -> None:
    page = page_module.Page(PAGE, api=business)
    created = page.create_feed(params={"message": "from the other client", "published": False})
    post = post_module.PagePost(created["id"], api=business)
    assert post.api_get(fields=["is_published"])["is_published"] is False
    post.api_update(params={"is_published": True})
    found = page.get_published_posts(fields=["id", "message"])
    assert [(row["id"], row["message"]) for row in found] == [(created["id"], "from the other client")]
    post.api_delete()
    assert sandbox.posts("facebook", "acme")[-1]["deleted"]


def test_metas_sdk_uploads_a_photo_and_attaches_it(sandbox: Running, business: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(PNG)
    with file.open("rb") as content:
        answer = business.call(
            "POST",
            (PAGE, "photos"),
            params={"published": False, "alt_text_custom": "red"},
            files={"source": content},
        )
    media = [{"media_fbid": answer.json()["id"]}]
    page_module.Page(PAGE, api=business).create_feed(params={"message": "album", "attached_media": media})
    assert [m["alt_text"] for m in sandbox.posts("facebook", "acme")[-1]["media"]] == ["red"]


# the SDK's own description calls a metric an object, and warns about its name
@pytest.mark.filterwarnings("ignore:value of metric might not be compatible")
def test_metas_sdk_pages_through_a_feed_and_understands_a_refusal(sandbox: Running, business: Any) -> None:
    page = page_module.Page(PAGE, api=business)
    for number in range(5):
        page.create_feed(params={"message": f"number {number}"})
    assert len(list(page.get_feed(params={"limit": 2}))) == 5
    errors = pytest.importorskip("facebook_business.exceptions")
    with pytest.raises(errors.FacebookRequestError) as caught:
        page.create_feed(params={"message": "number 4"})
    assert caught.value.api_error_code() == 506
    insights = page.get_insights(params={"metric": ["page_follows"]})
    assert next(iter(insights))["name"] == "page_follows"
