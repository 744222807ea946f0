"""Whatever is typed after a command's name, the program knows what to say: it never fails where it should not."""

import json
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.cli import table
from socialguard.cli.main import root
from tests.office import ACCOUNTS, SHORT_NAMES, Office
from tests.office import office as office

# Those that go on until they are stopped, wait for a browser, or make accounts of their own.
ENDLESS = {"daemon run", "sandbox serve", "account login x", "account login facebook", "demo"}
COMMANDS = sorted(set(table.TABLE) - ENDLESS)
SHARED = {"as_json", "home", "home_given", "debug", "no_input", "json", "follow"}
CODES = {
    0,
    *(kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")),
}

GOOD = [*ACCOUNTS, *SHORT_NAMES.values(), "client:acme", "2027-01-01T09:00", "in 3 hours", "2026-11", "d-1", "1"]
# fmt: off
ODD = [
    "", " ", ":", "@", "x:", "x:@", "x:@nobody", "client:", "label:", "label:+", "-", "--", "*", "0", "-1",
    "9" * 30, "1e9", "NaN", "１２", "0x10", "1.5", "$5", "2026-02-30", "tomorrow 25:00", "vendredi 9h",
    "0001-01-01", "9999-12-31T23:59", "P1D", "\u202eabc", "é" * 300, "a" * 5000, "%s", "{0}", "{name}", "\udcff",
    "a\nb", "\x1b[31m", "😀", "text.txt", "bytes.bin", "folder", "empty", "rows.csv", "document.json", "nothing",
]
# fmt: on


@pytest.fixture
def place(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office, entered from a directory with files of every kind, and a delivery that waits."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("Hello", encoding="utf-8")
    (tmp_path / "bytes.bin").write_bytes(bytes(range(256)))
    (tmp_path / "empty").touch()
    (tmp_path / "rows.csv").write_text("account,date,time,text\nacme,2027-03-01,09:00,Hi\n", encoding="utf-8")
    (tmp_path / "document.json").write_text('{"a":1}', encoding="utf-8")
    assert office.cli("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 2 hours").code == 0
    return office


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_words_are_unexpected(place: Office, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(COMMANDS))
    words = [*name.split(), "--json", *_words(command_of(name), data)]
    done = place.cli(*words, stdin=data.draw(st.sampled_from(["", "Hello", '{"kind":"oauth1"}', "\0", "{"])))
    assert done.code in CODES
    assert done.error.get("name") != "unexpected", (words, done)
    if name not in ("audit stream", "completion"):
        assert json.loads(done.stdout), (words, done)


def test_one_account_is_not_several(place: Office) -> None:
    """A selector of two, where a command acts on one."""
    singular = [name for name in COMMANDS if "account" in {each.name for each in command_of(name).params}]
    assert len(singular) > 10
    for name in singular:
        needed = [each for each in command_of(name).params if isinstance(each, click.Option) and each.required]
        words = [word for each in needed for word in (each.opts[0], "why")]
        done = place.cli(*name.split(), *words, "client:acme", "--json")
        assert done.error.get("name") != "unexpected", (name, done)


def command_of(name: str) -> click.Command:
    """Return the command of these words."""
    found: click.Command = root()
    for word in name.split():
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), word)
        assert below is not None
        found = below
    return found


def _words(command: click.Command, data: st.DataObject) -> list[str]:
    """Return options and arguments, some of them right."""
    options, arguments = [], []
    for each in command.params:
        if each.name in SHARED:
            continue
        if isinstance(each, click.Argument):
            count = (
                data.draw(st.integers(0, 2))
                if each.nargs == -1
                else int(each.required or data.draw(st.booleans()))
            )
            arguments += [_value(each, data) for _ in range(count)]
        elif each.required or data.draw(st.integers(0, 3)) == 0:
            is_flag = isinstance(each, click.Option) and each.is_flag
            options += [each.opts[0], *([] if is_flag else [_value(each, data) for _ in range(each.nargs)])]
    return [*options, "--", *arguments] if arguments else options


def _value(parameter: click.Parameter, data: st.DataObject) -> str:
    if isinstance(parameter.type, click.Choice) and data.draw(st.booleans()):
        return str(data.draw(st.sampled_from(list(parameter.type.choices))))
    return data.draw(st.sampled_from(GOOD) | st.sampled_from(ODD))
