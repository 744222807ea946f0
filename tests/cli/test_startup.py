"""Help costs little: it imports click and a table, and the table says what the commands themselves say."""

from importlib import import_module

import click
import pytest

from socialguard.cli import table
from socialguard.cli.main import LazyGroup, root
from tests.cli.loaded import HEAVY, loaded_after


@pytest.mark.parametrize(
    "arguments", [["--help"], ["sandbox", "--help"], ["--version"], ["version", "--json"], ["no-such", "--json"]]
)
def test_what_needs_no_library_imports_none(arguments: list[str]) -> None:
    loaded = loaded_after(*arguments)
    assert [name for name in HEAVY if name in loaded] == []
    assert "click" in loaded


def test_help_imports_no_command() -> None:
    assert not [name for name in loaded_after("--help") if name.startswith(table.ROOM)]


@pytest.mark.parametrize("name", table.TABLE)
def test_the_table_and_the_command_agree(name: str) -> None:
    row = table.TABLE[name]
    found = getattr(import_module(f"{table.ROOM}.{row.module}"), row.attribute)
    assert isinstance(found, click.Command)
    assert found.name == name.split(" ")[-1]
    assert " ".join((found.help or "").split("\n\n")[0].split()) == row.help


@pytest.mark.parametrize("name", table.TABLE)
def test_every_command_takes_the_options_of_the_program_after_its_name(name: str) -> None:
    command: click.Command = root()
    for word in name.split(" "):
        assert isinstance(command, LazyGroup)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--home", "--no-input", "--debug"} <= options


def test_every_group_of_the_table_has_its_help() -> None:
    groups = {name.rpartition(" ")[0] for name in table.TABLE} - {""}
    assert groups <= set(table.GROUPS)
