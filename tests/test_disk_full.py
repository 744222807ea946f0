"""On a full disk, a read-only one, a damaged database or a wrong clock: nothing is sent that cannot be logged,
nothing is lost, stopping works, and one clear sentence says what to do."""

import os
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Final

import pexpect
import pytest

from socialguard.cli import unsaved
from socialguard.cli.face import Face
from socialguard.publishing import send
from tests.attacker import logged, sql
from tests.backup.world import back_up, seeded
from tests.daemon.running import daemon, until
from tests.office import Done, Office, office

__all__ = ["office"]

SIZE: Final = 4 << 20
LEFT: Final = "filler"
IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3700s"}


@contextmanager
def moved(place: Path, disk: Path) -> Iterator[None]:
    """Have a directory on a disk of its own, of 4 MB, for the time of the block."""
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk of a given size can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(place, disk / place.name, dirs_exist_ok=True)
        shutil.rmtree(place)
        place.symlink_to(disk / place.name)
        yield
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def small(office: Office, tmp_path: Path) -> Iterator[Office]:
    """An office whose workspace lies on a disk of its own, of 4 MB."""
    with moved(office.home, tmp_path / "disk"):
        yield office


def fill(office: Office) -> None:
    """Leave not one byte on the disk of the workspace."""
    fill_up(office.home)


def fill_up(place: Path) -> None:
    """Leave not one byte on the disk of a directory."""
    with (place / LEFT).open("ab", buffering=0) as file:
        piece = 1 << 16
        while piece:
            try:
                file.write(b"\0" * piece)
            except OSError:
                piece //= 2


def free(office: Office) -> None:
    (office.home / LEFT).unlink()


def schedule(office: Office, text: str = "Waiting") -> str:
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 1 hour", "--json")
    done = office.cli("post", text, *words)
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def sends(office: Office) -> int:
    """How many requests that could publish have reached a network."""
    return sum(by.get("publish", 0) + by.get("publish_step", 0) for by in office.sandbox.requests().values())


def one_sentence(done: Done) -> str:
    """Return what was told: one sentence, and what to do, and no trace of the program's inside."""
    told = str(done.error["message"])
    assert told, done
    assert done.error["remedy"], done
    assert "\n" not in told
    assert "Traceback" not in done.stdout + done.stderr
    assert "sqlalche" not in (done.stdout + done.stderr).lower()
    return told


# ── full ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
def test_a_post_on_a_full_disk_sends_nothing_and_says_so(small: Office, account: str) -> None:
    fill(small)
    done = small.post("Not logged", account)
    assert done.code == 74, done
    assert "Nothing was sent" in one_sentence(done)
    assert sends(small) == 0
    free(small)
    assert small.post("Logged again", account).code == 0
    assert small.published() == ["Logged again"]
    assert small.cli("audit", "verify", "--json").code == 0


def test_what_waits_is_neither_sent_nor_lost_on_a_full_disk(small: Office) -> None:
    number = schedule(small)
    fill(small)
    done = small.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert done.code == 74, done
    assert sends(small) == 0
    assert [row["id"] for row in small.queue("queued")] == [number], "reading needs no space"
    free(small)
    assert small.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert small.published() == ["Waiting"]


def test_a_freeze_works_on_a_full_disk_and_stops_until_a_thaw(small: Office) -> None:
    schedule(small)
    fill(small)
    frozen = small.cli("freeze", "x:@acme", "--reason", "password leaked", "--json")
    assert frozen.code == 0, frozen
    done = small.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert done.code in (11, 74), done
    assert sends(small) == 0

    free(small)
    done = small.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert done.code == 11, done
    assert "password leaked" in one_sentence(done)
    assert sends(small) == 0
    for _ in range(3):
        small.cli("queue", "list", "--json")
    stops = sql(small, "select scope, reason from stop", triggers=True)
    assert len(stops) == 1, "absorbed once"
    assert [entry["outcome"] for entry in logged(small, "freeze")] == ["done"]
    assert small.cli("audit", "verify", "--json").code == 0

    words = ("--reason", "changed it", "--confirm", "x:@acme", "--json")
    assert small.cli("thaw", "x:@acme", *words).code == 0
    assert small.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert small.published() == ["Waiting"]


