"""The life of a credential: taken in, verified, renewed, replaced, revoked, removed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from socialguard import errors
from socialguard.audit.interface import Tree
from socialguard.model.account import AccountName, AccountState
from socialguard.networks.interface import Revocation
from socialguard.registry import changes
from socialguard.registry.accounts import Registry
from socialguard.registry.signed import Right
from socialguard.store import tables
from socialguard.vault import admission, upkeep, withdrawal
from socialguard.vault.keys import KeyPair

from .custody_world import World, world

SECRET = "token-acme"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as built:
        yield built


def unreachable() -> errors.NotReached:
    return errors.NotReached(network="X", account="x:@acme", detail="refused.")


# ── taking in ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_stored_with_its_credential_manifest_and_entries(w: World) -> None:
    account = w.added("x:@acme", client="Acme", labels=["fr"], zone="Europe/Paris")
    assert (account.user_id, account.display_name, account.followers) == ("u-acme", "Acme", 7)
    assert (account.client, account.short_name, account.labels) == ("Acme", "acme", ("fr",))
    assert w.stored(account.id) == w.stored(account.id, w.recovery) == SECRET
    assert w.log("test.use") == [
        ("account.identify", "intent"),
        ("account.identify", "ok"),
        ("account.add", "ok"),
        ("credential.write", "ok"),
    ]
    with w.database.read() as connection:
        manifest = w.custody.manifest(connection)
        facts = Registry(manifest).facts(connection, account.id)
    assert w.pins.manifest() == (2, manifest.sha256)
    assert w.pins.generation(account.id) == facts.identity_checked_gen == 1
    (added,) = w.leaves("account.add")
    assert (added["account"], added["actor"]["proof"]) == (account.id, manifest.sha256)
    assert added["obj"]["name"] == "x:@acme"


def test_the_intent_is_in_the_log_before_the_network_is_asked(w: World) -> None:
    seen: list[list[tuple[str, str]]] = []
    w.network.before = lambda _: seen.append(w.log())
    account = w.added()
    upkeep.verify(w.custody, account.id)
    assert seen[0] == [("account.identify", "intent")]
    assert seen[1][-1] == ("account.verify", "intent")


def test_a_credential_of_another_handle_is_refused_and_nothing_is_stored(w: World) -> None:
    w.network.user("token-acme", "globex")
    with pytest.raises(errors.WrongIdentity, match="@globex") as refused:
        admission.add(w.custody, w.admission("x:@acme"))
    assert refused.value.exit_code == 14
    assert w.accounts() == []
    assert w.pins.manifest() == (1, w.custody.log.org)
    assert w.log() == [("account.identify", "intent"), ("account.identify", "wrong_identity")]


def test_the_handle_may_be_written_in_another_case(w: World) -> None:
    w.network.user("token-acme", "AcMe")
    assert str(admission.add(w.custody, w.admission("x:@acme"))) == "x:@acme"


@pytest.mark.parametrize(
    "fields", [{"short_name": "a"}, {"origin": "http://api.x.com"}, {"zone": "Mars"}, {"labels": ["a b"]}]
)
def test_a_name_that_cannot_be_used_is_refused_before_any_call(w: World, fields: dict[str, Any]) -> None:
    w.network.user("token-acme", "acme")
    with pytest.raises(errors.UsageError):
        admission.add(w.custody, w.admission("x:@acme", **fields))
    assert w.network.calls == []
    assert w.log() == []


def test_a_network_that_cannot_be_reached_leaves_an_outcome_and_no_account(w: World) -> None:
    w.network.problems["identity"] = unreachable()
    with pytest.raises(errors.NotReached):
        w.added()
    assert w.log() == [("account.identify", "intent"), ("account.identify", "not_reached")]
    assert w.accounts() == []


def test_nothing_is_granted_on_a_log_that_does_not_extend_the_pinned_one(w: World) -> None:
    w.pins.pin_tree(Tree(0, 900, bytes(32)))
    with pytest.raises(errors.Tampered):
        w.added()
    assert w.network.calls == []


def test_the_owner_of_a_rolled_back_manifest_adds_nothing(w: World) -> None:
    w.added()
    with w.database.write() as connection:
        connection.execute(delete(tables.manifest).where(tables.manifest.c.epoch == 2))
    with pytest.raises(errors.Tampered, match="rolled back"):
        w.added("x:@globex", "token-globex")


def test_a_second_account_and_the_first_keep_apart(w: World) -> None:
    acme, globex = w.added(), w.added("x:@globex", "token-globex")
    assert w.accounts() == ["x:@acme", "x:@globex"]
    assert (w.stored(acme.id), w.stored(globex.id)) == (SECRET, "token-globex")
    with pytest.raises(errors.UsageError, match="already"):
        w.added()


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────


def test_verifying_stores_what_the_network_tells(w: World) -> None:
    account = w.added()
    found = upkeep.verify(w.custody, account.id)
    assert found.inspection.scopes == ("tweet.write",)
    assert (found.renamed_to, found.holding.gen) == (None, 1)
    assert found.holding.last_used_at is not None
    with w.database.read() as connection:
        facts = Registry(w.custody.manifest(connection)).facts(connection, account.id)
    assert facts.inspection is not None
    assert '"app_live":null' in facts.inspection
    assert '"expires_at":"2027-01-01T00:00:00.000000Z"' in facts.inspection
    (outcome,) = [leaf for leaf in w.leaves("account.verify") if leaf["outcome"] == "ok"]
    assert outcome["obj"]["calls"] == 2


def test_another_user_is_refused_and_another_handle_is_told(w: World) -> None:
    account = w.added()
    w.network.user(SECRET, "acme_world", "u-acme")
    assert upkeep.verify(w.custody, account.id).renamed_to == AccountName("x", "acme_world")
    w.network.user(SECRET, "acme", "u-stranger")
    with pytest.raises(errors.WrongIdentity):
        upkeep.verify(w.custody, account.id)
    assert w.log()[-1] == ("account.verify", "wrong_identity")


# ── renewing ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refresh_stores_the_new_token_as_the_next_generation(w: World) -> None:
    account = w.added()
    assert upkeep.refresh(w.custody, account.id) == 2
    assert w.stored(account.id) == "token-acme-1"
    assert w.pins.generation(account.id) == 2
    assert ("credential.refresh", "intent") in w.log()


def test_a_refresh_that_another_process_made_is_not_made_again(w: World) -> None:
    account = w.added()
    upkeep.refresh(w.custody, account.id, seen=1)
    assert upkeep.refresh(w.custody, account.id, seen=1) == 2
    assert [call for call, _ in w.network.calls].count("refresh") == 1


def test_while_one_process_renews_a_token_no_other_renews_replaces_or_revokes_it(w: World) -> None:
    account = w.added()
    w.network.user("token-next", "acme")
    following = w.admission(token="token-next").credential
    refused: list[BaseException] = []

    def meanwhile(operation: str) -> None:
        w.network.before = lambda _: None
        assert operation == "refresh"
        for act in (
            lambda: upkeep.refresh(w.custody, account.id),
            lambda: admission.rotate(w.custody, account.id, following),
            lambda: withdrawal.revoke(w.custody, account.id),
        ):
            with pytest.raises(errors.Busy) as busy:
                act()
            refused.append(busy.value)

    w.network.before = meanwhile
    upkeep.refresh(w.custody, account.id)
    assert len(refused) == 3
    assert w.stored(account.id) == "token-acme-1"


def test_a_refresh_that_fails_leaves_account_and_token_as_they_were(w: World) -> None:
    account = w.added()
    w.network.problems["refresh"] = errors.AuthenticationNeeded(network="X", account=account, detail="400.")
    with pytest.raises(errors.AuthenticationNeeded):
        upkeep.refresh(w.custody, account.id)
    assert w.stored(account.id) == SECRET
    assert w.account(account.id).state is AccountState.ACTIVE
    assert w.log("test.use")[-1] == ("credential.refresh", "authentication_needed")
    with w.custody.alone(account.id):
        pass  # the lease was given back


def test_a_credential_without_a_refresh_token_stays(w: World) -> None:
    w.network.user(SECRET, "acme")
    plain = w.network.credential({"kind": "oauth2", "access_token": SECRET})
    account = admission.add(w.custody, admission.Admission(AccountName("x", "acme"), plain, workers=("w-1",)))
    assert upkeep.refresh(w.custody, account.id) == 1
    assert w.stored(account.id) == SECRET


def test_sealing_anew_makes_a_generation_for_the_recipients_of_now(w: World) -> None:
    account = w.added()
    w.custody.amend(
        "account.grant",
        account.id,
        lambda connection, owner, manifest: changes.set_grants(connection, owner, manifest, account.id, []),
    )
    assert upkeep.rewrap(w.custody, [account.id], "worker gone") == {account.id: 2}
    assert w.stored(account.id, w.owner) == SECRET
    with pytest.raises(errors.NotFound):
        w.stored(account.id)
    assert upkeep.verify(w.custody, account.id).holding.gen == 2  # with the owner's key, for want of a worker
    with pytest.raises(errors.UsageError):
        upkeep.rewrap(w.custody, [])


# ── replacing ────────────────────────────────────────────────────────────────────────────────────────────


def test_rotating_replaces_the_credential_of_the_same_user_only(w: World) -> None:
    account = w.added()
    w.network.user("token-next", "acme")
    w.network.user("token-other", "acme", "u-stranger")
    other, following = (w.admission(token=token).credential for token in ("token-other", "token-next"))
    with pytest.raises(errors.WrongIdentity):
        admission.rotate(w.custody, account.id, other)
    assert w.stored(account.id) == SECRET
    assert admission.rotate(w.custody, account.id, following, "left the agency") == 2
    assert w.stored(account.id) == "token-next"
    assert w.log("test.use")[-1] == ("credential.rotate", "ok")


# ── taking back ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_revoked_credential_is_one_that_the_network_rejects(w: World) -> None:
    account = w.added()
    done = withdrawal.revoke(w.custody, account.id, "leaked")
    assert (done.revoked, done.logged) == (True, True)
    assert w.account(account.id).state is AccountState.REVOKED
    assert w.log()[-2:] == [("credential.revoke", "intent"), ("credential.revoke", "revoked")]


def test_a_revocation_that_the_network_only_claims_stays_pending_and_is_retried(w: World) -> None:
    account = w.added()
    w.network.revoking_works = False
    w.network.revocation = Revocation(True)
    assert not withdrawal.revoke(w.custody, account.id).revoked
    assert w.account(account.id).state is AccountState.REVOCATION_PENDING
    w.network.revocation = Revocation(False, "https://x.com/settings")
    assert withdrawal.revoke(w.custody, account.id).page == "https://x.com/settings"
    w.network.problems["revoke"] = unreachable()
    with pytest.raises(errors.NotReached):
        withdrawal.revoke(w.custody, account.id)
    assert w.account(account.id).state is AccountState.REVOCATION_PENDING
    assert w.log()[-1] == ("credential.revoke", "not_reached")
    w.network.problems.clear()
    w.network.rejected.add(SECRET)  # a person did it on that page
    assert withdrawal.revoke(w.custody, account.id).revoked
    assert w.account(account.id).state is AccountState.REVOKED


def test_while_a_revocation_is_pending_nothing_destroys_the_token_it_needs(w: World) -> None:
    account = w.added()
    w.network.revoking_works = False
    withdrawal.revoke(w.custody, account.id)
    w.network.user("token-next", "acme")
    with pytest.raises(errors.UsageError):
        admission.rotate(w.custody, account.id, w.admission(token="token-next").credential)
    with pytest.raises(errors.UsageError):
        withdrawal.remove(w.custody, account.id, require_unused=lambda *_: None)
    assert w.stored(account.id) == SECRET


def test_revoking_works_on_a_log_that_lost_its_end(w: World) -> None:
    account = w.added()
    w.pins.pin_tree(Tree(0, 900, bytes(32)))
    assert withdrawal.revoke(w.custody, account.id).revoked


def test_revoking_works_where_nothing_can_be_logged(w: World) -> None:
    account = w.added()
    with w.database.write() as connection:
        connection.execute(delete(tables.audit_head))
    done = withdrawal.revoke(w.custody, account.id, "leaked")
    assert (done.revoked, done.logged) == (True, False)
    assert [(entry.action, entry.outcome) for entry in w.unlogged] == [
        ("credential.revoke", "intent"),
        ("credential.revoke", "revoked"),
    ]
    assert SECRET in w.network.rejected


def test_what_the_network_said_is_kept_where_the_log_fails_during_the_call(w: World) -> None:
    account = w.added()

    def lose_the_log(operation: str) -> None:
        if operation == "revoke":
            with w.database.write() as connection:
                connection.execute(delete(tables.audit_head))

    w.network.before = lose_the_log
    done = withdrawal.revoke(w.custody, account.id)
    assert (done.revoked, done.logged) == (True, False)
    assert [(entry.action, entry.outcome) for entry in w.unlogged] == [("credential.revoke", "revoked")]


def test_a_tampered_credential_is_not_sent_anywhere_even_to_revoke_it(w: World) -> None:
    account = w.added()
    with w.database.write() as connection:
        connection.execute(update(tables.credential).values(signature=bytes(64)))
    w.network.calls.clear()
    with pytest.raises(errors.Tampered):
        withdrawal.revoke(w.custody, account.id)
    assert w.network.calls == []


def test_a_removed_account_leaves_no_credential(w: World) -> None:
    account, other = w.added(), w.added("x:@globex", "token-globex")
    manifest = withdrawal.remove(w.custody, account.id, "contract ended", require_unused=lambda *_: None)
    assert w.pins.manifest() == (manifest.epoch, manifest.sha256)
    assert w.accounts() == ["x:@globex"]
    with w.database.read() as connection:
        assert connection.execute(select(tables.credential.c.account_id)).scalars().all() == [other.id]
        assert len(connection.execute(select(tables.wrap)).all()) == 3
    (removed,) = w.leaves("account.remove")
    assert removed["obj"]["name"] == "x:@acme"
    again = w.added()
    assert again.id != account.id
    assert w.stored(again.id) == SECRET


# ── whatever happens ─────────────────────────────────────────────────────────────────────────────────────


def test_what_the_registry_changes_is_logged_and_pinned(w: World) -> None:
    account = w.added()
    after = w.custody.amend(
        "account.rename",
        account.id,
        lambda connection, owner, manifest: changes.rename(connection, owner, manifest, account.id, "acme-world"),
        reason="two of them now",
        obj={"short_name": "acme-world"},
    )
    assert w.pins.manifest() == (after.epoch, after.sha256)
    assert w.account(account.id).short_name == "acme-world"
    (leaf,) = w.leaves("account.rename")
    assert (leaf["actor"]["proof"], leaf["obj"]["epoch"]) == (after.sha256, after.epoch)


def test_no_act_is_signed_on_a_log_that_lost_its_end(w: World) -> None:
    account = w.added()
    w.pins.pin_tree(Tree(0, 900, bytes(32)))
    with pytest.raises(errors.Tampered):
        w.custody.amend(
            "account.grant",
            account.id,
            lambda connection, owner, manifest: changes.set_grants(connection, owner, manifest, account.id, []),
        )


def test_an_act_that_is_refused_leaves_no_trace(w: World) -> None:
    acme, _ = w.added(), w.added("x:@globex", "token-globex")
    before = (w.pins.manifest(), w.log())
    with pytest.raises(errors.UsageError):
        w.custody.amend(
            "account.rename",
            acme.id,
            lambda connection, owner, manifest: changes.rename(connection, owner, manifest, acme.id, "globex"),
        )
    assert (w.pins.manifest(), w.log()) == before


def test_a_call_whose_result_cannot_be_stored_is_still_logged(w: World) -> None:
    account = w.added()

    def roll_back(operation: str) -> None:
        if operation == "inspect":
            with w.database.write() as connection:
                connection.execute(delete(tables.manifest).where(tables.manifest.c.epoch == 2))

    w.network.before = roll_back
    with pytest.raises(errors.Tampered):
        upkeep.verify(w.custody, account.id)
    assert w.log()[-2:] == [("account.verify", "intent"), ("account.verify", "tampered")]


def test_an_account_moved_to_another_origin_in_the_database_sends_no_token_there(w: World) -> None:
    account = w.added()
    w.network.calls.clear()
    with w.database.write() as connection:
        connection.execute(update(tables.account).values(origin="https://evil.example"))
    for act in (upkeep.verify, upkeep.refresh, withdrawal.revoke):
        with pytest.raises(errors.Tampered):
            act(w.custody, account.id)
    assert w.network.calls == []


def test_no_secret_is_in_the_database_the_log_or_the_pins(w: World, tmp_path: Path) -> None:
    account = w.added()
    upkeep.verify(w.custody, account.id)
    upkeep.refresh(w.custody, account.id)
    withdrawal.revoke(w.custody, account.id)
    w.database.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        data = path.read_bytes()
        assert not any(secret in data for secret in (b"token-acme", b"renew-token")), path.name


def test_an_unreadable_document_is_told_without_its_values(w: World) -> None:
    with pytest.raises(errors.CredentialInvalid) as refused:
        w.custody.read_document(AccountName("x", "acme"), {"kind": "oauth2", "token": "very-secret-value"})
    assert "very-secret-value" not in refused.value.message()
    assert refused.value.__cause__ is None


def test_a_machine_that_has_not_seen_the_workspace_does_nothing(w: World) -> None:
    class Nothing:
        def manifest(self) -> None:
            return None

    strange = replace(w.custody, pins=Nothing())  # type: ignore[arg-type]
    with w.database.read() as connection, pytest.raises(errors.NotAdopted):
        strange.manifest(connection)


def test_a_grant_put_into_the_database_gives_nobody_a_credential(w: World) -> None:
    account = w.added()
    stranger = KeyPair.generate()
    with w.database.write() as connection:
        row = {"id": "w-9", "name": "w", "role": "worker", "kind": "worker", "status": "active"}
        connection.execute(insert(tables.member).values(**row, created_at="2026-11-23T00:00:00.000000Z"))
        right = {"member_id": "w-9", "account_id": account.id, "right": Right.SEND.value}
        connection.execute(insert(tables.grant).values(right))
    upkeep.rewrap(w.custody, [account.id])
    with w.database.read() as connection:
        held = w.custody.vault(w.custody.manifest(connection)).holding(connection, account.id)
    assert set(held.recipients) == {w.owner.sealing_id, w.worker.sealing_id, w.recovery.sealing_id}
    with pytest.raises(errors.NotFound):
        w.stored(account.id, stranger)
