"""Codes of countries and languages in a policy: none that nobody has, and one language by each of its names."""

import pytest

from socialguard.guard.checks import CHECKS
from socialguard.guard.languages import languages_of
from socialguard.guard.reading import language_of
from socialguard.registry.policy_checks import CheckRules
from tests.guard.people import ACME
from tests.guard.text_checks import told

NORWEGIAN = "Velkommen til museet vårt i morgen, vi gleder oss til å se dere alle sammen"
HEBREW = "שלום לכולם, המוזיאון פתוח היום עד שעה מאוחרת בערב"


@pytest.mark.parametrize(
    ("check", "parameter", "good", "bad"),
    [
        ("personal", "countries", ("GB", "CH"), ("UK", "XX")),
        ("holiday", "countries", ("FR", "CA-QC"), ("UK", "EN-GB")),
        ("language", "languages", ("ja", "nb", "br"), ("jp", "xx")),
    ],
)
def test_a_code_that_nobody_has_is_refused(
    check: str, parameter: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    allowed = CHECKS[check].PARAMETERS[parameter]
    assert allowed.accepts(list(good))
    for code in bad:
        assert not allowed.accepts([good[0], code]), code


@pytest.mark.parametrize(("text", "code"), [(NORWEGIAN, "nb"), (NORWEGIAN, "no"), (HEBREW, "he")])
def test_a_language_is_known_by_each_of_its_codes(text: str, code: str) -> None:
    rules = {"language": CheckRules(None, {"languages": (code,)}, {})}
    languages = languages_of(ACME, rules)
    assert told("language", text, languages=languages) == []
    assert told("language", "Our doors open at nine, and you are all welcome", languages=languages)[0][0] == "hold"


def test_a_language_that_the_detector_never_heard_of_leaves_the_check_on() -> None:
    assert language_of("Our doors open at nine, and you are all welcome", "se") == ("en", True)
