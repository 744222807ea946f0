"""Drafts as files: what is written comes back, and what is wrong is refused where it stands."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.publishing.draft_file import (
    DraftInvalid,
    from_kept,
    is_draft,
    parse,
    render,
    require_no_other_head,
)
from socialguard.publishing.interface import Attached, Divide, Request
from socialguard.publishing.prepare import payload_of

PATH = Path("/drafts/spring.md")
WHOLE = """\
+++
to = ["x:@acme", "label:fr"]
at = 2026-11-27T09:00:00
link = "https://example.org"
campaign = "spring"
thread = true
numbered = true

[[media]]
file = "cups.jpg"
alt = "Three cups"

[[media]]
file = "/media/farm.jpg"
alt = "A farm"
part = 2
+++

Common text.

With a paragraph.

+++ facebook
For the Page.
+++   x:@acme
One
---
Two
\\+++ facebook
"""
TEXTS = st.text(alphabet="ab+-\\ \n\"'\x7fé☕", max_size=40).map(lambda text: text.strip("\n"))


def test_a_whole_draft_is_read() -> None:
    found = parse(WHOLE, PATH)
    assert found == Request(
        text="Common text.\n\nWith a paragraph.",
        selectors=["x:@acme", "label:fr"],
        media=[Attached(Path("/drafts/cups.jpg"), "Three cups"), Attached(Path("/media/farm.jpg"), "A farm", 2)],
        link="https://example.org",
        at="2026-11-27T09:00:00",
        variants={"facebook": "For the Page.", "x:@acme": "One\n---\nTwo\n+++ facebook"},
        divide=Divide.SENTENCES,
        numbered=True,
        campaign="spring",
    )


def test_an_empty_head_is_enough() -> None:
    assert parse("+++\r\n+++\r\nHello\r\n", PATH) == Request(
        text="Hello", selectors=[], media=[], divide=Divide.LINES
    )


@pytest.mark.parametrize("text", ["", "Hello", "+++ facebook\nHello", "\n+++\n+++", "++++\n", "to = []\n+++"])
def test_any_other_file_is_a_plain_text(text: str) -> None:
    assert not is_draft(text)


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("+++\nto = []\nHello", 1, "ends with a line +++"),
        ("+++\nto = []\ntoo = 1\n+++", 3, "there is no too; allowed are to, at, link"),
        ("+++\n\nto = 7\n+++", 3, "to is a list of accounts"),
        ("+++\nat = 7\n+++", 2, "at is a time"),
        ("+++\nthread = 'yes'\n+++", 2, "thread is true or false"),
        ("+++\n[[media]]\nfile = 'a'\n[[media]]\nalt = 'b'\n+++", 4, "each [[media]] has file and alt"),
        ("+++\n[[media]]\nfile = 'a'\npart = 0\n+++", 2, "from 1 to 25"),
        ("+++\nmedia = 'a.jpg'\n+++", 2, "each [[media]] has file and alt"),
        ("+++\nto = []\nlink = \n+++", 3, "Invalid value"),
        ("+++\nto = []\nto = []\n+++", 3, "Cannot overwrite a value"),
        ("+++\nto = " + "[" * 3000 + "\n+++", 2, "nested too deep"),
        ("+++\nat = " + "9" * 5000 + "\n+++", 2, "too many digits"),
        ("+++\n+++\nHello\n+++ mastodon\n", 4, "a network (facebook, x), or an account"),
        ("+++\n+++\nHello\n+++ x:\n", 4, "is not an account"),
        ("+++\n+++\nHello\n+++\n", 4, "whom the text is for"),
        ("+++\n+++\nHello\n+++ x\na\n+++ x\nb", 6, "a text for x already"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(source: str, line: int, said: str) -> None:
    with pytest.raises(DraftInvalid) as refused:
        parse(source, PATH)
    assert refused.value.fields["line"] == line
    assert said in refused.value.message()
    assert "/drafts/spring.md" in refused.value.message()


@given(
    TEXTS,
    st.dictionaries(st.sampled_from(["x", "facebook", "x:@acme", "facebook:@acme"]), TEXTS),
    st.sampled_from([Divide.LINES, Divide.SENTENCES]),
    st.lists(
        st.builds(Attached, TEXTS.map(lambda name: Path("/media") / name), TEXTS, st.integers(1, 25)), max_size=2
    ),
    st.booleans(),
    st.none() | TEXTS,
)
def test_what_is_rendered_is_read_back(
    text: str,
    variants: dict[str, str],
    divide: Divide,
    media: list[Attached],
    is_numbered: bool,
    link: str | None,
) -> None:
    request = Request(
        text=text,
        selectors=["x:@acme"],
        media=media,
        link=link,
        variants=variants,
        divide=divide,
        numbered=is_numbered,
    )
    assert parse(render(request), PATH) == request


@given(TEXTS)
def test_a_text_that_is_not_divided_stays_so_through_a_file(text: str) -> None:
    from socialguard.publishing.thread_split import authored

    found = parse(render(Request(text=text, selectors=[])), PATH)
    assert authored(found.text) == (text.strip(),)


@pytest.mark.parametrize("line", ["+++facebook", " +++ facebook", "++++ facebook", "+++ Facebook:", "+++x:@acme"])
def test_what_is_almost_the_head_of_a_variant_is_no_text(line: str) -> None:
    """It would be posted, with all that stands below it, on another network."""
    with pytest.raises(DraftInvalid, match="3"):
        parse(f"+++\n+++\n{line}\nFor others", PATH)
    assert parse(render(Request(text=f"One\n{line}", selectors=[])), PATH).text == f"One\n{line}"


@pytest.mark.parametrize("line", ["+++ +", "++++", "\\+++facebook", "C+++ facebook", "+++ super, facebook !"])
def test_what_has_other_signs_is_text(line: str) -> None:
    if line.startswith("+++ "):
        with pytest.raises(DraftInvalid):
            parse(f"+++\n+++\n{line}", PATH)
    else:
        assert parse(f"+++\n+++\n{line}", PATH).text == line.removeprefix("\\")


def test_what_is_kept_comes_back() -> None:
    request = parse(WHOLE, PATH)
    kept = from_kept(request.text, payload_of(request), "d-1")
    assert payload_of(kept) == payload_of(request)
    old = from_kept("Hello", {"to": ["x:@acme"], "media": [], "link": None, "reply_to": None, "at": None}, "d-1")
    assert old == Request(text="Hello", selectors=["x:@acme"], media=[], draft="d-1")


@pytest.mark.parametrize(
    "text",
    [
        "---\nto: x:@acme\n---\nHello",
        "\n---\r\ntitle: Spring\r\nto:\r\n  - x:@acme\r\n# a note\r\n\r\n---\r\nHello",
        "---\ntags: [a, b]\n...\n",
    ],
)
def test_a_head_of_another_program_is_not_posted_as_text(text: str) -> None:
    with pytest.raises(DraftInvalid, match="YAML"):
        require_no_other_head(text, PATH)


@pytest.mark.parametrize(
    "text",
    [
        "---\nOne\n---\nTwo",
        "---\nTwo things: first this.\nThen that.\n---\nEnd",
        "--- to: all ---",
        "Hello\n---\na: b\n---\n",
    ],
)
def test_lines_of_hyphens_in_a_text_are_text(text: str) -> None:
    require_no_other_head(text, PATH)
