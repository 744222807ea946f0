"""What X makes of a text, undone: posts compare equal to what we sent, and to nothing else."""

import html
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.networks import x_text
from socialguard.networks.interface import Outgoing, RemotePost
from socialguard.networks.x import XAdapter
from socialguard.networks.x_urls import urls

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


def shown(text: str, reply_to: str | None = None) -> RemotePost:
    """Return a post with this text."""
    return RemotePost("1", text, NOW, "https://x.com/acme/status/1", reply_to=reply_to)


@pytest.mark.parametrize(
    ("text", "link", "sent"),
    [
        ("Hello", None, "Hello"),
        ("Hello", "https://a.example/b", "Hello https://a.example/b"),
        ("Hello\n", "https://a.example/b", "Hello https://a.example/b"),
        ("See https://a.example/b now", "https://a.example/b", "See https://a.example/b now"),
        ("See https://example.com/b.", "https://example.com/b", "See https://example.com/b."),
        ("See https://a.example/bc", "https://a.example/b", "See https://a.example/bc https://a.example/b"),
        ("", "https://a.example/b", "https://a.example/b"),
        ("", None, ""),
    ],
)
def test_a_link_is_appended_unless_the_text_has_it(text: str, link: str | None, sent: str) -> None:
    assert x_text.compose(text, link) == sent


def test_length_and_price_count_what_will_be_public() -> None:
    adapter = XAdapter()
    assert adapter.length("Hello", None) == 5
    assert adapter.length("Hello", "https://example.com/" + "a" * 100) == 5 + 1 + 23
    assert adapter.length("See https://example.com/a", "https://example.com/a") == 4 + 23
    assert adapter.price("Hello", None) == 15_000
    assert adapter.price("Hello", "https://example.com") == 200_000
    assert adapter.price("Hello example.com", None) == 200_000
    assert adapter.price("Hello e.g. this", None) == 15_000


@pytest.mark.parametrize(
    ("given_text", "links", "written"),
    [
        ("Fish &amp; chips &lt;b&gt;", {}, "Fish & chips <b>"),
        ("&amp;amp; &copy; &quot;", {}, "&amp; &copy; &quot;"),
        (
            "See https://t.co/abc.",
            {"https://t.co/abc": "https://a.example/?x=1&y=2"},
            "See https://a.example/?x=1&y=2.",
        ),
        ("Look https://t.co/pic", {"https://t.co/pic": ""}, "Look"),
        ("https://t.co/pic", {"https://t.co/pic": ""}, ""),
        ("https://t.co/ab https://t.co/abc", {"https://t.co/ab": "1", "https://t.co/abc": "2"}, "1 2"),
        ("https://t.co/unknown", {}, "https://t.co/unknown"),
    ],
)
def test_a_text_is_restored_to_what_its_author_wrote(given_text: str, links: dict[str, str], written: str) -> None:
    assert x_text.restored(given_text, links) == written


SAME = [
    ("Hello", "Hello"),
    ("Cafe\u0301", "Caf\u00e9"),
    ("Hello  \n there ", "Hello\nthere"),
    ("a https://Example.com/", "a https://example.com"),
    ("a example.com/shop.", "a http://example.com/shop."),
    ("a https://example.com/caf%C3%A9", "a https://example.com/café"),
    ("a http://example.com/x/", "a https://example.com/x"),
    ("a https://example.com/x?q=1#y b", "a https://t.co/AbC123 b"),
    ("Hello https://example.com", "Hello https://example.com/"),
]
OTHER = [
    ("Hello", "Hello!"),
    ("Hello", "hello"),
    ("Hello", ""),
    ("a https://example.com/x", "a https://example.com/y"),
    ("a https://example.com/x", "a https://example.com/X"),
    ("a https://example.com/x?q=1", "a https://example.com/x?q=2"),
    ("a https://example.com", "a"),
    ("a https://example.com", "a b"),
    ("a https://example.com b", "a b https://example.com"),
    ("@bob Hello", "Hello"),
]


@pytest.mark.parametrize(("ours", "theirs"), SAME)
def test_what_x_changes_does_not_hide_our_post(ours: str, theirs: str) -> None:
    assert XAdapter().matches(Outgoing(ours), shown(theirs))


@pytest.mark.parametrize(("ours", "theirs"), OTHER)
def test_another_post_is_not_taken_for_ours(ours: str, theirs: str) -> None:
    assert not XAdapter().matches(Outgoing(ours), shown(theirs))


def test_a_link_beside_the_text_is_part_of_the_comparison() -> None:
    ours = Outgoing("Hello", link="https://example.com/a")
    assert XAdapter().matches(ours, shown("Hello https://example.com/a"))
    assert not XAdapter().matches(ours, shown("Hello"))


def test_a_reply_matches_a_reply_to_the_same_post_only() -> None:
    ours = Outgoing("Hello", reply_to="7")
    assert XAdapter().matches(ours, shown("Hello", reply_to="7"))
    # X puts whom one answers before the text.
    assert XAdapter().matches(ours, shown("@bob @eve Hello", reply_to="7"))
    assert not XAdapter().matches(ours, shown("Hello", reply_to="8"))
    assert not XAdapter().matches(ours, shown("Hello"))
    assert not XAdapter().matches(Outgoing("Hello"), shown("Hello", reply_to="7"))


PIECES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="."), max_size=20),
    st.sampled_from(
        ["https://example.com/a?b=1&c=2", "example.org", "https://xn--caf-dma.example/", "&amp;", "<", " "]
    ),
)


@given(st.lists(PIECES, max_size=8))
def test_whatever_we_send_is_found_again_after_x_has_changed_it(pieces: list[str]) -> None:
    ours = " ".join(pieces)
    links, parts, position = {}, [], 0
    composed = unicodedata.normalize("NFC", ours)
    for number, span in enumerate(urls(composed)):
        short = f"https://t.co/{number:010d}"
        links[short] = span.text if "://" in span.text else f"http://{span.text}"
        parts += [html.escape(composed[position : span.start], quote=False), short]
        position = span.end
    parts.append(html.escape(composed[position:], quote=False))
    theirs = x_text.restored("".join(parts).strip(), links)
    assert XAdapter().matches(Outgoing(ours), shown(theirs))


@given(st.text(max_size=200))
def test_restoring_never_fails(text: str) -> None:
    x_text.restored(text, {"https://t.co/a": ""})
    assert x_text.is_same(text, text, reply=True)
