"""`workspace restore`: a backup comes back, what is lost is declared, and nothing goes out twice."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.docs.test_operations import LATER, back_up, set_anchors
from tests.office import Office, office
from tests.wrong_account.firm import apply_policy

__all__ = ["office"]

CONFIRMED = ("--to", "x:@acme", "--confirm", "x:@acme")


def queued(office: Office, text: str = "Sent after the backup.", minutes: int = 5) -> str:
    """Queue a post for in some minutes."""
    due = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")
    return str(office.cli("post", text, *CONFIRMED, "--at", due, "--json").deliveries[0]["id"])


@pytest.fixture
def lost(office: Office, tmp_path: Path) -> tuple[str, Path]:
    """A delivery that was queued before the backup and went out after it, and the backup."""
    (office.base / "anchor").mkdir()
    set_anchors(office, on=True)
    delivery, backup = queued(office), tmp_path / "backup"
    back_up(office, backup)
    assert office.cli("queue", "run", "--json", **LATER).deliveries[0]["state"] == "sent"
    return delivery, backup


def restored(office: Office, backup: Path) -> shapes.RestoredFields:
    """Restore six minutes later."""
    done = office.cli("workspace", "restore", str(backup), "--reason", "disk died", "--json", **LATER)
    return shown(done, shapes.Restored).restored


def test_what_went_out_after_the_backup_is_held_and_nothing_goes_out_until_a_person_thaws(
    office: Office, lost: tuple[str, Path]
) -> None:
    delivery, backup = lost
    done = restored(office, backup)
    assert (done.held, done.unknown, done.incarnation) == ([delivery], [], 1)
    assert done.put_aside is not None
    assert (Path(done.put_aside) / "socialguard.db").exists()
    verified = office.cli("audit", "verify", "--deep", "--json", **LATER)
    assert (verified.code, "declared" in verified.document["status"]) == (0, True), verified
    assert office.post("Too early", "x:@acme", **LATER).code == 11
    assert office.cli("account", "show", "x:@acme", "--json").document["account"]["state"] == "rotation_due"
    (alert,) = office.cli("alerts", "list", "--json").document["alerts"]
    assert (alert["kind"], alert["delivery"]) == ("held_by_restore", delivery)
    thaw = ("thaw", "--all", "--confirm", "all", "--reason", "queue looked through", "--json")
    assert office.cli(*thaw, **LATER).code == 0
    assert office.cli("queue", "run", "--json", **LATER).deliveries == []
    assert office.cli("queue", "cancel", delivery, "--reason", "was sent", "--json", **LATER).code == 0
    assert office.post("After the restore.", "x:@acme", **LATER).code == 0
    assert office.published("x") == ["Sent after the backup.", "After the restore."]


def test_what_is_due_later_only_is_held_too_for_it_may_have_been_cancelled_after_the_backup(
    office: Office, tmp_path: Path
) -> None:
    (office.base / "anchor").mkdir()
    set_anchors(office, on=True)
    apply_policy(office, "[defaults]\ngrace = 0\n")
    delivery, backup = queued(office, "Cancelled after the backup.", 600), tmp_path / "backup"
    right = queued(office, "Still right.", 601)
    back_up(office, backup)
    assert office.cli("queue", "cancel", delivery, "--reason", "wrong date", "--json").code == 0
    assert restored(office, backup).held == [delivery, right]
    thaw = ("thaw", "--all", "--confirm", "all", "--reason", "queue looked through", "--json")
    assert office.cli(*thaw, **LATER).code == 0
    sent = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+36300s")
    assert (sent.deliveries, office.published("x")) == ([], [])
    release = ("queue", "release", right, "--now", "--confirm", "x:@acme", "--json")
    assert office.cli(*release, SOCIALGUARD_CLOCK="+36300s").code == 0
    assert office.published("x") == ["Still right."]


def test_a_backup_from_before_a_change_of_accounts_comes_back_too(office: Office, lost: tuple[str, Path]) -> None:
    """The manifest is then older than the pinned one, and a credential older than its pinned generation."""
    _, backup = lost
    assert office.cli("account", "rename", "x:@acme", "mother", "--json").code == 0
    entry = next(one for one in office.seed["accounts"] if one["network"] == "x")
    rotate = ("account", "rotate", "x:@acme", "--credential", "-", "--json")
    assert office.cli(*rotate, stdin=json.dumps(entry["credential"])).code == 0
    restored(office, backup)
    assert office.cli("account", "show", "acme", "--json").code == 0
    assert office.cli("account", "verify", "acme", "--json", **LATER).code == 0
    assert office.cli("audit", "verify", "--deep", "--json", **LATER).code == 0


def test_a_machine_that_has_no_pins_restores_by_what_the_anchors_know(
    office: Office, lost: tuple[str, Path], tmp_path: Path
) -> None:
    delivery, backup = lost
    identity = next(office.identity.iterdir())
    for name in ("pins", "checkpoints.jsonl"):
        (identity / name).rename(tmp_path / name)
    for path in office.home.glob("socialguard.db*"):
        path.unlink()
    assert restored(office, backup).held == [delivery]
    verified = office.cli("audit", "verify", "--json", **LATER)
    assert (verified.code, "declared" in verified.document["status"]) == (0, True), verified


def test_what_is_no_backup_or_of_others_changes_nothing(
    office: Office, lost: tuple[str, Path], tmp_path: Path
) -> None:
    _, backup = lost
    before = office.database.read_bytes()
    none = office.cli("workspace", "restore", str(tmp_path), "--reason", "x", "--json")
    assert (none.code, "holds no backup" in none.error["message"]) == (2, True)
    (backup / "org").write_text("f" * 64 + "\n")
    others = office.cli("workspace", "restore", str(backup), "--reason", "x", "--json")
    assert (others.code, "another organisation" in others.error["message"]) == (2, True)
    assert office.database.read_bytes() == before


def test_a_backup_that_was_changed_is_refused_and_what_stood_here_is_kept(
    office: Office, lost: tuple[str, Path]
) -> None:
    import sqlite3
    from contextlib import closing

    _, backup = lost
    with closing(sqlite3.connect(backup / "socialguard.db")) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute("delete from audit_entry where seq = 4")
        database.commit()
    done = office.cli("workspace", "restore", str(backup), "--reason", "disk died", "--json", **LATER)
    assert (done.code, "The log of the backup" in done.error["message"]) == (13, True), done
    assert next(office.home.glob("before-restore-*/socialguard.db")).exists()
    assert office.post("Never", "x:@acme", **LATER).code != 0