def test_a_freeze_of_everything_also_stops_what_is_posted_after_space_was_freed(small: Office) -> None:
    fill(small)
    assert small.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    free(small)
    assert small.post("New", "facebook:@globex").code == 11
    assert small.published() == []


@pytest.mark.parametrize("word", ["cancel", "undo"])
def test_a_cancel_works_on_a_full_disk(small: Office, word: str) -> None:
    number = schedule(small)
    fill(small)
    words = ["undo", number] if word == "undo" else ["queue", "cancel", number, "--reason", "no"]
    done = small.cli(*words, "--json")
    assert done.code == 0, done
    assert sends(small) == 0
    free(small)
    assert small.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert sends(small) == 0
    assert [row["id"] for row in small.queue("cancelled")] == [number]
    assert len(logged(small, "delivery.cancel")) >= 1
    assert small.cli("audit", "verify", "--json").code == 0


def test_a_cancel_that_only_the_emergency_file_knows_is_obeyed_before_it_is_absorbed(small: Office) -> None:
    """Another process may hold the database for good; the sender reads the file itself."""
    number = schedule(small)
    fill(small)
    small.cli("queue", "cancel", number, "--json")
    done = small.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert done.code in (0, 3, 11, 74), done
    assert sends(small) == 0


def test_the_disk_filling_up_while_a_post_is_out_is_told_and_nothing_goes_out_twice(small: Office) -> None:
    """The answer came and cannot be recorded: the row stays `sending` and is found out later."""
    fillers = small.home / LEFT
    schedule(small)
    process = small.start("queue", "run", "--json", **IN_AN_HOUR, SOCIALGUARD_CRASH_AT="after_publish")
    process.communicate(timeout=60)
    fill(small)
    assert small.cli("queue", "run", "--json", **IN_AN_HOUR).code == 74
    assert small.published() == ["Waiting"]
    fillers.unlink()
    small.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert small.published() == ["Waiting"]
    assert [row["state"] for row in small.queue()] == ["sent"]


def test_a_sender_that_died_keeps_no_other_post_waiting(office: Office) -> None:
    schedule(office)
    killed = office.process("queue", "run", "--json", **IN_AN_HOUR, SOCIALGUARD_CRASH_AT="after_publish")
    assert killed.code < 0, killed
    began = time.monotonic()
    assert office.post("Another").code == 0
    assert time.monotonic() - began < send.BUSY_WAIT / 2
    assert [row["state"] for row in office.queue("unknown", "sending")] == ["unknown"], "told, not forgotten"


@pytest.mark.parametrize(
    "words",
    [
        ["account", "rename", "x:@acme", "acme-inc"],
        ["policy", "apply"],
        ["vault", "rewrap", "x:@acme", "--reason", "yearly"],
        ["account", "verify", "x:@acme"],
        ["audit", "checkpoint"],
        ["thaw", "--all", "--reason", "over", "--confirm", "all"],
    ],
    ids=lambda words: "_".join(words[:2]),
)
def test_no_other_command_fails_in_another_way_on_a_full_disk(small: Office, words: list[str]) -> None:
    (small.home / "policy.toml").write_text("[defaults]\ngrace = 5\n", encoding="utf-8")
    assert small.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    fill(small)
    done = small.cli(*words, "--json")
    assert done.code in (0, 74), done
    if done.code:
        one_sentence(done)
    free(small)
    assert small.cli("audit", "verify", "--deep", "--json").code == 0


def test_the_export_to_a_full_disk_says_so_and_leaves_no_half_of_it(small: Office) -> None:
    fill(small)
    directory = small.home.resolve().parent / "export"  # on the full disk, outside the workspace
    done = small.cli("audit", "export", str(directory), "--json")
    assert done.code in (1, 74), done
    one_sentence(done)
    assert not directory.exists()


def write_in_editor(office: Office, tmp_path: Path, text: str, *then: str, **environment: str) -> str:
    """Post what a person writes in the editor, which runs the shell command `then` before it ends; return all that
    the terminal showed."""
    editor = tmp_path / "editor.sh"
    editor.write_text("\n".join(("#!/bin/sh", f"printf '%s' '{text}' > \"$1\"", *then)) + "\n", encoding="utf-8")
    editor.chmod(0o700)
    words = ("post", "--to", "x:@acme", "--grace", "0", *environment.pop("words", "").split())
    child = office.terminal(*words, EDITOR=str(editor), VISUAL="", **environment)
    child.expect(pexpect.EOF)
    child.close()
    return " ".join((child.before or "").split())


