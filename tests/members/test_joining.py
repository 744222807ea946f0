"""Becoming a member: an invitation, keys on one's own machine, a code that is compared, a signed epoch."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.members.test_leaving import unwraps
from tests.office import ACCOUNTS, Office
from tests.people import Colleague, asked, invited, joined


def test_who_joins_reads_and_queues_with_keys_of_their_own(office: Office, jonas: Colleague) -> None:
    """A publisher's post waits for the worker, which sends it."""
    done = jonas.post("Hello from Jonas", "x:@acme")
    assert done.code == 0, done
    assert done.deliveries[0]["state"] == "queued"
    assert office.published("x") == []
    assert office.cli("queue", "run", "--json").deliveries[0]["state"] == "sent"
    assert office.published("x") == ["Hello from Jonas"]


def test_private_keys_never_leave_the_machine_that_made_them(office: Office, tmp_path: Path) -> None:
    """Neither the request nor the workspace holds a private half."""
    colleague, request, _ = asked(office, invited(office, "Eva", "auditor"), tmp_path / "eva")
    names = {path.name for path in next(colleague.identity.iterdir()).iterdir()}
    assert {"member.key", "pins"} <= names
    assert "worker.key" not in names
    assert "log.key" not in names
    body = json.loads(json.loads(base64.b64decode(request))["body"])
    assert set(body) == {"v", "invitation", "id", "ed25519", "x25519"}


@pytest.mark.parametrize("role", ["publisher", "author", "approver", "auditor"])
def test_the_keys_of_who_posts_open_no_credential(office: Office, tmp_path: Path, role: str) -> None:
    """Of any account, each wrap tried: a false log-in page gets nothing from them."""
    grants = () if role == "auditor" else ("x:@acme",)
    eva = joined(office, "Eva", role, tmp_path / "eva", grants=grants)
    assert unwraps(office) == len(ACCOUNTS), "an owner's do"
    assert unwraps(eva) == 0


def test_another_code_takes_nobody_in(office: Office, tmp_path: Path) -> None:
    """An owner who was given another code holds keys of somebody else in hand."""
    _, request, _ = asked(office, invited(office, "Eva", "auditor"), tmp_path / "eva")
    words = ("member", "accept", "-", "--code", "0000-0000-0000-0000", "--checked", "mail", "--json")
    done = office.cli(*words, stdin=request)
    assert done.code == 2
    assert len(office.cli("member", "list", "--json").document["members"]) == 2


def test_an_invitation_is_used_once(office: Office, tmp_path: Path) -> None:
    """A second machine cannot join with a file that was used."""
    invitation = invited(office, "Eva", "auditor")
    for number, code_expected in ((1, 0), (2, 2)):
        _, request, code = asked(office, invitation, tmp_path / f"eva{number}")
        words = ("member", "accept", "-", "--code", code, "--checked", "telephone", "--json")
        assert office.cli(*words, stdin=request).code == code_expected


def test_an_invitation_ends(office: Office, tmp_path: Path) -> None:
    """After seven days neither side takes it."""
    invitation = invited(office, "Eva", "auditor")
    _, request, code = asked(office, invitation, tmp_path / "eva")
    words = ("member", "accept", "-", "--code", code, "--checked", "telephone", "--json")
    done = office.cli(*words, stdin=request, SOCIALGUARD_CLOCK="+8d")
    assert done.code == 2
    assert "ended" in done.error["message"]


def test_a_changed_invitation_is_none(office: Office, tmp_path: Path) -> None:
    """Who is invited as an auditor does not become an owner by editing the file."""
    outer = json.loads(base64.b64decode(invited(office, "Eva", "auditor")))
    outer["body"] = outer["body"].replace('"auditor"', '"owner"')
    changed = base64.b64encode(json.dumps(outer, separators=(",", ":"), ensure_ascii=False).encode()).decode()
    colleague = Colleague(tmp_path, office.sandbox, {**office.seed, "home": str(office.home)})
    colleague.identity.mkdir(mode=0o700)
    done = colleague.cli("member", "join", "-", "--key-file", str(tmp_path / "kek"), "--json", stdin=changed)
    assert done.code == 2
    assert not list(colleague.identity.iterdir())


