"""The documents describe every check as it is: its level, its parameters, their defaults and ranges."""

import re
from pathlib import Path
from typing import Final

import pytest

from socialguard.guard.checks import CHECKS, FIXED
from socialguard.model.parameter import Whole, Words

DOCS: Final = Path(__file__).parents[2] / "docs"
ROWS: Final[dict[str, str]] = {}
for _page in sorted(DOCS.glob("checks*.md")):
    for _name, _row in re.findall(r"^\| `(\w+)` \| (.+) \|$", _page.read_text(encoding="utf-8"), re.MULTILINE):
        ROWS.setdefault(_name, _row)  # the first table describes, a later one has figures


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_documented_with_its_level_and_parameters(name: str) -> None:
    row, check = ROWS[name], CHECKS[name]
    assert f"`{check.LEVEL or 'off'}`" in row
    for key, parameter in check.PARAMETERS.items():
        assert f"`{key}" in row
        if isinstance(parameter, Whole):
            assert f"`{key}` ({parameter.default}, {parameter.low} to {parameter.high}" in row
        elif isinstance(parameter, Words):
            assert f"`{key}.LANGUAGE`" in row


def test_the_check_that_no_policy_lowers_is_named_so() -> None:
    for name in FIXED:
        assert "no policy lowers it" in ROWS[name]
