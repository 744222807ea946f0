"""A shell completes commands and account names, from a small file and without a database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from socialguard.cli.completion import SHELLS, remember_accounts, remembered_accounts
from tests.cli.spawned import piped
from tests.office import PATIENCE

NAMES = {"accounts": ["x:@acme", "x:@globex"], "short_names": ["acme", "globex"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace whose accounts are remembered."""
    remember_accounts(tmp_path, **NAMES, clients=["acme"], labels=["fr"])
    return tmp_path


def completed(home: Path, *typed: str) -> list[str]:
    """Return what bash would offer after `typed`, whose last word is incomplete."""
    done = piped(
        _SOCIALGUARD_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(["socialguard", *typed]),
        COMP_CWORD=typed[-1],
        SOCIALGUARD_HOME=str(home),
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.split()]


def test_commands_and_options_are_completed(home: Path) -> None:
    assert completed(home, "comp") == ["completion"]
    assert completed(home, "sandbox", "s") == ["serve"]
    assert completed(home, "sandbox", "serve", "--se") == ["--seed"]
    assert completed(home, "completion", "") == list(SHELLS)


def test_accounts_clients_and_labels_are_completed_where_a_selector_stands(home: Path) -> None:
    assert completed(home, "post", "--to", "x:@a") == ["x:@acme"]
    assert completed(home, "post", "--to", "client") == ["client:acme"]
    assert completed(home, "post", "--confirm", "g") == ["globex"]
    assert completed(home, "post", "--to", "label:") == ["label:fr"]


def test_completion_opens_no_database(home: Path) -> None:
    typed = {"_SOCIALGUARD_COMPLETE": "bash_complete", "COMP_WORDS": "socialguard version --", "COMP_CWORD": "--"}
    code = (
        f"import os, sys\nos.environ.update({typed!r})\nfrom socialguard.cli.main import run\nrun([])\n"
        "print([name for name in ('sqlalchemy', 'pydantic', 'cryptography', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("[]\n")
    assert "--json" in done.stdout


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b'{"accounts": 3}', b"\xff\xfe", b'{"accounts": [1, null]}']
)
def test_a_file_that_is_absent_or_broken_completes_nothing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / "accounts.json").write_bytes(content)
    assert not any(remembered_accounts(tmp_path).values())
    assert completed(tmp_path, "post", "--to", "x") == []


def test_a_name_that_would_act_on_the_shell_is_not_offered(tmp_path: Path) -> None:
    bad = ["x:@a;reboot", "x:@a\x1b[2J", "x:@$(id)", "x:@a\u202eb", "x:@a b", "x:@`id`"]
    remember_accounts(tmp_path, accounts=[*bad, "x:@good"])
    assert remembered_accounts(tmp_path)["accounts"] == ("x:@good",)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_code(shell: str) -> None:
    plain, document = piped("completion", shell), json.loads(piped("completion", shell, "--json").stdout)
    assert "_SOCIALGUARD_COMPLETE" in plain.stdout
    assert document["shell"] == shell
    assert document["source"].strip() == plain.stdout.strip()


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("post hi --to x:@g", "post hi --to x:@globex"),
        ("post hi --to=x:@g", "post hi --to=x:@globex"),
        ('post "hi there" --to "x:@g', 'post "hi there" --to "x:@globex'),
        ("account show fac", "account show facebook:@acme"),
        ("post hi --to cli", "post hi --to client:acme"),
        ("post hi --to label:", "post hi --to label:fr"),
        ("post hi --to client:v", "post hi --to client:ville-de-lyon"),
    ],
)
def test_a_name_is_completed_whole_at_the_prompt_of_bash(tmp_path: Path, typed: str, whole: str) -> None:
    """Bash ends words at `:` and `@`, so this is tried in bash itself."""
    names = {"accounts": ["facebook:@acme", "x:@acme", "x:@globex"]}
    clients = ["acme", "Ville de Lyon"] if "client:" in typed else ["acme"]
    remember_accounts(tmp_path, **names, clients=clients, labels=["fr"])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    bash = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env={**os.environ, "PATH": path, "PS1": "at> ", "TERM": "dumb", "SOCIALGUARD_HOME": str(tmp_path)},
        encoding="utf-8",
        dimensions=(40, 200),
        timeout=PATIENCE,
    )
    try:
        bash.expect_exact("at> ")
        bash.sendline('eval "$(socialguard completion bash)"')
        bash.expect_exact("\r\nat> ")
        bash.send(f"socialguard {typed}\t")
        bash.expect_exact(f"socialguard {whole}")
    finally:
        bash.close(force=True)
