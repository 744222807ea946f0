"""Access for a security team: at any instant, what was made of it, what stands out, and a file on one person."""

import csv
import io
import json
from pathlib import Path

import pexpect
import pytest

from socialguard import clock
from socialguard.canon import envelope, jcs
from socialguard.workspace import person_report
from socialguard.workspace.opened import Workspace
from tests.cli.shapes import AuditAccess, AuditAccessFields, AuditPerson, shown
from tests.office import Office
from tests.people import Colleague


def access(office: Office, *words: str, **environment: str) -> AuditAccessFields:
    return shown(office.cli("audit", "access", *words, "--json", **environment), AuditAccess).access


def found(office: Office, *words: str, **environment: str) -> set[tuple[str, str | None, str | None]]:
    return {(one.kind, one.account, one.member) for one in access(office, *words, **environment).findings}


def test_access_says_how_often_each_right_was_used_and_when_last(office: Office, jonas: Colleague) -> None:
    """Jonas publishes twice, Marie once; the worker of her machine sends."""
    for text in ("One", "Two"):
        assert jonas.post(text, "x:@acme").code == 0
    assert office.post("Three", "x:@acme").code == 0
    rows = {(one.name, one.right): one for one in access(office, "x:@acme").rights}
    assert rows["Jonas", "publish"].uses == 2
    assert rows["Jonas", "publish"].by == "Marie"
    assert rows["Jonas", "publish"].last_used is not None
    assert rows["Marie", "publish"].uses == 1
    assert rows["worker of Acme", "send"].uses > 0
    everywhere = {(one.account, one.name, one.right): one.uses for one in access(office).rights}
    assert everywhere["x:@acme", "Jonas", "publish"] == 2
    assert everywhere["x:@globex", "Marie", "publish"] == 0


def test_access_at_an_instant_is_that_of_the_manifest_then(office: Office, jonas: Colleague) -> None:
    """What was granted since is not there, and what was revoked since is."""
    before = jcs.timestamp(clock.now())
    assert office.cli("grant", "Jonas", "x:@globex").code == 0
    assert office.cli("revoke", "Jonas", "x:@acme").code == 0
    now = {one.account for one in access(office).rights if one.name == "Jonas"}
    then = {one.account for one in access(office, "--at", before).rights if one.name == "Jonas"}
    assert (now, then) == ({"x:@globex"}, {"x:@acme"})
    assert office.cli("audit", "access", "--at", "2001-01-01").code == 5


def test_what_happened_after_a_clock_that_was_ahead_counts(
    office: Office, jonas: Colleague, tmp_path: Path
) -> None:
    """An entry from the future puts the log ahead: what comes after it is now all the same."""
    assert office.cli("freeze", "x:@globex", "--reason", "drill", SOCIALGUARD_CLOCK="+3000s").code == 0
    assert jonas.post("After it", "x:@acme").code == 0
    assert office.cli("member", "remove", "Jonas", "--reason", "left", "--json").code in (0, 18)
    assert {one.name for one in access(office).rights} == {"Marie", "worker of Acme"}
    out = tmp_path / "jonas.json"
    done = office.cli("audit", "person", "Jonas", "--out", str(out), "--json")
    report = shown(done, AuditPerson).report
    assert report["left"]["still_may"] == []
    assert [one["what"] for one in report["withdrawn"]] == ["member.remove"]
    assert any(one["account"] == "x:@acme" for one in report["did"])


def test_a_right_that_was_not_used_for_90_days_stands_out(office: Office, jonas: Colleague) -> None:
    late = {"SOCIALGUARD_CLOCK": "+2200h"}
    assert ("unused_right", "x:@acme", "Jonas: publish") not in found(office, "x:@acme")
    assert ("unused_right", "x:@acme", "Jonas: publish") in found(office, "x:@acme", **late)
    assert not any(
        who and who.startswith("Marie") for kind, _, who in found(office, **late) if kind != "one_owner"
    )


def test_tokens_that_were_never_replaced_and_credentials_without_use_stand_out(office: Office) -> None:
    assert {kind for kind, *_ in found(office, "x:@acme")} == {"one_owner", "weak_mfa"}
    kinds = {kind for kind, *_ in found(office, "x:@acme", SOCIALGUARD_CLOCK="+2200h")}
    assert kinds == {"one_owner", "never_rotated", "stale_credential", "unused_right", "weak_mfa"}


