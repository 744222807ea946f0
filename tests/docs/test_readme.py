"""What README tells a new user to type is what CI runs, and it works."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.docs.pages import ROOT, read, section, shell_blocks

SETUP = (
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/socialguard demo",
    ".venv/bin/pytest",
)
README = read("README.md")
PROMPT = "ready> "


def test_the_set_up_block_has_exactly_the_two_commands() -> None:
    blocks = shell_blocks(section(README, "Set up"))
    assert blocks == [list(SETUP)]


def test_a_line_above_the_set_up_block_names_the_package_that_debian_lacks() -> None:
    above, _, below = section(README, "Set up").partition("```sh")
    assert "python3-venv" in above
    assert "uv venv" in below


def test_ci_takes_its_two_commands_from_readme() -> None:
    script = read(".ci/run")
    extract = next(line for line in script.splitlines() if line.startswith("mapfile"))
    done = subprocess.run(
        ["bash", "-c", f'{extract}; printf "%s\\n" "${{commands[@]}}"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == list(SETUP)
    assert "${commands[0]}" in script
    assert "${commands[1]}" in script


def free_ports(count: int) -> int:
    """Return the first of `count` ports in a row that nothing holds."""
    for first in range(20_000 + os.getpid() % 20_000, 60_000, count):
        held = []
        try:
            for port in range(first, first + count):
                taken = socket.socket()
                held.append(taken)
                taken.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for taken in held:
                taken.close()
        return first
    raise AssertionError("no free ports")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator["pexpect.spawn[str]"]:
    """A shell in a terminal, in a directory that looks like a checkout to the commands of the tour."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "PS1": PROMPT,
    }
    environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    child = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], cwd=str(tmp_path), env=environment, encoding="utf-8", timeout=60,
        dimensions=(60, 160),
    )  # fmt: skip
    child.delaybeforesend = None
    child.expect_exact(PROMPT)
    yield child
    child.sendline("kill %1; wait")
    child.expect_exact(PROMPT)
    child.close(force=True)


def test_the_tour_of_readme_works_as_printed(shell: "pexpect.spawn[str]", tmp_path: Path) -> None:
    (commands,) = shell_blocks(section(README, "A first post"))
    first = free_ports(3)
    for command in commands:
        line = command.replace("8701", str(first)).replace("8702", str(first + 1))
        shell.sendline(line + ("" if line.endswith("&") else "; echo exit=$?"))
        if line.startswith("socialguard post"):
            shell.expect_exact("Type acme")
            shell.sendline("acme")
        if line.endswith("&"):
            shell.expect_exact('"control"')
        else:
            shell.expect(r"exit=(\d+)")
            assert shell.match is not None
            assert shell.match.group(1) == "0", f"{command}: {shell.before}"
        if line.startswith("socialguard post"):
            assert "https://x.com/acme/status/" in (shell.before or "")
    queue = json.loads(ask(shell, "socialguard queue list --json"))
    assert [(row["account"], row["state"]) for row in queue["deliveries"]] == [("x:@acme", "sent")]
    assert list(tmp_path.glob("tmp.*/key"))
    shell.sendline('socialguard post "The same on the Page." --to facebook:@acme')
    shell.expect_exact("Type acme-facebook")  # README: the switch asks for the other short name
    shell.sendline("")
    shell.expect_exact(PROMPT)


def ask(shell: "pexpect.spawn[str]", command: str) -> str:
    """Return what a command prints, read through a file, since a terminal folds long lines."""
    shell.sendline(f"{command} > answer; echo done=$?")
    shell.expect(r"done=\d+")
    assert shell.cwd is not None
    return (Path(str(shell.cwd)) / "answer").read_text(encoding="utf-8")
