"""Help costs little: it imports click and a table, and the table says what the commands themselves say."""

import subprocess
import sys
from importlib import import_module

import click
import pytest

from socialguard.cli import table
from socialguard.cli.main import LazyGroup, root

HEAVY = ("sqlalchemy", "alembic", "pydantic", "rich", "cryptography", "tweepy", "facebook", "starlette", "PIL")


def loaded_after(*arguments: str) -> set[str]:
    """Return the modules that a run of the program has imported at its end."""
    code = (
        "import sys\nfrom socialguard.cli.main import run\n"
        f"run({list(arguments)!r})\nprint('MODULES', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.rpartition("MODULES ")[2].split())


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
