"""`audit prune`, and who reads the log: an owner lets old entries go, and the log says who looked."""

from datetime import timedelta
from pathlib import Path

import pytest

from socialguard import clock
from socialguard.canon import jcs
from tests.cli.shapes import AuditAnchorKey, AuditAnchors, AuditList, AuditPrune, LoggedFields, shown
from tests.office import Office, office
from tests.people import Colleague, joined

__all__ = ["office"]

LATER = {"SOCIALGUARD_CLOCK": "+200d"}


@pytest.fixture
def jonas(office: Office, tmp_path: Path) -> Colleague:
    return joined(office, "Jonas", "publisher", tmp_path / "jonas", grants=("x:@acme",))


def before() -> str:
    """What was logged today, as seen 200 days later."""
    return jcs.timestamp(clock.now() + timedelta(days=1))


def prune(office: Office, *words: str) -> AuditPrune:
    done = office.cli("audit", "prune", "--before", before(), "--reason", "old", *words, "--json", **LATER)
    return shown(done, AuditPrune)


def listed(office: Office, *words: str, **environment: str) -> list[LoggedFields]:
    return shown(office.cli("audit", "list", *words, "--json", **environment), AuditList).entries


def test_an_owner_lets_old_entries_go_and_the_log_is_whole(office: Office) -> None:
    for number in range(3):
        assert office.post(f"Post {number}", "x:@acme").code == 0
    asked = office.cli("audit", "prune", "--before", before(), "--reason", "old", "--json", **LATER)
    assert (asked.code, asked.error["name"]) == (10, "confirmation_required")
    count = prune(office, "--dry-run").entries
    assert count >= 6
    wrong = office.cli(
        "audit", "prune", "--before", before(), "--reason", "old", "--confirm", "1", "--json", **LATER
    )
    assert wrong.code == 10
    assert prune(office, "--confirm", str(count)).pruned == count
    report = office.cli("audit", "verify", "--deep", "--json", **LATER).document
    assert (report["status"], report["pruned"]) == ("whole", count)
    assert f"Of {count} entries only the hash is kept" in office.cli("audit", "verify", **LATER).stdout
    bare = [one for one in listed(office, "--limit", "500", **LATER) if one.is_pruned]
    assert len(bare) == count
    assert {one.action for one in bare} == {""}
    assert "only its hash is kept" in office.cli("audit", "list", "--limit", "500", **LATER).stdout
    assert listed(office, "--action", "audit.prune", **LATER)[0].reason == "old"
    assert office.post("After it", "x:@acme", **LATER).code == 0


def test_what_a_waiting_delivery_is_judged_by_stays(office: Office) -> None:
    """A post that waits for half a year goes out as if nothing had been pruned."""
    assert office.post("Sent long ago", "x:@acme").code == 0
    at = jcs.timestamp(clock.now() + timedelta(days=200, hours=1))
    waiting = office.cli(*office.post_words("Waits", "x:@acme"), "--at", at)
    assert waiting.code == 0, waiting.stderr
    assert office.post("Sent after it", "x:@globex").code == 0
    found = prune(office, "--dry-run")
    assert found.kept_by is not None
    assert found.kept_by.startswith("delivery ")
    assert prune(office, "--confirm", str(found.entries)).pruned == found.entries > 0
    sent = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+288062m")
    assert "Waits" in office.published("x", "acme"), sent.stdout


def test_nobody_but_an_owner_and_nothing_that_is_young(office: Office, jonas: Colleague) -> None:
    refused = jonas.cli("audit", "prune", "--before", before(), "--reason", "old", "--json", **LATER)
    assert refused.code == 11 or refused.error["name"] == "not_allowed"
    young = office.cli("audit", "prune", "--before", before(), "--reason", "old", "--json")
    assert young.code == 2
    assert "90 days" in young.error["message"]


def test_whoever_reads_the_log_is_in_the_log(office: Office, tmp_path: Path) -> None:
    first = listed(office, "--account", "x:@acme", "--limit", "2")
    assert office.cli("audit", "show", "0").code == 0
    assert office.cli("audit", "stream", "--after", "2").code == 0
    assert office.cli("audit", "export", str(tmp_path / "out")).code == 0
    assert office.cli("audit", "access", "--json").code == 0
    assert office.cli("audit", "person", "Marie", "--out", str(tmp_path / "marie.json")).code == 0
    told = {one.action: one for one in listed(office, "--action", "audit")}
    assert set(told) >= {f"audit.{what}" for what in ("list", "show", "stream", "export", "access", "person")}
    read = told["audit.list"]
    assert (read.actor.name, read.account) == ("Marie", "x:@acme")
    assert (read.obj["first"], read.obj["last"]) == (first[-1].seq, first[0].seq)
    assert told["audit.show"].obj["first"] == told["audit.show"].obj["last"] == 0


