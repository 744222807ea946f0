"""An exported log: a stranger checks it with other people's tools, and this program finds whatever was changed."""

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pymerkle
import pytest

from socialguard import errors
from socialguard.audit import checkpoint, exported, incident
from socialguard.audit.exporting import Exported, export
from socialguard.audit.interface import LogKey, Tree
from socialguard.audit.reader import Filter
from tests.audit.conftest import ACTOR, ORG, Key
from tests.audit.test_log import queue, tamper
from tests.audit.world import World

ORIGIN = f"socialguard/{ORG}/0"


def written(world: World, place: Path, wanted: Filter | None = None, *keys: LogKey) -> Exported:
    """Export the log as it stands under its newest checkpoint."""
    world.checkpoint()
    return export(world.database, ORG, keys or [LogKey(world.key.public)], place, wanted)


def kinds(place: Path, *pinned: bytes) -> set[str]:
    return {one.kind for one in exported.verify(place, pinned).problems}


def test_the_root_is_the_one_that_another_library_computes(world: World, tmp_path: Path) -> None:
    made = written(world, tmp_path / "out")
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    leaves = (tmp_path / "out/log.jsonl").read_bytes().splitlines()
    for leaf in leaves:
        tree.append_entry(leaf)
    assert len(leaves) == made.size == 9
    assert tree.get_root() == made.root
    newest = max((tmp_path / "out/checkpoints").iterdir()).read_text()
    assert newest.splitlines()[:3] == [ORIGIN, "9", base64.b64encode(tree.get_root()).decode()]


def test_the_signature_of_a_note_is_one_that_openssl_accepts(world: World, tmp_path: Path) -> None:
    written(world, tmp_path / "out")
    (vkey,) = (tmp_path / "out/keys").iterdir()
    name, key_id, key = vkey.read_text().strip().split("+", 2)
    public = base64.b64decode(key)[1:]
    assert name == ORIGIN
    assert hashlib.sha256(f"{ORIGIN}\n".encode() + b"\x01" + public).hexdigest()[:8] == key_id == vkey.stem
    text, _, signatures = max((tmp_path / "out/checkpoints").iterdir()).read_bytes().partition(b"\n\n")
    raw = base64.b64decode(signatures.split()[-1])
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    (tmp_path / "text").write_bytes(text + b"\n")
    (tmp_path / "signature").write_bytes(raw[4:])
    asked = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin"]
    files = ["-in", "text", "-sigfile", "signature"]
    assert subprocess.run([*asked, *files], cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "text").write_bytes(text + b"!\n")
    assert subprocess.run([*asked, *files], cwd=tmp_path, check=False, capture_output=True).returncode != 0


def test_a_proof_leads_from_its_line_to_the_root(world: World, tmp_path: Path) -> None:
    """RFC 6962 §2.1.1 written out, without a line of ours."""
    made = written(world, tmp_path / "out")
    leaves = (tmp_path / "out/log.jsonl").read_bytes().splitlines()
    proofs = [json.loads(line) for line in (tmp_path / "out/proofs/inclusion.jsonl").read_text().splitlines()]
    assert [one["seq"] for one in proofs] == list(range(9))
    for one in proofs:
        at, last, value = one["seq"], one["size"] - 1, hashlib.sha256(b"\0" + leaves[one["seq"]]).digest()
        for step in map(base64.b64decode, one["proof"]):
            if at % 2 or at == last:
                value = hashlib.sha256(b"\1" + step + value).digest()
                while not at % 2 and at:
                    at, last = at // 2, last // 2
            else:
                value = hashlib.sha256(b"\1" + value + step).digest()
            at, last = at // 2, last // 2
        assert value == made.root, one["seq"]


def test_a_filter_chooses_which_entries_get_proofs_and_never_what_is_exported(
    world: World, tmp_path: Path
) -> None:
    made = written(world, tmp_path / "out", Filter(action="freeze"))
    assert (made.entries, made.proofs) == (9, 1)


def test_what_was_exported_is_whole_with_nothing_but_the_key(world: World, tmp_path: Path) -> None:
    made = written(world, tmp_path / "out")
    report = exported.verify(tmp_path / "out", [world.key.public])
    assert (report.status, report.entries, report.exit_code, report.unproven) == ("whole", 9, 0, 0)
    assert base64.b64decode(report.root) == made.root
    assert kinds(tmp_path / "out", Key().public) == {"key"}


