"""`workspace adopt`: a machine without pins believes what is proved and names what is not."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import ACCOUNTS, Office, office

__all__ = ["office"]


def pins(office: Office) -> Path:
    """The file with this machine's pins."""
    return next(office.identity.iterdir()) / "pins"


def adopt(office: Office) -> shapes.AdoptedFields:
    """Adopt, which goes well."""
    return shown(office.cli("workspace", "adopt", "--reason", "new disk", "--json"), shapes.Adopted).adopted


def test_without_pins_nothing_is_sent_until_the_workspace_is_adopted(office: Office) -> None:
    office.post("Before")
    pins(office).unlink()
    refused = office.post("Meanwhile")
    assert refused.code == 13
    assert "workspace adopt" in refused.error["remedy"]
    adopted = adopt(office)
    assert set(adopted.generations) == set(ACCOUNTS)
    assert len(adopted.trusted) == 5
    assert not adopted.had_pins
    assert office.post("After").deliveries[0]["state"] == "sent"
    assert office.published("x") == ["Before", "After"]
    assert office.cli("audit", "verify", "--json").code == 0


def test_the_act_is_in_the_log_with_its_reason(office: Office) -> None:
    pins(office).unlink()
    adopt(office)
    entry = office.cli("audit", "list", "--action", "workspace.adopt", "--json").document["entries"][0]
    assert (entry["reason"], entry["outcome"]) == ("new disk", "ok")


def test_pins_of_another_machine_stay_a_floor(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shutil.copytree(office.home, office.base / "before")
    office.post("Newer")
    monkeypatch.setattr("socialguard.store.process.host_id", lambda: "0123456789abcdef" * 2)
    assert office.post("Elsewhere").code == 13
    shutil.rmtree(office.home)
    before.rename(office.home)
    assert office.cli("workspace", "adopt", "--reason", "x", "--json").code == 13


def test_a_machine_that_was_cloned_adopts_and_keeps_its_floor(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post("Newer")
    monkeypatch.setattr("socialguard.store.process.host_id", lambda: "0123456789abcdef" * 2)
    adopted = adopt(office)
    assert adopted.had_pins
    assert len(adopted.trusted) == 1
    assert office.post("Here").deliveries[0]["state"] == "sent"


def _change_text(connection: sqlite3.Connection) -> None:
    connection.execute("drop trigger if exists audit_entry_no_update")
    for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        connection.execute(f'drop trigger "{name}"')
    connection.execute("update audit_entry set leaf = leaf || x'20' where seq = 1")


def _drop_stop(connection: sqlite3.Connection) -> None:
    connection.execute("delete from stop")


def _raise_generation(connection: sqlite3.Connection) -> None:
    connection.execute("update credential set gen = gen + 1")


def _drop_credential(connection: sqlite3.Connection) -> None:
    connection.execute("delete from wrap")
    connection.execute("delete from credential")


def _roll_manifest_back(connection: sqlite3.Connection) -> None:
    connection.execute("delete from manifest where epoch = (select max(epoch) from manifest)")


@pytest.mark.parametrize(
    "tamper", [_change_text, _drop_stop, _raise_generation, _drop_credential, _roll_manifest_back]
)
def test_nothing_that_was_tampered_with_is_adopted(
    office: Office, tamper: Callable[[sqlite3.Connection], None]
) -> None:
    office.cli("freeze", "x:@globex", "--reason", "test")
    office.cli("account", "rename", "x:@acme", "acme-first")
    pins(office).unlink()
    with closing(sqlite3.connect(office.database)) as connection, connection:
        tamper(connection)
    done = office.cli("workspace", "adopt", "--reason", "please", "--json")
    assert done.code == 13, done
    assert not pins(office).exists()


def test_a_log_cut_at_its_end_is_told_by_the_anchor_of_this_machine(office: Office) -> None:
    kept = shutil.copytree(office.home, office.base / "kept")
    office.post("Cut off")
    pins(office).unlink()
    shutil.rmtree(office.home)
    kept.rename(office.home)
    done = office.cli("workspace", "adopt", "--reason", "x", "--json")
    assert done.code == 13
    assert not pins(office).exists()


def test_without_keys_there_is_nothing_to_adopt(office: Office) -> None:
    shutil.rmtree(next(office.identity.iterdir()))
    done = office.cli("workspace", "adopt", "--reason", "x", "--json")
    assert (done.code, done.error["name"]) == (13, "not_adopted")


def test_a_reason_is_needed(office: Office) -> None:
    assert office.cli("workspace", "adopt", "--json").code == 2


def test_an_anchor_that_cannot_be_asked_is_waited_for(office: Office, tmp_path: Path) -> None:
    (office.home / "socialguard.toml").write_text(f'[audit]\nanchors = ["dir:{tmp_path / "unmounted"}"]\n')
    pins(office).unlink()
    done = office.cli("workspace", "adopt", "--reason", "x", "--json")
    assert (done.code, done.error["name"]) == (15, "unreadable")
    assert not pins(office).exists()
