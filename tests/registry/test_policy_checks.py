"""The parameters of checks: which value holds, where it comes from, and what a policy may not say."""

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.model.account import Account
from socialguard.model.parameter import Flag, Parameter, Text, Texts, Whole, Words
from socialguard.registry import policy_file
from socialguard.registry.policy_checks import CheckRules, check_rules
from socialguard.registry.policy_file import PolicySet
from tests.guard.people import ACME

KNOWN: Final[Mapping[str, Mapping[str, Parameter]]] = {
    "crowd": {"most": Whole(3, 0, 50, "hashtags"), "quiet": Flag(False), "idle": Texts()},
    "words": {"words": Words(), "from": Text("22:00", r"\d\d:\d\d", "a time like 22:00")},
}
SOURCE: Final = """
[defaults.checks.crowd]
level = "warn"
most = 5

[defaults.checks.words]
words.fr = ["zut"]
words.en = ["darn"]

[label.fr.checks.crowd]
most = 4
idle = ["a"]

[label.sport.checks.crowd]
most = 8
quiet = true
idle = ["b"]

[account."x:@acme".checks.words]
words.fr = ["flûte"]
"""


def rules(source: str, account: Account = ACME) -> dict[str, CheckRules]:
    """Return what a policy makes of the checks, on an account that wears every label with rules."""
    found = policy_file.parse(source, checks=KNOWN)
    wearers = {name: frozenset({account.id}) for name in found.labels}
    return check_rules(PolicySet(found.defaults, found.labels, found.accounts, wearers), account, KNOWN)


def test_value_by_value_the_most_specific_wins_and_the_rest_is_built_in() -> None:
    found = rules(SOURCE)
    assert dict(found["words"].parameters) == {"from": "22:00", "words.fr": ("flûte",), "words.en": ("darn",)}
    assert dict(found["words"].places) == {"words.fr": '[account."x:@acme"]', "words.en": "[defaults]"}
    assert (found["words"].level, found["crowd"].level) == (None, "warn")


def test_of_two_labels_the_strictest_value_holds_and_of_lists_both() -> None:
    found = rules(SOURCE)["crowd"]
    assert dict(found.parameters) == {"most": 4, "quiet": True, "idle": ("a", "b")}
    assert dict(found.places) == {
        "level": "[defaults]",
        "most": "[label.fr]",
        "quiet": "[label.sport]",
        "idle": "[label.fr], [label.sport]",
    }


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("[defaults.checks.crowd]\nmost = 51\n", 2, "most must be a whole number of hashtags from 0 to 50"),
        ("[defaults.checks.crowd]\nlevel = 'warn'\nmost = true\n", 3, "a whole number of hashtags"),
        ("[defaults.checks.crowd]\nmots = 3\n", 2, "crowd has no mots; allowed are level, most, quiet, idle"),
        ("[defaults.checks.crowd]\nlevel = 'loud'\n", 2, "off, note, warn, hold, block"),
        ("[defaults]\nchecks.crowd = 3\n", 2, "off, note, warn, hold, block"),
        ("[defaults]\nchecks.crowd.quiet = 'yes'\n", 2, "quiet must be true or false"),
        ("[label.fr.checks.words]\nfrom = '25'\n", 2, "from must be a time like 22:00"),
        ("[label.fr.checks.words]\nwords = ['zut']\n", 2, "a list for each language"),
        ("[label.fr.checks.words]\n\nwords.french = ['zut']\n", 3, "two letters (en, fr) or any"),
        ("[label.fr.checks.words]\nwords.fr = 'zut'\n", 2, "one for each language"),
        ("[label.fr.checks.words]\nwords.fr = [1]\n", 2, "a list of texts"),
        ("[defaults.checks.crowd]\nidle = ['']\n", 2, "idle must be a list of texts"),
        ("[defaults.checks.crowd]\nmost.fr = 3\n", 2, "a parameter is"),
        ("[defaults.checks.crowd]\nidle.fr = ['a']\n", 2, "idle must be a list of texts"),
        ("[defaults.checks.crowd]\nmost = 1.5\n", 2, "a parameter is"),
    ],
)
def test_a_refusal_names_the_line_and_what_is_allowed(source: str, line: int, words: str) -> None:
    with pytest.raises(errors.SettingsInvalid) as refused:
        rules(source)
    assert refused.value.message().startswith(f"policy.toml, line {line}: ")
    assert words in refused.value.message()


def test_what_a_later_program_applied_is_passed_over_and_what_is_no_value_is_refused() -> None:
    later = policy_file.parse("[defaults.checks.crowd]\nvolume = 3\n[defaults.checks.mood]\nmost = 1\n")
    assert dict(check_rules(later, ACME, KNOWN)["crowd"].parameters)["most"] == 3
    with pytest.raises(errors.SettingsInvalid, match=r"crowd\.most must be a whole number"):
        check_rules(policy_file.parse("[defaults.checks.crowd]\nmost = 99\n"), ACME, KNOWN)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5))
def test_however_many_labels_say_so_the_lowest_limit_holds(limits: list[int]) -> None:
    source = "".join(f"[label.l{number}.checks.crowd]\nmost = {most}\n" for number, most in enumerate(limits))
    assert rules(source)["crowd"].parameters["most"] == min(limits)
