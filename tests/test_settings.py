"""`socialguard.toml`: what is wrong is told by file, line and what is allowed, in words of ours."""

from pathlib import Path

import pytest

from socialguard import errors, settings, settings_file
from socialguard.settings import Settings
from tests.office import Office, office

__all__ = ["office"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('language = "de"', 'socialguard.toml, line 1: language is "en" or "fr".'),
        (
            "\n\nlanguge = 1",
            "line 3: there is no languge; the file holds language, zone, database and",
        ),
        ('zone = "Paris"', "line 1: Paris is not a time zone; zone is the name of a time zone in quotes"),
        ("[audit]\nanchors = 1", "line 2: [audit] anchors is a list of texts in quotes"),
        ("[audit]\nanchors = [1]", "line 2: [audit] anchors is a list of texts in quotes"),
        (
            "[audit]\n\nstale = 3",
            "there is no stale; [audit] holds anchors, local_anchor, stale_after_hours, "
            "require_anchor_within_minutes, sinks, sink_format.",
        ),
        ("audit = 1", "line 1: audit is a section [audit] with anchors"),
        (
            '[budget]\nday_usd = "5"',
            "line 2: [budget] day_usd is an amount in US dollars such as 12.50",
        ),
        ("[budget.client.acme]\nweek_usd = 5", "line 2: there is no week_usd; [budget.client.acme] holds day_usd"),
        ("[budget.client.acme]\nday_usd = -5", "line 2: [budget.client.acme] day_usd is an amount in US dollars"),
        ('[backup.crons]\n"x:@acme" = 3', "line 2: x:@acme is five fields of a crontab in quotes"),
        ('[limits.x]\ntext = "long"', "line 2: a section [limits.NETWORK] holds whole numbers."),
        (
            '[daemon]\nheartbeat_url = "ftp://x"',
            "line 2: [daemon] heartbeat_url is an http or https URL",
        ),
        ("[sections]\na = 1", "line 1: there is no sections; the file holds"),
        ("language = \n", "at line 1"),
        ("language = " + "[" * 3000, "nested too deep"),
        ("language = " + "9" * 5000, "too many digits"),
    ],
)
def test_a_wrong_setting_names_the_line_and_what_is_allowed(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "socialguard.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(errors.SettingsInvalid) as caught:
        settings.load(path)
    message = caught.value.message()
    assert told in message
    assert "Input should" not in message


def test_a_byte_order_mark_is_no_setting(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.toml"
    path.write_text('language = "fr"\r\n', encoding="utf-8-sig")
    assert settings.load(path).language == "fr"


def test_every_key_that_the_file_may_hold_has_its_words() -> None:
    """A key that is added to the model and not to the words would be told as one that there is not."""
    document = settings_file._document()
    for section, field in document.model_fields.items():
        if section == "limits":
            continue
        keys = getattr(field.annotation, "model_fields", None)
        if keys is None:
            assert section in settings_file._ALLOWED[""], section
        else:
            assert set(keys) == set(settings_file._ALLOWED[section]), section


def test_an_empty_file_and_none_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.toml"
    assert settings.load(path) == Settings()
    path.write_text("", encoding="utf-8")
    assert settings.load(path) == Settings()


def test_a_wrong_cron_is_told_where_the_next_run_would_be_shown(office: Office) -> None:
    (office.home / "socialguard.toml").write_text('[backup]\ncron = "17 25 * * *"\n', encoding="utf-8")
    done = office.cli("backup", "status", "--json")
    assert (done.code, done.error["name"]) == (1, "settings_invalid")
    assert "[backup] cron" in done.error["message"]


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def shared(tmp_path: Path, text: str) -> Path:
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    path = place / "socialguard.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_section_of_a_machines_own_replaces_the_workspaces(tmp_path: Path) -> None:
    path = shared(tmp_path, 'language = "fr"\n[audit]\nanchors = ["dir:/a"]\nstale_after_hours = 3\n')
    found = settings.of_workspace(
        path, own(tmp_path, '[audit]\nanchors = ["dir:/b"]\n[http]\nproxy = "http://p"\n')
    )
    assert (found.language, found.anchors, found.stale_after_hours, found.proxy) == (
        "fr",
        ("dir:/b",),
        24,
        "http://p",
    )
    assert settings.of_workspace(path, tmp_path / "none").anchors == ("dir:/a",)


@pytest.mark.parametrize("section", settings_file.OWN)
@pytest.mark.parametrize(("folder", "file"), [(0o770, 0o600), (0o2770, 0o660), (0o755, 0o664), (0o703, 0o600)])
def test_a_section_of_a_machines_own_is_refused_where_others_can_write(
    tmp_path: Path, section: str, folder: int, file: int
) -> None:
    """It says where it belongs; once it stands there, what others write is passed over."""
    path = shared(tmp_path, f"[{section}]\n")
    assert settings.of_workspace(path, tmp_path / "none") == Settings()
    path.parent.chmod(folder)
    path.chmod(file)
    with pytest.raises(errors.SettingsOpen) as caught:
        settings.of_workspace(path, tmp_path / "none")
    assert f"holds [{section}]" in caught.value.message()
    assert str(tmp_path / "none") in caught.value.what_to_do()
    assert settings.of_workspace(path, own(tmp_path, f"[{section}]\n")) == Settings()


def test_the_file_beside_the_keys_is_refused_too_where_others_can_write(tmp_path: Path) -> None:
    path = own(tmp_path, '[http]\nproxy = "http://p"\n')
    path.parent.chmod(0o777)
    with pytest.raises(errors.SettingsOpen):
        settings.of_workspace(tmp_path / "none.toml", path)


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o664), (0o755, 0o644)])
def test_what_others_only_read_or_do_not_reach_is_as_good(tmp_path: Path, folder: int, file: int) -> None:
    path = shared(tmp_path, '[http]\nproxy = "http://p"\n')
    path.parent.chmod(folder)
    path.chmod(file)
    assert settings.of_workspace(path, tmp_path / "none").proxy == "http://p"


def test_the_file_beside_the_keys_holds_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(errors.SettingsInvalid, match=r"line 2: this file holds \[audit\], \[http\], \[daemon\]"):
        settings.of_workspace(shared(tmp_path, ""), own(tmp_path, '\nzone = "UTC"\n[http]\n'))


def test_every_section_of_a_machines_own_names_what_it_sets() -> None:
    """A key that is added to one of them and not to the table would be believed from anybody."""
    document = settings_file._document()
    for section, names in settings_file.OWN.items():
        model = document.model_fields[section].annotation
        assert set(names) == set(getattr(model, "model_fields", {})), section
