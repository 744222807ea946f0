"""X's OAuth flows, with tweepy's and requests-oauthlib's own clients."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import tweepy
from requests_oauthlib import OAuth1Session

from socialguard.sandbox.process import Running
from tests.sandbox.clients import ACME, OAUTH2, bearer, oauth1, tweepy_client

CALLBACK = "http://127.0.0.1:8765/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
BASIC = (OAUTH2["client_id"], "client+secret%2F%2B%25")


def consent(sandbox: Running, http: requests.Session, client_id: str, **more: str) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "state": "s-1",
        "scope": "tweet.read users.read offline.access", "code_challenge": challenge,
        "code_challenge_method": "S256", **more,
    }  # fmt: skip
    answer = http.get(f"{sandbox.x}/2/oauth2/authorize", params=query, allow_redirects=False)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(target.query).items()}


def exchange(sandbox: Running, http: requests.Session, code: str, **more: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return http.post(f"{sandbox.x}/2/oauth2/token", data={**form, **more}, auth=BASIC if not more else None)


def test_a_code_and_its_verifier_become_a_working_token(sandbox: Running, http: requests.Session) -> None:
    back = consent(sandbox, http, OAUTH2["client_id"])
    assert back["state"] == "s-1"
    tokens = exchange(sandbox, http, back["code"]).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 7200)
    assert tokens["scope"] == "tweet.read users.read offline.access"
    me = http.get(f"{sandbox.x}/2/users/me", headers=bearer(tokens["access_token"]))
    assert me.json()["data"]["id"] == ACME
    assert exchange(sandbox, http, back["code"]).status_code == 400


def test_a_public_client_names_itself_and_may_consent_as_a_named_account(
    sandbox: Running, http: requests.Session
) -> None:
    back = consent(sandbox, http, "client-public", account="acme")
    tokens = exchange(sandbox, http, back["code"], client_id="client-public").json()
    me = http.get(f"{sandbox.x}/2/users/me", headers=bearer(tokens["access_token"]))
    assert me.json()["data"]["username"] == "acme"


@pytest.mark.parametrize(
    "change", [{"code_verifier": "wrong" * 10}, {"redirect_uri": CALLBACK + "x"}, {"code": "no"}]
)
def test_a_code_with_another_verifier_or_address_is_refused(
    sandbox: Running, http: requests.Session, change: dict[str, str]
) -> None:
    back = consent(sandbox, http, "client-public")
    form = {"code": back["code"], "client_id": "client-public", **change}
    assert exchange(sandbox, http, form.pop("code"), **form).status_code == 400


def test_a_code_dies_after_30_seconds(sandbox: Running, http: requests.Session) -> None:
    back = consent(sandbox, http, OAUTH2["client_id"])
    sandbox.clock(31)
    assert exchange(sandbox, http, back["code"]).status_code == 400


def test_without_auto_approval_the_page_asks_first(sandbox: Running, http: requests.Session) -> None:
    sandbox.settings(auto_approve=False)
    query = {
        "response_type": "code", "client_id": "client-public", "redirect_uri": CALLBACK, "state": '"><b>',
        "code_challenge": "c", "code_challenge_method": "S256",
    }  # fmt: skip
    page = http.get(f"{sandbox.x}/i/oauth2/authorize", params=query)
    assert page.status_code == 200
    assert "Authorize app" in page.text
    assert '"><b>' not in page.text
    query["approve"] = "1"
    assert http.get(f"{sandbox.x}/i/oauth2/authorize", params=query, allow_redirects=False).status_code == 302


def test_a_refresh_rotates_and_the_old_refresh_token_dies(sandbox: Running, http: requests.Session) -> None:
    def refresh(token: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return http.post(f"{sandbox.x}/2/oauth2/token", data=form, auth=BASIC)

    fresh = refresh("refresh-acme").json()
    assert http.get(f"{sandbox.x}/2/users/me", headers=bearer(fresh["access_token"])).status_code == 200
    assert refresh("refresh-acme").status_code == 400
    assert refresh(fresh["refresh_token"]).status_code == 200


def test_tweepy_refreshes_as_a_confidential_client(sandbox: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    # requests-oauthlib refuses http without this; only this test's client reads it
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    handler = tweepy.OAuth2UserHandler(
        client_id=OAUTH2["client_id"],
        redirect_uri=CALLBACK,
        scope=["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"],
        client_secret=OAUTH2["client_secret"],
    )
    fresh = handler.refresh_token(f"{sandbox.x}/2/oauth2/token", refresh_token="refresh-acme", auth=handler.auth)
    handler.close()
    assert fresh["refresh_token"] != "refresh-acme"


@pytest.mark.parametrize("auth", [None, ("client-confidential", "wrong"), ("nobody", "x")])
def test_a_client_without_its_secret_gets_no_token(sandbox: Running, http: requests.Session, auth: Any) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "refresh-acme", "client_id": "client-confidential"}
    answer = http.post(f"{sandbox.x}/2/oauth2/token", data=form, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")


def test_a_revoked_token_and_its_refresh_token_are_dead(sandbox: Running, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.x}/2/oauth2/revoke", data={"token": "bearer-acme"}, auth=BASIC)
    assert answer.json() == {"revoked": True}
    assert http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-acme")).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": "refresh-acme"}
    assert http.post(f"{sandbox.x}/2/oauth2/token", data=form, auth=BASIC).status_code == 400


@pytest.mark.parametrize("callback", ["oob", CALLBACK])
def test_the_three_legs_of_oauth1_end_in_a_working_token(
    sandbox: Running, http: requests.Session, callback: str
) -> None:
    keys = oauth1("acme")
    app = (keys["consumer_key"], keys["consumer_secret"])
    with OAuth1Session(*app, callback_uri=callback) as first:
        request_token = first.fetch_request_token(f"{sandbox.x}/oauth/request_token")
    query = {"oauth_token": request_token["oauth_token"], "account": "globex"}
    page = http.get(f"{sandbox.x}/oauth/authorize", params=query, allow_redirects=False)
    if callback == "oob":
        verifier = page.text.partition("<code>")[2].partition("</code>")[0]
        assert len(verifier) == 7
    else:
        verifier = parse_qs(urlsplit(page.headers["location"]).query)["oauth_verifier"][0]
    resource = (request_token["oauth_token"], request_token["oauth_token_secret"])
    with OAuth1Session(*app, *resource, verifier=verifier) as second:
        access = second.fetch_access_token(f"{sandbox.x}/oauth/access_token")
    assert access["screen_name"] == "globex"
    with OAuth1Session(*app, access["oauth_token"], access["oauth_token_secret"]) as third:
        assert third.get(f"{sandbox.x}/2/users/me").json()["data"]["username"] == "globex"


def test_a_wrong_pin_gives_no_token(sandbox: Running, http: requests.Session) -> None:
    keys = oauth1("acme")
    app = (keys["consumer_key"], keys["consumer_secret"])
    with OAuth1Session(*app, callback_uri="oob") as first:
        request_token = first.fetch_request_token(f"{sandbox.x}/oauth/request_token")
    http.get(f"{sandbox.x}/oauth/authorize", params={"oauth_token": request_token["oauth_token"]})
    resource = (request_token["oauth_token"], request_token["oauth_token_secret"])
    with OAuth1Session(*app, *resource, verifier="0") as second:
        assert second.post(f"{sandbox.x}/oauth/access_token").status_code == 401


def test_an_invalidated_oauth1_token_is_refused_from_then_on(sandbox: Running) -> None:
    client = tweepy_client(sandbox.x, "acme")
    assert client.request("POST", "/1.1/oauth/invalidate_token.json", user_auth=True).status_code == 200
    with pytest.raises(tweepy.Unauthorized):
        client.get_me(user_auth=True)
    client.session.close()
