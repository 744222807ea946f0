"""Lines written out by hand are canonical JSON, and reading one gives what made it."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from socialguard.archive import instants, lines
from socialguard.archive.interface import Gap
from socialguard.canon import jcs
from socialguard.model.activity import Attachment, Item, Kind, Mark, Profile, Stream

AT = "2026-11-29T10:00:00.000001Z"
# With lone surrogates, NUL and all that a network's programmers never thought of.
texts = st.text(st.characters(codec=None, categories=None), max_size=20)
marks = st.sampled_from(
    ['"', "\\", ',"body":', '},"id":"', ',"content":', ',"created":"', "\0", "\ud83d", "é", "🎉"]
)
strings = st.lists(texts | marks, max_size=3).map("".join)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda found: found.replace(tzinfo=UTC))  # noqa: DTZ001
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=6,
)
attachments = st.builds(Attachment, strings, strings, st.none() | strings, strings)
items = st.builds(
    Item,
    network_id=strings,
    kind=st.sampled_from(Kind),
    own=st.booleans(),
    author_id=strings,
    author_name=strings,
    text=strings,
    created_at=moments,
    url=strings,
    reply_to=st.none() | strings,
    attachments=st.lists(attachments, max_size=2).map(tuple),
    content=st.dictionaries(strings, values, max_size=3),
    metrics=st.dictionaries(strings, st.integers(), max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(one=items, number=st.sampled_from([1, 2, 17]))
def test_any_item_has_a_canonical_line_that_gives_it_back(one: Item, number: int) -> None:
    fitted, body = lines.fit(one)
    made = lines.item_line("a-1", fitted, one.own, number, body, AT)
    document = jcs.decode(made.stored)
    assert isinstance(document, dict)
    assert jcs.encode(document["body"]) == body.stored
    read = lines.read(made.stored)
    assert read._replace(values={}) == made._replace(values={})
    assert read.values == made.values
    assert json.loads(read.values["content"]).get("content", {}) == document["body"]["content"]
    salt = jcs.unb64(document["salt"])
    assert len(salt) == lines.SALT_BYTES
    assert read.values["sha256"] == lines.version_hash(salt, body.stored)


@settings(max_examples=100, deadline=None)
@given(one=items)
def test_what_is_fit_already_stays_as_it_is(one: Item) -> None:
    fitted, body = lines.fit(one)
    again, same = lines.fit(fitted)
    assert again == fitted
    assert same == body


def test_a_plain_item_is_kept_as_the_network_told_it() -> None:
    one = Item(
        "1", Kind.POST, True, "7", "Acme", "Cheese\n🎉", datetime(2026, 1, 1, tzinfo=UTC), "https://x.com/1"
    )
    fitted, body = lines.fit(one)
    assert fitted is one
    assert jcs.decode(body.stored) == {
        "attachments": [],
        "author": "7",
        "content": {},
        "created": "2026-01-01T00:00:00.000000Z",
        "kind": "post",
        "reply_to": None,
        "text": "Cheese\n🎉",
        "url": "https://x.com/1",
    }


def test_numbers_without_a_canonical_form_are_kept_as_text() -> None:
    content = {"big": 2**60, "at": [48.5, -0.25], "small": 7}
    one = Item("1", Kind.POST, True, "7", "A", "t", datetime(2026, 1, 1, tzinfo=UTC), "", content=content)
    document = jcs.decode(lines.fit(one)[1].stored)
    assert isinstance(document, dict)
    assert document["content"] == {"big": str(2**60), "at": ["48.5", "-0.25"], "small": 7}


def test_a_salt_is_never_used_twice() -> None:
    one = Item("1", Kind.POST, True, "7", "A", "t", datetime(2026, 1, 1, tzinfo=UTC), "")
    fitted, body = lines.fit(one)
    made = [lines.item_line("a-1", fitted, True, 1, body, AT) for _ in range(50)]
    assert len({line.values["sha256"] for line in made}) == 50


@settings(max_examples=100, deadline=None)
@given(
    name=strings, followers=st.none() | st.integers(0, 10**9), content=st.dictionaries(strings, values, max_size=2)
)
def test_any_profile_has_a_canonical_line(name: str, followers: int | None, content: dict[str, Any]) -> None:
    line = lines.profile_line("a-1", Profile("1", name, name, followers, None, content), AT)
    assert lines.read(line.stored) == line


def test_other_lines_give_back_what_made_them() -> None:
    newest = Mark("9", datetime(2026, 1, 1, tzinfo=UTC))
    gap = Gap("a-1", Stream.POSTS, 3, None, "12", newest, True, False)
    for line in (
        lines.page_line(gap, AT),
        lines.metrics_line("a-1", "9", 2, {"likes": 3}, AT),
        lines.blob_line("a-1", "9", "m1", "0" * 64, 3, "image/png", AT),
    ):
        assert lines.read(line.stored) == line
        assert line.values["at"] == instants.parsed(AT)
    assert lines.mark_of(lines.mark_value(newest)) == newest


def test_what_others_wrote_stands_apart_by_account_and_month() -> None:
    assert lines.shelf_of("a-1", True, instants.parsed(AT)) == "own"
    assert lines.shelf_of("a-1", False, instants.parsed(AT)) == "others/a-1/2026-11"
