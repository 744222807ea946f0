"""Approvals by people who are not on this machine: files, by any mail."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.office import Office
from tests.people import Colleague, apply_policy, joined, waiting

FOUR_EYES = '[account."x:@acme"]\napprovals = 1\n'


@pytest.fixture
def far(office: Office, jonas: Colleague, tmp_path: Path) -> Colleague:
    """Eva, an approver whose machine has no workspace."""
    apply_policy(office, FOUR_EYES)
    eva = joined(office, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))
    return Colleague(eva.base, eva.sandbox, {**eva.seed, "home": str(tmp_path / "nowhere")})


def epoch_at_joining(office: Office, member: str) -> str:
    """Return the epoch that a joiner pinned: the one before it was accepted."""
    row = next(
        one
        for one in office.cli("audit", "list", "--action", "member.add", "--json").document["entries"]
        if one["obj"]["member"] == member
    )
    return str(row["obj"]["epoch"] - 1)


def requested(office: Office, far: Colleague, delivery: str) -> str:
    """Return a request that the approver can verify."""
    done = office.cli("approval", "request", delivery, "--since", epoch_at_joining(office, far.id), "--json")
    assert done.code == 0, done
    return str(done.document["request"])


def changed(file: str, **values: Any) -> str:
    """Return a file with some of its fields changed."""
    document = json.loads(base64.b64decode(file))
    document.update(values)
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return base64.b64encode(text.encode()).decode()


def test_an_approval_by_mail_sends(office: Office, jonas: Colleague, far: Colleague) -> None:
    """The request goes out, the answer comes back, the worker sends."""
    delivery = waiting(jonas, "By mail")
    done = far.cli("approve", "-", "--json", stdin=requested(office, far, delivery))
    assert done.code == 0, done
    assert (done.document["account"], done.document["text"]) == ("x:@acme", "By mail")
    accepted = office.cli("queue", "accept", "-", "--reason", "by mail", "--json", stdin=done.document["approval"])
    assert accepted.code == 0, accepted
    assert accepted.deliveries[0]["state"] == "queued"
    sent = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+1m").deliveries
    assert [one["state"] for one in sent] == ["sent"]


def test_a_changed_request_is_not_signed(office: Office, jonas: Colleague, far: Colleague) -> None:
    """What would be public is what its submitter signed."""
    file = requested(office, far, waiting(jonas, "True words"))
    body = json.loads(base64.b64decode(file))["delivery"]
    done = far.cli("approve", "-", "--json", stdin=changed(file, delivery={**body, "text": "Other words"}))
    assert done.code == 13


def test_an_approver_believes_no_manifest_after_the_pin(office: Office, jonas: Colleague, far: Colleague) -> None:
    """A file that begins later cannot be verified; it says what to ask for."""
    delivery = waiting(jonas, "Later")
    file = office.cli("approval", "request", delivery, "--json").document["request"]
    done = far.cli("approve", "-", "--json", stdin=file)
    assert done.code == 2
    assert "--since" in done.error["remedy"]


def test_a_forged_manifest_in_a_request_is_refused(office: Office, jonas: Colleague, far: Colleague) -> None:
    """An epoch that no owner signed makes nobody a submitter."""
    file = requested(office, far, waiting(jonas, "Forged"))
    chain = json.loads(base64.b64decode(file))["manifests"]
    chain[-1]["signatures"] = chain[0]["signatures"]
    assert far.cli("approve", "-", "--json", stdin=changed(file, manifests=chain)).code == 13


def test_an_answer_is_good_for_one_delivery(office: Office, jonas: Colleague, far: Colleague) -> None:
    """Replayed on another one, it is refused."""
    one, two = waiting(jonas, "One"), waiting(jonas, "Two")
    answer = far.cli("approve", "-", "--json", stdin=requested(office, far, one)).document["approval"]
    done = office.cli("queue", "accept", "-", "--reason", "x", "--json", stdin=changed(answer, delivery=two))
    assert done.code == 13
    assert {row["state"] for row in office.queue()} == {"awaiting"}


def test_an_answer_by_another_key_is_refused(office: Office, jonas: Colleague, far: Colleague) -> None:
    """A changed signer is no approver."""
    delivery = waiting(jonas, "Whose?")
    answer = far.cli("approve", "-", "--json", stdin=requested(office, far, delivery)).document["approval"]
    body = json.loads(base64.b64decode(answer))["body"]
    forged = changed(answer, body={**body, "expires": "2099-01-01T00:00:00.000000Z"})
    assert office.cli("queue", "accept", "-", "--reason", "x", "--json", stdin=forged).code == 13


def test_the_file_can_be_given_by_name(office: Office, jonas: Colleague, far: Colleague, tmp_path: Path) -> None:
    """`approval request ID > f`, `approve f > g`, `queue accept g`."""
    delivery = waiting(jonas, "By name")
    since = epoch_at_joining(office, far.id)
    f, g = tmp_path / "f", tmp_path / "g"
    f.write_text(office.cli("approval", "request", delivery, "--since", since).stdout)
    done = far.cli("approve", str(f))
    assert done.code == 0, done
    assert "By name" in done.stderr
    g.write_text(done.stdout)
    shutil.rmtree(far.base)
    assert office.cli("queue", "accept", str(g)).code == 0
    shown = office.cli("queue", "show", delivery).stdout
    assert "Eva" in shown
    assert far.id not in shown


def test_no_request_is_made_of_what_waits_for_no_approval(
    office: Office, jonas: Colleague, far: Colleague
) -> None:
    """Its answer could never be taken in."""
    delivery = waiting(jonas, "Decided already")
    assert office.cli("approve", delivery, "--reason", "fine", "--json").code == 0
    done = office.cli("approval", "request", delivery, "--json")
    assert (done.code, delivery in done.error["message"]) == (2, True)


def test_a_request_of_many_manifests_is_read(office: Office, jonas: Colleague, far: Colleague) -> None:
    """It grows with accounts, members and epochs; a limit for small files would refuse it."""
    for number in range(24):
        assert office.cli("grant", "Jonas", "x:@acme", "--until", f"in {number + 2} hours", "--json").code == 0
    file = requested(office, far, waiting(jonas, "Long"))
    assert len(file) > 64 * 1024
    assert far.cli("approve", "-", "--json", stdin=file).code == 0
