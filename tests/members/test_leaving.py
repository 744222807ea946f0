"""Somebody leaves: what their keys open, what was sealed anew, when it is in force, what is left to do."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from socialguard import errors
from socialguard.vault.credentials import Vault
from socialguard.workspace import acknowledging
from tests.cli.shapes import Offboarded
from tests.office import ACCOUNTS, Office
from tests.people import Colleague, joined


@pytest.fixture
def paul(office: Office, tmp_path: Path) -> Colleague:
    """Paul, a second owner."""
    return joined(office, "Paul", "owner", tmp_path / "paul")


def execute(office: Office, statement: str) -> None:
    """Write the database as somebody without keys does."""
    engine = create_engine(f"sqlite:///{office.database}")
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def opens(who: Office, account: str) -> bool:
    """Whether the keys of a member open an account's credential as it is stored now."""
    with who.entered() as workspace, workspace.database.read() as connection:
        books = workspace.signed.books(connection)
        found = books.registry.resolve(connection, [account])[0]
        vault = Vault(books.manifest, workspace.pins, workspace.log)
        try:
            vault.present(connection, found, workspace.keys.member())
        except errors.NotFound:
            return False
        return True


def unwraps(who: Office) -> int:
    """How many wraps of the newest stored credentials a member's private key opens, each tried as if it were
    sealed to it."""
    from socialguard.canon import jcs

    found = 0
    with who.entered() as workspace, workspace.database.read() as connection:
        key = workspace.keys.member()
        newest = text(
            "select c.context, w.sealed from credential c join wrap w on w.credential_id = c.id"
            " where c.gen = (select max(d.gen) from credential d where d.account_id = c.account_id)"
        )
        for context, wrapped in connection.execute(newest):
            bound = jcs.decode(bytes(context))
            assert isinstance(bound, dict)
            info = jcs.encode({**bound, "to": key.sealing_id})
            with suppress(errors.Tampered):
                key.open(bytes(wrapped), info)
                found += 1
    return found


def members(office: Office) -> list[dict[str, str]]:
    """Return the members as they are listed."""
    found: list[dict[str, str]] = office.cli("member", "list", "--json").document["members"]
    return found


def states(office: Office) -> dict[str, str]:
    """Return the state of each account."""
    rows = office.cli("account", "list", "--json").document["accounts"]
    return {row["account"]: row["state"] for row in rows}


def test_a_new_owner_opens_every_credential(office: Office, paul: Colleague) -> None:
    """Owners must be able to seal anew: what is stored is sealed to them as they join."""
    assert all(opens(paul, account) for account in ACCOUNTS)
    assert set(states(office).values()) == {"active"}


def test_a_removed_owners_keys_open_nothing_written_after(office: Office, paul: Colleague) -> None:
    """Every credential is sealed anew in the act; its token is due until the network's is another."""
    assert opens(paul, "x:@acme")
    done = office.cli("offboard", "Paul", "--reason", "left", "--json")
    assert done.code == 0, done
    left = done.document["offboarded"]
    assert set(left["could_open"]) == set(left["to_rotate"]) == set(left["sealed_anew"]) == set(ACCOUNTS)
    assert left["in_force"] is True
    assert not any(opens(paul, account) for account in ACCOUNTS)
    assert set(states(office).values()) == {"rotation_due"}
    assert office.post("Sending goes on", "x:@acme").deliveries[0]["state"] == "sent"
    assert "revoked" not in json.dumps(left)


def test_no_wrap_that_is_stored_later_opens_with_a_removed_owners_key(office: Office, paul: Colleague) -> None:
    """Not under any name: every wrap of what is sealed anew, and of a token that came later, is tried."""
    assert unwraps(paul) > 0
    assert office.cli("offboard", "Paul", "--reason", "left", "--json").code == 0
    assert unwraps(paul) == 0
    entry = next(one for one in office.seed["accounts"] if one["network"] == "x")
    rotated = office.cli("account", "rotate", f"x:@{entry['handle']}", "--credential", "-", "--json",
                         stdin=json.dumps(entry["credential"]))  # fmt: skip
    assert rotated.code == 0, rotated
    assert unwraps(paul) == 0


def test_the_worker_of_a_founder_who_leaves_is_named(office: Office, paul: Colleague) -> None:
    """Its keys lie on the founder's machine and go on opening what it sends with."""
    (worker,) = [one["id"] for one in members(office) if one["role"] == "worker"]
    assert near(paul, "Marie") == {worker: "keys"}