def test_a_reader_without_a_key_of_the_log_is_logged_too(office: Office, jonas: Colleague) -> None:
    assert jonas.cli("audit", "list", "--json").code == 0
    assert listed(office, "--action", "audit.list")[0].actor.name == "Jonas"


def test_a_log_that_cannot_be_written_is_read_and_that_is_noted(office: Office) -> None:
    """The head of the log is damaged: nothing can be appended, and now the log must be read."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(office.database)) as database:
        (head,) = database.execute("select frontier from audit_head").fetchone()
        database.execute("update audit_head set frontier = x'00'")
        database.commit()
    assert office.cli("audit", "list", "--json").document["entries"]
    assert b'"audit.list"' in (office.home / "emergency.jsonl").read_bytes()
    with closing(sqlite3.connect(office.database)) as database:
        database.execute("update audit_head set frontier = ?", (head,))
        database.commit()
    assert "em-" in str(listed(office, "--action", "audit.list")[0].corr)


def test_where_nothing_can_be_noted_nothing_is_shown(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the log nor the emergency file can be written, and there is no syslog."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(office.database)) as database:
        database.execute("update audit_head set frontier = x'00'")
        database.commit()

    def full(*_given: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    monkeypatch.setattr("socialguard.audit.emergency._to_syslog", lambda _line: False)
    done = office.cli("audit", "list", "--json")
    assert done.code == 13, done
    assert "entries" not in done.document


def test_the_key_of_an_anchor_is_sealed_and_shown_nowhere(office: Office) -> None:
    place = "s3://log/acme?endpoint=http://127.0.0.1:9"
    (office.home / "socialguard.toml").write_text(f'[audit]\nanchors = ["{place}"]\n')
    secret = "AKIAEXAMPLE0 a-secret-of-the-bucket"
    assert office.cli("audit", "anchor", "key", "s3://another", stdin=secret).code == 5
    assert office.cli("audit", "anchor", "key", place, "--json", stdin="one-word").code == 2
    kept = shown(office.cli("audit", "anchor", "key", place, "--json", stdin=secret), AuditAnchorKey)
    assert office.post("Hello", "x:@acme").code == 0
    anchors = {
        one.name: one for one in shown(office.cli("audit", "anchor", "list", "--json"), AuditAnchors).anchors
    }
    assert (anchors[kept.anchor].place, anchors[kept.anchor].outside) == (place, True)
    assert anchors[kept.anchor].waiting_since is not None
    assert anchors["local"].size is not None
    failed = office.cli("audit", "checkpoint", "--json")
    assert failed.code == 18
    assert "cannot be reached" in failed.stdout
    everything = b"".join(path.read_bytes() for path in office.home.parent.rglob("*") if path.is_file())
    assert b"a-secret-of-the-bucket" not in everything


@pytest.mark.parametrize("minutes", [0, "'60'"])
def test_a_limit_that_is_none_is_refused(office: Office, minutes: object) -> None:
    (office.home / "socialguard.toml").write_text(f"[audit]\nrequire_anchor_within_minutes = {minutes}\n")
    assert office.cli("status").code == 1


def test_nothing_is_sent_while_no_anchor_outside_has_taken_the_log(office: Office, tmp_path: Path) -> None:
    """The anchor is out of reach: sends go on for the time that is set, then wait; a deletion never does."""
    (office.home / "socialguard.toml").write_text(
        '[audit]\nanchors = ["s3://log?endpoint=http://127.0.0.1:9"]\nrequire_anchor_within_minutes = 60\n'
    )
    first = office.post("Within the hour", "x:@acme")
    assert first.code == 0, first.stderr
    late = office.cli(*office.post_words("After it", "x:@acme"), "--json", SOCIALGUARD_CLOCK="+61m")
    assert (late.code, late.deliveries[0]["state"]) == (17, "queued"), late.stdout
    assert "After it" not in office.published("x", "acme")
    gone = office.cli(
        "delete", first.deliveries[0]["id"], "--confirm", "x:@acme", "--json", SOCIALGUARD_CLOCK="+62m"
    )
    assert gone.code == 0, gone.stdout
    (office.home / "socialguard.toml").write_text("")
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+63m").code == 0
    assert "After it" in office.published("x", "acme")
