"""The daemon's sinks of the log: everything once where all is well, nothing lost where it is not; and anchors."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from socialguard import clock
from socialguard.audit.anchors.interface import AnchorFailed
from socialguard.audit.anchors.syslog import SyslogAnchor
from socialguard.daemon.checkpoints import Checkpoints
from socialguard.daemon.interface import Problem
from socialguard.daemon.settled import Settled
from socialguard.daemon.sinks import Sinks
from socialguard.workspace.opened import Workspace
from tests.office import Office


@pytest.fixture
def place(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file sink, named in the settings."""
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    place = tmp_path / "collector" / "audit.jsonl"
    settings = f'[audit]\nsinks = ["file:{place}"]\nanchors = ["syslog+tcp://127.0.0.1:9"]\n'
    (office.home / "socialguard.toml").write_text(settings, encoding="utf-8")
    return place


@pytest.fixture
def workspace(office: Office, place: Path) -> Iterator[Workspace]:
    with Workspace(office.home) as opened:
        yield opened


def sequence(place: Path) -> list[int]:
    return [json.loads(line)["metadata"]["sequence"] for line in place.read_text().splitlines()]


def test_a_sink_gets_every_entry_once_and_what_it_missed_when_it_is_back(
    office: Office, place: Path, workspace: Workspace
) -> None:
    with pytest.raises(Problem, match="took nothing"):
        Sinks(workspace).look()
    place.parent.mkdir()
    Sinks(workspace).look()
    seen = sequence(place)
    assert seen == list(range(len(seen)))
    assert office.cli("freeze", "x:@acme").code == 0
    Sinks(workspace).look()  # another process: it knows how far the sink had come
    assert sequence(place) == list(range(len(sequence(place))))
    assert len(sequence(place)) > len(seen)


def test_an_anchor_that_is_out_of_reach_for_long_is_told_to_a_person(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: SyslogAnchor, statements: object) -> None:
        raise AnchorFailed(path=self.name, detail="no way there.")

    monkeypatch.setattr(SyslogAnchor, "publish", refuse)
    workspace.checkpoint()
    duty = Checkpoints(workspace)
    with pytest.raises(Problem):
        duty.far()
    assert _kinds(workspace) == []
    clock.shift(timedelta(minutes=16))
    try:
        with pytest.raises(Problem):
            duty.far()
        assert _kinds(workspace) == ["anchor"]
    finally:
        clock.shift(timedelta(0))


def _kinds(workspace: Workspace) -> list[str]:
    from socialguard.alerts import reader

    with workspace.database.read() as connection:
        return [one.kind for one in reader.page(connection, unseen=True, limit=None)]


def test_an_anchor_at_hand_that_is_gone_is_told_at_each_look(office: Office, tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    settings = f'[audit]\nanchors = ["dir:{mount}"]\n'
    (office.home / "socialguard.toml").write_text(settings, encoding="utf-8")
    with office.entered() as workspace:
        workspace.checkpoint()
    assert office.cli("freeze", "x:@acme").code == 0
    with office.entered() as workspace:
        duty = Checkpoints(workspace)
        for _ in range(3):
            with pytest.raises(Problem, match="is it mounted"):
                duty.near()
        mount.mkdir()
        duty.near()
        duty.near()


def test_settings_that_were_changed_or_broken_meanwhile_are_told(office: Office) -> None:
    place = office.home / "socialguard.toml"
    place.write_text("[budget]\nmonth_usd = 50\n")
    with office.entered() as workspace:
        duty = Settled(workspace)
        duty.look()
        place.write_text("# the same\n[budget]\nmonth_usd = 50\n")
        duty.look()
        place.write_text("[budget]\nmonth_usd = 5\n")
        with pytest.raises(Problem, match="was changed; restart the daemon"):
            duty.look()
        place.write_text("[budget]\nmonth = 5\n")
        with pytest.raises(Problem, match="no command works"):
            duty.look()
        place.write_text("[budget]\nmonth_usd = 50\n")
        duty.look()


def test_a_cron_for_an_account_that_there_is_not_is_told(office: Office) -> None:
    """A slip, or a short name, would leave the account that was meant at the common cron, unseen."""
    place = office.home / "socialguard.toml"
    for name in ("x:@acne", "acme"):
        place.write_text(f'[backup.crons]\n"x:@acme" = "30 2 * * *"\n"{name}" = "30 2 * * *"\n')
        with office.entered() as workspace, pytest.raises(Problem, match=f"{name}: there is no such account"):
            Settled(workspace).look()
    place.write_text('[backup.crons]\n"x:@acme" = "30 2 * * *"\n')
    with office.entered() as workspace:
        Settled(workspace).look()
