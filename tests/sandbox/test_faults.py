"""Faults: what a client sees, and what the network holds afterwards."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import tweepy

from socialguard.sandbox.process import Running, SandboxError
from tests.sandbox.clients import ACME, PAGE, SEED, bearer

Faults = list[dict[str, Any]]


def publish(
    sandbox: Running, http: requests.Session, network: str, text: str, timeout: float = 20
) -> requests.Response:
    if network == "x":
        headers = bearer("bearer-acme")
        return http.post(f"{sandbox.x}/2/tweets", json={"text": text}, headers=headers, timeout=timeout)
    form = {"message": text, "access_token": "page-token-acme"}
    return http.post(f"{sandbox.facebook}/v26.0/{PAGE}/feed", data=form, timeout=timeout)


def texts(sandbox: Running, network: str) -> list[str]:
    return [post["text"] for post in sandbox.posts(network, "acme") if post["text"] != "First & <best>"]


def fault(network: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"network": network, "operation": "publish", "kind": kind, "times": 1, **more}


NETWORKS = pytest.mark.parametrize("network", ["x", "facebook"])


@NETWORKS
@pytest.mark.parametrize(("kind", "kept"), [("drop_before", []), ("accept_then_drop", ["fated"])])
def test_a_dropped_request_ends_without_a_byte(
    sandbox: Running, http: requests.Session, network: str, kind: str, kept: list[str]
) -> None:
    sandbox.faults([fault(network, kind)])
    with pytest.raises(requests.ConnectionError):
        publish(sandbox, http, network, "fated")
    assert texts(sandbox, network) == kept
    assert publish(sandbox, http, network, "next").ok
    assert sandbox.waiting_faults() == []


def test_a_cut_connection_carries_no_byte_of_an_answer(sandbox: Running) -> None:
    sandbox.faults([{"network": "x", "operation": "any", "kind": "drop_before", "times": 1}])
    parts = urlsplit(sandbox.x)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        raw.sendall(b"GET /2/users/me HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            received = raw.recv(4096)
        except ConnectionResetError:
            received = b""
    assert received == b""


def test_a_client_that_dies_while_it_writes_has_done_nothing(sandbox: Running) -> None:
    parts = urlsplit(sandbox.x)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        head = b"POST /2/tweets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer bearer-acme\r\nContent-Type: "
        raw.sendall(head + b'application/json\r\nContent-Length: 16\r\n\r\n{"text": "hal')
    assert texts(sandbox, "x") == []
    assert sandbox.requests() == {}


@NETWORKS
def test_a_refusing_network_has_no_listener_until_the_faults_are_lifted(
    sandbox: Running, http: requests.Session, network: str
) -> None:
    assert publish(sandbox, http, network, "before").ok
    sandbox.faults([fault(network, "refuse")])
    for _ in range(3):
        with pytest.raises(requests.ConnectionError, match="refused"):
            publish(sandbox, http, network, "refused")
    sandbox.faults([])
    assert publish(sandbox, http, network, "after").ok
    assert texts(sandbox, network) == ["before", "after"]


def test_a_refusing_network_comes_back_by_itself_after_the_seconds_asked(sandbox: Running) -> None:
    sandbox.faults([fault("x", "refuse", seconds=0.2)])
    parts, deadline = urlsplit(sandbox.x), time.monotonic() + 10
    refusals = 0
    while time.monotonic() < deadline:
        try:
            socket.create_connection((parts.hostname, parts.port), timeout=5).close()
            break
        except ConnectionRefusedError:
            refusals += 1
    assert refusals > 0
    assert sandbox.ask("GET", "/faults")["listening"] == {"x": True, "facebook": True}


def test_a_network_can_refuse_right_after_the_identity_was_asked(sandbox: Running, x: Any) -> None:
    sandbox.faults([{"network": "x", "operation": "identity", "kind": "refuse", "after": 1}])
    assert x.get_me(user_auth=True)["data"]["id"] == ACME
    with pytest.raises(requests.ConnectionError, match="refused"):
        x.create_tweet(text="too late", user_auth=True)
    assert texts(sandbox, "x") == []


@NETWORKS
@pytest.mark.parametrize(("when", "kept"), [("before", []), ("after", ["hm"])])
def test_a_status_answers_instead_and_may_come_after_the_deed(
    sandbox: Running, http: requests.Session, network: str, when: str, kept: list[str]
) -> None:
    sandbox.faults([fault(network, "status", code=500, body={}, when=when)])
    answer = publish(sandbox, http, network, "hm")
    assert (answer.status_code, answer.text) == (500, "{}")
    assert texts(sandbox, network) == kept


def test_a_429_tells_its_reset_by_the_sandbox_clock_unless_told_not_to(sandbox: Running, x: Any) -> None:
    sandbox.clock(3600)
    sandbox.faults([fault("x", "status", code=429, seconds=60), fault("x", "status", code=429, headers={})])
    with pytest.raises(tweepy.TooManyRequests) as caught:
        x.create_tweet(text="a", user_auth=True)
    reset = int(caught.value.response.headers["x-rate-limit-reset"])
    assert 3600 + 50 <= reset - time.time() <= 3600 + 62
    assert caught.value.response.json()["title"] == "Too Many Requests"
    with pytest.raises(tweepy.TooManyRequests) as caught:
        x.create_tweet(text="a", user_auth=True)
    assert "x-rate-limit-reset" not in caught.value.response.headers


@pytest.mark.parametrize(("code", "media_type"), [(402, "application/json"), (502, "text/html")])
def test_usual_bodies_come_with_their_media_type(
    sandbox: Running, http: requests.Session, code: int, media_type: str
) -> None:
    sandbox.faults([fault("x", "status", code=code)])
    answer = publish(sandbox, http, "x", "a")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (code, media_type)


@NETWORKS
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_network_does_it_although_the_client_has_gone(
    sandbox: Running, http: requests.Session, network: str, when: str
) -> None:
    sandbox.faults([fault(network, "slow", seconds=0.3, when=when)])
    with pytest.raises(requests.Timeout):
        publish(sandbox, http, network, "late", timeout=0.1)
    deadline = time.monotonic() + 10
    while not texts(sandbox, network) and time.monotonic() < deadline:
        pass
    assert texts(sandbox, network) == ["late"]


def test_what_a_slow_network_does_late_stays_in_the_world_it_was_asked_in(
    sandbox: Running, http: requests.Session
) -> None:
    sandbox.faults([fault("x", "slow", seconds=0.2, when="before")])
    with pytest.raises(requests.Timeout):
        publish(sandbox, http, "x", "ghost", timeout=0.05)
    sandbox.reset(SEED)
    assert publish(sandbox, http, "facebook", "meanwhile").ok
    sandbox.faults([fault("facebook", "slow", seconds=0.3)])
    publish(sandbox, http, "facebook", "long after")
    assert texts(sandbox, "x") == []


def test_an_expired_oauth2_token_stays_expired_and_can_be_refreshed(
    sandbox: Running, http: requests.Session
) -> None:
    sandbox.faults([{"network": "x", "operation": "any", "kind": "expired_token", "times": 1}])
    assert publish(sandbox, http, "x", "a").status_code == 401
    assert publish(sandbox, http, "x", "a").status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": "refresh-acme"}
    auth = ("client-confidential", "client secret/+%")
    fresh = http.post(f"{sandbox.x}/2/oauth2/token", data=form, auth=auth).json()["access_token"]
    answer = http.post(f"{sandbox.x}/2/tweets", json={"text": "b"}, headers=bearer(fresh))
    assert answer.status_code == 201


def test_an_expired_page_token_says_463(sandbox: Running, http: requests.Session) -> None:
    sandbox.faults([fault("facebook", "expired_token")])
    error = publish(sandbox, http, "facebook", "a").json()["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (190, 463, "OAuthException")
    assert publish(sandbox, http, "facebook", "b").ok
    assert texts(sandbox, "facebook") == ["b"]


def test_a_post_that_shows_late_is_found_by_id_at_once(sandbox: Running, x: Any) -> None:
    sandbox.faults([fault("x", "late_visible", seconds=60)])
    post_id = x.create_tweet(text="patience", user_auth=True)["data"]["id"]

    def newest() -> str:
        return str(x.get_users_tweets(ACME, user_auth=True)["data"][0]["id"])

    assert newest() != post_id
    assert x.get_tweet(post_id, user_auth=True)["data"]["text"] == "patience"
    sandbox.clock(61)
    assert newest() == post_id


def test_a_dropped_reply_can_also_show_late(sandbox: Running, http: requests.Session) -> None:
    sandbox.faults([fault("facebook", "late_visible", seconds=60), fault("facebook", "accept_then_drop")])
    with pytest.raises(requests.ConnectionError):
        publish(sandbox, http, "facebook", "both")
    query = {"access_token": "page-token-acme"}
    assert http.get(f"{sandbox.facebook}/{PAGE}/feed", params=query).json()["data"] == []
    sandbox.clock(61)
    assert http.get(f"{sandbox.facebook}/{PAGE}/feed", params=query).json()["data"][0]["message"] == "both"


def test_a_redirect_names_another_place_and_does_nothing(sandbox: Running, http: requests.Session) -> None:
    sandbox.faults([fault("x", "redirect", location="http://127.0.0.1:1/elsewhere")])
    answer = http.post(
        f"{sandbox.x}/2/tweets", json={"text": "a"}, headers=bearer("bearer-acme"), allow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (307, "http://127.0.0.1:1/elsewhere")
    assert texts(sandbox, "x") == []


def test_a_fault_waits_for_its_account_its_operation_and_its_turn(
    sandbox: Running, http: requests.Session
) -> None:
    sandbox.faults(
        [
            fault("x", "status", account="globex"),
            fault("facebook", "status", operation="publish_step"),
            fault("x", "status", after=1, times=2),
        ]
    )
    answers = [publish(sandbox, http, "x", f"number {n}").status_code for n in range(4)]
    assert answers == [201, 500, 500, 201]
    post_id = publish(sandbox, http, "facebook", "whole").json()["id"]
    step = {"is_published": "true", "access_token": "page-token-acme"}
    assert http.post(f"{sandbox.facebook}/{post_id}", data=step).status_code == 500
    assert [(f["network"], f["times"]) for f in sandbox.waiting_faults()] == [("x", 1)]


@pytest.mark.parametrize(
    "entry",
    [
        {"network": "y", "kind": "status"},
        {"network": "x", "kind": "nonsense"},
        {"network": "x", "kind": "status", "operation": "nonsense"},
        {"network": "x", "kind": "status", "times": 0},
        {"network": "x", "kind": "slow"},
        {"network": "x", "kind": "redirect"},
        {"network": "x", "kind": "status", "cood": 500},
        {"network": "x", "kind": "status", "code": 99},
    ],
)
def test_a_fault_that_could_never_happen_is_refused(sandbox: Running, entry: dict[str, Any]) -> None:
    with pytest.raises(SandboxError, match="FaultError"):
        sandbox.faults([entry])
