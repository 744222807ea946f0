"""What became of brands in public, replayed as their people did it: the command line of a firm that runs all their
accounts, with the account named, so that the question of the switch guard was answered blindly.

Takeovers do not come through a tool. The texts of the incidents are not ours, so they are read where the data lie
beside the checkout; texts of our own, of the same kinds, are always replayed."""

import csv
from pathlib import Path
from typing import Final

import pytest

from tests.guard.incidents.conftest import POSTS, VOICES
from tests.office import Office
from tests.wrong_account.firm import apply_policy

INCIDENTS: Final = Path(__file__).parents[3] / "../shared/data/incidents/incidents.csv"
HANDLES: Final = {"Eric Besson": "eric_besson"}
OUTSIDE: Final = "takeover"
HELD_BY: Final = {
    "RedCross": "affinity",
    "StubHub": "insults",
    "Microsoft": "private",
    "SecretService": "affinity",
    "Matignon": "affinity",
    "PNationale": "affinity",
    "Prefet75_IDF": "affinity",
    "Eric Besson": "private",
    "VodafoneUK": "insults",
    "KennethCole": "tragedy",
}
"""The control, beside the switch guard, that stops each incident that came through a tool, under the policy that
everybody begins with. Of PNationale there is a paraphrase only; what it is like is in OURS."""
OURS: Final = (
    (
        "x:@RedCross",
        "Lea brought two more crates of that dark ale…. tonight gets loud #soooready",
        "affinity",
    ),
    ("x:@SecretService", "Ugh. Stuck. Watching. This. Talk. Show. For. Work. Send help.", "affinity"),
    ("x:@PNationale", "J'ai battu mon record : 3 412 m avec mon singe, qui dit mieux ?", "affinity"),
    (
        "x:@Prefet75_IDF",
        "L'armée russe fait reculer les djihadistes. Qu'attend notre pays ?",
        "affinity",
    ),
    ("x:@StubHub", "Thank f*** the week is over, get me out of this place!", "insults"),
    ("x:@Microsoft", "@SomeProfessor your daughter's level of discourse beats hers", "private"),
    ("x:@Matignon", "Take that, you rating agency #boom", "language"),
    ("x:@eric_besson", "Quand j'arrive je dors. Tellement crevé. Avec toi ?", "private"),
    (
        "x:@KennethCole",
        "Millions riot in the capital. They heard our new collection is online",
        "tragedy",
    ),
)


def held_by(office: Office, text: str, account: str) -> set[str]:
    """Post a text with the account named, without a terminal; return the checks that hold it, none where it went
    out."""
    done = office.post(text, account)
    public = office.published("x")
    assert (done.code == 11) == (public == []), done
    return {one["check"] for one in done.error.get("findings", ()) if one["severity"] in ("hold", "block")}


@pytest.mark.skipif(not INCIDENTS.exists(), reason="the incidents do not lie beside this checkout")
def test_nothing_that_came_through_a_tool_becomes_public(houses: Office) -> None:
    """Eight in ten are promised; each is stopped by the control that is named, with nothing set in the policy."""
    apply_policy(houses, "")
    with INCIDENTS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] != OUTSIDE]
    assert sorted(row["account"] for row in rows) == sorted(HELD_BY)
    stopped = {
        row["account"]: held_by(houses, row["text"], f"x:@{HANDLES.get(row['account'], row['account'])}")
        for row in rows
    }
    assert {name: HELD_BY[name] in checks for name, checks in stopped.items()} == dict.fromkeys(HELD_BY, True)


@pytest.mark.parametrize(("account", "text", "check"), OURS)
def test_texts_of_the_same_kinds_are_held(houses: Office, account: str, text: str, check: str) -> None:
    """The person named the account; the control that is named here does not take that for an answer."""
    assert check in held_by(houses, text, account)


@pytest.mark.parametrize(("account", "text"), [(one, text) for one, text, check in OURS if check == "affinity"])
def test_in_a_terminal_the_name_of_the_account_alone_does_not_let_them_out(
    houses: Office, account: str, text: str
) -> None:
    """Who answers the switch blindly is asked a second question, about the text, and another answer is wanted."""
    name = account.partition("@")[2]
    child = houses.terminal("post", text, "--to", account, "--grace", "0")
    child.expect(r"to post\. Enter stops:")
    child.sendline(name)
    child.expect_exact("CHECK  This reads like")
    for _try in range(3):
        child.expect_exact(f"Still {account}? Type {account}. Enter stops:")
        child.sendline(name)
    child.expect_exact(f"Not {account}. Nothing was sent.")
    child.wait()
    assert (child.exitstatus, houses.published("x")) == (3, [])


def test_ordinary_days_go_on(houses: Office) -> None:
    """Of later posts in the houses' own voices, which the detector never saw, one in twenty at most is held."""
    held = []
    for account, voice in VOICES.items():
        for number in range(POSTS, POSTS + 12):
            done = houses.cli("check", voice.post(number), "--to", account, "--json")
            if any(one["check"] == "affinity" for one in done.document["findings"]):
                held.append((account, voice.post(number)))
    assert len(held) <= 0.05 * 12 * len(VOICES), held
