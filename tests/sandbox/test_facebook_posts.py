"""Posts of a Page: in one step, in two, scheduled, edited, deleted, commented, with photos."""

from __future__ import annotations

import hashlib
import io
import json
import time
from typing import Any

import facebook
import pytest
import requests

from socialguard.sandbox.process import Running
from tests.sandbox.clients import OTHER_PAGE, PAGE, PNG, facebook_client


def change(client: Any, node: str, **values: str) -> Any:
    return client.request(f"v26.0/{node}", post_args=values, method="POST")


def code_of(caught: pytest.ExceptionInfo[Any]) -> tuple[int, int | None]:
    error = caught.value.result["error"]
    return error["code"], error.get("error_subcode")


def test_a_post_is_published_at_once(sandbox: Running, page: Any) -> None:
    post_id = page.put_object(PAGE, "feed", message="Hello & <all>")["id"]
    assert post_id.startswith(f"{PAGE}_")
    kept = sandbox.posts("facebook", "acme")[-1]
    assert (kept["id"], kept["text"], kept["published"], kept["public"]) == (post_id, "Hello & <all>", True, True)
    seen = page.get_object(post_id, fields="id,message,is_published,permalink_url,from,created_time,application")
    assert (seen["message"], seen["is_published"], seen["from"]["id"]) == ("Hello & <all>", True, PAGE)
    assert seen["application"]["id"] == "4200"


def test_two_steps_publish_once_however_often_the_second_is_repeated(sandbox: Running, page: Any) -> None:
    post_id = page.put_object(PAGE, "feed", message="two steps", published="false")["id"]
    assert not sandbox.posts("facebook", "acme")[-1]["published"]
    assert page.get_object(post_id, fields="is_published")["is_published"] is False
    for _ in range(3):
        assert change(page, post_id, is_published="true") == {"success": True}
    assert [(p["id"], p["published"]) for p in sandbox.posts("facebook", "acme")] == [(post_id, True)]


def test_the_same_text_twice_in_a_row_is_a_duplicate_only_when_published_directly(
    sandbox: Running, page: Any
) -> None:
    page.put_object(PAGE, "feed", message="again")
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.put_object(PAGE, "feed", message="again")
    assert code_of(caught) == (506, 1455006)
    page.put_object(PAGE, "feed", message="again", published="false")
    page.put_object(PAGE, "feed", message="something else")
    page.put_object(PAGE, "feed", message="again")
    assert len(sandbox.posts("facebook", "acme")) == 4


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"message": " "},
        {"message": "x" * 63_207},
        {"link": "not a link"},
        {"message": "a", "published": "False"},
    ],
)
def test_an_empty_long_or_strange_post_is_refused(sandbox: Running, page: Any, values: dict[str, str]) -> None:
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.put_object(PAGE, "feed", **values)
    assert code_of(caught)[0] == 100
    assert not sandbox.posts("facebook", "acme")


def test_a_scheduled_post_appears_when_its_time_comes(sandbox: Running, page: Any) -> None:
    when = str(int(time.time()) + 3600)
    values = {"message": "later", "published": "false", "scheduled_publish_time": when}
    post_id = page.put_object(PAGE, "feed", **values)["id"]
    assert [post["id"] for post in page.get_connections(PAGE, "scheduled_posts")["data"]] == [post_id]
    assert page.get_connections(PAGE, "published_posts")["data"] == []
    sandbox.clock(3601)
    assert [post["id"] for post in page.get_connections(PAGE, "published_posts")["data"]] == [post_id]
    assert page.get_connections(PAGE, "scheduled_posts")["data"] == []


@pytest.mark.parametrize("seconds", [0, 500, 31 * 86_400])
def test_a_schedule_outside_ten_minutes_to_thirty_days_is_refused(page: Any, seconds: int) -> None:
    when = str(int(time.time()) + seconds)
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.put_object(PAGE, "feed", message="a", published="false", scheduled_publish_time=when)
    assert code_of(caught)[0] == 100


def test_a_post_is_edited_and_deleted(sandbox: Running, page: Any) -> None:
    post_id = page.put_object(PAGE, "feed", message="a tpyo")["id"]
    change(page, post_id, message="a typo")
    assert page.get_object(post_id)["message"] == "a typo"
    assert page.delete_object(post_id) == {"success": True}
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.get_object(post_id)
    assert code_of(caught) == (100, 33)
    assert sandbox.posts("facebook", "acme")[-1]["deleted"]


def test_a_post_of_another_app_cannot_be_edited(sandbox: Running, page: Any) -> None:
    theirs = sandbox.foreign({"network": "facebook", "account": "acme", "text": "by hand"})["id"]
    with pytest.raises(facebook.GraphAPIError) as caught:
        change(page, theirs, message="mine")
    assert code_of(caught)[0] == 10


