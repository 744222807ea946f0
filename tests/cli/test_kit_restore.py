"""`vault recovery restore`: an owner comes back with the kit alone, and nothing goes out by itself."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from socialguard.vault.recovery import Kit, new_kit, parse_kit
from socialguard.vault.shelf_keys import ShelfKeys
from socialguard.workspace import kit_restoring, recovery
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.cli.test_restore import queued
from tests.docs.test_operations import LATER, back_up, set_anchors
from tests.office import ACCOUNTS, Done, Office, office
from tests.people import joined

__all__ = ["office"]

THAW = ("thaw", "--all", "--confirm", "all", "--reason", "looked through", "--json")


def make_kit(office: Office, path: Path) -> Path:
    """Save a recovery kit and return its place."""
    assert office.cli("vault", "recovery", "new", "--out", str(path), "--json").code == 0
    return path


def lose_keys(office: Office) -> Office:
    """Take all that lies outside the workspace away, and return the office as whoever found it sees it."""
    found = replace(office, base=office.base / "found")
    found.base.mkdir()
    office.identity.rename(found.identity)
    office.identity.mkdir(mode=0o700)
    (found.base / "workspace").symlink_to(office.home)
    return found


@dataclass(frozen=True)
class Lost:
    """An office whose keys are gone, its kit, and the same office with the keys that were lost."""

    office: Office
    kit: Path
    found: Office

    def words(self, *more: str, kit: Path | None = None) -> tuple[str, ...]:
        """Return the command line of the way back."""
        key = str(self.office.base / "kek2")
        what = ("vault", "recovery", "restore", str(kit or self.kit))
        return (*what, "--key-file", key, "--reason", "laptop stolen", *more)

    def restore(self, *more: str, kit: Path | None = None, at: str = "") -> Done:
        """Go the way back without a terminal."""
        named = () if "--owner" in more else ("--confirm", "Marie")
        environment = {"SOCIALGUARD_CLOCK": at} if at else {}
        return self.office.cli(*self.words("--json", *named, *more, kit=kit), **environment)


@pytest.fixture
def lost(office: Office, tmp_path: Path) -> Lost:
    """An office that lost its keys, with its kit."""
    kit = make_kit(office, tmp_path / "kit.txt")
    return Lost(office, kit, lose_keys(office))


def entries(office: Office, action: str) -> list[dict[str, object]]:
    """Return the log's entries of an action, newest first."""
    found: list[dict[str, object]] = office.cli("audit", "list", "--action", action, "--json").document["entries"]
    return found


def test_an_owner_comes_back_with_the_kit_alone_and_nothing_goes_out_by_itself(
    office: Office, tmp_path: Path
) -> None:
    """A freeze that the lost keys lifted stays lifted, what was queued is held, every token is to be replaced."""
    kit, delivery = make_kit(office, tmp_path / "kit.txt"), queued(office)
    assert office.cli("freeze", "x:@globex", "--reason", "a try", "--json").code == 0
    assert office.cli("thaw", "x:@globex", "--confirm", "x:@globex", "--reason", "over", "--json").code == 0
    lost = Lost(office, kit, lose_keys(office))
    found = shown(lost.restore(), shapes.KitUsed).recovered
    assert (found.held, found.unknown, found.revoked, found.lost) == ([delivery], [], [], 0)
    assert sorted(found.rotation_due) == sorted(ACCOUNTS)
    assert (len(found.replaced), found.incarnation) == (2, 1)
    verified = office.cli("audit", "verify", "--deep", "--json")
    assert (verified.code, verified.document["problems"]) == (0, []), verified
    assert office.post("Too early", "x:@acme").code == 11
    assert office.cli(*THAW).code == 0
    assert office.cli("queue", "run", "--json", **LATER).deliveries == []
    assert office.post("Back again.", "x:@acme").code == 0
    assert office.post("Here, too.", "x:@globex").code == 0
    assert office.published("x") == ["Back again.", "Here, too."]
    assert office.cli("doctor", "--json").code in (0, 1)


def test_everybody_sees_that_the_kit_was_used(lost: Lost) -> None:
    assert lost.restore().code == 0
    (used,) = entries(lost.office, "recovery.restore")
    assert used["reason"] == "laptop stolen"
    (alert,) = [
        one for one in lost.office.cli("alerts", "list", "--json").document["alerts"] if not one["delivery"]
    ]
    assert (alert["kind"], "recovery kit was used" in alert["message"]) == ("recovery_used", True)


