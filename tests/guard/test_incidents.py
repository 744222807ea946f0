"""What became of brands in public, replayed: which text check would have stopped each text.

The switch prompt is taken to be answered blindly, and takeovers do not come through a tool. The texts are not
ours, so they are read where the data lie beside the checkout; those that no text check can know (a matter-of-fact
remark on another account) are left to the detector of wrong accounts."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from socialguard.guard.checks import run_checks
from socialguard.model.delivery import Content
from tests.guard.people import subject

INCIDENTS: Final = Path(__file__).parents[2] / "../shared/data/incidents/incidents.csv"
STOPPED_BY: Final = {
    "StubHub": "insults",
    "Microsoft": "private",
    "Matignon": "language",
    "Eric Besson": "private",
    "VodafoneUK": "insults",
    "KennethCole": "tragedy",
}
"""The incidents that came through a tool and that a text check alone stops. The French state writes French."""


@pytest.mark.skipif(not INCIDENTS.exists(), reason="the incidents do not lie beside this checkout")
def test_incidents_are_stopped_by_the_check_that_is_named() -> None:
    with INCIDENTS.open(encoding="utf-8", newline="") as file:
        rows = {row["account"]: row for row in csv.DictReader(file)}
    for account, check in STOPPED_BY.items():
        languages = ("fr",) if account in ("Matignon", "Eric Besson") else ("en",)
        given = replace(subject(Content(rows[account]["text"])), languages=languages)
        assert check in {one.check for one in run_checks(given) if one.stops}, account


@pytest.mark.parametrize(
    ("text", "languages", "check"),
    [
        ("Thank f*** it's Friday, can't wait to leave this place!", ("en",), "insults"),
        ("is fed up of dirty homo's", ("en",), "insults"),
        ("Strange that the town that builds our cars cannot f***ing drive one", ("en",), "insults"),
        ("@SomeProfessor your daughter's level of discourse beats hers", ("en",), "private"),
        ("Take that, you rating agency #boom", ("fr",), "language"),
        ("Quand j'arrive je dors. Tellement crevé. Avec toi ?", ("fr",), "private"),
        ("Millions riot in the capital. They heard our new collection is available online", ("en",), "tragedy"),
    ],
)
def test_texts_of_the_same_kinds_are_stopped(text: str, languages: tuple[str, ...], check: str) -> None:
    given = replace(subject(Content(text)), languages=languages)
    assert check in {one.check for one in run_checks(given) if one.stops}
