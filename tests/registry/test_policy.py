"""The policy: what holds for an account and why, and that only the signed one counts."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from socialguard import errors
from socialguard.guard.checks import SET_BY_POLICY
from socialguard.registry import changes, enrolment, policy, policy_file
from socialguard.registry.accounts import Registry
from socialguard.registry.manifest import EMPTY_POLICY
from socialguard.registry.policy import Policy
from socialguard.store.tables import label
from socialguard.store.tables import policy as table

from .conftest import Office

SOURCE = """\
# what protects us
[defaults]
grace = 20
checks.alt = "warn"

[label.fr]
reconfirm_after = 15
checks = { alt = "hold", links = "off" }

[label.sport]
reconfirm_after = 5
checks.alt = "note"

[account."x:@acme"]
secure = true
approvals = 1
max_late = 0
"""


def applied(office: Office, source: str) -> None:
    with office.database.write() as connection:
        office.manifest = policy.apply(connection, office.owner, office.manifest, source)


def of(office: Office, name: str) -> Policy:
    with office.database.read() as connection:
        account = Registry(office.manifest).resolve(connection, [name])[0]
        return policy.effective(policy.load_applied(connection, office.manifest), account)


@pytest.fixture
def three(office: Office) -> Office:
    office.add("x:@acme", labels=["fr", "sport"])
    office.add("x:@globex", labels=["fr"])
    office.add("x:@initech")
    return office


def test_without_a_policy_the_built_in_values_hold_and_are_signed(three: Office) -> None:
    assert three.manifest.policy_sha256 == EMPTY_POLICY == hashlib.sha256(b"").hexdigest()
    assert of(three, "x:@acme") == Policy(False, 10, 30, 0, 900)


def test_the_most_specific_section_wins_and_of_two_labels_the_strictest(three: Office) -> None:
    applied(three, SOURCE)
    acme, globex, initech = (of(three, name) for name in ("x:@acme", "x:@globex", "x:@initech"))
    assert (acme.secure, acme.approvals, acme.max_late, acme.grace, acme.reconfirm_after) == (True, 1, 0, 20, 5)
    assert acme.checks == {"alt": "hold", "links": "off"}
    assert acme.places == {
        "secure": '[account."x:@acme"]',
        "approvals": '[account."x:@acme"]',
        "max_late": '[account."x:@acme"]',
        "grace": "[defaults]",
        "reconfirm_after": "[label.sport]",
        "checks.alt": "[label.fr]",
        "checks.links": "[label.fr]",
    }
    assert (globex.secure, globex.reconfirm_after, dict(globex.checks)) == (
        False,
        15,
        {"alt": "hold", "links": "off"},
    )
    assert (initech.grace, initech.reconfirm_after, dict(initech.checks)) == (20, 30, {"alt": "warn"})


def test_without_label_rules_the_hash_is_that_of_the_file(three: Office) -> None:
    source = "[defaults]\r\ngrace = 0 # été\n"
    applied(three, source)
    assert three.manifest.policy_sha256 == hashlib.sha256(source.encode()).hexdigest()
    with three.database.read() as connection:
        assert policy.applied_text(connection, three.manifest) == source


def test_applying_the_same_file_again_signs_nothing(three: Office) -> None:
    applied(three, SOURCE)
    before = three.manifest
    applied(three, SOURCE)
    assert three.manifest is before
    with three.database.read() as connection:
        assert policy.applied_text(connection, before) == SOURCE


def test_a_policy_changed_in_the_database_is_tampered(three: Office) -> None:
    applied(three, SOURCE)
    for change in (
        update(table).values(source=SOURCE.replace("true", "false")),
        update(table).values(source=""),
        delete(table),
    ):
        with three.database.write() as connection:
            connection.execute(change)
        with pytest.raises(errors.Tampered):
            of(three, "x:@acme")


def test_a_label_taken_off_in_the_database_takes_no_protection_off(three: Office) -> None:
    applied(three, SOURCE)
    with three.database.write() as connection:
        connection.execute(delete(label))
        connection.execute(insert(label).values(account_id=three.manifest.accounts[2].id, name="sport"))
    assert of(three, "x:@acme").reconfirm_after == 5
    applied(three, SOURCE + "\n# applied again\n")
    assert of(three, "x:@acme").reconfirm_after == 5
    assert of(three, "x:@initech").reconfirm_after == 30


def test_labels_that_have_rules_are_signed_when_they_change(three: Office) -> None:
    applied(three, SOURCE)
    ids = {one.handle: one.id for one in three.manifest.accounts}
    with three.database.write() as connection:
        after = changes.relabel(connection, three.owner, three.manifest, ids["initech"], add=["sport"])
        after = changes.relabel(connection, three.owner, after, ids["acme"], drop=["sport"])
        same = changes.relabel(connection, three.owner, after, ids["acme"], add=["unruled"])
    assert after.epoch == three.manifest.epoch + 2
    assert same is after
    three.manifest = after
    assert of(three, "x:@initech").reconfirm_after == 5
    assert of(three, "x:@acme").reconfirm_after == 15
    three.add("x:@hooli", labels=["sport"])
    assert of(three, "x:@hooli").reconfirm_after == 5
    with three.database.write() as connection:
        three.manifest = enrolment.remove(connection, three.owner, three.manifest, ids["initech"])
        wearers = policy.load_applied(connection, three.manifest).wearers
    assert ids["initech"] not in wearers["sport"]


def test_a_handle_with_rules_of_its_own_keeps_its_name(three: Office) -> None:
    applied(three, SOURCE)
    ids = {one.handle: one.id for one in three.manifest.accounts}
    with three.database.write() as connection:
        with pytest.raises(errors.UsageError, match="cease to protect"):
            changes.set_handle(connection, three.owner, three.manifest, ids["acme"], "acme2")
        changes.set_handle(connection, three.owner, three.manifest, ids["globex"], "globex_world")


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("[defaults]\ngrace = -1\n", 2, "0 to 86400"),
        ("[defaults]\n\n# no\ngrace = '10'\n", 4, "seconds"),
        ("[defaults]\nreconfirm_after = 0\n", 2, "1 to 1440"),
        ("[defaults]\napprovals = 6\n", 2, "0 to 5"),
        ("[defaults]\nsecure = 1\n", 2, "true or false"),
        ("[defaults]\ngrase = 3\n", 2, "secure, grace"),
        ("\n[label.fr]\nchecks.alt = 'loud'\n", 3, "off, note, warn, hold, block"),
        ("[label.fr.checks]\nalt = 'warn'\nlinks = 3\n", 3, "off, note"),
        ("[label]\nfr = 3\n", 2, "secure, grace"),
        ("[default]\ngrace = 3\n", 1, "[defaults]"),
        ("[defaults]\n[account.'x:@nobody']\nsecure = true\n", 2, "no account x:@nobody"),
        ("[account.acme]\nsecure = true\n", 1, "x:@acme"),
        ("[labels]\nfr = []\n", 1, "sections"),
    ],
)
def test_an_error_names_file_line_and_what_is_allowed(three: Office, source: str, line: int, words: str) -> None:
    with pytest.raises(errors.SettingsInvalid) as refused:
        applied(three, source)
    message = refused.value.message()
    assert message.startswith(f"policy.toml, line {line}: ")
    assert words in message


ALL_WRONG = """\
[defaults]
grace = -1
grase = 3
checks.alt = 'loud'
checks.atl = 'warn'
checks.crowd = { emoji = 9999, volume = 3 }