def test_a_worker_that_was_set_up_later_on_a_leavers_machine_is_named(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the machine that its own entries come from: as their user, as another user there, or not known."""
    (first,) = [one["id"] for one in members(office) if one["role"] == "worker"]
    jonas = joined(office, "Jonas", "publisher", tmp_path / "jonas", grants=("x:@acme",))
    second = joined(office, "his worker", "worker", tmp_path / "second")
    third = joined(office, "service on his machine", "worker", tmp_path / "third")
    silent = joined(office, "silent", "worker", tmp_path / "silent")
    with monkeypatch.context() as machine:
        machine.setattr("socialguard.audit.leaf.host_id", lambda: "1a" * 16)
        assert jonas.post("From my laptop", "x:@acme").code == 0
        acknowledged(second)
        machine.setattr("socialguard.audit.leaf._uid", lambda: 4711)
        acknowledged(third)
    found = near(office, "Jonas")
    assert found == {second.id: "keys", third.id: "machine", silent.id: "unknown"}
    assert first not in found, "it never ran where he was"


def acknowledged(worker: Colleague) -> None:
    """Let a worker say that it has seen the newest epoch, as its daemon does."""
    with worker.entered() as workspace:
        assert acknowledging.acknowledge(workspace)


def near(office: Office, member: str) -> dict[str, str]:
    """Remove a member, and return which workers are within their reach, and how."""
    done = office.cli("offboard", member, "--reason", "left", "--json")
    assert done.code in (0, 18), done
    return {one.id: one.reach for one in Offboarded.model_validate(done.document).offboarded.workers}


def test_a_token_is_due_until_it_really_changed(office: Office, paul: Colleague) -> None:
    """The same token stored again settles nothing; another one does."""
    office.cli("member", "remove", "Paul", "--reason", "left", "--json")
    entry = next(one for one in office.seed["accounts"] if (one["network"], one["handle"]) == ("x", "acme"))
    rotate = ("account", "rotate", "x:@acme", "--credential", "-", "--json")
    told = office.cli(*rotate[:-1], stdin=json.dumps(entry["credential"]))
    assert told.code == 0
    assert "still to be replaced" in told.stderr
    assert states(office)["x:@acme"] == "rotation_due"
    new = {
        **entry["credential"],
        "access_token": "new-token-of-acme-1",
        "access_token_secret": "new-secret-acme-1",
    }
    office.sandbox.reset({**office.seed, "accounts": [{**entry, "credential": new}]})
    done = office.cli(*rotate, stdin=json.dumps(new))
    assert done.code == 0, done
    assert states(office)["x:@acme"] == "active"


def test_a_removed_member_cannot_come_back_with_the_old_keys(office: Office, jonas: Colleague) -> None:
    """Removal is for good; an earlier epoch put back is refused."""
    before = office.database.read_bytes()
    assert office.cli("member", "remove", "Jonas", "--reason", "left", "--json").code == 0
    assert office.cli("grant", jonas.id, "x:@acme", "--json").code == 2
    assert jonas.post("Still here?", "x:@acme").code == 11
    office.database.write_bytes(before)
    assert office.cli("member", "list", "--json").code == 13


def test_a_suspended_member_counts_for_nothing_until_it_is_lifted(office: Office, jonas: Colleague) -> None:
    """With the grants as they were."""
    assert office.cli("member", "suspend", "Jonas", "--reason", "lost laptop", "--json").code == 0
    assert jonas.post("Suspended", "x:@acme").code == 11
    assert office.cli("member", "suspend", "Jonas", "--lift", "--reason", "found", "--json").code == 0
    assert jonas.post("Back", "x:@acme").deliveries[0]["state"] == "queued"


def test_the_only_owner_stays(office: Office) -> None:
    """Without one nothing could be signed any more."""
    assert office.cli("member", "remove", "Marie", "--reason", "x", "--json").code == 2
    assert office.cli("member", "role", "Marie", "publisher", "--reason", "x", "--json").code == 2


def test_a_freeze_that_a_removed_owner_thawed_stays_thawed(office: Office, paul: Colleague) -> None:
    """The removing owner signs it again, after checking the signature."""
    assert office.cli("freeze", "x:@acme", "--reason", "drill").code == 0
    done = paul.cli("thaw", "x:@acme", "--reason", "over", "--confirm", "x:@acme", "--json")
    assert done.code == 0, done
    assert office.cli("member", "remove", "Paul", "--reason", "left", "--json").code == 0
    assert office.post("Thawed", "x:@acme").deliveries[0]["state"] == "sent"


def test_a_forged_thaw_is_not_signed_again(office: Office, paul: Colleague) -> None:
    """A row that names the leaving owner is no signature of theirs."""
    office.cli("freeze", "x:@acme", "--reason", "drill")
    execute(
        office,
        "update stop set lifted_at = '2026-01-01T00:00:00.000000Z', lift_signature = x'00',"
        f" lifted_by = '{paul.id}'",
    )
    assert office.cli("member", "remove", "Paul", "--reason", "left", "--json").code == 13


def test_a_removal_is_in_force_when_every_worker_acknowledged_it(office: Office, tmp_path: Path) -> None:
    """A worker elsewhere that is off is waited for, and named."""
    joined(office, "Eva", "auditor", tmp_path / "eva")
    other = joined(office, "second worker", "worker", tmp_path / "second")
    done = office.cli("member", "remove", "Eva", "--reason", "left", "--json")
    member = done.document["member"]
    assert (member["in_force"], member["waiting_for"]) == (False, [other.id])


def test_a_forged_acknowledgement_is_none(office: Office, tmp_path: Path) -> None:
    """Only the worker's own key says that it has seen an epoch."""
    other = joined(office, "second worker", "worker", tmp_path / "second")
    with office.entered() as workspace:
        from socialguard.audit.interface import Actor, Entry

        with workspace.database.write() as connection:
            manifest = workspace.signed.books(connection).manifest
            obj = {"epoch": manifest.epoch, "sha256": manifest.sha256, "signature": "AA=="}
            said = Entry(
                acknowledging.ACTION,
                "ok",
                Actor(other.id, "worker", "daemon"),
                corr=f"ack.{other.id}.{manifest.epoch}",
                obj=obj,
            )
            workspace.log.append(connection, said)
            assert acknowledging.waiting_for(connection, manifest, manifest.epoch) == (other.id,)


def test_a_worker_elsewhere_says_that_it_has_seen_the_epoch(office: Office, tmp_path: Path) -> None:
    """Its daemon does, once."""
    other = joined(office, "second worker", "worker", tmp_path / "second")
    with other.entered() as workspace:
        assert acknowledging.acknowledge(workspace)
        assert not acknowledging.acknowledge(workspace)
        with workspace.database.read() as connection:
            manifest = workspace.signed.books(connection).manifest
            assert acknowledging.waiting_for(connection, manifest, manifest.epoch) == ()
