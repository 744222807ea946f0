"""`vault log-key`: another key signs the log, and everything that the old one signed stays good."""

import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest

from socialguard.audit import checkpoint
from socialguard.canon import jcs
from socialguard.vault.identity import Identity
from socialguard.workspace import key_changes
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office
from tests.people import Colleague, joined
from tests.shapes import failed

__all__ = ["office"]

ROTATE = ("vault", "log-key", "--reason", "yearly", "--json")


def whole(office: Office) -> bool:
    """Whether the log is whole, with every signature of it."""
    done = office.cli("audit", "verify", "--deep", "--json")
    return done.code == 0 and done.document["unproven"] == 0


def test_the_log_goes_on_under_a_new_key_and_is_whole(office: Office) -> None:
    place = next(office.identity.iterdir())
    before = (place / "log.key").read_bytes()
    assert office.post("Before").code == 0
    first = shown(office.cli(*ROTATE), shapes.LogKeyChanged).log_key
    assert whole(office)
    assert (place / "log.key").read_bytes() != before
    assert not (place / "log.key.before").exists()
    assert office.post("Between").code == 0
    assert shown(office.cli(*ROTATE), shapes.LogKeyChanged).log_key != first
    assert office.post("After").code == 0
    assert whole(office)
    actions = [entry["action"] for entry in office.cli("audit", "list", "--json").document["entries"]]
    assert actions.count("log_key.rotate") == 2


def test_a_key_that_was_replaced_signs_nothing_any_more(office: Office) -> None:
    """A copy of the old key, put back by an old backup of the directory or by somebody who kept it."""
    place = next(office.identity.iterdir())
    kept = (place / "log.key").read_bytes()
    assert office.cli(*ROTATE).code == 0
    (place / "log.key").write_bytes(kept)
    assert office.post("With the old key").code == 0
    assert office.cli("audit", "checkpoint", "--json").document["signed"] is False
    done = office.cli("audit", "verify", "--deep", "--json")
    assert (done.code, done.document["problems"]) == (0, [])
    assert done.document["unproven"] > 0