def test_the_page_says_first_what_the_log_cannot_show_and_loads_nothing(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "access.html"
    assert office.cli("audit", "access", "--html", "--out", str(out)).code == 0
    page = out.read_text()
    assert (
        page.index("What this log cannot show") < page.index("What stands out") < page.index("Who could do what")
    )
    assert "default-src 'none'" in page
    assert not any(word in page for word in ("src=", "href=", "url(", "<script", "@import"))
    assert "@media print" in page
    assert office.cli("audit", "access", "--html", "--out", str(out)).code == 2


def test_the_table_holds_a_row_for_each_right(office: Office, jonas: Colleague) -> None:
    rows = list(csv.DictReader(io.StringIO(office.cli("audit", "access", "x:@acme", "--csv").stdout)))
    assert len(rows) == len(access(office, "x:@acme").rights)
    assert {one["member"] for one in rows} == {"Marie", "Jonas", "worker of Acme"}


def test_whoever_looks_is_in_the_log(office: Office) -> None:
    assert office.cli("audit", "access").code == 0
    newest = office.cli("audit", "list", "--limit", "1", "--json").document["entries"][0]
    assert (newest["action"], newest["actor"]["name"]) == ("audit.access", "Marie")


def test_a_person_who_leaves_gets_one_signed_file(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """Could, did, withdrawn, left; and nobody changes it afterwards."""
    assert jonas.post("One", "x:@acme").code == 0
    out = tmp_path / "jonas.json"
    report = shown(office.cli("audit", "person", "Jonas", "--out", str(out), "--json"), AuditPerson).report
    assert [(one["account"], one["right"]) for one in report["could"]] == [("x:@acme", "publish")]
    assert ("x:@acme", "delivery.queue", 1) in [
        (one["account"], one["action"], one["count"]) for one in report["did"]
    ]
    assert report["left"]["still_may"] == ["x:@acme"]
    assert office.cli("revoke", "Jonas", "x:@acme").code == 0
    later = tmp_path / "later.json"
    report = shown(office.cli("audit", "person", "Jonas", "--out", str(later), "--json"), AuditPerson).report
    assert [one["what"] for one in report["withdrawn"]] == ["revoke"]
    assert report["left"]["still_may"] == []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in office.environment().items():
            patch.setenv(name, value)
        with Workspace(office.home) as workspace, workspace.database.read() as connection:
            manifest = workspace.signed.books(connection).manifest
            org = workspace.org
    assert person_report.opened(later.read_bytes(), org, manifest) == report
    with pytest.raises(envelope.BadSignature):
        person_report.opened(later.read_bytes().replace(b"revoke", b"re_oke"), org, manifest)


def test_a_file_about_somebody_who_was_removed_says_what_they_could_until_then(
    office: Office, jonas: Colleague, tmp_path: Path
) -> None:
    """The day on which somebody leaves: offboarded first, the file made after."""
    done = office.cli("offboard", "Jonas", "--reason", "left")
    assert "Jonas" in done.stdout.splitlines()[0]
    out = tmp_path / "jonas.json"
    report = shown(office.cli("audit", "person", "Jonas", "--out", str(out), "--json"), AuditPerson).report
    assert [(one["account"], one["right"]) for one in report["could"]] == [("x:@acme", "publish")]
    assert report["left"]["still_may"] == []


def test_a_day_is_meant_to_its_end(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """The file for the day on which somebody leaves holds that day."""
    today = jcs.timestamp(clock.now())[:10]
    assert any(one.name == "Jonas" for one in access(office, "--at", today).rights)
    assert jonas.post("On my last day", "x:@acme").code == 0
    words = ("audit", "person", "Jonas", "--until", today, "--out", str(tmp_path / "jonas.json"), "--json")
    report = shown(office.cli(*words), AuditPerson).report
    assert "delivery.queue" in {one["action"] for one in report["did"]}


def test_the_founder_is_an_owner_since_the_founding(office: Office) -> None:
    """Nobody's act made them one but their own."""
    (since,) = {(one.by, one.since is not None) for one in access(office).rights if one.name == "Marie"}
    assert since == ("Marie", True)


def test_rights_are_read_in_a_terminal_of_80_columns(office: Office) -> None:
    """No word is broken, and the account stands once above its rights."""
    child = office.terminal("audit", "access", "x:@acme")
    child.setwinsize(40, 80)
    child.expect(pexpect.EOF)
    lines = (child.before or "").splitlines()
    assert max(len(line) for line in lines if "Marie" in line) <= 80
    assert [line.split()[:3] for line in lines if line.startswith("Marie")] == [
        ["Marie", "(owner)", right] for right in ("publish", "author", "approve")
    ]


def test_tokens_that_a_member_who_left_could_open_are_named_until_they_changed(
    office: Office, tmp_path: Path
) -> None:
    """An owner opens every credential; after the removal each token is to be replaced."""
    from tests.people import joined

    joined(office, "Olga", "owner", tmp_path / "olga")
    assert office.cli("vault", "rewrap", "--all", "--reason", "Olga").code == 0
    assert office.cli("offboard", "Olga", "--reason", "left").code == 0
    out = tmp_path / "olga.json"
    report = shown(office.cli("audit", "person", "Olga", "--out", str(out), "--json"), AuditPerson).report
    assert "member.remove" in [one["what"] for one in report["withdrawn"]]
    assert {one["account"] for one in report["tokens"]} == set(report["left"]["to_rotate"])
    assert "x:@acme" in report["left"]["to_rotate"]
    assert json.loads(out.read_bytes())["type"] == "person-report"
