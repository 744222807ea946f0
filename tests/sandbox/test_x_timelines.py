"""Timelines and mentions on X: order, pages, bounds, reach."""

from __future__ import annotations

from typing import Any

import pytest
import tweepy

from socialguard.sandbox.process import Running
from tests.sandbox.clients import ACME, SEED, tweepy_client


def seed_with(count: int) -> dict[str, Any]:
    posts = [{"text": f"number {n}", "created_at": 1_700_000_000 + 60 * n} for n in range(count)]
    account = {**SEED["accounts"][0], "posts": posts}
    return {"accounts": [account, SEED["accounts"][1]]}


def pages(client: Any, **options: Any) -> list[list[str]]:
    found = []
    for answer in tweepy.Paginator(client.get_users_tweets, ACME, user_auth=True, **options):
        found.append([post["text"] for post in answer.get("data", [])])
    return found


def test_pages_go_from_the_newest_to_the_oldest_without_loss(sandbox: Running, x: Any) -> None:
    sandbox.reset(seed_with(12))
    found = pages(x, max_results=5)
    assert [len(page) for page in found] == [5, 5, 2]
    assert [*found[0], *found[1], *found[2]] == [f"number {n}" for n in reversed(range(12))]


def test_a_new_post_does_not_shift_the_next_page(sandbox: Running, x: Any) -> None:
    sandbox.reset(seed_with(8))
    first = x.get_users_tweets(ACME, user_auth=True, max_results=5)
    x.create_tweet(text="in between", user_auth=True)
    token = first["meta"]["next_token"]
    second = x.get_users_tweets(ACME, user_auth=True, max_results=5, pagination_token=token)
    assert [post["text"] for post in second["data"]] == ["number 2", "number 1", "number 0"]


def test_no_client_reaches_further_back_than_3200_posts(sandbox: Running, x: Any) -> None:
    sandbox.reset(seed_with(3300))
    found = [text for page in pages(x, max_results=100) for text in page]
    assert len(found) == 3200
    assert found[-1] == "number 100"
    beyond = x.get_users_tweets(ACME, user_auth=True, end_time="2023-11-14T22:13:30Z")
    assert beyond == {"meta": {"result_count": 0}}


def test_bounds_by_id_and_by_time_are_respected(sandbox: Running, x: Any) -> None:
    sandbox.reset(seed_with(10))
    ids = [post["id"] for post in sandbox.posts("x", "acme")]
    between = x.get_users_tweets(ACME, user_auth=True, since_id=ids[2], until_id=ids[5], max_results=5)
    assert [post["id"] for post in between["data"]] == [ids[4], ids[3]]
    assert (between["meta"]["newest_id"], between["meta"]["oldest_id"]) == (ids[4], ids[3])
    since = x.get_users_tweets(ACME, user_auth=True, start_time="2023-11-14T22:20:20Z", max_results=5)
    assert [post["text"] for post in since["data"]] == ["number 9", "number 8", "number 7"]


@pytest.mark.parametrize("size", [4, 101])
def test_a_page_has_5_to_100_posts(x: Any, size: int) -> None:
    with pytest.raises(tweepy.BadRequest):
        x.get_users_tweets(ACME, user_auth=True, max_results=size)


def test_replies_can_be_excluded(x: Any) -> None:
    head = x.create_tweet(text="head", user_auth=True)["data"]["id"]
    x.create_tweet(text="tail", in_reply_to_tweet_id=head, user_auth=True)
    answer = x.get_users_tweets(ACME, user_auth=True, exclude=["replies"])
    assert [post["text"] for post in answer["data"]] == ["head", "First &amp; &lt;best&gt;"]


def test_mentions_are_what_others_wrote_of_the_account(sandbox: Running, x: Any) -> None:
    sandbox.foreign({"network": "x", "account": "globex", "text": "hello @acme and @acme_fr"})
    sandbox.foreign({"network": "x", "account": "globex", "text": "no names"})
    answer = x.get_users_mentions(ACME, user_auth=True, tweet_fields=["entities"], expansions=["author_id"])
    assert [post["text"] for post in answer["data"]] == ["hello @acme and @acme_fr"]
    mentions = answer["data"][0]["entities"]["mentions"]
    assert mentions[0] == {"start": 6, "end": 11, "username": "acme", "id": ACME}
    assert "id" not in mentions[1]
    assert answer["includes"]["users"][0]["username"] == "globex"


def test_a_protected_timeline_is_closed_to_others(sandbox: Running) -> None:
    sandbox.foreign({"network": "x", "account": "acme", "kind": "profile", "protected": True})
    globex = tweepy_client(sandbox.x, "globex")
    answer = globex.get_users_tweets(ACME, user_auth=True)
    globex.session.close()
    assert "data" not in answer
    assert answer["errors"][0]["title"] == "Authorization Error"


def test_an_unknown_field_is_refused(x: Any) -> None:
    with pytest.raises(tweepy.BadRequest):
        x.get_users_tweets(ACME, user_auth=True, tweet_fields=["pubic_metrics"])
