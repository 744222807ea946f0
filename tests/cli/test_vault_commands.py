"""`vault export`, `rewrap`, `recovery new`, `recovery test`: who can open the credentials, and who has what."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from socialguard.vault import age
from socialguard.vault.recovery import parse_kit
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import ACCOUNTS, Office, office

__all__ = ["office"]


def test_an_export_opens_with_its_age_identity_and_holds_every_credential(office: Office, tmp_path: Path) -> None:
    identity, recipient = age.new_identity()
    out = tmp_path / "export.age"
    done = office.cli(
        "vault", "export", "--all", "--age", recipient, "--out", str(out), "--reason", "drill", "--json"
    )
    assert set(shown(done, shapes.Exported).accounts) == set(ACCOUNTS)
    opened = json.loads(age.open_export(identity, out.read_bytes()))
    held = {value for one in opened["accounts"] for value in one["credential"].values()}
    assert held.issuperset(office.secrets)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not any(secret in done.stdout + done.stderr for secret in office.secrets)


def test_an_export_never_replaces_a_file_and_opens_nothing_then(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "there"
    out.write_text("mine")
    recipient = age.new_identity()[1]
    done = office.cli("vault", "export", "--all", "--age", recipient, "--out", str(out), "--reason", "x", "--json")
    assert done.code == 2
    assert "exists already" in done.error["message"]
    assert out.read_text() == "mine"
    assert "credential.export" not in _actions(office)


@pytest.mark.parametrize("command", ["export", "rewrap"])
def test_no_account_named_is_never_all(office: Office, tmp_path: Path, command: str) -> None:
    more = ("--age", age.new_identity()[1], "--out", str(tmp_path / "e")) if command == "export" else ()
    neither = office.cli("vault", command, *more, "--reason", "x", "--json")
    both = office.cli("vault", command, "x:@acme", "--all", *more, "--reason", "x", "--json")
    assert (neither.code, both.code) == (2, 2)
    assert not (tmp_path / "e").exists()


def test_a_secret_identity_given_for_a_recipient_is_not_repeated(office: Office, tmp_path: Path) -> None:
    identity, _recipient = age.new_identity()
    out = str(tmp_path / "e")
    done = office.cli("vault", "export", "x:@acme", "--age", identity, "--out", out, "--reason", "x", "--debug")
    assert done.code == 2
    assert identity not in done.stdout + done.stderr
    assert not Path(out).exists()


def test_each_exported_credential_leaves_an_entry_with_the_reason(office: Office, tmp_path: Path) -> None:
    recipient = age.new_identity()[1]
    office.cli(
        "vault", "export", "client:acme", "--age", recipient, "--out", str(tmp_path / "e"), "--reason", "why"
    )
    entries = office.cli("audit", "list", "--action", "credential.export", "--json").document["entries"]
    assert {(one["account"], one["outcome"]) for one in entries} == {
        (account, outcome) for account in ("x:@acme", "facebook:@acme") for outcome in ("intent", "ok")
    }
    assert {one["reason"] for one in entries if one["outcome"] == "intent"} == {"why"}


def test_rewrap_makes_a_new_generation_that_still_posts(office: Office) -> None:
    done = office.cli("vault", "rewrap", "x:@acme", "--reason", "a worker left", "--json")
    assert [(one.account, one.generation) for one in shown(done, shapes.Rewrapped).rewrapped] == [("x:@acme", 2)]
    assert office.post("After the rewrap").deliveries[0]["state"] == "sent"


def test_a_kit_opens_every_credential_and_says_so(office: Office, tmp_path: Path) -> None:
    kit = tmp_path / "kit.txt"
    made = shown(office.cli("vault", "recovery", "new", "--out", str(kit), "--json"), shapes.Kit)
    assert set(made.accounts) == set(ACCOUNTS)
    assert stat.S_IMODE(kit.stat().st_mode) == 0o600
    proof = shown(office.cli("vault", "recovery", "test", str(kit), "--json"), shapes.KitProof).kit
    assert (proof.credentials, proof.sealed) == (len(ACCOUNTS), len(ACCOUNTS))
    assert proof.opened in ACCOUNTS
    on_stdin = office.cli("vault", "recovery", "test", "-", "--json", stdin=kit.read_text().lower())
    assert on_stdin.code == 0
    assert office.post("After the kit").deliveries[0]["state"] == "sent"


def test_nothing_of_the_kit_is_in_the_workspace_or_on_a_stream(office: Office, tmp_path: Path) -> None:
    kit = tmp_path / "kit.txt"
    made = office.cli("vault", "recovery", "new", "--out", str(kit), "--debug")
    tested = office.cli("vault", "recovery", "test", str(kit), "--debug")
    lines = [
        line.split(":", 1)[1].split("#")[0].strip() for line in kit.read_text().splitlines() if "key-" in line
    ]
    assert len(lines) == 4
    secret_words = [*lines, *(line.replace(" ", "") for line in lines)]
    said = made.stdout + made.stderr + tested.stdout + tested.stderr
    stored = b"".join(path.read_bytes() for path in office.base.rglob("*") if path.is_file())
    assert not any(word in said or word.encode() in stored for word in secret_words)


@pytest.mark.parametrize("place", ["workspace", "identity"])
def test_a_kit_beside_what_it_recovers_is_refused(office: Office, place: str) -> None:
    room = office.home if place == "workspace" else next(office.identity.iterdir())
    inside = room / "kit.txt"
    done = office.cli("vault", "recovery", "new", "--out", str(inside), "--json")
    assert done.code == 2
    assert not inside.exists()
    assert "recovery.new" not in _actions(office)


def test_a_link_into_the_workspace_is_a_place_in_the_workspace(office: Office, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(office.home)
    assert office.cli("vault", "recovery", "new", "--out", str(tmp_path / "elsewhere" / "kit")).code == 2
    assert not (office.home / "kit").exists()


def test_without_a_terminal_a_kit_needs_a_file(office: Office) -> None:
    done = office.cli("vault", "recovery", "new", "--json")
    assert (done.code, "--out" in done.error["remedy"]) == (2, True)


def test_a_kit_that_was_replaced_is_stale(office: Office, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    assert office.cli("vault", "recovery", "new", "--out", str(old)).code == 0
    assert office.cli("vault", "recovery", "new", "--out", str(new)).code == 0
    assert office.cli("vault", "recovery", "test", str(old), "--json").code == 16
    assert office.cli("vault", "recovery", "test", str(new), "--json").code == 0


def test_a_mistyped_kit_names_the_line_and_not_its_letters(office: Office, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    office.cli("vault", "recovery", "new", "--out", str(kit))
    lines = kit.read_text().splitlines()
    index = next(i for i, line in enumerate(lines) if "key-2:" in line)
    letters = lines[index].split(":")[1].split("#")[0].strip()
    lines[index] = lines[index].replace(letters, letters[::-1])
    done = office.cli("vault", "recovery", "test", "-", "--json", stdin="\n".join(lines))
    assert done.code == 2
    assert "key-2" in done.error["message"]
    assert letters not in done.stdout + done.stderr


def test_credentials_that_are_not_sealed_to_the_kit_are_told(office: Office, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    office.cli("vault", "recovery", "new", "--out", str(kit))
    with closing(sqlite3.connect(office.database)) as connection, connection:
        pair = parse_kit(kit.read_text()).keys
        connection.execute("delete from wrap where recipient = ?", (pair.sealing_id,))
    done = office.cli("vault", "recovery", "test", str(kit), "--json")
    proof = shapes.KitProof.model_validate(done.document).kit
    assert (done.code, proof.sealed, proof.opened) == (18, 0, None)


def test_a_kit_that_is_not_there_is_unreadable(office: Office, tmp_path: Path) -> None:
    assert office.cli("vault", "recovery", "test", str(tmp_path / "none"), "--json").code == 15


def _actions(office: Office) -> set[str]:
    entries = office.cli("audit", "list", "--limit", "1000", "--json").document["entries"]
    return {one["action"] for one in entries}
