"""What a list shows of a long text says that there is more of it."""

from hypothesis import given
from hypothesis import strategies as st

from socialguard.model.text import excerpt


def test_what_fits_stays_and_what_does_not_ends_with_dots() -> None:
    assert excerpt("Our spring\n  blend", 60) == "Our spring blend"
    assert excerpt("a" * 60, 60) == "a" * 60
    assert excerpt("word " * 20, 60) == f"{'word ' * 11}word…"


@given(st.text(max_size=400), st.integers(1, 80))
def test_an_excerpt_is_one_line_of_so_many_characters(text: str, most: int) -> None:
    found = excerpt(text, most)
    assert len(found) <= most
    assert len(found.splitlines()) <= 1
    assert found == " ".join(text.split()) or found.endswith("…")
