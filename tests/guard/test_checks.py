"""Each content check: what it stops, what it lets pass, and in which words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard.checks import (
    CHECKS,
    HOPELESS,
    alt,
    duplicate,
    empty,
    filetype,
    length,
    run_checks,
    shape,
    twin,
)
from socialguard.guard.checks import media as media_check
from socialguard.model.delivery import Content
from socialguard.model.finding import Severity
from socialguard.model.text import has_hidden
from socialguard.registry.policy_checks import CheckRules
from tests.guard.people import media, posted, subject

HELLO = Content("Hello")


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t ", "\u200b\u200d", "\u00a0\u2003", "\u202e", "\u2800", "\u3164\ufeff"]
)
def test_a_post_in_which_nothing_can_be_seen_is_blocked(text: str) -> None:
    (found,) = empty.check(subject(Content(text)))
    assert (found.severity, found.message()) == (Severity.BLOCK, "the post is empty")
    assert not list(empty.check(subject(Content(text, media=(media(),)))))
    assert not list(empty.check(subject(Content(text, link="https://acme.example"))))


@pytest.mark.parametrize("text", [".", "é", "☕️", "\u200ba", "日本", "\u0301"])
def test_whatever_can_be_seen_is_not_empty(text: str) -> None:
    assert not list(empty.check(subject(Content(text))))


def test_what_a_page_cannot_publish_is_blocked_before_it_waits_for_its_time() -> None:
    reply = Content("Thanks", reply_to="123")
    both = Content("See", link="https://acme.example", media=(media(),))
    for content, words in ((reply, "cannot be a reply"), (both, "either images or the preview")):
        assert not list(shape.check(subject(content)))
        (found,) = shape.check(subject(content, network="facebook"))
        assert found.severity is Severity.BLOCK
        assert words in found.message()


def test_one_over_the_limit_is_blocked_and_told_by_how_much() -> None:
    assert not list(length.check(subject(HELLO, length=280)))
    (found,) = length.check(subject(HELLO, length=281))
    assert found.severity is Severity.BLOCK
    assert found.message() == "too long: 281 of 280"
    assert found.remedy.format_map(dict(found.fields)) == "Take away 1; nothing is cut for you."


def test_an_image_without_alt_text_is_held_and_a_long_one_blocked() -> None:
    pictures = (media(), media(alt=""), media(alt=" \n", file_name="b.png"), media(alt="x" * 1001))
    found = list(alt.check(subject(Content("", media=pictures))))
    assert [(one.severity, one.message()) for one in found] == [
        (Severity.HOLD, "alt text missing (plan.png)"),
        (Severity.HOLD, "alt text missing (b.png)"),
        (Severity.BLOCK, "alt text of plan.png too long: 1001 of 1000"),
    ]
    assert not list(alt.check(subject(Content("", media=(media(alt="x" * 1000),)))))


@pytest.mark.parametrize(
    "words",
    [
        "plan.png",
        "Plan",
        "IMG_1234.JPG",
        "photo",
        "une photo",
        "alt text",
        "...",
        "image 3",
        "Screenshot 2026-01-05 at 10.22.31",
        "https://acme.example/a.jpg",
        "undefined",
        "ab",
        "[image]",
        "Foto",
        "ein Bild",
    ],
)
def test_an_alt_text_that_says_nothing_is_warned_of(words: str) -> None:
    (found,) = alt.check(subject(Content("", media=(media(alt=words),))))
    assert (found.severity, words in found.message()) == (Severity.WARN, True)
    told = f"{words} of our shop, with three people at the counter"
    assert not list(alt.check(subject(Content("", media=(media(alt=told),)))))


def test_media_that_the_network_would_refuse_are_blocked() -> None:
    pictures = (
        media(content_type="application/octet-stream", file_name="a.png"),
        media(size=5_000_001, file_name="b.png"),
        media(size=5_000_000),
        media(),
        media(content_type="image/jpeg"),
    )
    found = list(media_check.check(subject(Content("", media=pictures))))
    assert {one.severity for one in found} == {Severity.BLOCK}
    assert [one.message() for one in found] == [
        "a.png is application/octet-stream, which is not sent to this network",
        "b.png has 5000001 bytes, the limit is 5000000",
        "5 files, the limit is 4",
    ]


@pytest.mark.parametrize(
    ("changes", "words", "remedy"),
    [
        ({"size": 0, "content_type": "application/octet-stream"}, "plan.png is an empty file", "Save it again"),
        (
            {"content_type": "video/mp4"},
            "is a film (video/mp4), and only images are sent",
            "at the network itself",
        ),
        ({"content_type": "image/gif"}, "is image/gif", "it will not move"),
        ({"content_type": "image/heic"}, "is image/heic", "Save it as one of: image/jpeg, image/png"),
    ],
)
def test_what_is_said_of_a_file_fits_it(changes: dict[str, Any], words: str, remedy: str) -> None:
    given = subject(Content("", media=(media(**changes),)))
    (found,) = media_check.check(given)
    advice = found.remedy.format(**found.fields)
    assert (found.severity, words in found.message(), remedy in advice) == (Severity.BLOCK, True, True), found


def test_an_empty_file_is_not_also_called_by_a_wrong_name() -> None:
    empty = media(size=0, content_type="application/octet-stream")
    assert not list(filetype.check(subject(Content("", media=(empty,)))))


def test_a_file_name_from_outside_is_shown_escaped() -> None:
    (found,) = media_check.check(subject(Content("", media=(media(content_type="x", file_name="a\x1b[2J.png"),))))
    assert "\x1b" not in found.message()
    assert "a\\x1b[2J.png" in found.message()


@pytest.mark.parametrize(
    "again",
    [
        "Good morning, Lyon",
        "good  morning, lyon ",
        "GOOD MORNING, LYON",
        "Good morning,\nLyon",
        "Ｇood morning, Lyon",
    ],
)
def test_the_same_words_again_are_held(again: str) -> None:
    (found,) = duplicate.check(subject(Content(again), recent=(posted("Good morning, Lyon"),)))
    assert found.severity is Severity.HOLD
    assert found.message() == "the same text was posted as 8f2c"
    assert "--override duplicate --reason" in found.remedy


@pytest.mark.parametrize("state", ["queued", "held", "awaiting", "sending", "unknown"])
def test_a_twin_that_waits_or_may_be_public_is_held_and_named_with_its_state(state: str) -> None:
    recent = (posted("Something else"), posted("Good morning", state), posted("Good morning"))
    (found,) = twin.check(subject(Content("Good morning"), recent=recent))
    assert found.severity is Severity.HOLD
    assert found.message() == f"the same text is {state} as delivery 8f2c"


def test_another_text_or_another_link_is_no_twin() -> None:
    recent = (posted("Good morning", link="https://acme.example/1"), posted(""))
    assert not list(duplicate.check(subject(Content("Good evening"), recent=recent)))
    assert not list(
        duplicate.check(subject(Content("Good morning", link="https://acme.example/2"), recent=recent))
    )
    assert not list(duplicate.check(subject(Content("", media=(media(),)), recent=recent)))
    assert list(duplicate.check(subject(Content("Good morning", link="https://acme.example/1"), recent=recent)))


def test_all_checks_run_and_are_told_together() -> None:
    pictures = tuple(media(alt="", content_type="text/plain") for _ in range(5))
    content = Content("Hello", media=pictures, link="https://acme.example")
    recent = tuple(posted("Hello", state, content.link) for state in ("sent", "unknown"))
    found = {one.check for one in run_checks(subject(content, length=999, recent=recent, network="facebook"))}
    assert found >= {"length", "media", "shape", "alt", "duplicate", "twin"}
    assert found < set(CHECKS)


def test_a_text_of_many_times_the_limit_is_told_by_its_length_alone() -> None:
    secret = Content("AKIA" + "ABCDEFGHIJKLMNOP")
    limit = subject(secret).limits.text
    assert [one.check for one in run_checks(subject(secret, length=HOPELESS * limit + 1))] == ["length"]
    assert "secrets" in {one.check for one in run_checks(subject(secret, length=HOPELESS * limit))}


@pytest.mark.parametrize("level", ["off", "note", "hold"])
def test_every_check_reads_a_text_that_its_length_does_not_stop(level: str) -> None:
    given = subject(Content("AKIA" + "ABCDEFGHIJKLMNOP"), length=1_000_000)
    assert "secrets" in {one.check for one in run_checks(given, {"length": CheckRules(level, {})})}


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_finding_of_any_text_can_be_told(text: str, name: str) -> None:
    content = Content(text, media=(media(alt="", file_name=name, content_type=name),))
    for one in run_checks(subject(content, length=999, recent=(posted(text, "unknown"),))):
        assert not has_hidden(one.message())
        assert one.remedy
        assert one.span is None or 0 <= one.span[0] < one.span[1] <= len(text)
