"""What archives need of the sandbox: big seeds, media, people without an account, metrics that grow, costs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from urllib3.exceptions import ProtocolError

from socialguard.sandbox.process import Running, start
from tests.sandbox.clients import ACME, PAGE, SEED, bearer

HOUR = 3600


def acme(**more: Any) -> dict[str, Any]:
    """Return a seed of the first X account, with something more."""
    return {"accounts": [{**SEED["accounts"][0], **more}, SEED["accounts"][1]]}


def page(**more: Any) -> dict[str, Any]:
    """Return a seed of the first Page, with something more."""
    return {"accounts": [{**SEED["accounts"][2], **more}]}


def get(http: requests.Session, address: str, **headers: str) -> requests.Response:
    """Ask the X face as acme."""
    return http.get(address, headers={**bearer("bearer-acme"), **headers})


def graph(http: requests.Session, sandbox: Running, path: str, **query: str) -> Any:
    """Ask Graph as the Page."""
    return http.get(f"{sandbox.facebook}{path}", params={"access_token": "page-token-acme", **query}).json()


def test_20000_posts_are_loaded_and_served_in_time(sandbox: Running, http: requests.Session) -> None:
    """In processor time of the sandbox, since the machine may be busy: it may not look at all posts each time."""
    posts = [{"text": f"number {n}", "created_at": 1_700_000_000 + 60 * n} for n in range(20_000)]
    sandbox.reset(acme(posts=posts))
    address = f"{sandbox.x}/2/users/{ACME}/tweets?max_results=100&tweet.fields=created_at,entities,public_metrics"
    get(http, address)
    began = sum(psutil.Process(sandbox.pid).cpu_times()[:2])
    for _ in range(10):
        assert len(get(http, address).json()["data"]) == 100
    assert sum(psutil.Process(sandbox.pid).cpu_times()[:2]) - began < 0.6


@pytest.mark.parametrize("size", [1, 100, 5_000, 300_000])
def test_media_of_a_seed_are_served_as_control_describes_them(
    sandbox: Running, http: requests.Session, size: int
) -> None:
    sandbox.reset(acme(posts=[{"text": "look", "media": [{"bytes": size, "alt_text": "A dot"}]}]))
    (media,) = sandbox.posts("x", "acme")[0]["media"]
    answer = get(
        http,
        f"{sandbox.x}/2/users/{ACME}/tweets?expansions=attachments.media_keys&media.fields=url,alt_text,width",
    ).json()
    (told,) = answer["includes"]["media"]
    assert answer["data"][0]["id"]
    assert told["alt_text"] == "A dot"
    found = http.get(told["url"])
    assert found.headers["content-type"] == "image/png"
    assert (hashlib.sha256(found.content).hexdigest(), len(found.content)) == (media["sha256"], media["size"])
    assert found.content.startswith(b"\x89PNG")


def test_a_range_of_a_file_goes_on_where_a_cut_one_ended(sandbox: Running, http: requests.Session) -> None:
    sandbox.reset(acme(posts=[{"text": "look", "media": [{"bytes": 5_000}]}]))
    (media,) = sandbox.posts("x", "acme")[0]["media"]
    address = f"{sandbox.x}/media/{media['id']}.png"
    sandbox.faults([{"network": "x", "operation": "media", "kind": "cut", "bytes": 1_234}])
    part = b""
    with pytest.raises(ProtocolError), http.get(address, stream=True) as answer:  # noqa: PT012
        assert answer.headers["content-length"] == str(media["size"])
        while chunk := answer.raw.read(100):
            part += chunk
    assert len(part) >= 1_200
    rest = http.get(address, headers={"Range": f"bytes={len(part)}-"})
    assert rest.status_code == 206
    assert rest.headers["content-range"] == f"bytes {len(part)}-{media['size'] - 1}/{media['size']}"
    assert hashlib.sha256(part + rest.content).hexdigest() == media["sha256"]
    assert http.get(address, headers={"Range": f"bytes={media['size']}-"}).status_code == 416
    assert http.get(f"{sandbox.x}/media/1.png").status_code == 404


def test_an_upload_is_served_until_the_sandbox_ends(tmp_path: Path) -> None:
    from tests.sandbox.clients import PNG

    with requests.Session() as http:
        state = tmp_path / "state.json"
        with start(SEED, state) as first:
            files, form = {"media": ("a.png", PNG)}, {"media_category": "tweet_image"}
            made = http.post(f"{first.x}/2/media/upload", headers=bearer("bearer-acme"), files=files, data=form)
            media = made.json()["data"]["id"]
            assert http.get(f"{first.x}/media/{media}.png").content == PNG
        with start(None, state) as second:
            assert http.get(f"{second.x}/media/{media}.png").status_code == 404


def test_metrics_grow_with_the_age_of_a_post(sandbox: Running, http: requests.Session) -> None:
    likes = {"like_count": {"final": 1000, "half_life": HOUR}, "reply_count": 3}
    sandbox.reset(acme(posts=[{"text": "young", "metrics": likes}]))
    (post,) = sandbox.posts("x", "acme")

    def told() -> dict[str, int]:
        address = f"{sandbox.x}/2/tweets/{post['id']}?tweet.fields=public_metrics"
        answer = http.get(address, headers=bearer("app-only-token")).json()
        found: dict[str, int] = answer["data"]["public_metrics"]
        return found

    assert (told()["like_count"] < 50, told()["reply_count"]) == (True, 3)
    sandbox.clock(HOUR)
    assert 490 <= told()["like_count"] <= 550
    sandbox.clock(100 * HOUR)
    assert told()["like_count"] in (999, 1000)
    sandbox.foreign(
        {"network": "x", "account": "acme", "kind": "metrics", "id": post["id"], "metrics": {"like_count": 1}}
    )
    assert told()["like_count"] == 1


def test_people_without_an_account_mention_and_comment(sandbox: Running, http: requests.Session) -> None:
    sandbox.reset(acme(mentions=[{"text": "hey", "from": "A Fan"}, {"text": "again", "from": "A Fan"}]))
    sandbox.foreign({"network": "x", "account": "acme", "kind": "mention", "text": "new @acme", "from": "globex"})
    answer = get(http, f"{sandbox.x}/2/users/{ACME}/mentions?expansions=author_id").json()
    assert {user["username"] for user in answer["includes"]["users"]} == {"AFan", "globex"}
    assert len(answer["data"]) == 3
    sandbox.reset(
        page(
            posts=[{"text": "a", "comments": [{"text": "c", "from": "A Fan"}]}],
            visitors=[{"text": "v", "from": "B"}],
        )
    )
    feed = graph(
        http, sandbox, f"/{PAGE}/feed", fields="message,from,comments.limit(5).summary(true){message,from}"
    )
    rows = {row["message"]: row for row in feed["data"]}
    assert (rows["v"]["from"]["name"], rows["a"]["from"]["id"]) == ("B", PAGE)
    assert rows["a"]["comments"]["data"][0]["from"]["name"] == "A Fan"
    assert rows["a"]["comments"]["summary"]["total_count"] == 1
    visitors = graph(http, sandbox, f"/{PAGE}/visitor_posts")
    assert [row["message"] for row in visitors["data"]] == ["v"]


def test_comments_inside_a_post_are_bounded_and_go_on_at_their_own_list(
    sandbox: Running, http: requests.Session
) -> None:
    comments = [{"text": str(n), "created_at": 1_780_000_000 + n} for n in range(9)]
    sandbox.reset(page(posts=[{"text": "a", "created_at": 1_780_000_000, "comments": comments}]))
    asked = "comments.order(reverse_chronological).since(1780000002).until(1780000007).limit(4){message}"
    inside = graph(http, sandbox, f"/{PAGE}/feed", fields=asked)["data"][0]["comments"]
    assert [row["message"] for row in inside["data"]] == ["7", "6", "5", "4"]
    onward = http.get(inside["paging"]["next"]).json()
    assert [row["message"] for row in onward["data"]] == ["3", "2"]


@pytest.mark.parametrize("fields", ["a{", "a}", "{a}", "a.b", "a.(1)", "a,,b", "a b", "a.limit(1", "🙂"])
def test_fields_that_are_no_list_are_refused(sandbox: Running, http: requests.Session, fields: str) -> None:
    assert graph(http, sandbox, "/me", fields=fields)["error"]["code"] in (2500, 100)


def test_many_posts_are_told_by_id_and_one_that_is_gone_fails_them_all(
    sandbox: Running, http: requests.Session
) -> None:
    sandbox.reset(page(posts=[{"text": "a"}, {"text": "b"}]))
    ids = [post["id"] for post in sandbox.posts("facebook")]
    found = graph(http, sandbox, "/v26.0/", ids=",".join(ids), fields="message,insights.metric(post_media_view)")
    assert [found[one]["message"] for one in ids] == ["a", "b"]
    assert found[ids[0]]["insights"]["data"][0]["values"] == [{"value": 0}]
    assert graph(http, sandbox, "/", ids=f"{ids[0]},1_1")["error"]["error_subcode"] == 33
    dead = graph(http, sandbox, "/", ids=ids[0], fields="insights.metric(post_impressions)")
    assert dead["error"]["code"] == 100


def test_what_x_charges_is_counted_by_account_and_operation(sandbox: Running, http: requests.Session) -> None:
    posts = [{"text": str(n), "created_at": 1_780_000_000 + n} for n in range(7)]
    sandbox.reset(acme(posts=posts))
    get(http, f"{sandbox.x}/2/users/{ACME}/tweets")
    get(http, f"{sandbox.x}/2/users/me")
    for text in ("plain", "see https://example.com"):
        made = http.post(f"{sandbox.x}/2/tweets", json={"text": text}, headers=bearer("bearer-acme"))
    http.delete(f"{sandbox.x}/2/tweets/{made.json()['data']['id']}", headers=bearer("bearer-acme"))
    rows = {row["operation"]: (row["calls"], row["units"], row["micros"]) for row in sandbox.costs()}
    assert rows == {
        "posts.read": (1, 7, 35_000),
        "user.read": (1, 1, 10_000),
        "post": (1, 1, 15_000),
        "post_with_url": (1, 1, 200_000),
        "delete": (1, 1, 10_000),
    }
    assert {(row["network"], row["account"]) for row in sandbox.costs()} == {("x", "acme")}


def test_own_posts_are_cheaper_for_those_who_own_the_app(sandbox: Running, http: requests.Session) -> None:
    sandbox.reset(acme(posts=[{"text": "a"}], owns_app=True))
    get(http, f"{sandbox.x}/2/users/{ACME}/tweets")
    (row,) = sandbox.costs()
    assert (row["operation"], row["micros"]) == ("own_posts.read", 1_000)


def test_costs_media_and_people_outlive_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    seed = acme(posts=[{"text": "a", "media": [{}]}], mentions=[{"text": "b", "from": "A Fan"}])
    with requests.Session() as http:
        with start(seed, state) as first:
            get(http, f"{first.x}/2/users/{ACME}/mentions?expansions=author_id")
            http.post(f"{first.x}/2/tweets", json={"text": "kept"}, headers=bearer("bearer-acme"))
            costs = first.costs()
            first.kill()
        with start(None, state) as second:
            assert second.costs() == costs
            answer = get(http, f"{second.x}/2/users/{ACME}/mentions?expansions=author_id").json()
            assert answer["includes"]["users"][0]["name"] == "A Fan"
            media = next(post["media"] for post in second.posts("x", "acme") if post["media"])
            assert len(http.get(f"{second.x}/media/{media[0]['id']}.png").content) == media[0]["size"]


def test_reads_can_go_wrong_as_writes_do(sandbox: Running, http: requests.Session) -> None:
    address = f"{sandbox.x}/2/users/{ACME}/tweets"
    sandbox.faults([{"network": "x", "operation": "timeline", "kind": "accept_then_drop"}])
    with pytest.raises(requests.ConnectionError):
        get(http, address)
    assert sandbox.costs()[0]["calls"] == 1
    sandbox.faults([{"network": "x", "operation": "timeline", "kind": "status", "code": 429, "seconds": 60}])
    assert get(http, address).headers["x-rate-limit-remaining"] == "0"
    sandbox.faults([{"network": "x", "operation": "timeline", "kind": "cut", "bytes": 10}])
    with pytest.raises(requests.RequestException):
        get(http, address)
    sandbox.settings(limits={"timeline": 3})
    assert [get(http, address).status_code for _ in range(2)] == [200, 429]
