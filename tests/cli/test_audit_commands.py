"""`audit …`: what the log says to a person and to a script, when it is whole and when it is not."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.shapes import AuditExport, shown
from tests.office import Office, office

__all__ = ["office"]


def damage(office: Office, seq: int) -> None:
    """Take one entry out of the log, as whoever writes the database can."""
    with closing(sqlite3.connect(office.database)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute("delete from audit_entry where seq = ?", (seq,))
        database.commit()


def test_a_log_without_an_anchor_outside_is_an_error_in_the_document_where_one_is_required(office: Office) -> None:
    done = office.cli("audit", "verify", "--require-anchor", "--json")
    assert (done.code, done.document["status"], done.error["name"]) == (17, "whole", "not_anchored")
    assert "[audit] anchors" in done.error["remedy"]
    assert "error" not in office.cli("audit", "verify", "--json").document
    assert "[audit] anchors" in office.cli("audit", "verify", "--require-anchor").stdout


def test_one_entry_that_is_gone_is_told_in_a_few_lines_with_its_range(office: Office) -> None:
    """Every checkpoint after it speaks against the log; a person needs to hear that once for each witness."""
    for number in range(12):
        assert office.post(f"Post {number}").code == 0
    damage(office, 30)
    done = office.cli("audit", "verify", "--json")
    assert (done.code, done.error["name"]) == (13, "tampered")
    forks = [one for one in done.document["problems"] if one["kind"] == "fork"]
    assert 1 <= len(forks) <= 2, forks
    assert "checkpoints, of 3" in forks[0]["detail"], forks
    told = office.cli("audit", "verify").stdout
    assert len(told.splitlines()) <= 10, told
    assert "fork: fork" not in told


def test_an_entry_is_shown_in_words_and_not_as_the_program_keeps_it(office: Office) -> None:
    assert office.post("Hello").code == 0
    newest = office.cli("audit", "list", "--action", "delivery.send", "--json").document["entries"][0]["seq"]
    told = office.cli("audit", "show", str(newest)).stdout
    assert "actor.name" in told
    assert "obj.network_id" in told
    assert not any(sign in told for sign in "{}[]"), told


def test_an_entry_of_a_clock_that_was_set_back_is_marked(office: Office) -> None:
    assert office.cli("freeze", "x:@acme", SOCIALGUARD_CLOCK="+3600s").code == 0
    assert office.cli("freeze", "x:@globex").code == 0
    told = office.cli("audit", "list", "--action", "freeze", "--limit", "2")
    assert [" * " in line for line in told.stdout.splitlines()] == [False, True, False], told.stdout
    assert "set back" in told.stderr
    assert "when (UTC)" in told.stdout


def test_an_export_is_verified_where_there_is_no_workspace(office: Office, tmp_path: Path) -> None:
    assert office.post("Hello").code == 0
    out = tmp_path / "out"
    done = office.cli("audit", "export", str(out), "--action", "delivery", "--json")
    made = shown(done, AuditExport)
    assert (done.code, made.directory, made.entries) == (0, str(out), made.size)
    assert 0 < made.proofs < made.entries
    (key,) = (out / "keys").iterdir()
    elsewhere = {"SOCIALGUARD_HOME": str(tmp_path / "none"), "SOCIALGUARD_IDENTITY": str(tmp_path / "none")}
    for given in (str(key), key.read_text().strip()):
        report = office.cli("audit", "verify", str(out), "--key", given, "--json", **elsewhere)
        assert (report.code, report.document["status"], report.document["root"]) == (0, "whole", made.root)
    assert office.cli("audit", "verify", str(out), "--json").document["status"] == "whole"
    (out / "log.jsonl").write_bytes((out / "log.jsonl").read_bytes().replace(b'"sent"', b'"fail"', 1))
    assert office.cli("audit", "verify", str(out), "--key", str(key), **elsewhere).code == 13
    assert office.cli("audit", "export", str(office.home / "out")).code == 2


def test_a_stream_is_lines_that_go_on_after_an_entry(office: Office) -> None:
    lines = office.cli("audit", "stream").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))
    events = [json.loads(line) for line in office.cli("audit", "stream", "--format", "ocsf").stdout.splitlines()]
    assert [one["metadata"]["sequence"] for one in events] == list(range(len(lines) + 1))  # the first reading, too
    last = str(len(lines))
    assert len(office.cli("audit", "stream", "--after", last).stdout.splitlines()) == 1  # its own entry
    assert office.cli("audit", "stream", "--json").code == 2


def test_a_stream_that_follows_tells_what_is_appended(office: Office) -> None:
    process = office.start("audit", "stream", "--follow", "--action", "freeze")
    try:
        assert process.stdout is not None
        assert office.process("freeze", "x:@acme").code == 0
        assert json.loads(json.loads(process.stdout.readline())["leaf"])["action"] == "freeze"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_an_export_is_verified_without_a_workspace_by_the_key_that_one_was_given(
    office: Office, tmp_path: Path
) -> None:
    """Nothing but the directory and the pinned key; without the key it says what to give."""
    out = tmp_path / "export"
    assert office.cli("audit", "export", str(out), "--json").code == 0
    (vkey,) = (out / "keys").iterdir()
    elsewhere = ("--home", str(tmp_path / "nowhere"))
    missing = office.cli("audit", "verify", str(out), *elsewhere, "--json")
    assert (missing.code, "--key" in missing.error["remedy"]) == (2, True)
    done = office.cli("audit", "verify", str(out), "--key", str(vkey), *elsewhere, "--json")
    assert (done.code, done.document["status"]) == (0, "whole")
