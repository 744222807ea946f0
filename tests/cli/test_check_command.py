"""`check`: what every check says of a text, marked in it; nothing is kept, queued or asked."""

from pathlib import Path

import pytest

from tests.cli import shapes
from tests.office import Office, office

__all__ = ["office"]


def found(office: Office, text: str, *more: str) -> dict[str, shapes.FindingFields]:
    """Return the findings on a text for x:@acme by check, and hold the exit code against them."""
    done = office.cli("check", text, "--to", "x:@acme", *more, "--json")
    document = shapes.Findings.model_validate(done.document)
    stops = any(one.severity in ("hold", "block") for one in document.findings)
    assert done.code == (11 if stops else 0)
    return {one.check: one for one in document.findings}


def test_a_good_text_has_no_finding_and_leaves_nothing_behind(office: Office) -> None:
    assert found(office, "The library opens at nine on Monday.") == {}
    assert office.cli("check", "The library opens at nine.", "--to", "acme").stdout == "Nothing was found.\n"
    assert office.cli("draft", "list", "--json").document["drafts"] == []
    assert office.queue() == []


def test_a_price_is_written_as_the_language_writes_it(office: Office) -> None:
    for language, price in (("en", "$0.185"), ("fr", "0,185 $")):
        told = office.cli("check", "More: https://example.org/x", "--to", "acme", LANG=language).stdout
        assert price in told.splitlines()[0]


def test_findings_come_together_each_with_its_place_in_the_text(office: Office) -> None:
    text = "Well f*** {{name}}, call 06 12 34 56 78"
    checks = found(office, text)
    assert {name: one.severity for name, one in checks.items()} == {
        "insults": "hold",
        "placeholder": "hold",
        "personal": "warn",
    }
    parts = {name: text[slice(*one.span)] for name, one in checks.items() if one.span}
    assert parts == {"insults": "f***", "placeholder": "{{name}}", "personal": "06 12 34 56 78"}


def test_what_would_stop_a_post_stops_the_post(office: Office) -> None:
    assert office.post("Well f*** it").code == 11
    assert office.published() == []


def test_a_person_sees_the_part_that_is_meant_with_marks_under_it(office: Office) -> None:
    done = office.cli("check", "Été: merde alors", "--to", "acme")
    assert done.stdout.splitlines()[1:] == ["  Été: merde alors", "       ^^^^^"]


def test_in_a_terminal_the_part_is_coloured_unless_colours_are_off(office: Office) -> None:
    plain = {"NO_COLOR": "1"}
    for settings, shown in (
        ({}, "Quelle \x1b[1;31mmerde\x1b[0m\r\n"),
        (plain, "Quelle merde\r\n         ^^^^^\r\n"),
    ):
        terminal = office.terminal("check", "Quelle merde", "--to", "acme", **settings)
        terminal.expect_exact(shown)
        terminal.close()


def test_a_secret_is_not_repeated(office: Office) -> None:
    token = "ghp_" + "a1B2" * 9
    done = office.cli("check", f"Use {token} to log in", "--to", "acme")
    assert done.code == 11
    assert "GitHub" in done.stdout
    assert token not in done.stdout + done.stderr


def test_a_credential_of_our_own_is_known_without_being_opened(office: Office) -> None:
    longest = max((one for one in office.secrets if one), key=len)
    checks = found(office, f"see {longest}.")
    assert "own accounts" in checks["secrets"].message
    assert checks["secrets"].severity == "block"
    assert longest not in checks["secrets"].message


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_the_text_can_come_from_a_file_or_standard_input(office: Office, tmp_path: Path, way: str) -> None:
    path = tmp_path / "post.txt"
    path.write_text("TODO: say hello\n", encoding="utf-8")
    if way == "file":
        done = office.cli("check", "--file", str(path), "--to", "x:@acme", "--json")
    else:
        done = office.cli("check", "-", "--to", "x:@acme", "--json", stdin=path.read_text())
    assert [one["check"] for one in done.document["findings"]] == ["placeholder"]


def test_policy_sets_level_parameters_and_words(office: Office) -> None:
    (office.home / "policy.toml").write_text(
        '[defaults.checks.insults]\nlevel = "warn"\n'
        '[account."x:@acme".checks.words]\nforbidden.any = ["Globex"]\nwatched.en = ["cheap"]\n'
        "[account.'x:@acme'.checks.crowd]\nhashtags = 1\n"
    )
    assert office.cli("policy", "apply", "--json").code == 0
    checks = found(office, "Cheaper than Gl0bex, cheap #one #two and no shit")
    assert {name: one.severity for name, one in checks.items()} == {
        "insults": "warn",
        "words": "warn",
        "crowd": "warn",
    }
    assert "words" not in {one["check"] for one in _of_globex(office)}


def _of_globex(office: Office) -> list[dict[str, object]]:
    found: list[dict[str, object]] = office.cli("check", "Globex", "--to", "x:@globex", "--json").document[
        "findings"
    ]
    return found


def test_an_account_without_name_is_a_mistake_of_use(office: Office) -> None:
    assert office.cli("check", "Hello", "--json").code == 2
    assert office.cli("check", "Hello", "--to", "x:@nobody", "--json").code == 5


def test_what_is_said_of_one_part_of_a_thread_is_marked_in_that_part(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "thread.md"
    path.write_text('+++\nto = ["x:@acme"]\n+++\nIt opens on TODO, come\n---\nThe second part\n', encoding="utf-8")
    done = office.cli("check", "--file", str(path), "--to", "x:@acme")
    assert done.stdout.splitlines()[1:] == ["  It opens on TODO, come", "              ^^^^"]
    (found,) = office.cli("check", "--file", str(path), "--to", "x:@acme", "--json").document["findings"]
    assert (found["part"], found["span"]) == (1, [12, 16])