def test_the_lost_keys_are_worth_nothing_afterwards(lost: Lost) -> None:
    """Whoever found the laptop: nothing can be sent, thawed or signed, and no credential opens."""
    assert lost.restore().code == 0
    assert lost.office.cli(*THAW).code == 0
    acts = (
        lost.found.post_words("Stolen", "x:@acme"),
        ("account", "verify", "x:@acme", "--json"),
        ("vault", "rewrap", "--all", "--reason", "mine", "--json"),
        ("member", "invite", "Eve", "--role", "owner", "--json"),
        THAW,
    )
    assert {lost.found.cli(*words).code for words in acts[:4]} == {11, 13}
    # Adopting proves what is here and makes nobody a member: the acts stay refused.
    assert lost.found.cli("workspace", "adopt", "--reason", "mine", "--json").code == 0
    assert lost.office.cli("freeze", "--all", "--reason", "so that there is one", "--json").code == 0
    assert {lost.found.cli(*words).code for words in acts} == {5, 11}  # no credential opens
    assert lost.office.cli(*THAW).code == 0
    assert lost.office.published() == []
    assert lost.office.cli("vault", "rewrap", "--all", "--reason", "still whole", "--json").code == 0


def test_a_backup_comes_back_and_what_an_anchor_knows_more_is_lost_and_declared(
    office: Office, tmp_path: Path
) -> None:
    (office.base / "anchor").mkdir()
    set_anchors(office, on=True)
    kit, delivery, backup = make_kit(office, tmp_path / "kit.txt"), queued(office), tmp_path / "backup"
    back_up(office, backup)
    assert office.cli("queue", "run", "--json", **LATER).deliveries[0]["state"] == "sent"
    lost = Lost(office, kit, lose_keys(office))
    shutil.rmtree(office.home)
    found = shown(lost.restore("--backup", str(backup), at=LATER["SOCIALGUARD_CLOCK"]), shapes.KitUsed).recovered
    assert (found.held, found.lost > 0) == ([delivery], True)
    verified = office.cli("audit", "verify", "--json", **LATER)
    assert (verified.code, "declared" in verified.document["status"]) == (0, True), verified
    assert office.cli(*THAW, **LATER).code == 0
    assert office.cli("queue", "run", "--json", **LATER).deliveries == []
    assert office.published("x") == ["Sent after the backup."]


def test_what_it_cannot_prove_is_said(lost: Lost) -> None:
    found = shown(lost.restore(), shapes.KitUsed).recovered
    assert len(found.trusted) == 5  # without an anchor outside
    assert any("manifest" in one for one in found.trusted)


def test_a_kit_that_was_replaced_opens_nothing(office: Office, tmp_path: Path) -> None:
    old, new = make_kit(office, tmp_path / "old.txt"), make_kit(office, tmp_path / "new.txt")
    lost = Lost(office, new, lose_keys(office))
    refused = lost.restore(kit=old)
    assert (refused.code, "replaced" in refused.error["message"]) == (16, True)
    assert lost.restore().code == 0


def test_the_kit_of_others_and_one_that_nobody_enlisted_are_refused(lost: Lost, tmp_path: Path) -> None:
    """A stolen database is worth nothing without the kit: one that the thief made himself is in no manifest."""
    real = parse_kit(lost.kit.read_text())
    own, others = tmp_path / "own", tmp_path / "others"
    own.write_text(new_kit(real.org, real.manifest_sha256).document())
    others.write_text(new_kit("f" * 64, real.manifest_sha256).document())
    assert (lost.restore(kit=own).code, lost.restore(kit=others).code) == (16, 2)
    before = lost.office.database.read_bytes()
    assert lost.restore(kit=own).code == 16
    assert lost.office.database.read_bytes() == before
    assert list(lost.office.identity.iterdir()) == []


def test_a_manifest_from_before_the_kit_is_refused(lost: Lost, tmp_path: Path) -> None:
    """The page names the hash of the manifest under which it was made: a chain without it is another one."""
    real = parse_kit(lost.kit.read_text())
    forged = tmp_path / "forged"
    forged.write_text(Kit(real.org, "0" * 64, real.age_identity, real.keys).document())
    refused = lost.restore(kit=forged)
    assert (refused.code, "under which the kit was made" in refused.error["message"]) == (13, True)


def test_a_machine_that_has_keys_is_refused(office: Office, tmp_path: Path) -> None:
    kit = make_kit(office, tmp_path / "kit.txt")
    refused = Lost(office, kit, office).restore()
    assert (refused.code, "has keys" in refused.error["message"]) == (2, True)
    assert office.post("As ever", "x:@acme").code == 0


def test_a_changed_log_is_refused_and_nothing_is_changed(lost: Lost) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(lost.office.database)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute("delete from audit_entry where seq = 4")
        database.commit()
    assert lost.restore().code == 13
    assert not (lost.office.identity / parse_kit(lost.kit.read_text()).org).exists()


def test_without_a_terminal_the_owner_is_confirmed_by_name(lost: Lost) -> None:
    refused = lost.office.cli(*lost.words("--json"))
    assert (refused.code, refused.error["remedy"].count("--confirm Marie")) == (10, 1), refused
    assert list(lost.office.identity.iterdir()) == []


