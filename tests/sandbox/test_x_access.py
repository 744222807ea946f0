"""Who may ask X for what: signatures, bearer tokens, scopes, expiry, rate limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import tweepy
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client
from requests_oauthlib import OAuth1Session

from socialguard.sandbox.process import Running
from tests.sandbox.clients import ACME, bearer, oauth1, tweepy_client


@pytest.fixture
def signed() -> Iterator[Any]:
    keys = oauth1("acme")
    with OAuth1Session(
        keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"]
    ) as session:
        session.trust_env = False
        yield session


def test_a_signature_by_any_other_secret_is_refused(sandbox: Running) -> None:
    client = tweepy_client(sandbox.x, "acme")
    client.access_token_secret = "another"
    with pytest.raises(tweepy.Unauthorized):
        client.get_me(user_auth=True)
    client.access_token_secret, client.consumer_secret = "access-secret-acme", "another"
    with pytest.raises(tweepy.Unauthorized):
        client.get_me(user_auth=True)
    client.session.close()


def test_query_and_form_parameters_are_part_of_the_signature(sandbox: Running, signed: Any) -> None:
    query = {"tweet.fields": "created_at,public_metrics", "max_results": "5"}
    assert signed.get(f"{sandbox.x}/2/users/{ACME}/tweets", params=query).status_code == 200
    prepared = signed.prepare_request(requests.Request("GET", f"{sandbox.x}/2/users/{ACME}/tweets", params=query))
    prepared.url = prepared.url.replace("max_results=5", "max_results=6")
    assert signed.send(prepared).status_code == 401


def test_a_signature_for_another_host_is_refused(sandbox: Running, http: requests.Session) -> None:
    keys = oauth1("acme")
    client = Client(
        keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"]
    )
    _, headers, _ = client.sign("https://api.x.com/2/users/me", "GET")
    assert http.get(f"{sandbox.x}/2/users/me", headers=headers).status_code == 401


def test_a_signed_request_is_accepted_only_once(sandbox: Running, http: requests.Session) -> None:
    keys = oauth1("acme")
    client = Client(
        keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"]
    )
    _, headers, _ = client.sign(f"{sandbox.x}/2/users/me", "GET")
    answers = [http.get(f"{sandbox.x}/2/users/me", headers=headers).status_code for _ in range(2)]
    assert answers == [200, 401]


@pytest.mark.parametrize(("age", "status"), [(0, 200), (-240, 200), (600, 401), (-600, 401)])
def test_an_old_timestamp_is_refused(sandbox: Running, http: requests.Session, age: int, status: int) -> None:
    keys = oauth1("acme")
    client = Client(
        keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"],
        signature_method=SIGNATURE_HMAC_SHA1, timestamp=str(int(time.time()) + age),
    )  # fmt: skip
    _, headers, _ = client.sign(f"{sandbox.x}/2/users/me", "GET")
    assert http.get(f"{sandbox.x}/2/users/me", headers=headers).status_code == status


def test_a_client_on_real_time_still_gets_in_after_the_sandbox_clock_has_moved(sandbox: Running, x: Any) -> None:
    sandbox.clock(7 * 86_400)
    assert x.get_me(user_auth=True)["data"]["id"] == ACME


def test_a_bearer_token_tells_who_it_belongs_to(sandbox: Running, http: requests.Session) -> None:
    answer = http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-acme"))
    assert answer.json()["data"] == {"id": ACME, "name": "Acme", "username": "acme"}


@pytest.mark.parametrize("headers", [{}, bearer("nobody"), bearer(""), {"Authorization": "Basic YTpi"}])
def test_without_a_good_token_nothing_is_answered(
    sandbox: Running, http: requests.Session, headers: dict[str, str]
) -> None:
    answer = http.get(f"{sandbox.x}/2/users/me", headers=headers)
    assert answer.status_code == 401
    problem = {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}
    assert answer.json() == problem


def test_a_token_expires_by_the_sandbox_clock(sandbox: Running, http: requests.Session) -> None:
    sandbox.clock(7201)
    assert http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-acme")).status_code == 401


def test_a_missing_scope_is_forbidden(sandbox: Running, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.x}/2/tweets", json={"text": "may I?"}, headers=bearer("bearer-globex"))
    problem = {"title": "Forbidden", "detail": "Forbidden", "type": "about:blank", "status": 403}
    assert (answer.status_code, answer.json()) == (403, problem)
    assert not sandbox.posts("x", "globex")
    assert http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-globex")).status_code == 200


def test_a_read_only_app_may_not_post(sandbox: Running) -> None:
    sandbox.add_credential("x", "globex", oauth1("reader"), read_only=True)
    client = tweepy_client(sandbox.x, "reader")
    with pytest.raises(tweepy.Forbidden) as caught:
        client.create_tweet(text="no", user_auth=True)
    client.session.close()
    assert caught.value.response.json()["type"].endswith("/oauth1-permissions")


def test_an_app_only_token_reads_but_is_nobody(sandbox: Running, http: requests.Session) -> None:
    headers = bearer("app-only-token")
    assert http.get(f"{sandbox.x}/2/users/{ACME}/tweets", headers=headers).status_code == 200
    answer = http.get(f"{sandbox.x}/2/users/me", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/unsupported-authentication")


def test_users_are_found_by_name_and_by_id(x: Any) -> None:
    metrics = x.get_user(username="ACME", user_auth=True, user_fields=["public_metrics"])["data"]["public_metrics"]
    assert (metrics["followers_count"], metrics["tweet_count"]) == (1200, 1)
    assert x.get_user(id=ACME, user_auth=True)["data"]["username"] == "acme"
    assert x.get_user(username="nobody", user_auth=True)["errors"][0]["title"] == "Not Found Error"


def test_the_limit_of_posts_counts_down_and_comes_back(sandbox: Running, x: Any) -> None:
    sandbox.settings(limits={"publish": 2})
    for left in ("1", "0"):
        answer = x.request("POST", "/2/tweets", json={"text": f"{left} left"}, user_auth=True)
        assert answer.headers["x-rate-limit-remaining"] == left
    with pytest.raises(tweepy.TooManyRequests) as caught:
        x.create_tweet(text="one too many", user_auth=True)
    headers = caught.value.response.headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("2", "0")
    assert 0 < int(headers["x-rate-limit-reset"]) - time.time() <= 902
    assert [post["text"] for post in sandbox.posts("x", "acme")[1:]] == ["1 left", "0 left"]
    other = tweepy_client(sandbox.x, "globex")
    other.create_tweet(text="mine is another limit", user_auth=True)
    other.session.close()
    sandbox.clock(901)
    x.create_tweet(text="again", user_auth=True)


def test_the_real_limits_are_those_of_the_service(sandbox: Running, http: requests.Session) -> None:
    def limit(path: str) -> str:
        return http.get(sandbox.x + path, headers=bearer("bearer-acme")).headers["x-rate-limit-limit"]

    assert limit("/2/users/me") == "75"
    assert limit(f"/2/users/{ACME}/tweets") == "900"
    assert limit(f"/2/users/{ACME}/mentions") == "300"
    assert limit("/2/tweets?ids=1") == "5000"
    answer = http.post(f"{sandbox.x}/2/tweets", json={"text": "a"}, headers=bearer("bearer-acme"))
    assert answer.headers["x-rate-limit-limit"] == "100"
    assert answer.headers["x-app-limit-24hour-limit"] == "10000"
    answer = http.delete(f"{sandbox.x}/2/tweets/1", headers=bearer("bearer-acme"))
    assert answer.headers["x-rate-limit-limit"] == "50"


@pytest.mark.parametrize("rest", ["", "oauth_signature", 'oauth_token="access-acme",,=,"', "a=b"])
def test_a_header_that_is_no_signature_is_refused(sandbox: Running, http: requests.Session, rest: str) -> None:
    keys = (
        'OAuth oauth_consumer_key="consumer-acme", oauth_token="access-acme", oauth_signature_method="HMAC-SHA1", '
    )
    answer = http.get(f"{sandbox.x}/2/users/me?a=b&c=%zz;", headers={"Authorization": keys + rest})
    assert answer.status_code == 401


def test_a_wrong_path_or_method_gets_a_problem(sandbox: Running, http: requests.Session) -> None:
    assert http.get(f"{sandbox.x}/2/nothing").status_code == 404
    assert http.put(f"{sandbox.x}/2/tweets").status_code == 405
    assert (
        http.post(f"{sandbox.x}/2/tweets", data="{", headers={"content-type": "application/json"}).status_code
        == 400
    )
