"""What an operator installs: units, the wrapper, a key from systemd, and an upgrade."""

import base64
import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from socialguard.store.version import HEAD
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.daemon.running import daemon
from tests.office import ROOT, Office

UNITS = sorted((ROOT / "config" / "systemd").rglob("*.service"))


def test_an_upgrade_says_what_it_did_and_verifies_the_log(office: Office) -> None:
    done = shown(office.cli("upgrade", "--json"), shapes.Upgraded).upgraded
    assert (done.before, done.now) == (HEAD, HEAD)
    assert done.entries > 4
    assert "The log is whole" in office.cli("upgrade").stdout


def test_an_upgrade_waits_until_no_daemon_works(office: Office) -> None:
    with daemon(office) as running:
        refused = office.cli("upgrade", "--json")
        assert (refused.code, refused.error["name"]) == (1, "busy")
        assert running.stop() == 0
    assert office.cli("upgrade").code == 0


@pytest.mark.parametrize("words", [["upgrade"], ["daemon", "run"], ["queue", "list"]])
def test_an_older_program_refuses_a_newer_workspace(office: Office, words: list[str]) -> None:
    with office.entered() as workspace, workspace.database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    refused = office.cli(*words, "--json")
    assert (refused.code, refused.error["name"]) == (1, "schema_too_new")


def test_an_upgrade_of_a_log_that_is_not_whole_is_told(office: Office) -> None:
    with office.entered() as workspace, workspace.database.write() as connection:
        connection.execute(text("drop trigger audit_entry_no_update"))
        connection.execute(
            text("update audit_entry set leaf_hash = zeroblob(32), leaf = zeroblob(10) where seq = 1")
        )
    assert office.cli("upgrade", "--json").code == 13


def test_a_key_that_systemd_gives_founds_a_workspace_and_is_the_only_one_that_opens_it(
    office: Office, tmp_path: Path
) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    (given / "other.kek").write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    other = Office(tmp_path / "other", office.sandbox, office.seed)
    other.identity.mkdir(parents=True)
    words = ["init", "--org", "Acme", "--owner", "Marie", "--systemd-credential"]
    assert other.cli(*words, "other.kek", "--json").code == 4
    assert other.cli(*words, "../other.kek", "--json", CREDENTIALS_DIRECTORY=str(given)).code == 2
    assert other.cli(*words, "other.kek", "--passphrase", CREDENTIALS_DIRECTORY=str(given)).code == 2
    founded = other.cli(*words, "other.kek", "--json", CREDENTIALS_DIRECTORY=str(given))
    assert founded.code == 0, founded
    assert founded.document["key"] == "the systemd credential other.kek"
    assert other.cli("audit", "verify", "--json", CREDENTIALS_DIRECTORY=str(given)).code == 0
    assert other.cli("audit", "verify", "--json").code == 4


def test_the_credential_of_a_service_is_the_first_choice(office: Office, tmp_path: Path) -> None:
    (tmp_path / "socialguard.kek").write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    other = Office(tmp_path / "other", office.sandbox, office.seed)
    other.identity.mkdir(parents=True)
    words = ("init", "--org", "Acme", "--owner", "Marie", "--json")
    assert "socialguard.kek" in other.cli(*words, CREDENTIALS_DIRECTORY=str(tmp_path)).document["key"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_units_are_what_systemd_takes(unit: Path, tmp_path: Path) -> None:
    # The program lies elsewhere on this machine, and a user's unit is judged as any other.
    written = re.sub(r"(?m)^(ExecStart=-?)\S+/socialguard ", r"\1/bin/true ", unit.read_text(encoding="utf-8"))
    assert written != unit.read_text(encoding="utf-8")
    (tmp_path / unit.name).write_text(written.replace("default.target", "multi-user.target"), encoding="utf-8")
    words = ["systemd-analyze", "verify", "--recursive-errors=no", str(tmp_path / unit.name)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    told = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, told) == (0, []), done.stderr


def test_the_daemons_unit_is_hardened_and_is_not_started_again_after_an_alarm() -> None:
    unit = (ROOT / "config" / "systemd" / "socialguard.service").read_text(encoding="utf-8")
    for line in (
        "Type=notify",
        "Restart=on-failure",
        "RestartPreventExitStatus=13 15",
        "LoadCredentialEncrypted=socialguard.kek:/etc/credstore.encrypted/socialguard.kek",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "MemoryDenyWriteExecute=yes",
    ):
        assert line in unit.splitlines()
    assert int(re.findall(r"TimeoutStopSec=(\d+)s", unit)[0]) > 10


def test_the_wrapper_runs_a_command_as_the_unit_does(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    fake = tmp_path / "systemd-run"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {asked}\n')
    fake.chmod(0o755)
    wrapper = ROOT / "config" / "socialguard-admin"
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(
        [wrapper, "post", "two words", "--json"], check=True, env={**os.environ, "PATH": path}, timeout=60
    )
    words = asked.read_text().splitlines()
    at = words.index("--")
    assert words[at + 2 :] == ["post", "two words", "--json"]
    unit = (ROOT / "config" / "systemd" / "socialguard.service").read_text(encoding="utf-8")
    assert words[at + 1] in unit
    given = {line.removeprefix("Environment=") for line in unit.splitlines() if line.startswith("Environment=")}
    assert given <= {word.removeprefix("--setenv=") for word in words}
    credential = next(line for line in unit.splitlines() if line.startswith("LoadCredentialEncrypted="))
    assert f"--property={credential}" in words


@pytest.mark.parametrize(("mode", "mask"), [(0o700, "0077"), (0o2770, "0007")])
def test_what_the_wrapper_makes_in_a_shared_workspace_is_the_groups(tmp_path: Path, mode: int, mask: str) -> None:
    fake = tmp_path / "systemd-run"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace").chmod(mode)
    given = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SOCIALGUARD_STATE": str(tmp_path)}
    asked = subprocess.check_output([ROOT / "config" / "socialguard-admin", "status"], env=given, text=True)
    assert f"--property=UMask={mask}" in asked.splitlines()


def test_a_shell_finds_no_fault_with_the_wrapper() -> None:
    shell = shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, "-n", ROOT / "config" / "socialguard-admin"], check=True, timeout=60)
