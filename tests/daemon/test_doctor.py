"""`doctor` finds what was broken on purpose, names a remedy for each, and `/metrics` tells numbers only."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from socialguard.daemon import metrics
from socialguard.workspace.opened import Workspace
from tests.cli.shapes import Doctor, SignFields
from tests.office import Office
from tests.people import joined


def signs(office: Office, name: str, **environment: str) -> list[SignFields]:
    done = office.cli("doctor", "--json", **environment)
    found = Doctor.model_validate(done.document).doctor
    assert done.code == (0 if found.well else 1)
    assert all(one.remedy for one in found.signs if one.state != "ok")
    return [one for one in found.signs if one.name == name]


def test_every_look_is_told_and_a_new_office_has_nothing_bad(office: Office) -> None:
    done = office.cli("doctor", "--json")
    found = Doctor.model_validate(done.document).doctor
    names = {"clock", "disk", "permissions", "keys", "memory", "networks"}
    names |= {"tokens", "mfa", "backups", "anchors", "recovery", "daemon"}
    assert {one.name for one in found.signs} == names
    assert found.well, [one for one in found.signs if one.state == "bad"]
    told = office.cli("doctor").stdout
    assert "warn  anchors: No anchor outside this machine holds the audit log." in told


def test_an_open_identity_directory_is_bad(office: Office) -> None:
    """Also a file there that is no key, which nothing else refuses."""
    (kept,) = office.identity.rglob("checkpoints.jsonl")
    kept.chmod(0o644)
    (sign,) = signs(office, "permissions")
    assert (sign.state, "checkpoints.jsonl" in sign.detail) == ("bad", True)
    kept.chmod(0o600)
    assert [one.state for one in signs(office, "permissions")] == ["ok"]


def test_a_clock_behind_the_log_is_bad(office: Office) -> None:
    assert office.cli("freeze", "x:@acme", SOCIALGUARD_CLOCK="+3600s").code == 0
    assert [one.state for one in signs(office, "clock")] == ["bad"]
    assert [one.state for one in signs(office, "clock", SOCIALGUARD_CLOCK="+2h")] == ["ok"]


def test_a_backup_that_was_never_made_is_a_warning(office: Office) -> None:
    assert "x:@acme was never backed up." in [one.detail for one in signs(office, "backups")]
    assert office.cli("backup", "run", "x:@acme").code == 0
    assert "x:@acme was never backed up." not in [one.detail for one in signs(office, "backups")]


def test_what_waits_for_an_anchor_for_long_is_bad(office: Office, tmp_path: Path) -> None:
    settings = f'[audit]\nanchors = ["dir:{tmp_path}/not-mounted"]\n'
    (office.home / "socialguard.toml").write_text(settings, encoding="utf-8")
    assert office.cli("freeze", "x:@acme").code == 0
    assert [one.state for one in signs(office, "anchors")] == ["warn"]
    assert "bad" in [one.state for one in signs(office, "anchors", SOCIALGUARD_CLOCK="+1200s")]


def test_metrics_are_numbers_on_loopback_without_names(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    (office.home / "socialguard.toml").write_text('[daemon]\nmetrics = "0"\n', encoding="utf-8")
    assert office.cli("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 2 hours").code == 0
    assert office.cli("backup", "run", "x:@acme", "--json").code == 0
    assert office.cli("freeze", "x:@globex", "--reason", "odd", "--json").code == 0
    with Workspace(office.home) as workspace, metrics.served(workspace) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            told = answer.read().decode()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
        refused.value.close()
    assert 'socialguard_deliveries{state="queued"} 1' in told
    assert "socialguard_up 0" in told
    with Workspace(office.home) as workspace:
        count = len(workspace.accounts())
    assert f'socialguard_accounts{{credential="ok"}} {count}\n' in told
    assert "socialguard_accounts_frozen 1\n" in told
    assert f"socialguard_accounts_without_backup {count - 1}\n" in told
    assert "socialguard_alerts_unseen 0\n" in told
    assert "acme" not in told
    values = [line.rsplit(" ", 1)[1] for line in told.splitlines() if not line.startswith("#")]
    assert values
    assert all(float(value) >= 0 for value in values)


def test_a_machine_without_a_worker_needs_no_keys_of_one(office: Office, tmp_path: Path) -> None:
    """Who only writes or approves is not told to adopt a workspace that is well known here."""
    eva = joined(office, "Eva", "approver", tmp_path / "eva")
    assert [one.state for one in signs(eva, "keys")] == ["ok"]


def test_what_a_member_may_not_look_into_is_not_told_as_missing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may look into everything, so what the system says of a member is put in its place."""
    index = office.home / "archive.db"
    index.touch()
    monkeypatch.setattr("socialguard.workspace.standing.os.access", lambda path, mode: path != index)
    (told,) = signs(office, "backups")
    assert (told.state, "another user" in told.detail) == ("warn", True)
    assert "never" not in office.cli("status").stdout
