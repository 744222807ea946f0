"""`vault log-key`: another key signs the log, and everything that the old one signed stays good."""

import shutil

import pytest

from socialguard.vault.identity import Identity
from socialguard.workspace import key_changes
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office

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


def test_a_checkpoint_by_the_key_that_was_replaced_is_found(office: Office) -> None:
    """Whoever kept a copy of the old key signs nothing with it any more."""
    place = next(office.identity.iterdir())
    kept = (place / "log.key").read_bytes()
    assert office.cli(*ROTATE).code == 0
    (place / "log.key").write_bytes(kept)
    assert office.post("With the old key").code == 0
    assert office.cli("audit", "verify", "--deep", "--json").code == 13


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