def test_joining_again_prints_the_same_request(office: Office, tmp_path: Path) -> None:
    """Whoever lost the request has not lost the keys."""
    invitation = invited(office, "Eva", "auditor")
    colleague, request, code = asked(office, invitation, tmp_path / "eva")
    done = colleague.cli(
        "member", "join", "-", "--key-file", str(tmp_path / "eva" / "kek"), "--json", stdin=invitation
    )
    assert (done.document["request"], done.document["code"]) == (request, code)


def test_who_is_not_accepted_yet_can_do_nothing(office: Office, tmp_path: Path) -> None:
    """Keys alone are no membership."""
    colleague, _, _ = asked(office, invited(office, "Jonas", "publisher"), tmp_path / "jonas")
    assert colleague.post("Too early", "x:@acme").code == 11
    assert office.queue() == []


def test_the_list_says_who_checked_the_identity_and_how(office: Office, jonas: Colleague) -> None:
    """The log keeps it, and the list shows it."""
    rows = office.cli("member", "list", "--json").document["members"]
    row = next(one for one in rows if one["id"] == jonas.id)
    assert (row["by"], row["identity_checked"]) == ("Marie", "read to me by telephone")
    assert (row["role"], row["status"], row["accounts"]) == ("publisher", "active", 1)


def test_a_joiner_believes_no_older_manifest_than_the_invitations(office: Office, tmp_path: Path) -> None:
    """The pin comes with the invitation: a database from before it is refused (rolled back)."""
    copy = office.copy(tmp_path / "before")
    assert office.cli("account", "rename", "x:@acme", "paris", "--json").code == 0
    colleague, _, _ = asked(office, invited(office, "Eva", "auditor"), tmp_path / "eva")
    office.database.write_bytes(copy.database.read_bytes())
    done = colleague.cli("queue", "list", "--json")
    assert done.code == 13, done
    assert "rolled back" in done.error["message"]


def test_a_forged_member_is_no_member(office: Office, tmp_path: Path, jonas: Colleague) -> None:
    """Rows of the table `member` are names; who is a member is what an owner signed."""
    engine = create_engine(f"sqlite:///{office.database}")
    with engine.begin() as connection:
        connection.execute(text("update member set role = 'owner' where id = :id"), {"id": jonas.id})
    engine.dispose()
    done = jonas.cli("member", "invite", "Mallory", "--role", "owner", "--json")
    assert done.code == 11, done
    rows = office.cli("member", "list", "--json").document["members"]
    assert next(one for one in rows if one["id"] == jonas.id)["role"] == "publisher"


def test_only_an_owner_changes_members(office: Office, jonas: Colleague) -> None:
    """Any other signature is worth nothing under a manifest."""
    for words in (
        ("grant", "Jonas", "x:@globex"),
        ("member", "role", jonas.id, "owner", "--reason", "me"),
        ("revoke", "Jonas", "x:@acme"),
    ):
        done = jonas.cli(*words, "--json")
        assert (done.code, done.error["name"]) == (11, "owners_needed"), words
        assert "owner" in done.error["remedy"]


def test_only_who_needs_a_grant_is_to_be_given_one(office: Office, tmp_path: Path) -> None:
    """An auditor is not sent to a command that refuses."""
    for name, role, needs in (("Ada", "auditor", False), ("Pia", "publisher", True)):
        _who, request, code = asked(office, invited(office, name, role), tmp_path / name)
        words = ("member", "accept", "-", "--code", code, "--checked", "by telephone")
        assert ("socialguard grant" in office.cli(*words, stdin=request).stderr) is needs