def edit(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        path = max(place.glob(name))
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new, 1))

    return change


def drop_line(name: str, at: int) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        lines = (place / name).read_bytes().splitlines(keepends=True)
        del lines[at]
        (place / name).write_bytes(b"".join(lines))

    return change


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (edit("log.jsonl", b'"freeze"', b'"thawed"'), {"fork", "proof", "checkpoint"}),
        (edit("log.jsonl", b'"sent"', b'"fail"'), {"fork", "proof", "checkpoint"}),
        (drop_line("log.jsonl", -1), {"shorter", "proof", "checkpoint"}),
        (drop_line("log.jsonl", 4), {"shorter", "entry", "proof", "reason", "checkpoint"}),
        (edit("checkpoints/*", b"\n9\n", b"\n8\n"), {"key"}),
        (edit("proofs/inclusion.jsonl", b'"seq":3', b'"seq":2'), {"proof"}),
        (edit("reasons.jsonl", b"rumour", b"humour"), {"reason"}),
    ],
    ids=["action", "outcome", "last", "middle", "note", "proof", "reason"],
)
def test_whatever_is_changed_in_the_directory_is_found(
    world: World, tmp_path: Path, change: Callable[[Path], None], found: set[str]
) -> None:
    written(world, tmp_path / "out")
    change(tmp_path / "out")
    report = exported.verify(tmp_path / "out", [world.key.public])
    assert (report.status, report.exit_code) == ("tampered", 13)
    assert {one.kind for one in report.problems} == found


def test_a_note_of_another_log_under_the_same_key_is_a_fork(world: World, tmp_path: Path) -> None:
    """Whoever lays an anchor's notes into the directory learns of a second log."""
    written(world, tmp_path / "out")
    tree = Tree(0, 5, b"\7" * 32)
    (tmp_path / "out/checkpoints/from-an-anchor.note").write_bytes(checkpoint.signed(ORG, tree, world.key))
    assert kinds(tmp_path / "out", world.key.public) == {"fork"}


def test_a_key_is_trusted_that_the_pinned_one_handed_over_to(world: World, tmp_path: Path) -> None:
    new = Key()
    with world.database.write() as connection:
        key = checkpoint.rotate_key(connection, world.log, world.key, new, ACTOR)
    old, world.key = world.key, new
    made = written(world, tmp_path / "out", None, LogKey(old.public), key)
    assert made.keys == 2
    assert kinds(tmp_path / "out", old.public) == kinds(tmp_path / "out", new.public) == set()
    late = checkpoint.signed(ORG, Tree(0, made.size, made.root), old)
    (tmp_path / "out/checkpoints/late.note").write_bytes(late)
    assert kinds(tmp_path / "out", new.public) == {"key"}


def test_a_log_that_was_begun_again_is_whole_with_its_gap_named(world: World, tmp_path: Path) -> None:
    tamper(world.database, "delete from audit_entry where seq = 8")
    owner = Key()
    incident.accept(
        world.database,
        world.log,
        actor=ACTOR,
        reason="a damaged disk",
        keys=incident.Keys(owner, world.key.here),
        log_keys=[LogKey(world.key.public)],
        pins=world.pins,
        anchors=[world.anchor],
    )
    world.add(queue("cd" * 32))
    written(world, tmp_path / "out")
    report = exported.verify(tmp_path / "out", [world.key.public])
    assert (report.status, report.incarnation, report.exit_code) == ("whole, gap 7–8 declared", 1, 0), report
    drop_line("before/0.jsonl", 1)(tmp_path / "out")
    assert "incarnation" in kinds(tmp_path / "out", world.key.public)


def test_a_log_that_was_changed_is_not_exported(world: World, tmp_path: Path) -> None:
    world.checkpoint()
    tamper(world.database, "update audit_entry set leaf = (select leaf from audit_entry e where e.seq = 0)")
    with pytest.raises(errors.Tampered):
        export(world.database, ORG, [LogKey(world.key.public)], tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_a_directory_that_exists_is_refused_and_one_that_is_no_export_is_unreadable(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(errors.UsageError):
        written(world, tmp_path / "out")
    with pytest.raises(errors.Unreadable):
        exported.verify(tmp_path / "out", [world.key.public])
    shutil.rmtree(tmp_path / "out")
    written(world, tmp_path / "out")
    (tmp_path / "out/log.jsonl").unlink()
    with pytest.raises(errors.Unreadable):
        exported.verify(tmp_path / "out", [world.key.public])
