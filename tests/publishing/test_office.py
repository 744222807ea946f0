"""The office that other tests stand on does what a person at a command line would see."""

from pathlib import Path

import pexpect

from tests.office import SHORT_NAMES, Office


def test_a_post_of_each_account_is_sent_once(office: Office) -> None:
    for account in SHORT_NAMES:
        done = office.post(f"Hello from {account}", account)
        assert (done.code, done.deliveries[0]["state"]) == (0, "sent")
    assert sorted(office.published()) == sorted(f"Hello from {account}" for account in SHORT_NAMES)


def test_a_process_of_its_own_sees_the_same_workspace(office: Office) -> None:
    office.post("Hello")
    done = office.process("queue", "list", "--json")
    assert [row["state"] for row in done.deliveries] == ["sent"]


def test_a_copy_of_the_office_has_a_queue_of_its_own(office: Office, tmp_path: Path) -> None:
    other = office.copy(tmp_path / "other")
    office.post("Hello")
    assert other.queue() == []


def test_a_person_at_a_terminal_types_the_short_name(office: Office) -> None:
    child = office.terminal("post", "Typed", "--to", "facebook:@globex", "--grace", "0")
    child.expect_exact("Enter stops:")
    child.sendline(SHORT_NAMES["facebook:@globex"])
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, office.published("facebook", "globex")) == (0, ["Typed"])
