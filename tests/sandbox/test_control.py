"""Control: foreign events, time, counts, settings; and the rule that the sandbox stands alone."""

from __future__ import annotations

import ast
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

import socialguard.sandbox
from socialguard.sandbox.process import Running, SandboxError
from tests.sandbox.clients import ACME, bearer

PACKAGE = Path(socialguard.sandbox.__file__).parent


def test_the_sandbox_imports_nothing_else_of_socialguard() -> None:
    imported = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)
    ours = {name for name in imported if name.split(".")[0] == "socialguard"}
    assert ours
    assert all(name.startswith("socialguard.sandbox") for name in ours)


def test_a_foreign_post_is_in_the_timeline_and_marked_in_control(sandbox: Running, x: Any) -> None:
    event = {"network": "x", "account": "x:@acme", "text": "not us", "created_at": "2026-02-01T00:00:00Z"}
    post = sandbox.foreign(event)
    assert (post["foreign"], post["created_at"]) == (True, "2026-02-01T00:00:00.000Z")
    seen = x.get_users_tweets(ACME, user_auth=True)["data"]
    assert seen[0]["id"] == post["id"]
    sandbox.foreign({"network": "x", "account": "acme", "kind": "delete", "id": post["id"]})
    assert len(x.get_users_tweets(ACME, user_auth=True)["data"]) == 1


def test_a_foreign_profile_change_and_metrics_are_seen(sandbox: Running, x: Any) -> None:
    change = {"network": "x", "account": "acme", "kind": "profile", "display_name": "Hacked", "handle": "acme2"}
    sandbox.foreign(change)
    assert x.get_me(user_auth=True)["data"] == {"id": ACME, "name": "Hacked", "username": "acme2"}
    first = sandbox.posts("x", "acme2")[0]["id"]
    sandbox.foreign(
        {"network": "x", "account": "acme2", "kind": "metrics", "id": first, "metrics": {"like_count": 99}}
    )
    seen = x.get_tweet(first, user_auth=True, tweet_fields=["public_metrics"])["data"]
    assert seen["public_metrics"]["like_count"] == 99


def test_a_foreign_edit_on_x_has_a_new_id(sandbox: Running, x: Any) -> None:
    first = sandbox.posts("x", "acme")[0]["id"]
    event = {"network": "x", "account": "acme", "kind": "edit", "id": first, "text": "changed"}
    second = sandbox.foreign(event)["id"]
    timeline = x.get_users_tweets(ACME, user_auth=True)["data"]
    assert [post["id"] for post in timeline] == [second]
    assert timeline[0]["edit_history_tweet_ids"] == [first, second]


def test_the_date_header_and_new_posts_follow_the_clock(sandbox: Running, http: requests.Session) -> None:
    sandbox.ask("POST", "/clock", {"set": "2030-05-06T07:08:09Z"})
    answer = http.post(f"{sandbox.x}/2/tweets", json={"text": "future"}, headers=bearer("bearer-acme"))
    assert answer.status_code == 401  # the bearer token has expired long since
    assert parsedate_to_datetime(answer.headers["date"]).isoformat().startswith("2030-05-06T07:08:")
    post = sandbox.foreign({"network": "x", "account": "acme", "text": "future"})
    assert post["created_at"].startswith("2030-05-06T07:08:")


def test_the_clock_can_be_set_off_from_the_machines(sandbox: Running) -> None:
    assert sandbox.ask("POST", "/clock", {"offset": 3600})["offset"] == 3600
    assert sandbox.ask("POST", "/clock", {"offset": -60})["offset"] == -60


def test_requests_are_counted_by_operation_and_tell_no_secret(sandbox: Running, http: requests.Session) -> None:
    http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-acme"))
    http.get(f"{sandbox.x}/2/users/me")
    http.get(f"{sandbox.facebook}/me", params={"access_token": "page-token-acme"})
    assert sandbox.requests() == {"x": {"identity": 2}, "facebook": {"identity": 1}}


def test_posts_can_be_chosen_by_network_and_account(sandbox: Running) -> None:
    for network in ("x", "facebook"):
        sandbox.foreign({"network": network, "account": "acme", "text": f"on {network}"})
    assert [post["text"] for post in sandbox.posts(account="acme")][1:] == ["on x", "on facebook"]
    assert [post["text"] for post in sandbox.posts("facebook")] == ["on facebook"]
    assert sandbox.posts("x", "nobody") == []


def test_accounts_can_be_added_later(sandbox: Running, http: requests.Session) -> None:
    credential = {"kind": "oauth2", "client_id": "c", "access_token": "late-token"}
    entry = {"network": "x", "handle": "late", "user_id": "77", "display_name": "Late", "credential": credential}
    sandbox.add_account(entry)
    assert http.get(f"{sandbox.x}/2/users/me", headers=bearer("late-token")).json()["data"]["username"] == "late"
    with pytest.raises(SandboxError, match="is there already"):
        sandbox.add_account(entry)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {"advance": "soon"}),
        ("/clock", {"ofset": 60}),
        ("/settings", {"no_such": True}),
        ("/settings", {"rate_limits": "no"}),
        ("/foreign", {"network": "x", "account": "nobody", "text": "a"}),
        ("/foreign", {"network": "x"}),
        ("/reset", {"accounts": [{}]}),
        ("/tokens", {"network": "x", "account": "acme", "state": "odd"}),
    ],
)
def test_control_refuses_what_it_cannot_do_and_changes_nothing(
    sandbox: Running, path: str, body: dict[str, Any]
) -> None:
    before = sandbox.accounts(), sandbox.posts()
    with pytest.raises(SandboxError, match="control refused"):
        sandbox.ask("POST", path, body)
    assert (sandbox.accounts(), sandbox.posts()) == before


def test_control_is_not_reached_by_another_name(sandbox: Running, http: requests.Session) -> None:
    assert http.get(f"{sandbox.control}/accounts", headers={"Host": "evil.example"}).status_code == 400
