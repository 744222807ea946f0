"""The person is asked on the terminal itself, and only what is typed after the question answers it."""

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from socialguard import errors
from socialguard.cli import terminal
from tests.cli.spawned import Spawned, piped

Start = Callable[..., Spawned]

ASK = """
from socialguard import errors
from socialguard.cli import terminal
try:
    print("GOT", repr(terminal.ask("Name?")))
except errors.Interrupted as stopped:
    print("INTERRUPTED", stopped)
"""


def test_an_answer_is_what_was_typed_and_nothing_is_stripped(in_terminal: Start) -> None:
    person = in_terminal(ASK)
    person.expect("Name?")
    person.child.sendline(" ville-lyon é ")
    assert "GOT ' ville-lyon é '" in person.ends()[0]


def test_type_ahead_is_thrown_away_before_the_question(in_terminal: Start) -> None:
    person = in_terminal("import select\nprint('READY', flush=True)\nselect.select([0], [], [])\n" + ASK)
    person.expect("READY")
    person.child.sendline("ville-lyon")  # stands in the terminal's queue before the question is asked
    person.expect("Name?")
    person.child.sendline("acme")
    assert "GOT 'acme'" in person.ends()[0]


@pytest.mark.parametrize("key", ["enter", "end"])
def test_enter_and_an_end_of_input_are_an_empty_answer(in_terminal: Start, key: str) -> None:
    person = in_terminal(ASK)
    person.expect("Name?")
    if key == "enter":
        person.child.sendline("")
    else:
        person.child.sendeof()
    assert "GOT ''" in person.ends()[0]


def test_ctrl_c_at_a_question_is_an_interruption_not_an_answer(in_terminal: Start) -> None:
    person = in_terminal(ASK)
    person.expect("Name?")
    person.child.sendintr()
    assert "INTERRUPTED Interrupted. Nothing was sent." in person.ends()[0]


def test_an_answer_is_read_from_the_terminal_even_where_stdin_carries_a_text(in_terminal: Start) -> None:
    person = in_terminal("import os\nr, w = os.pipe(); os.write(w, b'acme\\n'); os.dup2(r, 0)\n" + ASK)
    person.expect("Name?")
    person.child.sendline("globex")
    assert "GOT 'globex'" in person.ends()[0]


def test_a_very_long_answer_comes_back_marked_as_cut(in_terminal: Start) -> None:
    person = in_terminal(ASK)
    person.expect("Name?")
    person.child.sendline("x" * 3000)
    assert f"GOT '{'x' * terminal.ANSWER_LIMIT}…'" in person.ends()[0].replace("\r\n", "")


def test_a_secret_is_not_shown_and_the_terminal_is_mended_afterwards(in_terminal: Start) -> None:
    person = in_terminal(
        "import termios\nfrom socialguard.cli import terminal\nfrom socialguard.model.credential import redact\n"
        "typed = terminal.ask_secret('Passphrase:')\n"
        "print('LENGTH', len(typed), redact(typed), bool(termios.tcgetattr(0)[3] & termios.ECHO))\n"
    )
    person.expect("Passphrase:")
    person.child.sendline("correct horse")
    said, _code = person.ends()
    assert "correct horse" not in said
    assert "LENGTH 13 [secret] True" in said


COUNT = """
from socialguard import errors
from socialguard.cli import terminal
try:
    terminal.countdown(SECONDS, lambda left: print("LEFT", left, flush=True))
    print("OVER", flush=True)
except errors.Interrupted:
    print("TAKEN BACK", flush=True)
"""


def test_a_countdown_that_nobody_stops_ends(in_terminal: Start) -> None:
    said, code = in_terminal(COUNT.replace("SECONDS", "0.05")).ends()
    assert ("LEFT 1" in said, "OVER" in said, code) == (True, True, 0)


