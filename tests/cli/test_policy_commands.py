"""`policy apply`, `show`, `check`: rules from a file into the signed manifest, and what holds for an account."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office
from tests.shapes import failed

__all__ = ["office"]

RULES = """
[defaults]
grace = 5
checks.alt = "warn"

[account."x:@acme"]
secure = true
max_late = 60
"""


def apply(office: Office, text: str = RULES) -> shapes.AppliedFields:
    """Put rules in force from the workspace's own file."""
    (office.home / "policy.toml").write_text(text)
    return shown(office.cli("policy", "apply", "--reason", "because", "--json"), shapes.Applied).policy


def test_an_applied_policy_says_for_each_value_where_it_comes_from(office: Office) -> None:
    assert apply(office).changed
    found = shown(office.cli("policy", "show", "x:@acme", "--json"), shapes.Effective).policy
    assert (found.secure, found.grace, found.max_late, found.reconfirm_after) == (True, 5, 60, 30)
    assert found.checks == {"alt": "warn"}
    assert found.places["secure"] == '[account."x:@acme"]'
    assert found.places["grace"] == "[defaults]"
    assert "reconfirm_after" not in found.places
    other = shown(office.cli("policy", "show", "x:@globex", "--json"), shapes.Effective).policy
    assert (other.secure, other.max_late) == (False, 900)


def test_every_rule_of_every_check_is_shown_with_its_place(office: Office) -> None:
    apply(office, "[defaults.checks.crowd]\nhashtags = 2\n[defaults.checks.words]\nwatched.fr = ['promo']\n")
    found = shown(office.cli("policy", "show", "acme", "--json"), shapes.Effective).policy
    rules = {one.rule: (one.value, one.place) for one in found.effective}
    assert rules["checks.crowd.hashtags"] == (2, "[defaults]")
    assert rules["checks.crowd.emoji"][1] is None
    assert rules["checks.words.watched.fr"] == (["promo"], "[defaults]")
    assert rules["checks.crowd"] == ("warn", None)
    assert rules["grace"] == (10, None)
    assert "checks.twin" not in rules
    told = office.cli("policy", "show", "acme").stdout
    assert ["checks.words.watched.fr", "promo", "[defaults]"] in [line.split() for line in told.splitlines()]


def test_a_byte_order_mark_is_no_rule(office: Office) -> None:
    assert apply(office, "\ufeff[defaults]\r\ngrace = 5\r\n").changed
    assert office.cli("policy", "show", "x:@acme", "--json").document["policy"]["grace"] == 5


def test_a_diff_tells_what_a_file_would_change_and_for_whom(office: Office, tmp_path: Path) -> None:
    apply(office)
    file = tmp_path / "next.toml"
    file.write_text(
        RULES.replace("grace = 5", "grace = 7").replace('"warn"', '"off"') + "checks.crowd.emoji = 3\n"
    )
    found = shown(office.cli("policy", "diff", str(file), "--json"), shapes.Difference).policy
    changes = {one.rule: (one.before, one.after, one.accounts) for one in found.changes}
    everyone = sorted(["x:@acme", "x:@globex", "facebook:@acme", "facebook:@globex"])
    assert {name: (was, now) for name, (was, now, _) in changes.items()} == {
        "grace": (5, 7),
        "checks.alt": ("warn", "off"),
        "checks.crowd.emoji": (10, 3),
    }
    assert (sorted(changes["grace"][2]), changes["checks.crowd.emoji"][2]) == (everyone, ["x:@acme"])
    file.write_text(RULES + "# other words, same rules\n")
    assert shown(office.cli("policy", "diff", str(file), "--json"), shapes.Difference).policy.changes == []
    assert "changes nothing" in office.cli("policy", "diff", str(file)).stdout
    file.write_text("[defaults]\ngrase = 1\n")
    assert "next.toml, line 2" in office.cli("policy", "diff", str(file), "--json").error["message"]


def test_the_same_policy_twice_signs_nothing_new(office: Office) -> None:
    first = apply(office)
    again = apply(office)
    assert (again.changed, again.epoch, again.sha256) == (False, first.epoch, first.sha256)


