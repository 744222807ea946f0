"""A post of ours is recognised among those of the Page, however Facebook keeps it, and no other is."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.facebook_replies import PostReply, parse
from socialguard.networks.facebook_text import normal, remote_post
from socialguard.networks.interface import Outgoing, RemotePost

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def theirs(text: str, link: str | None = None) -> RemotePost:
    """Return a post as the Page shows it."""
    return RemotePost("1_2", text, NOW, "https://www.facebook.com/1_2", link)


@pytest.mark.parametrize(
    ("ours", "shown"),
    [
        ("Hello", "Hello"),
        ("  Hello \n", "Hello"),
        ("one \r\ntwo\rthree", "one\ntwo\nthree"),
        (unicodedata.normalize("NFD", "déjà"), unicodedata.normalize("NFC", "déjà")),
        ("", ""),
    ],
)
def test_the_same_words_match_however_they_are_kept(ours: str, shown: str) -> None:
    assert FacebookAdapter().matches(Outgoing(ours), theirs(shown))


@pytest.mark.parametrize("shown", ["hello", "Hello.", "Hello Hello", "He llo", ""])
def test_other_words_do_not_match(shown: str) -> None:
    assert not FacebookAdapter().matches(Outgoing("Hello"), theirs(shown))


@pytest.mark.parametrize(
    ("asked", "shown", "same"),
    [
        ("https://example.org/a", "https://example.org/a?fbclid=IwAR0", True),
        ("https://Example.org", "https://example.org/", True),
        ("https://example.org/a?x=1", "https://example.org/a?x=1&fbclid=y", True),
        ("https://example.org/a", "https://example.org/b", False),
        ("https://example.org/a?x=1", "https://example.org/a?x=2", False),
        ("https://example.org/A", "https://example.org/a", False),
        ("https://example.org/a", None, False),
        (None, "https://example.org/a", True),
        ("http://[bad", "http://[bad", True),
    ],
)
def test_a_link_that_was_asked_for_must_be_there(asked: str | None, shown: str | None, same: bool) -> None:
    assert FacebookAdapter().matches(Outgoing("Text", link=asked), theirs("Text", shown)) is same


@given(st.text())
def test_keeping_a_text_twice_changes_nothing_more(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@given(st.text(), st.text())
def test_matching_is_the_same_in_both_directions(one: str, two: str) -> None:
    matches = FacebookAdapter().matches
    assert matches(Outgoing(one), theirs(one))
    assert matches(Outgoing(one), theirs(two)) == matches(Outgoing(two), theirs(one))


def test_photos_are_not_taken_for_a_shared_link() -> None:
    row = {"id": "1_2", "created_time": "2026-11-23T00:00:00+0000", "is_published": False}
    attached = {"data": [{"type": "photo", "unshimmed_url": "https://www.facebook.com/photo"}]}
    post = parse(PostReply, row | {"attachments": attached})
    assert post is not None
    assert remote_post(post) == RemotePost("1_2", "", NOW, "https://www.facebook.com/1_2", public=False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["id", "message", "created_time", "permalink_url", "is_published", "from", "attachments"])


@given(st.dictionaries(KEYS, json_values) | json_values)
def test_no_reply_makes_the_parser_raise(reply: object) -> None:
    found = parse(PostReply, reply)
    assert found is None or found.created_time.tzinfo is not None
