"""`account …`: who the accounts are, what proves it, and what each command prints."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pexpect
import pytest

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import ACCOUNTS, Office, office

__all__ = ["office"]


def newcomer(office: Office, network: str, credential: dict[str, str], handle: str = "newcomer") -> dict[str, Any]:
    """Add an account at the sandbox that the workspace does not know."""
    entry = {
        "network": network,
        "handle": handle,
        "user_id": str(10**15 + secrets.randbelow(10**15)),
        "display_name": "New Comer",
        "credential": credential,
    }
    office.sandbox.add_account(entry)
    return entry


def documents() -> dict[str, dict[str, str]]:
    """One credential document of each kind, as docs/cli.md has them."""
    token = secrets.token_hex
    keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    app = {"app_id": "4711471147114711", "app_secret": token(16)}
    return {
        "oauth1": {"kind": "oauth1", **{name: token(16) for name in keys}},
        "oauth2": {"kind": "oauth2", "client_id": "client-4711", "access_token": token(16)},
        "page": {"kind": "page", "page_token": "EAA" + token(20), **app},
    }


@pytest.mark.parametrize("kind", ["oauth1", "oauth2", "page"])
def test_each_documented_credential_is_taken_and_posts(office: Office, kind: str) -> None:
    document = documents()[kind]
    network, origin = ("facebook", office.sandbox.facebook) if kind == "page" else ("x", office.sandbox.x)
    newcomer(office, network, document)
    name = f"{network}:@newcomer"
    done = office.cli(
        "account", "add", name, "--credential", "-", "--base-url", origin, "--label", "new", "--json",
        stdin=json.dumps(document),
    )  # fmt: skip
    account = shown(done, shapes.OneAccount).account
    assert (account.account, account.client, account.short_name) == (name, "newcomer", "newcomer")
    assert office.post("Hello", name).deliveries[0]["state"] == "sent"


def test_the_same_handle_on_another_network_gets_a_short_name_of_its_own(office: Office) -> None:
    both = documents()
    for network, kind, origin in (
        ("x", "oauth1", office.sandbox.x),
        ("facebook", "page", office.sandbox.facebook),
    ):
        newcomer(office, network, both[kind])
        office.cli(
            "account", "add", f"{network}:@newcomer", "--credential", "-", "--base-url", origin,
            stdin=json.dumps(both[kind]),
        )  # fmt: skip
    listed = shown(office.cli("account", "list", "--json"), shapes.Accounts).accounts
    assert {one.short_name for one in listed if one.handle == "newcomer"} == {"newcomer", "newcomer-facebook"}


def test_a_credential_of_another_account_is_refused_with_exit_14(office: Office) -> None:
    document = documents()["oauth1"]
    newcomer(office, "x", document, handle="somebody")
    done = office.cli(
        "account", "add", "x:@newcomer", "--credential", "-", "--base-url", office.sandbox.x, "--json",
        stdin=json.dumps(document),
    )  # fmt: skip
    assert (done.code, "@somebody" in done.error["message"]) == (14, True)
    assert "x:@newcomer" not in office.cli("account", "list").stdout


@pytest.mark.parametrize(
    "stdin",
    ["", "not json", "[]", '{"kind": "oauth1"}', '{"kind": "oauth3"}', "{" * 100_000, '{"a": "' + "x" * 70_000],
)
def test_what_is_no_credential_is_one_sentence_and_is_not_repeated(office: Office, stdin: str) -> None:
    done = office.cli("account", "add", "x:@new", "--credential", "-", "--json", "--debug", stdin=stdin)
    assert done.code == 2
    assert done.error["message"].count("\n") == 0
    assert "docs/cli.md" in done.error["remedy"]


def test_a_secret_in_the_wrong_field_is_not_repeated(office: Office) -> None:
    secret = secrets.token_hex(16)
    wrong = {**documents()["oauth1"], "consumer_secrets": secret}
    done = office.cli("account", "add", "x:@new", "--credential", "-", "--debug", stdin=json.dumps(wrong))
    assert done.code == 2
    assert secret not in done.stdout + done.stderr
    kind = office.cli(
        "account", "add", "x:@new", "--credential", "-", "--debug", stdin=json.dumps({"kind": secret})
    )
    assert secret not in kind.stdout + kind.stderr


def test_show_tells_what_is_known_without_opening(office: Office) -> None:
    account = shown(office.cli("account", "show", "x:@acme", "--json"), shapes.OneShown).account
    assert (account.credential.generation, account.credential.age_days, account.inspection) == (1, 0, None)
    assert office.sandbox.requests().get("x", {}) == {}


def test_verify_tells_scopes_expiry_age_last_use_and_version_and_warns(office: Office) -> None:
    page = shown(office.cli("account", "verify", "facebook:@acme", "--json"), shapes.OneVerified).account
    assert "pages_manage_posts" in page.inspection.scopes
    assert page.inspection.api_version.startswith("v26")
    assert page.credential.last_used_at is not None
    assert page.inspection.app_live is None
    assert any("Live" in warning for warning in page.inspection.warnings)
    told = office.cli("account", "verify", "facebook:@acme")
    assert "cannot be proved that the Facebook app is Live" in told.stderr
    for word in ("scopes", "ends", "credential: age", "last used", "API version"):
        assert word in told.stdout, word
    x = shown(office.cli("account", "verify", "x:@acme", "--json"), shapes.OneVerified).account
    assert (x.inspection.app_live, x.inspection.api_version) == (True, "2")
    kept = shown(office.cli("account", "show", "x:@acme", "--json"), shapes.OneShown).account
    assert kept.inspection == x.inspection


def test_a_credential_that_the_network_rejects_is_exit_4(office: Office) -> None:
    office.sandbox.tokens("x", "acme", "revoked")
    done = office.cli("account", "verify", "x:@acme", "--json")
    assert (done.code, "account rotate x:@acme" in done.error["remedy"]) == (4, True)


def test_rename_label_and_client_change_how_an_account_is_selected(office: Office) -> None:
    assert shown(office.cli("account", "rename", "x:@acme", "mother", "--json"), shapes.OneAccount)
    labelled = office.cli("account", "label", "mother", "+fr", "eu", "--json")
    assert shown(labelled, shapes.OneAccount).account.labels == ["eu", "fr"]
    assert shown(office.cli("account", "client", "mother", "Holding", "--json"), shapes.OneAccount)
    for selector in ("mother", "label:fr+eu", "client:Holding"):
        assert office.cli("account", "show", selector, "--json").document["account"]["account"] == "x:@acme"
    dropped = office.cli("account", "label", "mother", "--json", "--", "-fr")
    assert shown(dropped, shapes.OneAccount).account.labels == ["eu"]
    assert office.cli("account", "show", "label:fr", "--json").code == 5


def test_rotate_replaces_and_the_old_token_is_no_longer_used(office: Office) -> None:
    fresh = documents()["oauth1"]
    office.sandbox.add_credential("x", "acme", fresh)
    done = office.cli("account", "rotate", "acme", "--credential", "-", "--json", stdin=json.dumps(fresh))
    assert shown(done, shapes.OneRotated).account.generation == 2
    stranger = documents()["oauth1"]
    office.sandbox.add_credential("x", "globex", stranger)
    wrong = office.cli("account", "rotate", "acme", "--credential", "-", "--json", stdin=json.dumps(stranger))
    assert wrong.code == 14
    # what is wrong is the document that was given, not the credential that is stored
    assert wrong.error["remedy"].startswith("Give the credential of the account that you name")


def test_revoke_goes_on_until_the_network_rejects_the_token(office: Office) -> None:
    done = office.cli("account", "revoke", "x:@acme", "--reason", "leaked", "--json")
    assert shown(done, shapes.Revocation).revocation.revoked
    assert office.post("Too late").code in (4, 11)


def test_remove_takes_the_account_out(office: Office) -> None:
    assert shown(office.cli("account", "remove", "x:@globex", "--json"), shapes.OneAccount)
    listed = shown(office.cli("account", "list", "--json"), shapes.Accounts).accounts
    assert {one.account for one in listed} == set(ACCOUNTS) - {"x:@globex"}
    assert office.cli("account", "show", "x:@globex", "--json").code == 5


def test_an_import_adds_what_is_right_and_tells_what_is_not(office: Office, tmp_path: Path) -> None:
    right, wrong = documents()["oauth1"], documents()["oauth2"]
    newcomer(office, "x", right)
    newcomer(office, "x", wrong, handle="somebody")
    rows = [
        {"account": "x:@newcomer", "credential": right, "base_url": office.sandbox.x},
        {"account": "x:@mistaken", "credential": wrong, "base_url": office.sandbox.x},
    ]
    file = tmp_path / "accounts.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    (office.home / "socialguard.toml").write_text('zone = "Europe/Paris"\n')
    done = office.cli("account", "import", str(file), "--json")
    added = office.cli("account", "show", "x:@newcomer", "--json").document["account"]
    assert added["zone"] == "Europe/Paris", "the zone of the settings, as for `account add`"
    imported = shapes.ImportedRows.model_validate(done.document).rows
    assert (done.code, [row.error is None for row in imported]) == (14, [True, False])
    assert not any(value in done.stdout + done.stderr for value in (right["access_token"], wrong["access_token"]))


def test_an_ambiguous_name_lists_the_candidates(office: Office) -> None:
    office.cli("account", "rename", "x:@acme", "mother")
    done = office.cli("account", "show", "acme", "--json")
    assert done.code == 2
    assert "x:@acme" in done.error["message"]
    assert "facebook:@acme" in done.error["message"]


def renamed(office: Office, handle: str = "acme_world") -> None:
    """Let the network give x:@acme another handle."""
    office.sandbox.foreign({"network": "x", "account": "acme", "kind": "profile", "handle": handle})


def test_a_handle_that_the_network_changed_is_taken_over_by_name(office: Office) -> None:
    """It is refused without the new name, and then queue, short name and posts go on under it."""
    queued = office.cli(
        "post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 200 days", "--json"
    )
    assert queued.code == 0, queued
    renamed(office)
    told = shown(office.cli("account", "verify", "x:@acme", "--json"), shapes.OneVerified).account
    assert (told.account, told.renamed_to) == ("x:@acme", "x:@acme_world")
    take = ("account", "verify", "x:@acme", "--take-name", "--json")
    refused = office.cli(*take)
    assert (refused.code, refused.error["name"]) == (10, "confirmation_required")
    assert refused.error["needs"] == ["x:@acme_world"]
    assert "Nothing was changed" in refused.error["message"]
    assert office.cli(*take, "--confirm", "x:@acme").code == 10
    taken = shown(office.cli(*take, "--confirm", "x:@acme_world"), shapes.OneVerified).account
    assert (taken.account, taken.short_name, taken.user_id, taken.renamed_to) == (
        "x:@acme_world", "acme", told.user_id, None,
    )  # fmt: skip
    assert office.cli("account", "show", "x:@acme", "--json").code == 5
    assert office.post("Under the new name", "x:@acme_world").deliveries[0]["state"] == "sent"
    assert office.queue("queued")[0]["account"] == "x:@acme_world"
    assert office.cli("audit", "verify", "--json").code == 0
    entry = office.cli("audit", "list", "--action", "account.take_name", "--json").document["entries"][0]
    assert entry["obj"]["handle"] == "acme_world"
    assert entry["actor"]["proof"] != "claimed"


def test_in_a_terminal_the_new_name_is_typed_whole(office: Office) -> None:
    renamed(office)
    child = office.terminal("account", "verify", "acme", "--take-name")
    child.expect_exact("x:@acme is called x:@acme_world at its network now")
    child.expect_exact("Enter stops:")
    child.sendline("acme")
    child.expect_exact("Not x:@acme_world. Nothing was changed.")
    child.expect_exact("Enter stops:")
    child.sendline("x:@acme_world")
    child.expect_exact("x:@acme is x:@acme_world now.")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_a_name_that_was_not_changed_is_left_as_it_is(office: Office) -> None:
    done = office.cli("account", "verify", "x:@acme", "--take-name")
    assert (done.code, "as it is registered" in done.stderr) == (0, True)


def test_a_new_handle_that_reads_like_another_account_asks_for_a_code(office: Office) -> None:
    renamed(office, "g1obex")
    child = office.terminal("account", "verify", "acme", "--take-name")
    child.expect(r"Type x:@g1obex ([A-Z2-9]{4}) to take that name over")
    child.sendline("")
    child.expect_exact("The account keeps its name here")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 3


def test_the_zone_of_an_account_can_be_changed_and_is_used(office: Office) -> None:
    zoned = shown(office.cli("account", "zone", "x:@acme", "Europe/Paris", "--json"), shapes.OneAccount).account
    assert zoned.zone == "Europe/Paris"
    wall = (datetime.now(UTC) + timedelta(days=40)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
    at = ("--at", wall.isoformat(timespec="minutes"))
    office.cli("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", *at, "--json")
    due = wall.replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    assert office.queue("queued")[0]["due"] == f"{due:%Y-%m-%dT%H:%M:%S}.000000Z"
    winter = office.cli("account", "zone", "x:@acme", "EST", "--json")
    assert (winter.code, "EST has no summer time" in winter.error["message"]) == (2, True)
    wrong = office.cli("account", "zone", "x:@acme", "Paris", "--json")
    assert (wrong.code, "Europe/Paris" in wrong.error["message"]) == (2, True)
    assert office.cli("account", "show", "x:@acme", "--json").document["account"]["zone"] == "Europe/Paris"