def unsent(place: Path) -> list[str]:
    """Return the texts of private files that keep what no draft keeps."""
    found = sorted(place.glob("unsent-*.txt"))
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in found)
    return [one.read_text(encoding="utf-8") for one in found]


TEXT: Final = "An hour of work, déjà vu."


def test_what_was_written_in_the_editor_is_kept_elsewhere_where_the_disk_of_the_workspace_is_full(
    small: Office, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fill(small)
    told = write_in_editor(small, tmp_path, TEXT, TMPDIR=str(elsewhere))
    assert "Nothing was sent" in told
    assert f"What you wrote is in {elsewhere}" in told
    assert unsent(elsewhere) == [TEXT + "\n"]
    assert (unsent(small.home), sends(small)) == ([], 0)


def test_where_the_database_is_damaged_the_workspace_itself_keeps_it(office: Office, tmp_path: Path) -> None:
    """Damaged while the person wrote: before, the editor is not opened at all."""
    told = write_in_editor(office, tmp_path, TEXT, f"head -c 200000 /dev/urandom > {office.database}")
    assert "What you wrote is in" in told, told
    assert unsent(office.home) == [TEXT + "\n"]


def test_where_temporary_files_share_the_full_disk_the_space_of_the_editors_file_keeps_it(
    small: Office, tmp_path: Path
) -> None:
    """The disk fills up once the editor has saved; removing its file leaves just enough."""
    full = small.home.resolve().parent / "tmp"
    full.mkdir()
    fills = (f"cat /dev/zero > {full.parent}/filler2 2> /dev/null", "exit 0")
    told = write_in_editor(small, tmp_path, TEXT, *fills, TMPDIR=str(full))
    assert "Nothing was sent" in told, told
    place = Path(told.partition("What you wrote is in ")[2].split(".txt")[0] + ".txt")
    assert place.read_text(encoding="utf-8") == TEXT + "\n"
    place.unlink()


def test_what_nothing_keeps_is_shown_on_the_terminal(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    face = Face()
    face.written = f"{TEXT}\n\x1b[2Jsecond line"
    monkeypatch.setattr(unsaved, "_places", lambda _: iter([tmp_path / "not there", tmp_path / "nor there"]))
    unsaved.tell(face)
    told = capsys.readouterr().err
    assert "Here it is:" in told
    assert TEXT in told.split("\n")
    assert "\x1b" not in told


def test_what_was_written_for_a_dry_run_or_by_an_editor_that_failed_is_kept_too(
    office: Office, tmp_path: Path
) -> None:
    told = write_in_editor(office, tmp_path, TEXT, words="--dry-run")
    assert ("Nothing was sent" in told, "What you wrote is in" in told) == (True, True), told
    failed = write_in_editor(office, tmp_path, "Before it crashed", "exit 3")
    assert "ended with an error" in failed
    assert sorted(unsent(office.home)) == sorted([TEXT + "\n", "Before it crashed\n"])


def test_what_a_draft_keeps_is_kept_once(office: Office, tmp_path: Path) -> None:
    told = write_in_editor(office, tmp_path, TEXT, words="--at yesterday")
    assert "What you wrote" not in told
    assert office.cli("draft", "list", "--json").document["drafts"][0]["text"] == TEXT
    assert unsent(office.home) == []


def test_an_upgrade_without_room_for_its_copy_says_so_and_everything_can_be_stopped(small: Office) -> None:
    older = "drop table shelf_root; drop table shelf_key; update alembic_version set version_num = '0005'"
    with closing(sqlite3.connect(small.database)) as connection:
        connection.executescript(older)
    fill(small)
    assert one_sentence(small.cli("upgrade", "--json"))
    assert small.cli("upgrade", "--json").code == 74
    assert small.cli("daemon", "status", "--check").stdout.startswith("CRITICAL - ")
    assert small.cli("freeze", "--all", "--reason", "leak").code == 0
    assert list(small.home.resolve().glob("*.part")) == []
    free(small)
    done = small.cli("upgrade", "--json")
    assert (done.code, done.document["upgraded"]["before"]) == (0, "0005"), done
    assert small.post("Not sent").code == 11


# ── monitoring ───────────────────────────────────────────────────────────────────────────────────────────


def checked(office: Office) -> str:
    """Return what a monitoring plugin is told."""
    return office.cli("daemon", "status", "--check").stdout


def test_monitoring_is_told_while_a_full_disk_of_the_pins_stops_every_post(office: Office, tmp_path: Path) -> None:
    number = schedule(office)
    with moved(office.identity, tmp_path / "disk"):
        fill_up(office.identity)
        with daemon(office, **IN_AN_HOUR):
            until(lambda: "publish: nothing goes out on 1 of" in checked(office), "it is told")
            assert checked(office).startswith("CRITICAL")
            (office.identity / LEFT).unlink()
            until(lambda: [row["id"] for row in office.queue("sent")] == [number], "it goes out")
            until(lambda: "publish" not in checked(office), "nothing is told of it any more")


def test_what_the_pins_had_no_room_for_waits_and_is_held_once_it_is_late(office: Office, tmp_path: Path) -> None:
    number = schedule(office)
    with moved(office.identity, tmp_path / "disk"):
        fill_up(office.identity)
        first = office.cli("queue", "run", "--json", **IN_AN_HOUR)
        assert (first.code, first.deliveries[0]["state"]) == (1, "queued"), first
        assert "stays queued" in first.error["remedy"]
        last = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+4495s")
        assert (last.code, last.deliveries[0]["state"]) == (11, "held"), last
        (office.identity / LEFT).unlink()
        assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+4600s").deliveries == []
        alert = office.cli("alerts", "list", "--json").document["alerts"][0]
        assert (alert["kind"], alert["delivery"]) == ("late", number)
    assert sends(office) == 0


# ── read-only ────────────────────────────────────────────────────────────────────────────────────────────


def _remount(office: Office, how: str) -> None:
    disk = office.home.resolve().parent
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_a_read_only_workspace_is_read_and_nothing_is_sent_from_it(small: Office) -> None:
    number = schedule(small)
    _remount(small, "ro")
    try:
        assert small.post("Not logged").code == 74
        assert small.cli("queue", "run", "--json", **IN_AN_HOUR).code == 74
        assert sends(small) == 0
        assert [row["id"] for row in small.queue("queued")] == [number]
        assert small.cli("audit", "verify", "--json").code == 0
        done = small.cli("freeze", "--all", "--reason", "leak", "--json")
        assert done.code == 74, "nowhere can it be kept: it must not seem to be done"
        assert "network" in done.error["remedy"], done
        looked = small.cli("doctor", "--json")
        (sign,) = [
            one for one in looked.document["doctor"]["signs"] if one["name"] == "disk" and one["state"] == "bad"
        ]
        assert (looked.code, sign["detail"]) == (1, f"{small.home} cannot be written.")
    finally:
        _remount(small, "rw")
    assert small.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0


def test_an_archive_on_a_full_disk_is_told_as_that_and_proven_where_it_is_read_only(
    office: Office, tmp_path: Path
) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=3))
    back_up(office, "facebook:@acme")
    place = office.home / "archive"
    with moved(place, tmp_path / "disk"):
        office.sandbox.reset(seeded(office, "facebook:@acme", posts=300))
        with office.entered() as workspace:
            (account,) = [one for one in workspace.accounts() if str(one) == "facebook:@acme"]
            workspace.backup.run(account, Event())  # as a daemon: what it keeps is in no segment yet
        fill_up(place)
        done = office.cli("backup", "rebuild", "--json")
        assert (done.code, done.error["name"]) == (1, "archive_unwritable"), done
        assert list(place.rglob("*.part")) == []
        assert office.cli("backup", "verify", "--json").code == 0
        (place / LEFT).unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "disk")], check=True)
        assert office.cli("backup", "verify", "--json").document["status"] == "whole"
        subprocess.run(["mount", "-o", "remount,rw", str(tmp_path / "disk")], check=True)
        assert back_up(office, "facebook:@acme")["gaps_open"] == 0
        assert office.cli("backup", "verify", "--json").code == 0


