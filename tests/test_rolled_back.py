"""A snapshot of the workspace, twenty posts, the snapshot put back: no way of sending sends one of them again.

The sandbox's own refusal of duplicates is off, so that only we are in the way."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.attacks.world import WAITING, Firm, approve, firm
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.daemon.running import daemon
from tests.office import Done, Office, finish, office

__all__ = ["firm", "office"]

ACCOUNTS: Final = ("x:@acme", "facebook:@acme")
IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3700s"}
TEXTS: Final = tuple(f"Number {number} of twenty." for number in range(20))


def account_of(number: int) -> str:
    return ACCOUNTS[number % 2]


class RolledBack:
    """An office whose workspace stands as before twenty posts, ten scheduled and ten at once; `waiting` are the
    ids of what the snapshot holds as queued."""

    def __init__(self, office: Office, place: Path) -> None:
        office.sandbox.settings(refuse_duplicates=False)
        self.office = office
        self.snapshot = place
        self.waiting = [self.scheduled(number) for number in range(10)]
        shutil.copytree(office.home, place)
        assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
        for number in range(10, 20):
            assert office.post(TEXTS[number], account_of(number), **IN_AN_HOUR).code == 0
        self.require_each_once()
        self.put_back()

    def scheduled(self, number: int) -> str:
        account = account_of(number)
        words = ("--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
        return str(self.office.cli("post", TEXTS[number], *words).deliveries[0]["id"])

    def put_back(self) -> None:
        """Put the snapshot in the place of the workspace."""
        shutil.rmtree(self.office.home)
        shutil.copytree(self.snapshot, self.office.home)

    def require_each_once(self) -> None:
        """Count what is public at the networks."""
        assert sorted(self.office.published()) == sorted(TEXTS)


@pytest.fixture
def back(office: Office, tmp_path: Path) -> RolledBack:
    """The workspace put back."""
    return RolledBack(office, tmp_path / "snapshot")


def ways(back: RolledBack) -> list[tuple[str, ...]]:
    """Every command by which something could go out again."""
    one, page = back.waiting[0], back.waiting[1]
    named = ("--to", "x:@acme", "--confirm", "x:@acme")
    return [
        ("queue", "run"),
        ("queue", "reconcile"),
        ("queue", "release", one, "--now", "--confirm", "x:@acme"),
        ("queue", "edit", one, TEXTS[0], "--confirm", "x:@acme"),
        ("queue", "edit", page, "Another text", "--confirm", "facebook:@acme"),
        ("queue", "resume", one, "--confirm", "x:@acme"),
        ("post", TEXTS[0], *named, "--grace", "0"),
        ("post", TEXTS[15], "--to", "facebook:@acme", "--confirm", "facebook:@acme", "--grace", "0"),
        ("post", "Nothing like it was ever said", *named, "--grace", "0"),
        ("post", TEXTS[12], *named, "--override", "duplicate", "--reason", "again", "--grace", "0"),
        ("queue", "settle", one, "--not-sent", "--reason", "it is not there"),
        ("queue", "run"),
    ]


def test_no_command_sends_anything_from_a_workspace_that_was_put_back(back: RolledBack) -> None:
    for words in ways(back):
        done = back.office.cli(*words, "--json", **IN_AN_HOUR)
        assert done.code != 0 or done.deliveries == [], (words, done)
        back.require_each_once()
    assert back.office.cli("audit", "verify", "--json", **IN_AN_HOUR).code == 13


def test_no_daemon_does(back: RolledBack) -> None:
    done = finish(back.office.start("daemon", "run", **IN_AN_HOUR))
    assert done.code == 13, done
    back.require_each_once()


def accepted(back: RolledBack) -> Done:
    return back.office.cli(
        "audit", "incident", "accept", "--reason", "a snapshot came back", "--json", **IN_AN_HOUR
    )


def restored(back: RolledBack) -> Done:
    words = ("workspace", "restore", str(back.snapshot), "--reason", "a snapshot came back", "--json")
    done = back.office.cli(*words, **IN_AN_HOUR)
    thaw = ("thaw", "--all", "--confirm", "all", "--reason", "looked through", "--json")
    assert back.office.cli(*thaw, **IN_AN_HOUR).code == 0
    return done


@pytest.mark.parametrize("declare", [accepted, restored], ids=["incident", "restore"])
def test_once_an_owner_declared_the_loss_nothing_goes_out_by_itself(
    back: RolledBack, declare: Callable[[RolledBack], Done]
) -> None:
    """What stands as queued may be public: it is held until a person says what it is."""
    done = declare(back)
    assert done.code == 0, done
    held = done.document.get("restored", done.document)["held"]
    assert sorted(held) == sorted(back.waiting)
    assert back.office.cli("queue", "run", "--json", **IN_AN_HOUR).deliveries == []
    with daemon(back.office, **IN_AN_HOUR) as running:
        assert back.office.cli("queue", "run", "--json", **IN_AN_HOUR).deliveries == []
        assert back.office.post("After the loss", "x:@acme", **IN_AN_HOUR).code == 0
        assert running.stop() == 0
    assert back.office.published().count("After the loss") == 1
    assert sorted(one for one in back.office.published() if one != "After the loss") == sorted(TEXTS)
    assert back.office.cli("audit", "verify", "--json", **IN_AN_HOUR).code == 0


@pytest.mark.parametrize("is_asked", [True, False])
def test_what_was_being_sent_in_the_snapshot_is_not_tried_again(
    office: Office, tmp_path: Path, is_asked: bool
) -> None:
    """Its process is dead and left no note: without the loss that would prove that nothing was sent. A run that is
    refused may have begun to find that out."""
    office.sandbox.settings(refuse_duplicates=False)
    killed = office.process(*office.post_words("Once"), SOCIALGUARD_CRASH_AT="before_publish")
    assert killed.code == -signal.SIGKILL
    shutil.copytree(office.home, tmp_path / "snapshot")
    assert [one["state"] for one in office.cli("queue", "run", "--json").deliveries] == ["sent"]
    shutil.rmtree(office.home)
    shutil.copytree(tmp_path / "snapshot", office.home)
    if is_asked:
        assert office.cli("queue", "run", "--json").code == 13
    done = office.cli("audit", "incident", "accept", "--reason", "put back", "--json")
    named = shown(done, shapes.IncidentAccepted)
    assert is_asked or len(named.unknown) == 1
    assert office.queue("queued", "sending") == []
    office.cli("queue", "run", "--json")
    assert office.published() == ["Once"]


def test_what_waited_for_approval_in_the_snapshot_is_not_approved_again(firm: Firm, tmp_path: Path) -> None:
    """Its approval and its post are in what is lost: an approver would see a post that still waits."""
    firm.office.sandbox.settings(refuse_duplicates=False)
    shutil.copytree(firm.office.home, tmp_path / "snapshot")
    approve(firm.eva, firm.waiting)
    assert firm.send().code == 0
    assert firm.office.published().count(WAITING) == 1
    shutil.rmtree(firm.office.home)
    shutil.copytree(tmp_path / "snapshot", firm.office.home)
    done = firm.office.cli("audit", "incident", "accept", "--reason", "put back", "--json")
    assert done.code == 0, done
    assert firm.waiting in done.document["held"]
    alerts = firm.office.cli("alerts", "list", "--json").document["alerts"]
    told = {one["kind"] for one in alerts if one["delivery"] == firm.waiting}
    assert told == {"held_by_incident"}  # approvers are called no more
    assert firm.eva.cli("workspace", "adopt", "--reason", "put back", "--json").code == 0
    assert firm.eva.cli("approve", firm.waiting, "--reason", "fine", "--json").code != 0
    firm.send()
    assert firm.office.published().count(WAITING) == 1