@pytest.mark.parametrize("killed", ["before the commit", "after the commit"])
def test_a_change_that_is_cut_off_leaves_the_key_that_the_manifest_lists(
    office: Office, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    place = next(office.identity.iterdir())
    before = (place / "log.key").read_bytes()
    monkeypatch.setattr(key_changes, "settle_log_key", lambda *_: None)
    if killed == "before the commit":
        replace = Identity.replace_log_key

        def stop(identity: Identity, new: object, ask: object) -> None:
            replace(identity, new, ask)  # type: ignore[arg-type]
            raise KeyboardInterrupt

        monkeypatch.setattr(Identity, "replace_log_key", stop)
    office.cli(*ROTATE)
    monkeypatch.undo()
    assert (place / "log.key.before").exists()
    assert office.post("Afterwards").code == 0
    assert whole(office)
    assert not (place / "log.key.before").exists()
    assert ((place / "log.key").read_bytes() == before) == (killed == "before the commit")


def test_after_an_incident_the_new_key_counts_from_its_own_incarnation(office: Office) -> None:
    """A size alone would make checkpoints of the old log look as if they should be by the new key."""
    copy = office.database.read_bytes()
    for number in range(6):
        assert office.post(f"Lost {number}").code == 0
    for name in ("socialguard.db-wal", "socialguard.db-shm"):
        (office.home / name).unlink(missing_ok=True)
    office.database.write_bytes(copy)
    assert office.cli("audit", "incident", "accept", "--reason", "restored", "--json").code == 0
    assert office.cli(*ROTATE).code == 0
    assert office.post("Afterwards").code == 0
    done = office.cli("audit", "verify", "--deep", "--json")
    assert (done.code, done.document["incarnation"]) == (0, 1), done
    shutil.rmtree(office.home / "cache", ignore_errors=True)


@pytest.fixture
def eva(office: Office, tmp_path: Path) -> Colleague:
    """Another owner, on a machine of her own."""
    return joined(office, "Eva", "owner", tmp_path / "eva")


@pytest.fixture
def server(office: Office, tmp_path: Path) -> Colleague:
    """A worker on another machine."""
    return joined(office, "Server", "worker", tmp_path / "server")


def offered(machine: Office) -> str:
    """Return the file by which a machine offers a key."""
    return str(shown(machine.cli("vault", "log-key", "--offer", "--json"), shapes.LogKeyChanged).offer)


def take(owner: Office, offer: str) -> Any:
    """Take a key in, as an owner."""
    return owner.cli("vault", "log-key", "--accept", "-", "--reason", "Marie left", "--json", stdin=offer)


def signs(machine: Office) -> bool:
    """Whether a machine signs the log."""
    return bool(machine.cli("audit", "checkpoint", "--json").document["signed"])


def test_an_owner_gives_the_log_to_another_machine_without_the_old_key(
    office: Office, eva: Colleague, server: Colleague
) -> None:
    """The founder left, and is removed: their machine signs nothing any more, and what it signed stays good."""
    assert office.post("By the founder").code == 0
    offer = offered(server)
    assert (signs(office), signs(server)) == (True, False), "an offer changes nothing"
    taken = shown(take(eva, offer), shapes.LogKeyChanged)
    assert taken.worker == server.id
    assert (signs(office), signs(server), signs(eva)) == (False, True, False)
    assert whole(eva)
    assert eva.cli("member", "remove", "Marie", "--reason", "left", "--json").code in (0, 18)
    assert signs(server)
    assert whole(eva)
    names = {one.name for one in next(server.identity.iterdir()).iterdir()}
    assert "log.key" in names
    assert "log.key.next" not in names


def test_a_process_that_works_meanwhile_goes_on_as_the_owner_said(
    office: Office, eva: Colleague, server: Colleague
) -> None:
    """Daemons run for months: neither is started anew."""
    offer = offered(server)
    with server.entered() as there:
        there.checkpoint()
        with office.entered() as here:
            assert (here.signs_log, there.signs_log) == (True, False)
            assert take(eva, offer).code == 0
            assert (here.signs_log, there.signs_log) == (False, True)
            here.checkpoint()
        there.checkpoint()
    assert whole(eva)


def test_the_export_of_a_log_that_was_given_away_names_its_keys(
    office: Office, eva: Colleague, server: Colleague, tmp_path: Path
) -> None:
    """Only both keys' signatures lead from one key to the next; an owner's word stands in the manifest, which an
    export does not hold: whoever verifies it elsewhere names the new key, too."""
    assert office.post("By the founder").code == 0
    assert signs(office)
    assert take(eva, offered(server)).code == 0
    assert signs(server)
    out = tmp_path / "export"
    assert eva.cli("audit", "export", str(out), "--json").code == 0
    assert eva.cli("audit", "verify", str(out), "--json").code == 0
    keys = [path.read_text().strip() for path in sorted((out / "keys").iterdir())]
    assert len(keys) == 2
    by = {key: office.cli("audit", "verify", str(out), "--key", key, "--json").code for key in keys}
    assert sorted(by.values()) == [13, 13]
    both = [word for key in keys for word in ("--key", key)]
    assert office.cli("audit", "verify", str(out), *both, "--json").code == 0


def test_nobody_gives_the_log_away_but_an_owner_to_a_worker_of_theirs(
    office: Office, eva: Colleague, server: Colleague, tmp_path: Path
) -> None:
    """Each wrong way is refused, and the founder's machine goes on."""
    offer = offered(server)
    jonas = joined(office, "Jonas", "publisher", tmp_path / "jonas")
    assert take(jonas, offer).code == 11
    failed(take(eva, "no offer"), 2, "usage_error")
    assert "No worker" in failed(eva.cli("vault", "log-key", "--offer", "--json"), 2, "usage_error").message
    value = jcs.decode(jcs.unb64("".join(offer.split())))
    assert isinstance(value, dict)
    forged = {**value, "offer": {**value["offer"], "key": jcs.b64(secrets.token_bytes(32))}}
    failed(take(eva, jcs.b64(jcs.encode(forged))), 13, "tampered")
    assert signs(office)
    assert take(eva, offer).code == 0
    assert "taken in before" in failed(take(eva, offer), 2, "usage_error").message
    offer = offered(server)
    assert eva.cli("member", "remove", "Server", "--reason", "broken", "--json").code in (0, 18)
    failed(take(eva, offer), 13, "tampered")


def test_a_handover_without_an_owners_word_is_found(office: Office, tmp_path: Path) -> None:
    """Whoever writes the log, without a key, gives it to nobody; an export tells it, too."""
    with office.entered() as workspace, workspace.database.write() as connection:
        old = workspace.log_signer(connection).public
        checkpoint.list_key(connection, workspace.log, old, secrets.token_bytes(32), workspace.person)
    done = office.cli("audit", "verify", "--json")
    assert done.code == 13
    assert [one["kind"] for one in done.document["problems"]] == ["log_key"]
    out = tmp_path / "export"
    assert office.cli("audit", "export", str(out), "--json").code == 0
    done = office.cli("audit", "verify", str(out), "--json")
    assert (done.code, [one["kind"] for one in done.document["problems"]]) == (13, ["log_key"])
