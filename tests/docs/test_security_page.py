"""What docs/security.md claims is shown by tests that exist."""

import ast
import re
from functools import cache
from typing import Final

import pytest

from tests.docs.pages import ROOT, read, section

TEXT: Final = read("docs/security.md")
INCIDENTS: Final = (
    "Twitter 2020",
    "AP 2013",
    "SEC 2024",
    "HMV 2013",
    "US Airways 2014",
    "KitchenAid 2012",
    "Red Cross 2011",
    "Chrysler 2011",
    "Ministère de la Culture 2017",
)
ROWS: Final = dict(
    re.findall(
        r"^\| ([^|]+?) \| (.+) \|$",
        section(TEXT, "Nine incidents, and what would have stopped them"),
        re.MULTILINE,
    )
)
IDS: Final = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of the tests of a file."""
    parsed = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in parsed.body if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize("name", INCIDENTS)
def test_each_incident_has_a_row_with_what_happened_what_stops_it_and_a_test(name: str) -> None:
    happened, stopped, shown = ROWS[name].split(" | ")
    assert len(happened) > 40
    assert len(stopped) > 40
    assert "::test_" in shown


def test_every_test_that_the_page_names_exists() -> None:
    assert len(IDS) > 20
    for path, name in IDS:
        assert (ROOT / path).is_file(), path
        assert not name or name in names_in(path), f"{path}::{name}"