def test_ctrl_c_takes_back_what_counts_down(in_terminal: Start) -> None:
    person = in_terminal(COUNT.replace("SECONDS", "600"))
    person.expect("LEFT 600")
    person.child.sendintr()
    assert "TAKEN BACK" in person.ends()[0]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_hang_up_and_a_termination_take_back_what_counts_down(
    in_terminal: Start, number: signal.Signals
) -> None:
    person = in_terminal(COUNT.replace("SECONDS", "600"))
    person.expect("LEFT 600")
    person.child.kill(number)
    assert "TAKEN BACK" in person.ends()[0]


def test_a_closed_terminal_takes_back_what_counts_down(in_terminal: Start, tmp_path: Path) -> None:
    person = in_terminal(
        COUNT.replace("SECONDS", "600").replace(
            'print("TAKEN BACK", flush=True)', f"open({str(tmp_path / 'fate')!r}, 'w')"
        )
    )
    person.expect("LEFT 600")
    person.child.close(force=False)
    assert (tmp_path / "fate").exists()


def test_a_countdown_of_nothing_is_over_at_once() -> None:
    ticks: list[int] = []
    terminal.countdown(0, ticks.append)
    assert ticks == []


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_TTY", "/dev/does-not-exist")
    assert not terminal.has_terminal()
    assert terminal.context_facts() == {}
    with pytest.raises(errors.UsageError, match="needs a terminal"):
        terminal.ask("Name?")


FACTS = """
import json, sys
from socialguard.cli import terminal
from socialguard.cli.terminal import has_terminal
print("TERMINAL", has_terminal(), has_terminal(as_json=True), has_terminal(no_input=True))
print("FACTS", json.dumps(terminal.context_facts(), sort_keys=True))
"""


def test_json_and_no_input_mean_no_terminal(in_terminal: Start) -> None:
    assert "TERMINAL True False False" in in_terminal(FACTS).ends()[0]


def test_two_terminals_are_two_contexts_and_a_session_name_only_adds(in_terminal: Start) -> None:
    import json

    def facts(**environment: str) -> dict[str, str]:
        said, _code = in_terminal(FACTS, **environment).ends()
        found = json.loads(said.partition("FACTS ")[2])
        assert isinstance(found, dict)
        return found

    first, second, named = facts(), facts(), facts(SOCIALGUARD_SESSION="build-7")
    assert set(first) == {"tty", "leader", "leader_started", "boot", "uid"}
    assert all(first.values())
    assert (first["leader"], first["leader_started"]) != (second["leader"], second["leader_started"])
    assert named["session"] == "build-7"
    assert set(named) - {"session"} == set(first)


def test_a_program_with_pipes_only_has_no_terminal() -> None:
    # `10 …`: the form of an error where nobody can be asked begins with its code
    assert piped("no-such-command").stderr.startswith("2 No such command")


def test_the_operator_is_the_user_of_the_process_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pwd

    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert terminal.operator() == pwd.getpwuid(os.getuid()).pw_name


EDIT = """
from socialguard.cli import terminal
print("SAVED", repr(terminal.editor("Draft of é", ".txt", lambda saved: None)))
"""


def test_the_editor_gets_a_private_file_that_is_gone_afterwards(in_terminal: Start, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    editor = tmp_path / "ed.sh"
    editor.write_text(
        f'#!/bin/sh\necho "$1" > {notes}; stat -c %a "$1" "$(dirname "$1")" >> {notes}\n'
        'cp "$1" "$1~"; printf "\\n\\$5 off, isn\'t it?\\n" >> "$1"\n'
    )
    editor.chmod(stat.S_IRWXU)
    said, _code = in_terminal(EDIT, VISUAL=str(editor)).ends()
    assert 'SAVED "Draft of é\\n$5 off, isn\'t it?"' in said
    place, file_mode, directory_mode = notes.read_text().split()
    assert (file_mode, directory_mode) == ("600", "700")
    assert not Path(place).parent.exists()


@pytest.mark.parametrize("named", ["false", "/no/such/editor", "unfinished 'quote"])
def test_an_editor_that_fails_gives_no_text(in_terminal: Start, named: str) -> None:
    said, code = in_terminal(EDIT, VISUAL=named).ends()
    assert "UsageError" in said
    assert code == 1