def test_a_file_that_differs_from_what_is_in_force_is_told(office: Office) -> None:
    apply(office)
    (office.home / "policy.toml").write_text(RULES + "# later\n")
    done = office.cli("policy", "show", "x:@acme")
    assert "policy apply" in done.stderr
    assert not shown(office.cli("policy", "show", "acme", "--json"), shapes.Effective).policy.file_is_applied


def test_a_check_changes_nothing_and_names_the_line(office: Office, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(RULES)
    bad.write_text('[account."x:@acme"]\nsecure = true\ngrace = -1\n')
    found = shown(office.cli("policy", "check", str(good), "--json"), shapes.Checked).policy
    assert found.accounts == ["x:@acme"]
    done = office.cli("policy", "check", str(bad), "--json")
    assert done.code == 1
    assert "bad.toml, line 3" in done.error["message"]
    shown_now = shown(office.cli("policy", "show", "acme", "--json"), shapes.Effective).policy
    assert not shown_now.secure


def test_a_check_tells_all_that_is_wrong_with_file_and_line(office: Office, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('[defaults]\ngrace = -1\nsecure = 3\n[account."x:@nobody"]\nchecks.atl = "warn"\n')
    done = office.cli("policy", "check", str(bad), "--json")
    refused = failed(done, 1, "settings_invalid")
    assert [one.line for one in refused.problems or ()] == [2, 3, 4, 5]
    assert refused.problems is not None
    assert refused.message == refused.problems[0].message
    told = office.cli("policy", "check", str(bad)).stderr.splitlines()
    assert told[0].startswith("1 bad.toml, line 2: ")
    assert [line.partition(":")[0] for line in told[1:]] == [f"bad.toml, line {number}" for number in (3, 4, 5)]
    bad.write_text("[defaults\ngrace = -1\n")
    broken = failed(office.cli("policy", "check", str(bad), "--json"), 1, "settings_invalid")
    assert [one.line for one in broken.problems or ()] == [1]


def test_rules_for_nobody_are_refused_and_leave_what_is_in_force(office: Office, tmp_path: Path) -> None:
    before = apply(office)
    for text in (
        '[account."x:@acmee"]\nsecure = true\n',
        '[defaults]\nchecks.spelling = "block"\n',
        "[defaults\n",
        "[defaults]\ngrase = 3\n",
    ):
        wrong = tmp_path / "wrong.toml"
        wrong.write_text(text)
        done = office.cli("policy", "apply", str(wrong), "--json")
        assert (done.code, "wrong.toml" in done.error["message"]) == (1, True), (text, done)
    assert shown(office.cli("policy", "show", "acme", "--json"), shapes.Effective).policy.sha256 == before.sha256


def test_a_file_that_is_not_there_or_not_text_is_one_clear_sentence(office: Office, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert office.cli("policy", "apply", "--json").code == 5
    assert office.cli("policy", "apply", str(tmp_path / "none"), "--json").code == 5
    assert office.cli("policy", "check", str(tmp_path / "bytes"), "--json").code == 15
    assert "Save it as UTF-8" in office.cli("policy", "check", str(tmp_path / "bytes")).stderr
    (tmp_path / "huge").write_bytes(b"#" * ((1 << 20) + 1))
    assert office.cli("policy", "check", str(tmp_path / "huge"), "--json").code == 2


def test_a_policy_changed_in_the_database_is_refused(office: Office) -> None:
    apply(office)
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute("update policy set source = replace(source, 'secure = true', 'secure = false')")
    assert office.post("Hello").code == 13
    assert office.cli("policy", "show", "acme", "--json").code == 13


def test_applying_leaves_an_entry_with_its_reason(office: Office) -> None:
    apply(office)
    entry = office.cli("audit", "list", "--action", "policy.apply", "--json").document["entries"][0]
    assert entry["reason"] == "because"
    assert entry["actor"]["proof"] != "claimed"


def test_the_policy_that_the_documentation_shows_can_be_applied(office: Office, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    shown_there = tmp_path / "policy.toml"
    shown_there.write_text(page.partition("```toml\n")[2].partition("```")[0])
    assert office.cli("policy", "check", str(shown_there), "--json").code == 0
