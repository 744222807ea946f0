"""Custody against the sandbox through the real adapters: what the networks' own rules make of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from socialguard import errors
from socialguard.model.account import Account, AccountName, AccountState
from socialguard.networks import interface as networks
from socialguard.sandbox.process import Running, start
from socialguard.vault import admission, upkeep, withdrawal
from socialguard.vault.admission import Admission

from .custody_world import World, world

OAUTH1 = {
    "kind": "oauth1",
    "consumer_key": "Key-4712",
    "consumer_secret": "ConsumerSecret-4712",
    "access_token": "11-AccessToken-4712",
    "access_token_secret": "AccessSecret-4712",
}
OAUTH2 = {
    "kind": "oauth2",
    "client_id": "Client-4713",
    "access_token": "Access-4713",
    "refresh_token": "Refresh-4713",
}
PAGE = {"kind": "page", "page_token": "PageToken-4714", "app_id": "4714", "app_secret": "AppSecret-4714"}
SEED: dict[str, Any] = {
    "accounts": [
        {"network": "x", "handle": "acme", "user_id": "11", "display_name": "Acme", "credential": OAUTH1},
        {"network": "x", "handle": "globex", "user_id": "12", "display_name": "Globex", "credential": OAUTH2},
        {"network": "facebook", "handle": "acme", "user_id": "13", "display_name": "Acme", "credential": PAGE},
    ]
}
SECRETS = [
    value
    for document in (OAUTH1, OAUTH2, PAGE)
    for name, value in document.items()
    if name not in ("kind", "client_id", "consumer_key", "app_id")
]


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with start(SEED) as running:
        yield running


@pytest.fixture
def sandbox(_process: Running) -> Running:
    _process.faults([])
    _process.reset(SEED)
    return _process


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, networks.load) as built:
        yield built


def add(w: World, sandbox: Running, name: str, document: Mapping[str, object]) -> Account:
    parsed = AccountName.parse(name)
    origin = sandbox.x if parsed.network == "x" else sandbox.facebook
    credential = w.custody.read_document(parsed, document)
    return admission.add(w.custody, Admission(parsed, credential, workers=("w-1",), origin=origin))


def test_each_kind_of_credential_is_taken_in_and_verified(w: World, sandbox: Running) -> None:
    for name, document in (("x:@acme", OAUTH1), ("x:@globex", OAUTH2), ("facebook:@acme", PAGE)):
        account = add(w, sandbox, name, document)
        found = upkeep.verify(w.custody, account.id)
        assert found.identity.handle == account.handle
        assert found.inspection.api_version
    assert w.accounts() == ["facebook:@acme", "x:@acme", "x:@globex"]


def test_the_credential_of_another_account_is_refused(w: World, sandbox: Running) -> None:
    with pytest.raises(errors.WrongIdentity, match="@globex"):
        add(w, sandbox, "x:@acme", OAUTH2)
    assert w.accounts() == []


def test_a_refresh_spends_the_old_token_and_the_new_one_works(w: World, sandbox: Running) -> None:
    account = add(w, sandbox, "x:@globex", OAUTH2)
    assert upkeep.refresh(w.custody, account.id) == 2
    assert upkeep.verify(w.custody, account.id).holding.gen == 2
    assert upkeep.refresh(w.custody, account.id) == 3


def test_a_refresh_without_an_answer_keeps_the_old_token(w: World, sandbox: Running) -> None:
    account = add(w, sandbox, "x:@globex", OAUTH2)
    fault = {"network": "x", "operation": "token", "kind": "accept_then_drop", "times": 1}
    sandbox.faults([fault])
    with pytest.raises(errors.OutcomeUnknown):
        upkeep.refresh(w.custody, account.id)
    with w.database.read() as connection:
        held = w.custody.vault(w.custody.manifest(connection)).holding(connection, account.id)
    assert (held.gen, held.state) == (1, "active")
    assert w.account(account.id).state is AccountState.ACTIVE


@pytest.mark.parametrize(("name", "document"), [("x:@acme", OAUTH1), ("x:@globex", OAUTH2)])
def test_a_revoked_token_of_x_is_proved_rejected(
    w: World, sandbox: Running, name: str, document: Mapping[str, object]
) -> None:
    account = add(w, sandbox, name, document)
    assert withdrawal.revoke(w.custody, account.id).revoked
    with pytest.raises(errors.AuthenticationNeeded):
        upkeep.verify(w.custody, account.id)


def test_a_page_token_that_no_call_revokes_is_pending_until_it_is_rejected(w: World, sandbox: Running) -> None:
    account = add(w, sandbox, "facebook:@acme", PAGE)
    sandbox.faults([{"network": "facebook", "operation": "any", "kind": "status", "times": 1, "code": 500}])
    pending = withdrawal.revoke(w.custody, account.id)
    assert not pending.revoked
    assert pending.page is not None
    assert w.account(account.id).state is AccountState.REVOCATION_PENDING
    sandbox.faults([])
    sandbox.tokens("facebook", "acme", "revoked")
    assert withdrawal.revoke(w.custody, account.id).revoked
    assert w.account(account.id).state is AccountState.REVOKED


def test_nothing_secret_is_left_in_any_file_after_a_full_life(w: World, sandbox: Running, tmp_path: Path) -> None:
    for name, document in (("x:@acme", OAUTH1), ("x:@globex", OAUTH2), ("facebook:@acme", PAGE)):
        account = add(w, sandbox, name, document)
        upkeep.verify(w.custody, account.id)
        upkeep.refresh(w.custody, account.id)
        withdrawal.revoke(w.custody, account.id)
    w.database.close()
    for path in (each for each in tmp_path.rglob("*") if each.is_file()):
        data = path.read_bytes()
        assert not any(secret.encode() in data for secret in SECRETS), path.name
