"""Links that a neighbour in the group lays in a shared workspace, so that a member's own program writes or reads
elsewhere, and locks that are held for ever."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pexpect
import pytest

from socialguard.daemon.disk import Disk
from socialguard.store import dialect, small_file
from tests.attacker import logged
from tests.attacks.world import ACME, Firm, held
from tests.members.test_sharing import shared

KEPT = b"the worker's own\n"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file of the worker's that the neighbour cannot write, and would like to have destroyed."""
    path = tmp_path / "mine"
    path.write_bytes(KEPT)
    return path


def lay(link: Path, target: Path, how: str = "symbolic") -> None:
    """Put a link in the place of a file."""
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    if how == "symbolic":
        link.symlink_to(target)
    else:
        link.hardlink_to(target)


@pytest.mark.parametrize("how", ["symbolic", "hard"])
def test_the_emergency_file_turned_into_a_link_to_a_file_of_the_workers(firm: Firm, mine: Path, how: str) -> None:
    """Refused when something is sent, and the file stays as it is; a freeze works all the same."""
    shared(firm.office)
    lay(firm.office.home / "emergency.jsonl", mine, how)
    done = firm.send()
    assert done.code == 13, done
    assert "emergency" in done.error["message"]
    assert firm.office.published() == []
    assert firm.office.cli("freeze", "--all", "--reason", "stop", "--json").code == 0
    assert mine.read_bytes() == KEPT
    (firm.office.home / "emergency.jsonl").unlink()
    held(firm, firm.send(), "stop")


def test_the_reserve_turned_into_a_link_to_a_file_of_the_workers(firm: Firm, mine: Path) -> None:
    """Not followed: there is no reserve then, and the file stays as it is."""
    lay(firm.office.home / "reserve.part", mine)
    with firm.office.entered() as workspace:
        Disk(workspace.layout).look()
        assert not workspace.layout.reserve.exists()
    assert mine.read_bytes() == KEPT