[label]
fr = 3

[label.sport]
secure = "yes"

[account."x:@nobody"]
approvals = 9

[account.acme]
secure = true

[default]
grace = 1
"""


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(three: Office) -> None:
    with pytest.raises(errors.SettingsInvalid) as refused:
        policy_file.parse(ALL_WRONG, "p.toml", checks=SET_BY_POLICY, accounts=["x:@acme"])
    told = [one.message() for one in refused.value.fields["problems"]]  # type: ignore[attr-defined]
    wanted = [
        (2, "0 to 86400"),
        (3, "there is no grase"),
        (4, "off, note, warn"),
        (5, "no check is called atl"),
        (6, "crowd has no volume"),
        (6, "the parameter emoji must be a whole number"),
        (9, "a section holds"),
        (12, "true or false"),
        (14, "no account x:@nobody"),
        (15, "from 0 to 5"),
        (17, "acme"),
        (20, "the sections are"),
    ]
    assert len(told) == len(wanted)
    for message, (line, words) in zip(told, wanted, strict=True):
        assert message.startswith(f"p.toml, line {line}: "), message
        assert words in message
    assert refused.value.message() == told[0]


def test_more_than_a_hundred_problems_are_not_told() -> None:
    source = "[defaults]\n" + "".join(f"g{number} = 1\n" for number in range(5000))
    with pytest.raises(errors.SettingsInvalid) as refused:
        policy_file.parse(source)
    assert len(refused.value.fields["problems"]) == 100  # type: ignore[arg-type]


VALUES = st.recursive(
    st.sampled_from([0, -1, 10**9, True, "warn", "loud", 1.5, ["a"], [1], []]),
    lambda inner: st.dictionaries(
        st.sampled_from(["level", "alt", "crowd", "emoji", "words", "fr", "checks", "grace", "secure", "x:@acme"]),
        inner,
        max_size=3,
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["defaults", "label", "account", "labels"]), VALUES, max_size=3))
def test_whatever_a_file_holds_it_is_a_policy_or_its_problems_are_told(data: dict[str, object]) -> None:
    source = "".join(f"{name} = {_toml(value)}\n" for name, value in data.items())
    try:
        policy_file.parse(source, checks=SET_BY_POLICY, accounts=["x:@acme"])
    except errors.SettingsInvalid as refused:
        problems = refused.fields["problems"]
        assert [one.fields["line"] for one in problems] == sorted(one.fields["line"] for one in problems)  # type: ignore[attr-defined]
        assert all(1 <= one.fields["line"] <= len(data) for one in problems)  # type: ignore[attr-defined]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def test_broken_toml_is_refused_with_its_line(three: Office) -> None:
    with pytest.raises(errors.SettingsInvalid, match="line 2"):
        applied(three, "[defaults]\ngrace = \n")


def test_broken_toml_is_one_of_the_problems_with_its_line_for_scripts() -> None:
    for source, line in (
        ("[defaults\n", 1),
        ("[defaults]\ngrace = 1\ngrace = 2\n", 3),
        ("[defaults]\ngrace =", 2),
    ):
        with pytest.raises(errors.SettingsInvalid) as refused:
            policy_file.parse(source, "p.toml")
        problems = refused.value.fields["problems"]
        assert isinstance(problems, list)
        problem: errors.SocialGuardError = problems[0]
        assert (problem.fields["line"], str(problem)) == (line, str(refused.value))
        assert str(problem).startswith(f"p.toml, line {line}: "), problem


@pytest.mark.parametrize(("value", "said"), [("[" * 3000, "nested too deep"), ("9" * 5000, "too many digits")])
def test_a_value_that_no_parser_takes_is_refused_as_broken_toml_is(value: str, said: str) -> None:
    with pytest.raises(errors.SettingsInvalid, match=said):
        policy_file.parse(f"[defaults]\ngrace = {value}\n")


def test_an_unknown_check_is_refused_where_the_checks_are_known() -> None:
    source = "[defaults]\nchecks.alt = 'warn'\nchecks.atl = 'warn'\n"
    assert policy_file.parse(source).defaults.checks == {"alt": "warn", "atl": "warn"}
    with pytest.raises(errors.SettingsInvalid, match=r"line 3: no check is called atl; there are: alt, links"):
        policy_file.parse(source, checks={"links": {}, "alt": {}})


def test_the_part_that_apply_writes_cannot_be_brought_in_a_file(three: Office) -> None:
    applied(three, SOURCE)
    with three.database.read() as connection:
        stored = connection.execute(table.select()).one().source
    assert stored.startswith(SOURCE)
    with pytest.raises(errors.SettingsInvalid, match="take it out"):
        applied(three, stored)


EXAMPLE = Path(__file__).parents[2] / "config" / "policy.toml"


def test_the_example_weakens_nothing_as_it_stands_and_holds_when_its_lines_are_used() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    bare = policy_file.parse(text)
    assert (bare.defaults, bare.labels, bare.accounts) == (policy_file.Rules(), {}, {})
    head, _, body = text.partition("\n[defaults]\n")
    used = policy_file.parse("[defaults]\n" + f"\n{body}".replace("\n# ", "\n"), checks=SET_BY_POLICY)
    assert used.accounts["x:@ville-lyon"].values == {"secure": True, "approvals": 1}
    assert used.labels["official"].checks == {"alt": "hold", "quiet": "hold"}
    assert used.defaults.values == {"grace": 10, "reconfirm_after": 30}
    for key in [*used.defaults.values, "max_late", "secure", "approvals"]:
        assert f"# {key} " in head
