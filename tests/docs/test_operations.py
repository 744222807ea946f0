"""The backup and the restore of docs/operations.md, done as they are written there."""

import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socialguard import errors
from tests.docs.pages import read, section
from tests.office import Office

LATER = {"SOCIALGUARD_CLOCK": "+6m"}


def back_up(office: Office, place: Path) -> None:
    """Do the daily backup: the database by `vacuum into`, the files beside it."""
    place.mkdir()
    database = sqlite3.connect(office.database)
    database.execute("vacuum into ?", (str(place / "socialguard.db"),))
    database.close()
    for name in ("org", "emergency.jsonl", "socialguard.toml"):
        shutil.copy2(office.home / name, place)


def set_anchors(office: Office, *, on: bool) -> None:
    """Switch the anchors in the settings on, or comment them out."""
    line = f'anchors = ["dir:{office.base / "anchor"}"]\n'
    (office.home / "socialguard.toml").write_text("[audit]\n" + ("" if on else "# ") + line)


def lose_and_put_back(office: Office, backup: Path) -> str:
    """Schedule a post, back up, let it go out, lose the database and put the backup in place; return its id."""
    (office.base / "anchor").mkdir()
    set_anchors(office, on=True)
    due = (datetime.now(UTC) + timedelta(minutes=5)).isoformat(timespec="seconds")
    named = ("--to", "x:@acme", "--confirm", "x:@acme")
    queued = office.cli("post", "Sent after the backup.", *named, "--at", due, "--json").deliveries[0]
    back_up(office, backup)
    assert office.cli("queue", "run", "--json", **LATER).deliveries[0]["state"] == "sent"
    for name in ("socialguard.db", "org", "emergency.jsonl", "socialguard.toml"):
        shutil.copy2(backup / name, office.home)
    for rest in office.home.glob("socialguard.db-*"):
        rest.unlink()
    return str(queued["id"])


def done(office: Office, *words: str) -> int:
    """Run a command of the procedure and return its exit code."""
    return office.cli(*words, "--json", **LATER).code


def accept_and_go_on(office: Office, queued: str) -> None:
    """Do the steps from the acceptance on, and look at what they promise."""
    assert done(office, "audit", "verify") == 13
    assert done(office, "audit", "incident", "accept", "--reason", "restored") == 0
    verified = office.cli("audit", "verify", "--json", **LATER)
    assert verified.code == 0, verified.document["problems"]
    assert "declared" in verified.document["status"]
    (waiting,) = office.queue("held")
    assert waiting["id"] == queued  # as the document says: it is public, and stands as still to be sent
    assert done(office, "queue", "run") == 0
    assert done(office, "queue", "cancel", queued, "--reason", "was sent") == 0
    assert done(office, "thaw", "--all", "--confirm", "all", "--reason", "queue looked through") == 0
    assert office.post("After the restore.", "x:@acme", **LATER).code == 0
    assert done(office, "queue", "run") == 0
    assert office.published("x") == ["Sent after the backup.", "After the restore."]


def test_a_restore_as_written_sends_nothing_twice_and_declares_what_was_lost(
    office: Office, tmp_path: Path
) -> None:
    queued = lose_and_put_back(office, tmp_path / "backup")
    assert done(office, "queue", "run") == 13
    assert done(office, "freeze", "--all", "--reason", "restoring") == 0
    accept_and_go_on(office, queued)


def test_a_restore_on_a_machine_without_pins_adopts_first(office: Office, tmp_path: Path) -> None:
    queued = lose_and_put_back(office, tmp_path / "backup")
    identity = next(office.identity.iterdir())
    for name in ("pins", "checkpoints.jsonl"):
        (identity / name).rename(tmp_path / name)
    assert done(office, "queue", "run") == 13
    assert done(office, "freeze", "--all", "--reason", "restoring") == 0
    assert done(office, "workspace", "adopt", "--reason", "restored") == 13  # the anchor knows more
    set_anchors(office, on=False)
    assert done(office, "workspace", "adopt", "--reason", "restored") == 0
    set_anchors(office, on=True)
    accept_and_go_on(office, queued)


def test_the_restore_by_hand_names_all_that_the_daily_backup_copies() -> None:
    page = read("docs/operations.md")
    block = section(page, "Backup").split("```")[1]
    copied = re.findall(r"SOCIALGUARD_HOME[^/]*/(\{?[\w.,]+)", block)
    names = {name for group in copied for name in group.strip("{").split(",")}
    assert {"archive", "socialguard.db", "media", "policy.toml"} <= names
    put_back = re.findall(r"`([\w.]+)/?`", section(page, "Restore").partition("1. Put ")[2].partition("Remove")[0])
    assert set(put_back) == names


def test_an_archive_that_lost_its_end_for_good_goes_on_without_its_index(office: Office, tmp_path: Path) -> None:
    run = ("backup", "run", "facebook:@acme", "--json")
    for text in ("First", "Second"):
        office.sandbox.foreign({"network": "facebook", "account": "acme", "text": text})
        if text == "Second":
            shutil.copytree(office.home / "archive", tmp_path / "copy")
        assert office.cli(*run).code == 0
    shutil.rmtree(office.home / "archive")
    shutil.copytree(tmp_path / "copy", office.home / "archive")
    assert office.cli(*run).code == 13
    rebuilt = office.cli("backup", "rebuild", "--json")  # 1: the run kept newer numbers before it was refused
    assert (rebuilt.code, rebuilt.error["name"]) in [(1, "pages_open"), (13, "archive_damaged")], rebuilt
    for path in office.home.glob("archive.db*"):
        path.rename(tmp_path / path.name)
    (row,) = office.cli(*run).document["accounts"]
    assert (row["items_new"], row["items_total"], row["gaps_open"], row["error"]) == (1, 2, 0, None)
    assert office.cli("backup", "verify", "--json").code == 0


def test_every_exit_code_says_what_to_do() -> None:
    table = section(read("docs/operations.md"), "Alarms: what each exit code asks of you")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    waiting, codes = [errors.SocialGuardError], set()
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        codes.add(kind.exit_code)
    assert documented == codes


def test_the_units_are_given_the_place_of_an_anchor_that_they_may_not_write() -> None:
    """They write nowhere but where the workspace lies (ProtectSystem=strict)."""
    units = [read(f"config/systemd/{name}.service") for name in ("socialguard", "socialguard-audit")]
    assert all("ReadWritePaths=/var/lib/socialguard\n" in one for one in units)
    page = section(read("docs/operations.md"), "Anchors")
    (place,) = re.findall(r'"dir:([^"]+)"', page)
    assert f"ReadWritePaths={place}\n" in page
