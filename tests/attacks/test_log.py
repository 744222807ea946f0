"""The log: it only grows, this machine remembers how far, and an anchor outside remembers more."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from socialguard.canon import jcs, merkle, note
from socialguard.store import process
from tests.attacker import Copy, append_entry, outside, truncate_after
from tests.attacks.world import PLAIN, Firm, found, refused, write

__all__ = ["outside"]


def test_entries_erased(firm: Firm) -> None:
    """Found by `audit verify`, and refused by the sender: the leaves no longer make the pinned tree."""
    write(firm, "delete from audit_entry where action = 'delivery.approve'")
    found(firm.verify(), "head")
    refused(firm, firm.send(), "log")


def test_an_entry_edited(firm: Firm) -> None:
    """Found by `audit verify`: its hash is another."""
    change = "cast(replace(cast(leaf as text), 'awaiting', 'queued') as blob)"
    write(firm, f"update audit_entry set leaf = {change} where action = 'delivery.queue'")
    assert firm.verify().code == 13
    refused(firm, firm.send(), "log")


def test_the_tail_cut_off(firm: Firm) -> None:
    """Refused by the pin: more entries were seen here."""
    truncate_after("member.add")(firm.office)
    found(firm.verify(), "shorter")
    refused(firm, firm.send(), "entries")


def test_a_forked_log(firm: Firm) -> None:
    """Found by `audit verify`: another root at a size that was signed before."""
    size = write(firm, "select size from audit_head")[0][0]
    truncate_after("member.add")(firm.office)
    while write(firm, "select size from audit_head")[0][0] < size:
        append_entry(firm.office, {}, like="member.add")
    found(firm.verify(), "fork")
    assert firm.send().code == 13
    assert firm.office.published() == []


def test_a_checkpoint_signed_by_a_key_of_the_attackers(firm: Firm) -> None:
    """Found by `audit verify`: no log key in the manifest signed it, here over an entry that was made up."""
    append_entry(firm.office, {}, like="delivery.queue")
    size, edge = write(firm, "select size, frontier from audit_head")[0]
    root = merkle.Frontier.from_bytes(edge).root()
    with firm.office.entered() as workspace:
        name = f"socialguard/{workspace.org}/0"
    forged = note.sign(f"{name}\n{size}\n{jcs.b64(root)}\n", name, Ed25519PrivateKey.generate())
    write(firm, "insert into checkpoint values (0, ?, ?, ?, '2026-01-01T00:00:00.000000Z')", size, forged, edge)
    found(firm.verify(), "checkpoint", "not signed")


def test_an_approval_presented_as_a_checkpoint(firm: Firm) -> None:
    """Found by `audit verify`: a member did sign, but another statement, with another key than the log's."""
    genuine = write(firm, "select note from checkpoint order by size desc limit 1")[0][0].decode()
    name, key_id = genuine.splitlines()[0], base64.b64decode(genuine.split()[-1])[:4]
    append_entry(firm.office, {}, like="delivery.queue")
    size, edge = write(firm, "select size, frontier from audit_head")[0]
    signature = write(firm, "select signature from approval")[0][0]
    root = jcs.b64(merkle.Frontier.from_bytes(edge).root())
    forged = f"{name}\n{size}\n{root}\n\n— {name} {jcs.b64(key_id + signature)}\n".encode()
    write(firm, "insert into checkpoint values (0, ?, ?, ?, '2026-01-01T00:00:00.000000Z')", size, forged, edge)
    found(firm.verify(), "checkpoint", "not signed")


def test_a_reason_changed(firm: Firm) -> None:
    """Found by `audit verify`: the entry holds the salted hash of the true one."""
    write(firm, "update audit_reason set reason = 'a better reason'")
    found(firm.verify(), "reason")


def test_an_entry_of_somebody_elses_act_made_up(firm: Firm) -> None:
    """A claim, shown as one, that lets nothing out: what counts is signed."""
    truth = write(firm, "select count(*) from audit_entry")[0][0]
    append_entry(
        firm.office, {"action": "member.role", "obj": {"member": firm.eva.id, "role": "owner"}}, "member.add"
    )
    entry = firm.office.cli("audit", "show", str(truth), "--json").document["entry"]
    assert entry["action"] == "member.role"
    assert firm.eva.post("As an owner", "x:@globex").code == 11
    assert firm.send().code == 0


# ── whole copies ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_workspace_rolled_back(firm: Firm, tmp_path: Path) -> None:
    """Refused by the pins, which lie elsewhere: what was sent is not sent again."""
    old = Copy.of(firm.office.home, tmp_path / "old")
    assert firm.send().code == 0
    old.put_back()
    refused(firm, firm.send(), "log", public=2)
    found(firm.verify(), "shorter")


def test_workspace_and_pins_rolled_back_together(firm: Firm, outside: Path, tmp_path: Path) -> None:
    """Found by an anchor outside, the only place that remembers; see `test_not_protected.py` for without one."""
    settings = firm.office.home / "socialguard.toml"
    settings.write_text(f'[audit]\nanchors = ["dir:{outside}"]\n', encoding="utf-8")
    kept = [
        Copy.of(firm.office.home, tmp_path / "home"),
        Copy.of(firm.office.identity, tmp_path / "identity"),
    ]
    assert firm.office.cli("audit", "checkpoint", "--json").code == 0
    assert firm.send().code == 0
    assert firm.office.cli("audit", "checkpoint", "--json").code == 0
    for one in kept:
        one.put_back()
    found(firm.verify(), "shorter")


def test_the_workspace_copied_to_another_machine(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused: pins name the machine; only `workspace adopt --reason` moves them, which is logged."""
    monkeypatch.setattr(process, "host_id", lambda: "f" * 32)
    refused(firm, firm.send(), "another machine", name="not_adopted")


def test_the_workspace_copied_without_its_keys(firm: Firm, tmp_path: Path) -> None:
    """Refused: keys and pins never lie in the workspace."""
    thief = firm.copy(tmp_path / "thief")
    for path in sorted(thief.office.identity.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    refused(thief, thief.send(), "does not know this workspace", name="not_adopted")
    assert PLAIN not in thief.office.published()