def test_in_a_terminal_the_owner_is_typed_and_what_is_left_to_do_is_told(lost: Lost) -> None:
    stopped = lost.office.terminal(*lost.words("--confirm", "Marie"))
    stopped.expect("as owner of 4 accounts")
    stopped.expect("Type Marie")
    stopped.sendline("")
    stopped.expect("Nothing was changed")
    assert list(lost.office.identity.iterdir()) == []
    child = lost.office.terminal(*lost.words())
    child.expect("Type Marie")
    child.sendline("Marie")
    child.expect("Left to do")
    child.expect("vault recovery new")
    child.wait()
    assert child.exitstatus == 0


def test_with_several_owners_the_one_who_comes_back_is_named_and_the_others_stay(
    office: Office, tmp_path: Path
) -> None:
    joined(office, "Anna", "owner", tmp_path / "anna")
    lost = Lost(office, make_kit(office, tmp_path / "kit.txt"), lose_keys(office))
    refused = lost.restore()
    assert (refused.code, "Marie, Anna" in refused.error["message"]) == (2, True), refused
    assert lost.restore("--owner", "Eve", "--confirm", "Eve").code == 5
    assert lost.restore("--owner", "Anna", "--confirm", "Anna").code == 0
    listed = office.cli("member", "list", "--json").document["members"]
    assert sorted(one["name"] for one in listed if one["role"] == "owner") == ["Anna", "Marie"]
    (used,) = entries(office, "recovery.restore")
    anna = next(one["id"] for one in listed if one["name"] == "Anna")
    assert used["actor"]["id"] == anna  # type: ignore[index]


@pytest.mark.parametrize("at", ["_take_over", "_settle"])
def test_what_was_broken_off_is_gone_on_with(lost: Lost, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its one transaction nothing has happened; after it the keys that it made are the ones that count."""

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(kit_restoring, at, broken)
        assert lost.restore().code == 130
    assert lost.office.post("Not yet", "x:@acme").code != 0
    found = shown(lost.restore(), shapes.KitUsed).recovered
    assert (len(entries(lost.office, "recovery.restore")), found.incarnation) == (1, 1)
    assert [one.name for one in lost.office.identity.iterdir()] == [parse_kit(lost.kit.read_text()).org]
    assert lost.office.cli("audit", "verify", "--deep", "--json").code == 0


def test_the_same_kit_brings_an_owner_back_again_until_another_is_made(lost: Lost) -> None:
    assert lost.restore().code == 0
    shutil.rmtree(lost.office.identity)
    lost.office.identity.mkdir(mode=0o700)
    again = shown(lost.restore(), shapes.KitUsed).recovered
    assert (again.incarnation, again.revoked) == (2, [])
    assert lost.office.cli("audit", "verify", "--deep", "--json").code == 0


def test_a_credential_that_the_kit_does_not_open_is_told_and_entered_anew(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kit whose making was broken off opens some only."""
    with monkeypatch.context() as patched:
        patched.setattr(recovery, "seal_all", lambda *_: ())
        kit = make_kit(office, tmp_path / "kit.txt")
    assert office.cli("vault", "rewrap", "x:@globex", "--reason", "one", "--json").code == 0
    lost = Lost(office, kit, lose_keys(office))
    done = lost.restore()
    found = shapes.KitUsed.model_validate(done.document).recovered
    assert (done.code, sorted(found.revoked)) == (18, sorted(set(ACCOUNTS) - {"x:@globex"}))
    assert office.cli(*THAW).code == 0
    assert office.post("No token", "x:@acme").code != 0
    entry = next(one for one in office.seed["accounts"] if (one["network"], one["handle"]) == ("x", "acme"))
    rotate = ("account", "rotate", "x:@acme", "--credential", "-", "--json")
    assert office.cli(*rotate, stdin=json.dumps(entry["credential"])).code == 0
    assert office.post("Entered anew", "x:@acme").code == 0


def test_what_others_wrote_is_readable_again(office: Office, tmp_path: Path) -> None:
    shelf = "a-1/2026-11"
    with office.entered() as workspace:
        id, key = ShelfKeys(lambda: workspace.custody).present(shelf)
    lost = Lost(office, make_kit(office, tmp_path / "kit.txt"), lose_keys(office))
    assert lost.restore().code == 0
    with office.entered() as workspace:
        assert ShelfKeys(lambda: workspace.custody).of(shelf, id) == key


def test_no_letter_of_the_kit_is_left_behind(lost: Lost) -> None:
    done = lost.restore("--debug")
    assert done.code == 0
    kit = parse_kit(lost.kit.read_text())
    letters = [
        line.split(":", 1)[1].split("#")[0].strip() for line in lost.kit.read_text().splitlines() if "key-" in line
    ]
    secret = [*letters, *(one.replace(" ", "") for one in letters), kit.age_identity]
    seen = (done.stdout + done.stderr).encode()
    seen += b"".join(one.read_bytes() for one in lost.office.base.rglob("*") if one.is_file())
    assert not [one for one in secret if one.encode() in seen]
    assert kit.keys.to_bytes()[:32] not in seen
