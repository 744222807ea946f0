"""Anchors: what each kind keeps, refuses and survives, and the queue before them."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from socialguard import errors
from socialguard.audit import checkpoint
from socialguard.audit.anchors.directory import DirectoryAnchor
from socialguard.audit.anchors.git import GitAnchor
from socialguard.audit.anchors.interface import Anchor, AnchorFailed, Statement
from socialguard.audit.anchors.local import LocalAnchor
from socialguard.audit.anchors.publishing import open_anchors, publish_pending
from socialguard.audit.interface import Tree
from socialguard.audit.log import AuditLog
from socialguard.store.database import Database
from tests.audit.conftest import ORG, Key, Pins
from tests.audit.test_log import ON_SQLITE, append, queue

KEY = Key()


def statement(size: int, root: bytes = b"r" * 32) -> Statement:
    return Statement(ORG, 0, size, checkpoint.signed(ORG, Tree(0, size, root), KEY))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    return tmp_path / "remote.git"


@pytest.fixture(params=["local", "dir", "git"])
def anchor(request: pytest.FixtureRequest, tmp_path: Path) -> Anchor:
    if request.param == "local":
        return LocalAnchor(tmp_path / "state" / "anchor.jsonl")
    if request.param == "dir":
        (tmp_path / "share").mkdir()
        return DirectoryAnchor(tmp_path / "share", tmp_path)
    return GitAnchor(str(request.getfixturevalue("bare")), tmp_path / "cache")


def test_an_anchor_gives_back_what_it_took(anchor: Anchor) -> None:
    assert list(anchor.notes(ORG)) == []
    anchor.publish([statement(3), statement(7)])
    anchor.publish([statement(12)])
    assert list(anchor.notes(ORG)) == [statement(size).note for size in (3, 7, 12)]
    assert list(anchor.notes("another")) == []


def test_the_same_checkpoint_twice_is_the_same_as_once(anchor: Anchor) -> None:
    anchor.publish([statement(3)])
    anchor.publish([statement(3), statement(7)])
    assert set(anchor.notes(ORG)) == {statement(3).note, statement(7).note}


@pytest.mark.parametrize("anchor", ["dir", "git"], indirect=True)
def test_another_checkpoint_of_one_size_is_refused(anchor: Anchor) -> None:
    anchor.publish([statement(3)])
    with pytest.raises(AnchorFailed):
        anchor.publish([statement(3, b"s" * 32)])
    assert list(anchor.notes(ORG)) == [statement(3).note]


def test_a_line_that_a_crash_cut_short_swallows_no_other(tmp_path: Path) -> None:
    anchor = LocalAnchor(tmp_path / "anchor.jsonl")
    anchor.publish([statement(3)])
    with anchor.path.open("ab") as file:
        file.write(b'{"format":"socialguard/anc')
    anchor.publish([statement(7)])
    assert list(anchor.notes(ORG)) == [statement(3).note, statement(7).note]


def test_the_local_anchor_is_for_its_owner_only(tmp_path: Path) -> None:
    anchor = LocalAnchor(tmp_path / "anchor.jsonl")
    anchor.publish([statement(3)])
    assert stat.S_IMODE(anchor.path.stat().st_mode) == 0o600


def test_a_file_that_a_crash_cut_short_is_completed(tmp_path: Path) -> None:
    anchor = DirectoryAnchor(tmp_path, tmp_path)
    anchor.publish([statement(3)])
    path = next(tmp_path.glob("*/*.checkpoint"))
    path.write_bytes(statement(3).note[:40])
    anchor.publish([statement(3)])
    assert list(anchor.notes(ORG)) == [statement(3).note]


def test_a_directory_counts_as_outside_only_on_another_mount(tmp_path: Path) -> None:
    assert not DirectoryAnchor(tmp_path / "share", tmp_path).outside
    (tmp_path / "share").mkdir()
    assert not DirectoryAnchor(tmp_path / "share", tmp_path).outside
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other mount here")
    assert DirectoryAnchor(other, tmp_path).outside


def test_a_directory_that_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    anchor = DirectoryAnchor(tmp_path / "gone", tmp_path)
    with pytest.raises(AnchorFailed):
        anchor.publish([statement(3)])
    with pytest.raises(AnchorFailed):
        list(anchor.notes(ORG))
    assert not anchor.place.exists()


def test_two_machines_push_to_one_remote(bare: Path, tmp_path: Path) -> None:
    one, two = (GitAnchor(str(bare), tmp_path / name) for name in ("one", "two"))
    one.publish([statement(3)])
    two.publish([statement(7)])
    one.publish([statement(12)])
    assert len(list(two.notes(ORG))) == 3


def test_a_push_that_lost_a_race_is_repeated(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (GitAnchor(str(bare), tmp_path / name) for name in ("one", "two"))
    one.publish([statement(3)])
    fetch = one._fetch
    raced: list[bool] = []

    def late(org: str) -> str | None:
        found = fetch(org)
        if not raced:
            raced.append(True)
            two.publish([statement(7)])
        return found

    monkeypatch.setattr(one, "_fetch", late)
    one.publish([statement(12)])
    assert len(list(two.notes(ORG))) == 3


@pytest.mark.parametrize("url", ["https://me:secret@example.org/log.git", "--upload-pack=touch x"])
def test_a_git_url_that_would_leak_or_act_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError) as caught:
        GitAnchor(url, tmp_path)
    assert "secret" not in str(caught.value)


def test_git_sees_neither_our_environment_nor_a_prompt(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\nenv >> {seen}\nexec /usr/bin/env PATH="{os.environ["PATH"]}" git "$@"\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SOCIALGUARD_PASSPHRASE", "hunter2hunter2")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    GitAnchor(str(bare), tmp_path / "cache").publish([statement(3)])
    words = seen.read_text()
    assert "hunter2" not in words
    assert "GIT_DIR=" not in words
    assert "GIT_TERMINAL_PROMPT=0" in words


def test_a_git_that_hangs_is_ended_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nsleep 60\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    with pytest.raises(AnchorFailed, match="in time"):
        GitAnchor("/nowhere", tmp_path / "cache", time_limit=0.2).publish([statement(3)])


def test_a_remote_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnchorFailed, match=r"fatal: .*nowhere\.git"):
        GitAnchor(str(tmp_path / "nowhere.git"), tmp_path / "cache").publish([statement(3)])


def test_the_clone_of_a_remote_is_for_its_owner_alone(bare: Path, tmp_path: Path) -> None:
    """As all of the identity directory, which `doctor` looks through."""
    GitAnchor(str(bare), tmp_path / "cache").publish([statement(3)])
    kept = list((tmp_path / "cache").rglob("*"))
    assert kept
    assert not [path for path in kept if path.lstat().st_mode & 0o077]


def test_settings_name_the_anchors(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    made = open_anchors(
        ["dir:/mnt/log", "git:ssh://host/log.git"],
        local=tmp_path / "a",
        workspace=workspace,
        cache=tmp_path,
        key_of=str,
    )
    assert [each.name.partition(":")[0] for each in made] == ["local", "dir", "git"]
    assert all(len(each.name) <= 64 for each in made)


@pytest.mark.parametrize("place", ["s3:bucket", "dir:", "nothing", "dir:{workspace}/log"])
def test_an_unknown_anchor_or_one_in_the_workspace_is_refused(place: str, tmp_path: Path) -> None:
    places = [place.format(workspace=tmp_path)]
    with pytest.raises(errors.UsageError):
        open_anchors(places, local=None, workspace=tmp_path, cache=tmp_path, key_of=str)


def test_a_failed_anchor_waits_and_stops_no_other(
    database: Database, log: AuditLog, key: Key, pins: Pins, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    broken, sound = DirectoryAnchor(share, tmp_path), LocalAnchor(tmp_path / "anchor.jsonl")
    checkpoint.make(database, ORG, key.here, pins, anchors=[broken.name, sound.name])
    done = publish_pending(database, ORG, [broken, sound])
    assert [(each.count, each.error is None) for each in done] == [(0, False), (1, True)]
    with database.read() as connection:
        waiting = connection.execute(text("select anchor, last_error from anchor_queue")).one()
    assert waiting.anchor == broken.name
    assert "mounted" in waiting.last_error
    share.mkdir()
    append(database, log, queue())
    checkpoint.make(database, ORG, key.here, pins, anchors=[broken.name])
    assert [each.count for each in publish_pending(database, ORG, [broken, sound])] == [2]
    assert len(list(broken.notes(ORG))) == 2


@ON_SQLITE
def test_an_anchor_that_is_new_gets_the_newest_checkpoint(
    database: Database, log: AuditLog, key: Key, pins: Pins, tmp_path: Path
) -> None:
    anchor = LocalAnchor(tmp_path / "anchor.jsonl")
    checkpoint.queue_newest(database, [anchor.name])
    checkpoint.make(database, ORG, key.here, pins)
    checkpoint.queue_newest(database, [anchor.name])
    checkpoint.queue_newest(database, [anchor.name])
    assert [each.count for each in publish_pending(database, ORG, [anchor])] == [1]
