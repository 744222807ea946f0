"""Every command, option, setting, variable and exit code is documented, and nothing else is."""

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import click
import pytest

from socialguard import errors
from socialguard.cli import table
from socialguard.cli.options import program_options
from socialguard.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
SHARED = {option for parameter in program_options() for option in parameter.opts}
LOOSE = {
    "limits": "[limits.NETWORK]",
    "budget": "[budget.client.NAME]",
    "backup_cron": "[backup] cron",
    "backup_crons": "[backup.crons]",
}


def section(title: str) -> str:
    """Return what stands below the heading of a command."""
    return TEXT.partition(f"\n### `{title}`\n")[2].split("\n### ")[0].split("\n## ")[0]


@pytest.mark.parametrize("name", table.TABLE)
def test_every_command_and_each_of_its_options_is_documented(name: str) -> None:
    text = section(f"socialguard {name}")
    assert text.strip(), f"docs/cli.md has no section `socialguard {name}`"
    command = getattr(import_module(f"{table.ROOM}.{table.TABLE[name].module}"), table.TABLE[name].attribute)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not set(parameter.opts) & SHARED:
            assert any(re.search(rf"{re.escape(option)}\b", text) for option in parameter.opts), parameter.opts


@pytest.mark.parametrize("name", table.TABLE)
def test_what_every_command_prints_as_json_is_documented(name: str) -> None:
    assert re.search(r"JSON|`--json`", section(f"socialguard {name}")), name


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = set(re.findall(r"^### `socialguard ([^`]+)`$", TEXT, re.MULTILINE))
    assert documented == set(table.TABLE)


def test_the_options_of_the_program_are_documented() -> None:
    for option in SHARED | {"--version", "--help"}:
        assert f"`{option}" in TEXT or f"socialguard {option}`" in TEXT, option


def test_every_setting_is_documented() -> None:
    settings = TEXT.partition("\n## Settings\n")[2].split("\n## ")[0]
    for one in fields(Settings):
        assert re.search(rf"`[^`|]*{re.escape(LOOSE.get(one.name, one.name))}`", settings), one.name


def test_every_variable_of_the_environment_is_documented() -> None:
    for path in (ROOT / "socialguard").rglob("*.py"):
        for name in re.findall(r'"(SOCIALGUARD_[A-Z_]+)"', path.read_text(encoding="utf-8")):
            assert f"| `{name}`" in TEXT, name


def test_every_exit_code_is_documented_and_so_is_the_order_of_gravity() -> None:
    waiting, codes = [errors.SocialGuardError], {0}
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        codes.add(kind.exit_code)
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert documented == codes
    assert f"{', '.join(str(code) for code in errors.GRAVITY)}." in TEXT
