"""The second factor of an account is what an owner signed that somebody saw; policy can ask for one."""

from pathlib import Path

import pytest

from socialguard.canon import jcs
from tests.cli.shapes import AuditAccess, Doctor, MfaList, MfaSet, OneShown
from tests.members.test_approvals import execute, run
from tests.office import Office
from tests.people import Colleague, apply_policy, joined
from tests.shapes import failed, shown

BLOCK = '[defaults]\ngrace = 0\nchecks.mfa = "block"\n'
AT = ("--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 1 hour", "--json")


def attest(office: Office, method: str, *more: str) -> MfaSet:
    """Say which second factor x:@acme has."""
    return shown(office.cli("mfa", "set", "x:@acme", "--method", method, *more, "--json"), MfaSet)


def test_who_looked_and_when_is_signed_and_shown(office: Office, jonas: Colleague) -> None:
    """By `mfa show`, `mfa list`, `account show` and `audit access`."""
    found = attest(office, "key", "--checked-by", "Jonas", "--at", "2026-01-02T03:04:05Z").mfa
    assert found.mfa is not None
    assert (found.mfa.method, found.mfa.by) == ("key", "Jonas")
    assert found.mfa.checked_at == "2026-01-02T03:04:05.000000Z"
    assert shown(office.cli("mfa", "show", "x:@acme", "--json"), MfaSet).mfa == found
    rows = shown(office.cli("mfa", "list", "--json"), MfaList).mfa
    assert {row.account: row.mfa is not None for row in rows}["x:@acme"]
    assert sum(row.mfa is None for row in rows) == 3
    account = shown(office.cli("account", "show", "x:@acme", "--json"), OneShown).account
    assert account.mfa == found.mfa
    access = shown(office.cli("audit", "access", "x:@acme", "--json"), AuditAccess).access
    assert {row.mfa for row in access.rights} == {"key"}
    assert "Jonas" in office.cli("mfa", "show", "x:@acme").stdout
    entry = office.cli("audit", "list", "--action", "account.mfa", "--json").document["entries"][0]
    assert entry["obj"]["method"] == "key"


def test_only_an_owner_attests_and_nobody_ahead_of_time(office: Office, jonas: Colleague) -> None:
    """What a publisher says is refused; so is a day that has not come."""
    assert jonas.cli("mfa", "set", "x:@acme", "--method", "app", "--json").code != 0
    failed(
        office.cli("mfa", "set", "x:@acme", "--method", "app", "--at", "2999-01-01", "--json"), 2, "usage_error"
    )
    assert shown(office.cli("mfa", "show", "x:@acme", "--json"), MfaSet).mfa.mfa is None


def test_nothing_is_asked_for_without_a_policy(office: Office) -> None:
    """It is off until a policy turns it on."""
    assert office.post("Hello").code == 0


@pytest.mark.parametrize(("method", "code"), [("app", 0), ("key", 0), ("sms", 11), ("none", 11), (None, 11)])
def test_policy_blocks_publishing_where_the_second_factor_is_weak(
    office: Office, method: str | None, code: int
) -> None:
    """A text message, none, and what nobody looked at are refused."""
    apply_policy(office, BLOCK)
    if method is not None:
        attest(office, method)
    done = office.post("Hello")
    assert done.code == code, done
    assert code == 0 or [one["check"] for one in done.error["findings"]] == ["mfa"]


def test_an_attestation_of_over_90_days_counts_no_more(office: Office) -> None:
    """Ninety days after somebody looked, somebody looks again."""
    apply_policy(office, BLOCK)
    attest(office, "app")
    assert office.cli(*office.post_words("Soon"), SOCIALGUARD_CLOCK="+89d").code == 0
    assert office.cli(*office.post_words("Late"), SOCIALGUARD_CLOCK="+91d").code == 11
    problem = shown(office.cli("mfa", "show", "x:@acme", "--json", SOCIALGUARD_CLOCK="+91d"), MfaSet).mfa.problem
    assert problem is not None
    assert "over 90 days ago" in problem


