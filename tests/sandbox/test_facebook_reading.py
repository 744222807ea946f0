"""Lists, pages, insights and usage headers of Graph."""

from __future__ import annotations

import json
from typing import Any

import facebook
import pytest
import requests

from socialguard.sandbox.process import Running
from tests.sandbox.clients import OTHER_PAGE, PAGE, SEED


def get(http: requests.Session, sandbox: Running, path: str, **query: str) -> requests.Response:
    return http.get(f"{sandbox.facebook}{path}", params={"access_token": "page-token-acme", **query})


def seed_with(count: int) -> dict[str, Any]:
    posts = [{"text": f"number {n}", "created_at": 1_760_000_000 + 60 * n} for n in range(count)]
    return {"accounts": [{**SEED["accounts"][2], "posts": posts}]}


def test_me_is_the_page_of_the_token(sandbox: Running, page: Any) -> None:
    assert page.get_object("me") == {"id": PAGE, "name": "Acme Page"}
    seen = page.get_object(PAGE, fields="id,name,username,fan_count,link")
    assert (seen["username"], seen["fan_count"]) == ("acme", 5)
    assert seen["link"].endswith("/acme")
    with pytest.raises(facebook.GraphAPIError, match="#10"):
        page.get_object(OTHER_PAGE)


@pytest.mark.parametrize("path", ["/v26.0/me", "/v26.0/me/", "/me", "/v24.0/me", "/v3.1/me"])
def test_every_living_or_dead_version_answers_and_says_which_did(
    sandbox: Running, http: requests.Session, path: str
) -> None:
    answer = get(http, sandbox, path)
    assert answer.json()["id"] == PAGE
    expected = {"/v24.0/me": "v24.0", "/v3.1/me": "v23.0"}.get(path, "v26.0")
    assert answer.headers["facebook-api-version"] == expected


def test_a_version_to_come_is_refused(sandbox: Running, http: requests.Session) -> None:
    assert get(http, sandbox, "/v27.0/me").json()["error"]["code"] == 2635


def test_the_feed_is_paged_by_links_that_carry_the_token(sandbox: Running, page: Any) -> None:
    sandbox.reset(seed_with(7))
    found = [post["message"] for post in page.get_all_connections(PAGE, "feed", limit=3)]
    assert found == [f"number {n}" for n in reversed(range(7))]
    first = page.get_connections(PAGE, "feed", limit=3)
    assert "access_token=page-token-acme" in first["paging"]["next"]
    again = page.get_connections(PAGE, "feed", limit=3, after=first["paging"]["cursors"]["after"])
    assert [post["message"] for post in again["data"]] == ["number 3", "number 2", "number 1"]


def test_the_feed_shows_unpublished_posts_and_published_posts_does_not(page: Any) -> None:
    hidden = page.put_object(PAGE, "feed", message="hidden", published="false")["id"]
    shown = page.put_object(PAGE, "feed", message="shown")["id"]
    feed = page.get_connections(PAGE, "feed", fields="id,is_published")["data"]
    assert {post["id"]: post["is_published"] for post in feed} == {hidden: False, shown: True}
    assert [post["id"] for post in page.get_connections(PAGE, "published_posts")["data"]] == [shown]


def test_the_feed_is_bounded_by_time_and_size(sandbox: Running, http: requests.Session) -> None:
    sandbox.reset(seed_with(7))
    bounds = {"since": "1760000120", "until": "1760000180"}
    found = get(http, sandbox, f"/v26.0/{PAGE}/feed", **bounds).json()["data"]
    assert [post["message"] for post in found] == ["number 3", "number 2"]
    assert get(http, sandbox, f"/v26.0/{PAGE}/feed", limit="101").json()["error"]["code"] == 100


def test_no_more_than_600_posts_of_a_year_are_returned(sandbox: Running, page: Any) -> None:
    sandbox.reset(seed_with(605))
    found = [post["message"] for post in page.get_all_connections(PAGE, "published_posts", limit=100)]
    assert len(found) == 600
    assert found[-1] == "number 5"


def test_an_unknown_field_or_edge_is_refused(sandbox: Running, http: requests.Session) -> None:
    assert get(http, sandbox, "/v26.0/me", fields="id,nmae").json()["error"]["code"] == 100
    answer = get(http, sandbox, "/v26.0/me/friends")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2500)


def test_living_metrics_are_answered_and_one_dead_name_fails_all(sandbox: Running, http: requests.Session) -> None:
    post = sandbox.foreign({"network": "facebook", "account": "acme", "text": "seen"})["id"]
    counts = {"post_media_view": 42, "likes": 3}
    sandbox.foreign({"network": "facebook", "account": "acme", "kind": "metrics", "id": post, "metrics": counts})
    answer = get(http, sandbox, f"/v26.0/{post}/insights", metric="post_media_view,post_reactions_by_type_total")
    assert [row["values"][0]["value"] for row in answer.json()["data"]] == [42, {"like": 3}]
    dead = get(http, sandbox, f"/v26.0/{post}/insights", metric="post_media_view,post_impressions")
    assert (dead.status_code, dead.json()["error"]["code"]) == (400, 100)
    follows = get(http, sandbox, f"/v26.0/{PAGE}/insights", metric="page_follows", period="day").json()["data"]
    assert [value["value"] for value in follows[0]["values"]] == [5, 5]
    for name in ("page_fans", "page_impressions", "page_impressions_unique"):
        assert get(http, sandbox, f"/v26.0/{PAGE}/insights", metric=name).json()["error"]["code"] == 100


def test_insights_reach_over_90_days_at_most(sandbox: Running, http: requests.Session) -> None:
    query = {"metric": "page_media_view", "period": "day", "since": "1750000000"}
    good = get(http, sandbox, f"/v26.0/{PAGE}/insights", until=str(1750000000 + 90 * 86_400), **query)
    assert len(good.json()["data"][0]["values"]) == 90
    bad = get(http, sandbox, f"/v26.0/{PAGE}/insights", until=str(1750000000 + 91 * 86_400), **query)
    assert bad.json()["error"]["code"] == 100


def test_usage_is_told_and_too_many_calls_are_refused(sandbox: Running, http: requests.Session) -> None:
    sandbox.settings(limits={"facebook": 2})
    first = get(http, sandbox, "/v26.0/me")
    assert json.loads(first.headers["X-App-Usage"])["call_count"] == 50
    get(http, sandbox, "/v26.0/me")
    refused = get(http, sandbox, "/v26.0/me")
    assert refused.json()["error"]["code"] == 80001
    usage = json.loads(refused.headers["X-Business-Use-Case-Usage"])[PAGE][0]
    assert (usage["call_count"], usage["estimated_time_to_regain_access"]) == (100, 60)
    sandbox.clock(3601)
    assert get(http, sandbox, "/v26.0/me").status_code == 200
