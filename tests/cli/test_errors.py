"""An error is told once: what happened and what to do, or one JSON document, and the exit code of its class."""

import errno
import json
import os
import sys
from pathlib import Path

import click
import pytest

from socialguard import errors
from socialguard.cli import main, output, words
from socialguard.cli.face import Face
from socialguard.model.credential import guard
from tests.cli.spawned import piped

Capture = pytest.CaptureFixture[str]
TOKEN = "AAAA-token-that-nobody-may-see-9876"


def told(
    problem: BaseException, capsys: Capture, *, as_json: bool = False, debug: bool = False
) -> tuple[int, str, str]:
    """Tell `problem` and return exit code, stdout and stderr."""
    face = Face()
    face.as_json, face.debug, face.no_input = as_json, debug, True
    code = output.tell(problem, face)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_without_a_terminal_an_error_is_one_line_that_begins_with_its_code(capsys: Capture) -> None:
    problem = errors.ConfirmationRequired(accounts="x:@acme", last="x:@globex", words="--confirm x:@acme")
    assert told(problem, capsys) == (
        10,
        "",
        "10 x:@acme needs confirmation (last here: x:@globex). Nothing was sent. Add: --confirm x:@acme\n",
    )


def test_with_json_stdout_holds_the_document_and_nothing_else(capsys: Capture) -> None:
    problem = errors.ConfirmationRequired(
        accounts="x:@acme", last="x:@globex", words="--confirm x:@acme", needs=["--confirm x:@acme"]
    )
    code, out, err = told(problem, capsys, as_json=True)
    assert (code, err) == (10, "")
    assert json.loads(out) == {
        "error": {
            "code": 10,
            "name": "confirmation_required",
            "message": "x:@acme needs confirmation (last here: x:@globex). Nothing was sent.",
            "remedy": "Add: --confirm x:@acme",
            "needs": ["--confirm x:@acme"],
        }
    }


def test_every_class_of_error_can_be_told_both_ways_with_its_own_code(capsys: Capture) -> None:
    waiting = [errors.SocialGuardError]
    seen = 0
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        problem = kind()  # a field that the raiser forgot shows as ?
        code, out, _err = told(problem, capsys, as_json=True)
        assert json.loads(out)["error"]["code"] == code == kind.exit_code
        assert set(json.loads(out)["error"]) == {"code", "name", "message", "remedy"}
        assert told(problem, capsys)[2].startswith(f"{code} ")
        seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    "arguments", [["no-such"], ["version", "--no-such"], ["sandbox"], [], ["completion"], ["completion", "tcsh"]]
)
def test_a_usage_error_has_the_same_two_forms(arguments: list[str], capsys: Capture) -> None:
    assert main.run([*arguments, "--json"]) == 2
    said = capsys.readouterr()
    document = json.loads(said.out)["error"]
    assert (document["code"], document["name"], said.err) == (2, "usage_error", "")
    assert document["remedy"].endswith("--help")
    assert main.run(arguments) == 2
    assert capsys.readouterr().out == ""


def test_a_group_alone_shows_its_help_on_stderr(capsys: Capture) -> None:
    assert main.run(["sandbox"]) == 2
    assert "serve" in capsys.readouterr().err


def test_json_may_stand_before_and_after_the_command() -> None:
    before, after = piped("--json", "version"), piped("version", "--json")
    assert json.loads(before.stdout) == json.loads(after.stdout)
    assert json.loads(piped("--version", "--json").stdout) == json.loads(after.stdout)
    assert piped("--version").stdout == piped("version").stdout != ""


def test_an_argument_after_two_dashes_is_no_option(capsys: Capture) -> None:
    assert main.run(["completion", "--", "--json"]) == 2
    assert capsys.readouterr().out == ""


def test_an_interruption_ends_with_130(capsys: Capture) -> None:
    assert told(KeyboardInterrupt(), capsys) == (130, "", "130 Interrupted.\n")
    assert told(click.Abort(), capsys)[0] == 130


def test_a_failure_that_nobody_foresaw_is_one_clear_sentence_without_details(capsys: Capture) -> None:
    code, out, err = told(ValueError(f"bad {TOKEN}"), capsys)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "ValueError" in err
    assert TOKEN not in err


def test_debug_shows_where_it_failed_and_still_no_secret_and_no_escape(capsys: Capture) -> None:
    guard([TOKEN])
    try:
        secret_local = TOKEN
        raise ValueError(f"token {secret_local} \x1b[31m\u202e access_token=unknown-but-shaped-like-one")
    except ValueError as problem:
        _code, out, err = told(problem, capsys, as_json=True, debug=True)
    assert "test_errors.py" in err
    assert "[secret]" in err
    for hidden in (TOKEN, "unknown-but-shaped-like-one", "\x1b", "\u202e"):
        assert hidden not in err + out
    assert set(json.loads(out)) == {"error"}


def test_a_secret_in_a_message_is_removed(capsys: Capture) -> None:
    guard([TOKEN])
    for as_json in (True, False):
        _code, out, err = told(errors.UsageError(detail=f"{TOKEN} is odd"), capsys, as_json=as_json)
        assert TOKEN not in out + err
        assert "[secret]" in out + err


def test_a_full_disk_is_named(capsys: Capture) -> None:
    code, _out, err = told(OSError(errno.ENOSPC, "No space left on device", "/x/y"), capsys)
    assert (code, err.startswith("1 The system refused: the disk is full: /x/y.")) == (1, True)


def test_an_error_after_the_document_leaves_stdout_as_it_is(capsys: Capture) -> None:
    face = Face()
    face.as_json = True
    face.printer.json_out({"deliveries": []})
    assert output.tell(errors.OutcomeUnknown(network="X", account="x:@acme", detail="read timeout"), face) == 12
    said = capsys.readouterr()
    assert json.loads(said.out) == {"deliveries": []}
    assert said.err.startswith("12 X did not answer")


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_a_reader_that_has_gone_and_a_full_disk_end_the_program_quietly(tmp_path: Path) -> None:
    import subprocess

    gone = subprocess.run(
        f"{sys.executable} -m socialguard.cli.main completion bash | true",
        shell=True,
        capture_output=True,
        timeout=60,
    )
    assert b"Traceback" not in gone.stderr
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "socialguard.cli.main", "version"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"the disk is full" in done.stderr


def test_french_where_the_environment_or_the_workspace_says_so(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    problem = errors.ConfirmationRequired(accounts="x:@acme", last="x:@globex", words="--confirm x:@acme")
    french = (
        "10 x:@acme demande confirmation (dernier ici : x:@globex). Rien n'est parti. "
        "Ajoutez : --confirm x:@acme\n"
    )
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    words.use_language(None)
    assert told(problem, capsys)[2] == french
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    (tmp_path / "socialguard.toml").write_text('language = "fr"\n')
    words.use_language(None)
    assert told(problem, capsys)[2] == french


def test_details_of_the_rooms_below_are_french_too(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    words.use_language(None)
    assert told(errors.AuditUnwritable(detail="disk full"), capsys)[2] == (
        "74 Le journal d'audit ne peut pas être écrit (disque plein). Rien n'est parti. "
        "Libérez de la place, puis recommencez.\n"
    )
    assert main.run(["no-such"]) == 2
    assert capsys.readouterr().err.startswith("2 La commande « no-such » n'existe pas.")