def test_what_waits_is_held_when_the_second_factor_became_weak_meanwhile(office: Office) -> None:
    """The sender looks again; after a better one the person releases it."""
    apply_policy(office, BLOCK)
    attest(office, "app")
    delivery = office.cli("post", "Later", *AT).deliveries[0]["id"]
    attest(office, "sms")
    (done,) = run(office, SOCIALGUARD_CLOCK="+3605s")
    assert (done["id"], done["state"]) == (delivery, "held")
    assert "the second factor of its log-in is: sms" in done["reason"]
    assert office.published("x") == []
    attest(office, "key")
    words = ("queue", "release", delivery, "--now", "--confirm", "x:@acme", "--json")
    assert office.cli(*words).code == 0


def test_a_hold_is_passed_with_a_reason_and_then_obeyed_by_the_sender(office: Office) -> None:
    """Where policy only holds, a person may decide; a block nobody passes."""
    apply_policy(office, '[defaults]\nchecks.mfa = "hold"\n')
    passed = ("--override", "mfa", "--reason", "the phone is being replaced")
    office.cli("post", "Later", *AT, *passed)
    assert [one["state"] for one in run(office, SOCIALGUARD_CLOCK="+3605s")] == ["sent"]
    apply_policy(office, BLOCK)
    assert office.cli(*office.post_words("Now"), *passed).code == 11


def test_an_approver_decides_on_a_hold(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """Where policy says that holds go to approvers, what one approved goes out."""
    eva = joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))
    apply_policy(office, '[defaults]\nholds = "approval"\nchecks.mfa = "hold"\n')
    done = jonas.cli(*jonas.post_words("Please"), "--override", "mfa", "--reason", "asked")
    assert done.deliveries[0]["state"] == "awaiting", done
    assert eva.cli("approve", done.deliveries[0]["id"], "--reason", "fine", "--json").code == 0
    assert [one["state"] for one in run(office, SOCIALGUARD_CLOCK="+1m")] == ["sent"]


def test_policy_names_the_methods_and_the_days(office: Office) -> None:
    """A label's stricter list adds to the defaults'."""
    apply_policy(office, '[defaults.checks.mfa]\nlevel = "block"\nrefused = ["none", "sms", "app"]\ndays = 7\n')
    attest(office, "app")
    assert office.post("Hello").code == 11
    attest(office, "key")
    assert office.post("Hello").code == 0
    assert office.cli(*office.post_words("Later"), SOCIALGUARD_CLOCK="+8d").code == 11


def test_whoever_writes_the_database_attests_nothing(office: Office) -> None:
    """The manifest's bytes are signed, and an older epoch is refused."""
    apply_policy(office, BLOCK)
    attest(office, "sms")
    with office.entered() as workspace, workspace.database.read() as connection:
        body = workspace.signed.books(connection).manifest.body
    forged = jcs.encode(jcs.decode(body.replace(b'"method":"sms"', b'"method":"key"')))
    newest = "(select max(epoch) from manifest)"
    execute(office, f"update manifest set body = :body where epoch = {newest}", body=forged)
    failed(office.post("Hello"), 13, "tampered")
    execute(office, f"update manifest set body = :body where epoch = {newest}", body=body)
    attest(office, "none")
    execute(office, f"delete from manifest where epoch = {newest}")
    failed(office.post("Hello"), 13, "tampered")


def test_doctor_and_the_report_name_what_nobody_looked_at(office: Office) -> None:
    """One line for all of a kind; a past instant shows what was known then."""
    signs = Doctor.model_validate(office.cli("doctor", "--json").document).doctor.signs
    (sign,) = [one for one in signs if one.name == "mfa"]
    assert sign.state == "warn"
    assert "x:@acme" in sign.detail
    attest(office, "app")
    found = shown(office.cli("audit", "access", "--json"), AuditAccess).access.findings
    assert "x:@acme" not in {one.account for one in found if one.kind == "weak_mfa"}
    assert "x:@globex" in {one.account for one in found if one.kind == "weak_mfa"}
