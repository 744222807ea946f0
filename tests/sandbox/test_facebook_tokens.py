"""Tokens of Facebook: login, exchange, debug_token, permissions, proof, death."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import facebook
import pytest
import requests

from socialguard.sandbox.process import Running
from tests.sandbox.clients import OTHER_PAGE, PAGE, bearer, facebook_client

CALLBACK = "http://127.0.0.1:8765/callback"


def error_of(answer: requests.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


@pytest.mark.parametrize("way", ["query", "form", "header"])
def test_a_token_is_taken_from_query_form_or_header(sandbox: Running, http: requests.Session, way: str) -> None:
    token = {"access_token": "page-token-acme"}
    url = f"{sandbox.facebook}/v26.0/{PAGE}/feed"
    values = {"message": "hi"}
    if way == "query":
        answer = http.post(url, params=token, data=values)
    elif way == "form":
        answer = http.post(url, data={**values, **token})
    else:
        answer = http.post(url, data=values, headers=bearer("page-token-acme"))
    assert answer.json()["id"].startswith(PAGE)


def test_the_login_ends_in_a_user_token_and_tokens_of_all_pages(sandbox: Running, http: requests.Session) -> None:
    query = {
        "client_id": "4200",
        "redirect_uri": CALLBACK,
        "state": "s-1",
        "scope": "pages_show_list,pages_manage_posts",
    }
    dialog = http.get(f"{sandbox.facebook}/v26.0/dialog/oauth", params=query, allow_redirects=False)
    back = {name: values[0] for name, values in parse_qs(urlsplit(dialog.headers["location"]).query).items()}
    assert back["state"] == "s-1"
    form = {"client_id": "4200", "client_secret": "app-secret", "redirect_uri": CALLBACK, "code": back["code"]}
    url = f"{sandbox.facebook}/v26.0/oauth/access_token"
    short = http.get(url, params=form).json()
    assert short["expires_in"] == 5400
    assert error_of(http.get(url, params=form)) == (100, 36009)
    swap = {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"], **form}
    long = http.get(url, params=swap).json()
    assert long["expires_in"] == 60 * 86_400
    client = facebook_client(sandbox.facebook, long["access_token"])
    pages = list(client.get_all_connections("me", "accounts", limit=1))
    client.session.close()
    assert [row["id"] for row in pages] == [PAGE, OTHER_PAGE]
    assert "ANALYZE" in pages[0]["tasks"]
    posting = facebook_client(sandbox.facebook, pages[1]["access_token"])
    posting.put_object(OTHER_PAGE, "feed", message="from the picked Page")
    posting.session.close()
    assert [post["text"] for post in sandbox.posts("facebook", "globex")] == ["from the picked Page"]


@pytest.mark.parametrize(
    ("change", "code"), [({"client_secret": "wrong"}, 1), ({"client_id": "9"}, 101), ({"code": "no"}, 100)]
)
def test_an_exchange_with_a_wrong_part_is_refused(
    sandbox: Running, http: requests.Session, change: dict[str, str], code: int
) -> None:
    form = {"client_id": "4200", "client_secret": "app-secret", "redirect_uri": CALLBACK, "code": "x", **change}
    assert error_of(http.get(f"{sandbox.facebook}/oauth/access_token", params=form))[0] == code


def test_facebook_sdk_extends_and_debugs_a_token(sandbox: Running) -> None:
    client = facebook_client(sandbox.facebook, "user-token")
    assert client.extend_access_token("4200", "app-secret")["expires_in"] == 60 * 86_400
    data = client.debug_access_token("page-token-acme", "4200", "app-secret")["data"]
    client.session.close()
    assert (data["app_id"], data["type"], data["is_valid"], data["expires_at"]) == ("4200", "PAGE", True, 0)
    assert (data["profile_id"], data["user_id"]) == (PAGE, f"9{PAGE}")
    assert "pages_manage_posts" in data["scopes"]


@pytest.mark.parametrize("subcode", [458, 460, 463])
def test_a_dead_token_is_refused_with_its_reason_and_debug_token_says_so(
    sandbox: Running, http: requests.Session, subcode: int
) -> None:
    if subcode == 463:
        doc = {"kind": "page", "page_token": "short", "app_id": "4200", "expires_at": 1}
        sandbox.add_credential("facebook", "acme", doc)
        token = "short"
    else:
        sandbox.tokens("facebook", "acme", "revoked", subcode)
        token = "page-token-acme"
    answer = http.get(f"{sandbox.facebook}/v26.0/me", params={"access_token": token})
    assert (answer.status_code, error_of(answer)) == (400, (190, subcode))
    query = {"input_token": token, "access_token": "4200|app-secret"}
    data = http.get(f"{sandbox.facebook}/v26.0/debug_token", params=query).json()["data"]
    assert (data["is_valid"], data["error"]["subcode"]) == (False, subcode)


@pytest.mark.parametrize("token", ["", "unknown", "4200|wrong"])
def test_without_a_good_token_nothing_is_answered(sandbox: Running, http: requests.Session, token: str) -> None:
    answer = http.get(f"{sandbox.facebook}/v26.0/me", params={"access_token": token} if token else {})
    assert error_of(answer)[0] in (190, 2500)


def test_a_missing_permission_is_named(sandbox: Running) -> None:
    doc = {"kind": "page", "page_token": "reader", "app_id": "4200"}
    sandbox.add_credential("facebook", "acme", doc, scopes=["pages_read_engagement"])
    client = facebook_client(sandbox.facebook, "reader")
    with pytest.raises(facebook.GraphAPIError, match=r"\(#200\).*pages_manage_posts"):
        client.put_object(PAGE, "feed", message="no")
    with pytest.raises(facebook.GraphAPIError, match=r"\(#10\).*read_insights"):
        client.get_connections(PAGE, "insights", metric="page_follows")
    client.session.close()


def test_a_user_token_cannot_post_as_the_page(sandbox: Running) -> None:
    client = facebook_client(sandbox.facebook, "user-token")
    with pytest.raises(facebook.GraphAPIError, match="#210"):
        client.put_object(PAGE, "feed", message="no")
    client.session.close()


def test_a_proof_is_checked_when_sent_and_demanded_where_the_app_says_so(
    sandbox: Running, http: requests.Session
) -> None:
    url, token = f"{sandbox.facebook}/v26.0/me", "page-token-acme"
    proof = hmac.new(b"app-secret", token.encode(), hashlib.sha256).hexdigest()
    assert http.get(url, params={"access_token": token, "appsecret_proof": proof}).status_code == 200
    assert error_of(http.get(url, params={"access_token": token, "appsecret_proof": "0" * 64}))[0] == 100
    doc = {"kind": "page", "page_token": "strict", "app_id": "4400", "app_secret": "s"}
    sandbox.add_credential("facebook", "acme", doc, proof_required=True)
    assert error_of(http.get(url, params={"access_token": "strict"}))[0] == 100
    proof = hmac.new(b"s", b"strict", hashlib.sha256).hexdigest()
    assert http.get(url, params={"access_token": "strict", "appsecret_proof": proof}).status_code == 200


def test_revoking_one_permission_leaves_the_others(sandbox: Running, page: Any) -> None:
    assert page.delete_object("me/permissions/pages_manage_posts") == {"success": True}
    granted = [row["permission"] for row in page.get_connections("me", "permissions")["data"]]
    assert "pages_manage_posts" not in granted
    assert "pages_show_list" in granted
    with pytest.raises(facebook.GraphAPIError, match="#200"):
        page.put_object(PAGE, "feed", message="no")


def test_removing_the_app_kills_the_user_token_and_every_page_token(
    sandbox: Running, http: requests.Session
) -> None:
    url = f"{sandbox.facebook}/v26.0/me"
    assert http.delete(f"{url}/permissions", params={"access_token": "user-token"}).json() == {"success": True}
    for token in ("user-token", "page-token-acme", "page-token-globex"):
        assert error_of(http.get(url, params={"access_token": token})) == (190, 458)


def test_an_app_tells_its_name_but_not_whether_it_is_live(sandbox: Running, http: requests.Session) -> None:
    url, token = f"{sandbox.facebook}/v26.0/4200", {"access_token": "4200|app-secret"}
    assert http.get(url, params=token).json()["name"] == "App of acme"
    assert error_of(http.get(url, params={**token, "fields": "is_live"}))[0] == 100