def test_a_page_token_has_no_power_over_another_page(sandbox: Running, page: Any) -> None:
    theirs = sandbox.foreign({"network": "facebook", "account": "globex", "text": "theirs"})["id"]
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.put_object(OTHER_PAGE, "feed", message="intruder")
    assert code_of(caught)[0] == 210
    for act in (page.get_object, page.delete_object):
        with pytest.raises(facebook.GraphAPIError) as caught:
            act(theirs)
        assert code_of(caught) == (100, 33)
    assert [post["text"] for post in sandbox.posts("facebook", "globex")] == ["theirs"]


def test_photos_are_uploaded_unpublished_and_shown_by_one_post(sandbox: Running, page: Any) -> None:
    photos = [
        page.put_photo(
            io.BytesIO(PNG), album_path=f"{PAGE}/photos", published="false", alt_text_custom=f"No. {n}"
        )["id"]
        for n in range(2)
    ]
    attached = json.dumps([{"media_fbid": photo} for photo in photos])
    post_id = page.put_object(PAGE, "feed", message="album", published="false", attached_media=attached)["id"]
    change(page, post_id, is_published="true")
    kept = sandbox.posts("facebook", "acme")[-1]
    assert [media["alt_text"] for media in kept["media"]] == ["No. 0", "No. 1"]
    assert {media["sha256"] for media in kept["media"]} == {hashlib.sha256(PNG).hexdigest()}
    seen = page.get_object(post_id, fields="attachments{media,subattachments},full_picture")
    assert len(seen["attachments"]["data"][0]["subattachments"]["data"]) == 2


def test_a_published_photo_is_a_post(sandbox: Running, page: Any) -> None:
    answer = page.put_photo(io.BytesIO(PNG), album_path=f"{PAGE}/photos", caption="look")
    assert sandbox.posts("facebook", "acme")[-1]["id"] == answer["post_id"]
    assert page.get_object(answer["post_id"])["message"] == "look"


def test_an_unpublished_photo_vanishes_after_a_day(sandbox: Running, page: Any) -> None:
    photo = page.put_photo(io.BytesIO(PNG), album_path=f"{PAGE}/photos", published="false")["id"]
    sandbox.clock(86_401)
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.put_object(PAGE, "feed", message="late", attached_media=json.dumps([{"media_fbid": photo}]))
    assert code_of(caught)[0] == 100


@pytest.mark.parametrize("attached", ["nonsense", '{"media_fbid": 1}', '[{"media_fbid": "77"}]', "[5]"])
def test_what_is_no_own_photo_cannot_be_attached(page: Any, attached: str) -> None:
    with pytest.raises(facebook.GraphAPIError) as caught:
        page.put_object(PAGE, "feed", message="a", attached_media=attached)
    assert code_of(caught)[0] == 100


def test_what_is_no_image_is_refused(sandbox: Running, http: requests.Session) -> None:
    answer = http.post(
        f"{sandbox.facebook}/v26.0/{PAGE}/photos",
        data={"access_token": "page-token-acme"},
        files={"source": ("a.png", b"hello")},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 324)


def test_comments_are_made_listed_and_removed(sandbox: Running, page: Any) -> None:
    post_id = page.put_object(PAGE, "feed", message="talk")["id"]
    theirs = {"network": "facebook", "account": "globex", "kind": "comment", "id": post_id, "text": "a question"}
    sandbox.foreign(theirs)
    ours = page.put_comment(post_id, "an answer")["id"]
    found = page.get_connections(post_id, "comments")["data"]
    assert [(c["message"], c["from"]["name"]) for c in found] == [
        ("a question", "Globex Page"),
        ("an answer", "Acme Page"),
    ]
    page.delete_object(ours)
    assert len(page.get_connections(post_id, "comments")["data"]) == 1
    assert (
        page.get_object(post_id, fields="comments.limit(0).summary(true)")["comments"]["summary"]["total_count"]
        == 1
    )


def test_posts_of_an_app_in_development_look_published_but_are_not_public(sandbox: Running) -> None:
    sandbox.add_credential(
        "facebook",
        "acme",
        {"kind": "page", "page_token": "dev", "app_id": "4300", "app_secret": "s"},
        app_live=False,
    )
    client = facebook_client(sandbox.facebook, "dev")
    post_id = client.put_object(PAGE, "feed", message="nobody sees me")["id"]
    assert client.get_object(post_id, fields="is_published")["is_published"] is True
    client.session.close()
    assert not sandbox.posts("facebook", "acme")[-1]["public"]
