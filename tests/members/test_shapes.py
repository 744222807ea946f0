"""What the commands of members and approvals print with `--json` is what docs/cli.md says."""

from pathlib import Path

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office
from tests.people import Colleague, apply_policy, asked, joined, waiting


def test_commands_of_members_print_one_documented_document(office: Office, tmp_path: Path) -> None:
    """From the invitation to the day somebody leaves."""
    invitation = shown(office.cli("member", "invite", "Eva", "--role", "publisher", "--json"), shapes.Invited)
    colleague, request, code = asked(office, invitation.invitation, tmp_path / "eva")
    again = ("member", "join", "-", "--key-file", str(tmp_path / "eva" / "kek"), "--json")
    shown(colleague.cli(*again, stdin=invitation.invitation), shapes.Joined)
    words = ("member", "accept", "-", "--code", code, "--checked", "telephone", "--json")
    shown(office.cli(*words, stdin=request), shapes.ChangedMember)
    shown(office.cli("member", "list", "--json"), shapes.MemberList)
    shown(office.cli("grant", "Eva", "x:@acme", "--until", "in 2 days", "--json"), shapes.Granted)
    shown(office.cli("access", "x:@acme", "--json"), shapes.AccessList)
    shown(office.cli("access", "--all", "--json"), shapes.AccessList)
    shown(office.cli("revoke", "Eva", "x:@acme", "--json"), shapes.RightsRevoked)
    shown(office.cli("member", "role", "Eva", "approver", "--reason", "x", "--json"), shapes.ChangedMember)
    shown(office.cli("member", "suspend", "Eva", "--reason", "x", "--json"), shapes.ChangedMember)
    shown(office.cli("member", "suspend", "Eva", "--lift", "--reason", "x", "--json"), shapes.ChangedMember)
    shown(office.cli("offboard", "Eva", "--reason", "x", "--json"), shapes.Offboarded)
    joined(office, "Ada", "auditor", tmp_path / "ada")
    shown(office.cli("member", "remove", "Ada", "--reason", "x", "--json"), shapes.ChangedMember)


def test_decisions_print_one_documented_document(office: Office, jonas: Colleague) -> None:
    """Approved, rejected, by mail."""
    apply_policy(office, "[defaults]\napprovals = 1\n")
    first, second, third = (waiting(jonas, text) for text in ("One", "Two", "Three"))
    shown(office.cli("approve", first, "--reason", "fine", "--json"), shapes.Decided)
    shown(office.cli("reject", second, "--reason", "no", "--json"), shapes.Decided)
    request = shown(office.cli("approval", "request", third, "--json"), shapes.ApprovalRequest).request
    answer = shown(office.cli("approve", "-", "--json", stdin=request), shapes.ApprovalAnswer).approval
    done = office.cli("queue", "accept", "-", "--reason", "mail", "--json", stdin=answer)
    shown(done, shapes.Decided)


def test_people_read_what_scripts_read(office: Office, jonas: Colleague) -> None:
    """The same commands without `--json` say it in words."""
    apply_policy(office, "[defaults]\napprovals = 1\n")
    assert "Jonas" in office.cli("member", "list").stdout
    assert "publish" in office.cli("access", "x:@acme").stdout
    delivery = waiting(jonas, "In words")
    done = office.cli("approve", delivery, "--reason", "fine")
    assert "In words" in done.stdout
    assert "1 of 1" in done.stdout
    left = office.cli("offboard", "Jonas", "--reason", "left")
    assert "Delivery" in left.stdout
