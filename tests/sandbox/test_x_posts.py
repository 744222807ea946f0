"""Posts on X: created, refused, deleted, looked up, edited, as X does."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import tweepy

from socialguard.sandbox.process import Running
from tests.sandbox.clients import ACME, GLOBEX, bearer, tweepy_client


def refusal(caught: pytest.ExceptionInfo[Any]) -> dict[str, Any]:
    document: dict[str, Any] = caught.value.response.json()
    return document


def test_a_post_is_kept_as_sent_and_shown_escaped_with_short_links(sandbox: Running, x: Any) -> None:
    text = "Tom & Jerry <3 https://example.com/a?b=c#d and example.org"
    answer = x.create_tweet(text=text, user_auth=True)["data"]
    assert int(answer["id"]) > 2**53
    kept = sandbox.posts("x", "acme")[-1]
    assert (kept["text"], kept["via"], kept["foreign"]) == (text, "App of acme", False)
    seen = x.get_tweet(answer["id"], user_auth=True, tweet_fields=["entities", "author_id"])["data"]
    assert seen["text"].startswith("Tom &amp; Jerry &lt;3 https://t.co/")
    assert seen["author_id"] == ACME
    urls = seen["entities"]["urls"]
    assert [url["expanded_url"] for url in urls] == ["https://example.com/a?b=c#d", "http://example.org"]
    assert all(seen["text"][url["start"] : url["end"]] == url["url"] for url in urls)


def test_the_same_text_is_refused_as_a_duplicate_until_it_is_deleted(sandbox: Running, x: Any) -> None:
    first = x.create_tweet(text="once", user_auth=True)["data"]["id"]
    with pytest.raises(tweepy.Forbidden) as caught:
        x.create_tweet(text=" once ", user_auth=True)
    assert refusal(caught) == {
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
    }
    x.delete_tweet(first, user_auth=True)
    x.create_tweet(text="once", user_auth=True)
    assert [post["deleted"] for post in sandbox.posts("x", "acme")[1:]] == [True, False]


def test_the_same_text_may_be_posted_again_the_next_day(sandbox: Running, x: Any) -> None:
    x.create_tweet(text="good morning", user_auth=True)
    sandbox.clock(86_401)
    x.create_tweet(text="good morning", user_auth=True)
    assert len(sandbox.posts("x", "acme")) == 3


def test_duplicates_can_be_allowed_so_that_a_double_send_would_show(sandbox: Running, x: Any) -> None:
    sandbox.settings(refuse_duplicates=False)
    x.create_tweet(text="twice", user_auth=True)
    x.create_tweet(text="twice", user_auth=True)
    assert [post["text"] for post in sandbox.posts("x", "acme")[1:]] == ["twice", "twice"]


@pytest.mark.parametrize("text", ["x" * 281, "漢" * 141, "x" * 258 + " https://a.example.com"])
def test_a_text_over_280_units_is_refused(sandbox: Running, x: Any, text: str) -> None:
    with pytest.raises(tweepy.Forbidden):
        x.create_tweet(text=text, user_auth=True)
    assert len(sandbox.posts("x", "acme")) == 1


@pytest.mark.parametrize("text", ["x" * 280, "漢" * 140, "x" * 256 + " https://a.example.com/" + "y" * 90])
def test_a_text_of_280_units_is_accepted(x: Any, text: str) -> None:
    assert x.create_tweet(text=text, user_auth=True)["data"]["id"]


def test_a_subscriber_may_post_a_long_text_which_others_see_cut(sandbox: Running) -> None:
    globex = tweepy_client(sandbox.x, "globex")
    post_id = globex.create_tweet(text="x" * 1000, user_auth=True)["data"]["id"]
    seen = globex.get_tweet(post_id, user_auth=True, tweet_fields=["note_tweet"])["data"]
    globex.session.close()
    assert len(seen["text"]) == 280
    assert seen["note_tweet"]["text"] == "x" * 1000


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": " \n"}, {"text": 5}, {"text": "a", "txet": "b"}, [], 5]
)
def test_an_empty_or_strange_post_is_refused_as_invalid(
    sandbox: Running, http: requests.Session, body: Any
) -> None:
    answer = http.post(f"{sandbox.x}/2/tweets", json=body, headers=bearer("bearer-acme"))
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Request")


def test_half_a_surrogate_pair_is_no_text(sandbox: Running, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.x}/2/tweets", json={"text": "\ud800"}, headers=bearer("bearer-acme"))
    assert answer.status_code == 400
    assert len(sandbox.posts("x", "acme")) == 1


def test_a_thread_is_made_of_replies_to_oneself(sandbox: Running, x: Any) -> None:
    head = x.create_tweet(text="1/2", user_auth=True)["data"]["id"]
    tail = x.create_tweet(text="2/2", in_reply_to_tweet_id=head, user_auth=True)["data"]["id"]
    fields = ["referenced_tweets", "conversation_id", "in_reply_to_user_id"]
    seen = x.get_tweet(tail, user_auth=True, tweet_fields=fields)["data"]
    assert seen["referenced_tweets"] == [{"type": "replied_to", "id": head}]
    assert (seen["conversation_id"], seen["in_reply_to_user_id"]) == (head, ACME)


def test_a_reply_needs_a_living_post_whose_author_summoned_us(sandbox: Running, x: Any) -> None:
    event = {"network": "x", "account": "globex"}
    silent = sandbox.foreign({**event, "text": "nobody named"})["id"]
    summons = sandbox.foreign({**event, "text": "what do you think, @acme?"})["id"]
    with pytest.raises(tweepy.Forbidden, match="not been mentioned"):
        x.create_tweet(text="hi", in_reply_to_tweet_id=silent, user_auth=True)
    with pytest.raises(tweepy.Forbidden, match="deleted or not visible"):
        x.create_tweet(text="hi", in_reply_to_tweet_id="1999999999999999999", user_auth=True)
    assert x.create_tweet(text="hi", in_reply_to_tweet_id=summons, user_auth=True)["data"]["id"]


def test_a_second_cashtag_is_refused(x: Any) -> None:
    x.create_tweet(text="buy $ACME", user_auth=True)
    with pytest.raises(tweepy.Forbidden):
        x.create_tweet(text="buy $ACME and $GLBX", user_auth=True)


def test_only_the_author_deletes_and_what_is_gone_counts_as_deleted(sandbox: Running, x: Any) -> None:
    theirs = sandbox.foreign({"network": "x", "account": "globex", "text": "theirs"})["id"]
    with pytest.raises(tweepy.Forbidden):
        x.delete_tweet(theirs, user_auth=True)
    assert x.delete_tweet("1999999999999999999", user_auth=True) == {"data": {"deleted": True}}
    assert not sandbox.posts("x", "globex")[-1]["deleted"]


def test_a_missing_post_is_an_error_in_a_good_answer(sandbox: Running, x: Any) -> None:
    post_id = x.create_tweet(text="soon gone", user_auth=True)["data"]["id"]
    x.delete_tweet(post_id, user_auth=True)
    kept = sandbox.posts("x", "acme")[0]["id"]
    answer = x.get_tweets([post_id, kept], user_auth=True)
    assert [post["id"] for post in answer["data"]] == [kept]
    assert answer["errors"][0]["resource_id"] == post_id
    assert answer["errors"][0]["type"].endswith("/resource-not-found")
    assert set(x.get_tweet(post_id, user_auth=True)) == {"errors"}


def test_an_edit_is_a_new_post_and_deleting_one_version_deletes_all(
    sandbox: Running, http: requests.Session
) -> None:
    globex = tweepy_client(sandbox.x, "globex")
    first = globex.create_tweet(text="a tpyo", user_auth=True)["data"]["id"]
    body = {"text": "a typo", "edit_options": {"previous_post_id": first}}
    answer = globex.request("POST", "/2/tweets", json=body, user_auth=True)
    second = answer.json()["data"]
    assert second["edit_history_tweet_ids"] == [first, second["id"]]
    timeline = globex.get_users_tweets(GLOBEX, user_auth=True)["data"]
    assert [post["id"] for post in timeline] == [second["id"]]
    globex.delete_tweet(first, user_auth=True)
    globex.session.close()
    assert all(post["deleted"] for post in sandbox.posts("x", "globex"))


def test_private_metrics_are_shown_only_of_own_recent_posts(sandbox: Running, x: Any) -> None:
    post_id = x.create_tweet(text="count me", user_auth=True)["data"]["id"]
    fields = ["public_metrics", "non_public_metrics"]
    assert "non_public_metrics" in x.get_tweet(post_id, user_auth=True, tweet_fields=fields)["data"]
    sandbox.clock(31 * 86_400)
    late = x.get_tweet(post_id, user_auth=True, tweet_fields=fields)
    assert "data" not in late
    assert late["errors"][0]["title"] == "Field Authorization Error"
    assert "data" not in x.get_users_tweets(ACME, user_auth=True, tweet_fields=fields)
    public = x.get_tweet(post_id, user_auth=True, tweet_fields=["public_metrics"])["data"]
    assert public["public_metrics"]["like_count"] == 0


def test_the_new_names_of_the_next_description_can_be_had(sandbox: Running, x: Any) -> None:
    sandbox.settings(post_names=True)
    answer = x.get_users_tweets(ACME, user_auth=True, tweet_fields=["public_metrics"])
    assert answer["data"][0]["public_metrics"]["repost_count"] == 0
    assert "edit_history_post_ids" in answer["data"][0]