# ── damaged ──────────────────────────────────────────────────────────────────────────────────────────────


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _truncated(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _holes(path: Path) -> None:
    with path.open("r+b") as file:
        for at in range(4096, path.stat().st_size, 8192):
            file.seek(at)
            file.write(b"\xff" * 4096)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _another(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table t (a)")


DAMAGES: Final[list[Callable[[Path], None]]] = [_garbage, _truncated, _holes, _empty, _another]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__[1:])
def test_a_damaged_database_is_unreadable_and_loses_nothing_more(
    office: Office, damage: Callable[[Path], None]
) -> None:
    schedule(office)
    before = office.database.read_bytes()
    damage(office.database)
    damaged = office.database.read_bytes()
    for words in (office.post_words("New"), ["queue", "run", "--json"], ["queue", "list", "--json"]):
        done = office.cli(*words)
        assert done.code in (13, 15), (words, done)
        one_sentence(done)
    assert sends(office) == 0
    assert office.database.read_bytes() == damaged, "what may still be saved is left as it is"
    frozen = office.cli("freeze", "--all", "--reason", "leak", "--json")
    assert frozen.code == 0, frozen
    office.database.write_bytes(before)
    done = office.cli("queue", "run", "--json", **IN_AN_HOUR)
    assert done.code == 11, done
    assert sends(office) == 0


def test_a_database_that_is_gone_is_not_founded_anew(office: Office) -> None:
    office.database.unlink()
    done = office.post("New")
    assert done.code in (5, 15), done
    one_sentence(done)
    assert not office.database.exists()


@pytest.mark.parametrize(
    "text",
    [
        "[audit\n",
        "anchors = 3",
        '[audit]\nanchors = "dir:/x"\n',
        "[limits.x]\ntext = 'x'\n",
        "colour = 'red'\n",
    ],
)
def test_corrupt_settings_are_refused_with_the_place(office: Office, text: str) -> None:
    (office.home / "socialguard.toml").write_text(text, encoding="utf-8")
    done = office.post("New")
    assert done.code == 1, done
    assert "socialguard.toml" in one_sentence(done)
    assert sends(office) == 0


def test_settings_that_are_no_text_are_refused(office: Office) -> None:
    (office.home / "socialguard.toml").write_bytes(b"\xff\xfe\x00bin")
    done = office.post("New")
    assert done.code == 1, done
    one_sentence(done)


@pytest.mark.parametrize("garbage", [b"", b"not an id\n", b"\xff\xfe", b"f" * 64 + b"\n"])
def test_a_damaged_name_of_the_organisation_sends_nothing(office: Office, garbage: bytes) -> None:
    (office.home / "org").write_bytes(garbage)
    done = office.post("New")
    assert done.code in (13, 15), done
    one_sentence(done)
    assert sends(office) == 0


@pytest.mark.parametrize("garbage", [b"garbage\n", b'{"v":2}\n', b"\0" * 100, b"{" * 5000, b"\xff\n"])
def test_a_damaged_emergency_file_stops_nobody(office: Office, garbage: bytes) -> None:
    path = office.home / "emergency.jsonl"
    path.write_bytes(garbage + path.read_bytes()[len(garbage) :])
    assert office.post("Still sent").code == 0
    assert office.published() == ["Still sent"]
    assert office.cli("audit", "verify", "--json").code == 0


# ── the clock ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clock_that_was_set_back_is_flagged_and_sends_right(office: Office) -> None:
    told = "This machine's clock is behind the newest entry of the log"
    assert office.post("Before").code == 0
    a_little = office.cli("account", "label", "x:@acme", "+fr", SOCIALGUARD_CLOCK="-3s")
    assert a_little.code == 0
    assert told not in a_little.stderr, "clocks are often set back a little"
    back = office.cli("post", "Back", *_to()[:-1], SOCIALGUARD_CLOCK="-1h")
    assert back.code == 0
    assert told in back.stderr
    assert office.cli("post", "Later", *_to(), "--at", "in 2 hours", SOCIALGUARD_CLOCK="-1h").code == 0
    flagged = [entry for entry in logged(office, "delivery.send") if "clock_back" in entry["obj"]]
    assert flagged, "the entries do not say that the clock went back"
    stamps = [row[0] for row in sql(office, "select ts from audit_entry order by seq", triggers=True)]
    assert stamps == sorted(stamps), "time in the log never goes back"
    assert office.cli("queue", "run", "--json").code == 0
    assert office.published() == ["Before", "Back"], "what is due in an hour by the right clock waits"
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3700s").code == 0
    assert sorted(office.published()) == ["Back", "Before", "Later"]
    assert office.cli("audit", "verify", "--json").code == 0


def _to() -> list[str]:
    return ["--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json"]