def test_a_small_file_turned_into_a_link_to_a_file_of_the_workers(
    firm: Firm, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not followed, even where the name of its part was guessed."""
    monkeypatch.setattr("socialguard.store.small_file.threading.get_ident", lambda: 4711)
    place = firm.office.home / "cache" / "alerts.json"
    lay(place.with_name(f"{place.name}.{os.getpid()}-4711.part"), mine)
    small_file.write(place, {"unseen": 1})
    lay(place, mine)
    small_file.write(place.with_name("other.json"), {"unseen": 1})
    assert mine.read_bytes() == KEPT


def test_media_of_a_post_turned_into_a_link_to_a_secret(firm: Firm, tmp_path: Path) -> None:
    """Refused: the bytes that were signed are not those behind the link."""
    from PIL import Image

    picture = tmp_path / "picture.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    words = ("--to", "x:@globex", "--confirm", "x:@globex", "--at", "in 1 hour", "--json")
    done = firm.office.cli("post", "A picture", "--media", str(picture), "--alt", "red", *words)
    assert done.code == 0, done
    (kept,) = (firm.office.home / "media").iterdir()
    lay(kept, next(firm.office.identity.rglob("*.key"), firm.office.base / "kek"))
    assert firm.send().code == 13
    assert "A picture" not in firm.office.published()


def test_the_lock_of_the_emergency_file_held_for_ever(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop does not wait for it longer than a moment."""
    monkeypatch.setattr("socialguard.audit.emergency.PATIENCE", 0.2)
    path = firm.office.home / "emergency.jsonl"
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with firm.office.entered() as workspace:
            assert workspace.emergency.note("freeze", workspace.person, obj={"scope": "all"}).file
    held(firm, firm.send(), ACME)


def test_the_lock_of_the_database_held_for_ever(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent then, and a stop waits for it no longer than a moment; a second one neither."""
    monkeypatch.setattr(dialect, "HURRY_MS", 200)
    monkeypatch.setattr(dialect, "BUSY_MS", 60_000)
    code = "import sys; from socialguard.store.dialect import driver; "
    code += "other = driver().connect(sys.argv[1], isolation_level=None); "
    code += "other.execute('begin immediate'); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(firm.office.database)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        for name in (ACME, "x:@globex"):
            assert firm.office.cli("freeze", name, "--reason", "leak", "--json").code == 0
        assert firm.office.cli("queue", "cancel", firm.waiting, "--json").code == 0
        panicked = firm.office.cli("panic", ACME, "--reason", "hacked", "--json")
        assert panicked.code == 18, panicked
        assert time.monotonic() - began < 30, "it waited as everybody else does"
        holder.kill()
    held(firm, firm.send(), "FROZEN")
    assert firm.office.cli("queue", "show", firm.waiting, "--json").document["delivery"]["state"] == "cancelled"


@pytest.mark.parametrize("template", ["{a:>9999999999}", "{a.__class__}", "{a[0]}", "{a!r}", "{", "{0}"])
def test_a_reminder_of_alerts_that_would_fill_the_memory(firm: Firm, template: str) -> None:
    """Shown as the text that it is: every command ends with it, a freeze, too."""
    value = {"unseen": 1, "template": template, "fields": {"a": "x"}, "raised_at": "2026-01-01T00:00:00+00:00"}
    small_file.write(firm.office.home / "cache" / "alerts.json", value)
    child = firm.office.terminal("freeze", "--all", "--reason", "leak")
    child.expect("ALERT.*unseen alert. " + re.escape(template))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


@pytest.mark.parametrize("how", ["symbolic", "hard"])
def test_the_names_for_completion_turned_into_a_link_to_a_file_of_the_workers(
    firm: Firm, mine: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Not followed, even where the name of its part was guessed."""
    monkeypatch.setattr("socialguard.store.small_file.threading.get_ident", lambda: 4711)
    place = firm.office.home / "cache" / "accounts.json"
    for ending in (f".{os.getpid()}.part", *([f".{os.getpid()}-4711.part"] if how == "symbolic" else [])):
        lay(place.with_name(place.name + ending), mine, how)
    assert firm.office.cli("account", "label", ACME, "+new", "--json").code == 0
    assert mine.read_bytes() == KEPT


LAID = (  # a journal of holes is none to SQLite
    *(
        (name, "pipe")
        for name in ("socialguard.toml", "socialguard.db-journal", "emergency.jsonl", "cache/alerts.json")
    ),
    *((name, "holes") for name in ("socialguard.toml", "emergency.jsonl", "cache/alerts.json")),
)


@pytest.mark.parametrize(("name", "what"), LAID)
def test_a_file_turned_into_a_pipe_or_into_one_that_fills_the_memory(firm: Firm, name: str, what: str) -> None:
    """A freeze neither waits for it nor ends for want of memory."""
    path = firm.office.home / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    else:
        with path.open("wb") as file:
            file.truncate(1 << 42)
    done = firm.office.process("freeze", "--all", "--reason", "stop", "--json")
    assert done.code == 0, done
    told = firm.office.process("queue", "list", "--json")
    assert told.code in (0, 2, 13, 15), told
    path.unlink()
    held(firm, firm.send(), "stop")


@pytest.mark.parametrize(
    "value",
    [
        '{"accounts": ["x"], "at": "yesterday"}',
        '{"accounts": ["x"], "at": "0001-01-01T00:00+23:00"}',
        '{"accounts": ["x"], "at": "2026-11-30T12:00:00"}',
        "[" * 100_000,
    ],
)
def test_what_a_session_confirmed_garbled(firm: Firm, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """`whoami` stands in shell prompts, and reads a file that a neighbour can write: it ends all the same."""
    here = SimpleNamespace(id="c" * 32)
    monkeypatch.setattr("socialguard.cli.commands.whoami.context_of", lambda _facts, _salt: here)
    (firm.office.home / "cache" / f"context-{here.id}.json").write_text(value)
    done = firm.office.cli("whoami")
    assert done.code == 0, done


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "\ud800"},
        {"obj": {"scope": "\ud800"}},
        {"obj": {"scope": "DEEP 50000"}},
        {"obj": {"scope": "DEEP 63"}},
        {"account": "\x1b[31m"},
    ],
)
def test_a_line_in_the_emergency_file_that_no_log_takes(firm: Firm, change: dict[str, Any]) -> None:
    """Taken for damaged, as the log says: it keeps nobody from stopping, and from nothing else."""
    line = {
        "v": 1,
        "id": "em-" + "a" * 32,
        "noted_at": "2026-11-30T20:00:00.000000Z",
        "action": "freeze",
        "actor": {"id": firm.jonas.id, "kind": "person", "via": "cli"},
        "account": None,
        "reason": "",
        "obj": {"scope": "all"},
    }
    data = json.dumps({**line, **change}, separators=(",", ":"), sort_keys=True)
    data = re.sub(r'"DEEP (\d+)"', lambda found: "[" * int(found[1]) + "]" * int(found[1]), data)
    with (firm.office.home / "emergency.jsonl").open("r+b") as file:
        file.write(data.encode() + b"\n")
    done = firm.office.cli("freeze", "--all", "--reason", "stop", "--json")
    assert done.code == 0, done
    assert firm.verify().code == 0
    assert [one["outcome"] for one in logged(firm.office, "emergency.damaged")] == ["unreadable"]
    held(firm, firm.send(), "stop")
