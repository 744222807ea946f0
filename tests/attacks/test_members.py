"""Members, rights and rules: they are what the owners signed, and only ever newer."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from socialguard import clock
from socialguard.canon import jcs
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Grant, Member, Right, Role
from socialguard.vault.keys import KeyPair
from tests.attacks.world import (
    ACME,
    APPROVED,
    GLOBEX,
    PAGE,
    PLAIN,
    WAITING,
    Firm,
    found,
    insert_row,
    refused,
    row_of,
    write,
)
from tests.people import invited


def _manifest(firm: Firm) -> Manifest:
    with firm.office.entered() as workspace, workspace.database.read() as connection:
        return workspace.signed.books(connection).manifest


def _append(firm: Firm, following: Manifest, key_id: str, signature: bytes) -> None:
    """Insert an epoch with a signature that is said to be of that key."""
    signatures = json.dumps([{"key_id": key_id, "signature": jcs.b64(signature)}], separators=(",", ":"))
    row = {
        "epoch": following.epoch,
        "body": following.body,
        "sha256": following.sha256,
        "signatures": signatures,
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
    insert_row(firm, "manifest", row)


def _sign(pair: KeyPair, following: Manifest) -> bytes:
    body = jcs.decode(following.body)
    assert isinstance(body, dict)
    return pair.sign("manifest", following.org, body)


def _with_outsider(firm: Firm, pair: KeyPair) -> Manifest:
    """The next epoch with an owner who is the attacker."""
    return _manifest(firm).with_member(Member("m-0123456789ab", pair.x25519, pair.ed25519, Role.OWNER))


@pytest.mark.parametrize("signer", ["in_the_owners_name", "as_the_new_owner"])
def test_a_forged_member(firm: Firm, signer: str) -> None:
    """Refused: an epoch counts with a signature of an owner of the epoch before it, by that owner's key."""
    pair = KeyPair.generate()
    following = _with_outsider(firm, pair)
    owner = next(one for one in following.members if one.role is Role.OWNER)
    key_id = owner.signing_id if signer == "in_the_owners_name" else pair.signing_id
    _append(firm, following, key_id, _sign(pair, following))
    refused(firm, firm.send(), "The manifest")


def test_an_invitation_presented_as_a_manifest(firm: Firm) -> None:
    """Refused: an owner did sign, but another kind of statement."""
    file = json.loads(base64.b64decode(invited(firm.office, "Eve", "publisher")))
    following = _with_outsider(firm, KeyPair.generate())
    owner = next(one for one in following.members if one.role is Role.OWNER)
    _append(firm, following, owner.signing_id, jcs.unb64(file["signature"]))
    refused(firm, firm.send(), "The manifest")


def test_a_role_that_a_member_gave_themselves(firm: Firm) -> None:
    """Refused by the pin: this epoch was seen with another hash."""
    found = _manifest(firm)
    eva = found.member(firm.eva.id)
    assert eva is not None
    changed = replace(
        found, members=tuple(replace(one, role=Role.PUBLISHER) if one == eva else one for one in found.members)
    )
    write(
        firm, "update manifest set body = ?, sha256 = ? where epoch = ?", changed.body, changed.sha256, found.epoch
    )
    refused(firm, firm.send(), "The manifest")


def test_a_grant_that_a_member_gave_themselves(firm: Firm) -> None:
    """Refused: the next epoch with one more grant carries no owner's signature."""
    found = _manifest(firm)
    account = next(one for one in found.accounts if one.handle == "globex" and one.network == "x")
    more = (*account.grants, Grant(firm.otto.id, Right.APPROVE))
    following = found.with_grants({account.id: more})
    _append(firm, following, KeyPair.generate().signing_id, b"\0" * 64)
    refused(firm, firm.send(), "The manifest")


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_lowered_epoch(firm: Firm, epochs: int) -> None:
    """Refused by the pin: a higher epoch was seen here."""
    write(firm, "delete from manifest where epoch > (select max(epoch) - ? from manifest)", epochs)
    refused(firm, firm.send(), "rolled back")
    done = firm.jonas.post("On the old manifest", "x:@globex")
    refused(firm, done, "rolled back")


def test_a_member_who_was_removed_and_put_back(firm: Firm) -> None:
    """Refused by the pin: the epoch without that member was seen here."""
    kept = write(firm, "select max(epoch) from manifest")[0][0]
    assert firm.office.cli("member", "remove", "Jonas", "--reason", "left", "--json").code == 0
    write(firm, "delete from manifest where epoch > ?", kept)
    refused(firm, firm.send(), "rolled back")


def test_roles_written_into_the_table_of_members(firm: Firm) -> None:
    """Worth nothing: these rows are names, rights stand in the manifest."""
    write(firm, "update member set role = 'owner'")
    assert firm.eva.post("By an approver", "x:@globex").code == 11
    assert firm.send().code == 0
    assert sorted(firm.office.published()) == [APPROVED, PLAIN]


RULES: Final = {
    "fewer_approvals": "update policy set source = replace(source, 'approvals = 1', 'approvals = 0')",
    "another_wearer": "update policy set source = replace(source, 'a-', 'b-')",
    "no_policy": "delete from policy",
}


@pytest.mark.parametrize("change", RULES)
def test_another_policy_in_the_database(firm: Firm, change: str) -> None:
    """Refused by the hash in the manifest."""
    write(firm, RULES[change])
    refused(firm, firm.send(), "policy")


def test_another_policy_file(firm: Firm) -> None:
    """Worth nothing: a file is in force when an owner applied it, which signs its hash."""
    (firm.office.home / "policy.toml").write_text("[defaults]\ngrace = 0\n", encoding="utf-8")
    done = firm.jonas.post("Without four eyes", ACME)
    assert done.deliveries[0]["state"] == "awaiting", done
    assert firm.send().code == 0
    assert WAITING not in firm.office.published()


ACCOUNTS: Final = {
    "origin": "update account set origin = 'http://127.0.0.1:9' where short_name = 'acme'",
    "user_id": "update account set user_id = '4711' where short_name = 'acme'",
    "handle": "update account set handle = 'globe' where short_name = 'acme'",
    "client": "update account set client = 'globex' where short_name = 'acme'",
    "short_name": "update account set short_name = 'globex2' where short_name = 'acme'",
    "attended": "update account set attended = not attended where short_name = 'acme'",
}


@pytest.mark.parametrize("column", ACCOUNTS)
def test_an_account_changed_where_it_leads_or_as_it_is_asked_for(firm: Firm, column: str) -> None:
    """Refused wherever the row is read, so that no prompt shows another name and no credential goes elsewhere."""
    write(firm, ACCOUNTS[column])
    for words in (["account", "list", "--json"], firm.office.post_words("Whose?", ACME)):
        done = firm.office.cli(*words)
        assert done.code == 13, (words, done)
    refused(firm, firm.send(), "x:@acme" if column not in ("handle",) else "account")


def test_two_accounts_that_change_names(firm: Firm) -> None:
    """Refused: name and network user belong together in the manifest."""
    for old, new in (("acme", "swapping"), ("globex", "acme"), ("swapping", "globex")):
        write(firm, "update account set handle = ? where handle = ? and network = 'x'", new, old)
    refused(firm, firm.send(), "account")


def test_an_account_that_no_owner_added(firm: Firm) -> None:
    """Never used: it is not in the manifest."""
    names = [row[1] for row in write(firm, "pragma table_info(account)")]
    copied = ", ".join(
        {"id": "'a-00000000000000aa'", "handle": "'acme2'", "short_name": "'ours'"}.get(c, c) for c in names
    )
    write(firm, f"insert into account select {copied} from account where short_name = 'acme'")
    done = firm.office.post("To a stranger", "x:@acme2")
    assert done.code in (5, 13), done
    assert firm.office.published() == []


def test_the_time_of_an_epoch_moved(firm: Firm) -> None:
    """Changes nothing: when a right was given is what the log says, not the row beside the signed manifest."""
    begin = jcs.timestamp(clock.now())
    assert firm.office.cli("grant", "Jonas", "facebook:@globex").code == 0
    write(firm, "update manifest set created_at = '2020-01-01T00:00:00.000000Z'")
    write(firm, "update manifest set created_at = '2040-01-01T00:00:00.000000Z' where epoch = 2")

    def could(*words: str) -> set[str]:
        rights = firm.office.cli("audit", "access", *words, "--json").document["access"]["rights"]
        return {one["account"] for one in rights if one["name"] == "Jonas"}

    assert "facebook:@globex" in could()
    assert could("--at", begin) == could() - {"facebook:@globex"}
    assert firm.office.cli("audit", "access", "--at", "2021-01-01", "--json").code == 5


def test_rules_of_the_attackers_in_the_file_that_an_owner_applies(firm: Firm) -> None:
    """Told: whoever signs a file that others can write is shown what it changes, and for which accounts."""
    path = firm.office.home / "policy.toml"
    path.write_text("[defaults]\ngrace = 0\n\n[label.fr]\nsecure = true\n", encoding="utf-8")
    done = firm.office.cli("policy", "apply", "--reason", "grace", "--json")
    assert done.code == 0, done
    weaker = {one["rule"]: one for one in done.document["policy"]["changes"] if one["accounts"] == [ACME]}
    assert (weaker["approvals"]["before"], weaker["approvals"]["after"]) == (1, 0)
    path.write_text("[defaults]\ngrace = 0\napprovals = 1\n\n[label.fr]\nsecure = true\n", encoding="utf-8")
    assert "approvals" in firm.office.cli("policy", "apply", "--reason", "back").stdout


def test_the_end_of_a_grant_moved(firm: Firm) -> None:
    """Refused: it stands in the manifest, whose hash this machine knows."""
    until = (clock.now() + timedelta(minutes=5)).isoformat()
    assert firm.office.cli("grant", "Jonas", GLOBEX, "--until", until, "--json").code == 0
    ((epoch, body),) = write(firm, "select epoch, body from manifest order by epoch desc limit 1")
    end = next(one["until"] for one in _grants(json.loads(body)) if one.get("until"))
    moved = bytes(body).replace(end.encode(), b"2099-01-01T00:00:00.000000Z")
    sha256 = hashlib.sha256(moved).hexdigest()
    write(firm, "update manifest set body = ?, sha256 = ? where epoch = ?", moved, sha256, epoch)
    refused(firm, firm.send(), "The manifest")


def test_a_grant_widened_by_a_label(firm: Firm) -> None:
    """Changes nothing: a grant names accounts, and follows no label afterwards."""
    assert firm.office.cli("account", "label", ACME, "+vip", "--json").code == 0
    assert firm.office.cli("grant", "Otto", "label:vip", "--json").code == 0
    page = write(firm, "select id from account where short_name = 'globex-facebook'")[0][0]
    like = row_of(firm, "label", "name = 'vip'")
    insert_row(firm, "label", {**like, **{name: page for name in like if name == "account_id"}})
    rights = firm.office.cli("access", "--member", "Otto", "--json").document["access"]
    assert {one["account"] for one in rights} == {ACME, PAGE}


def test_a_threshold_of_no_owner(firm: Firm) -> None:
    """Refused: how many owners sign is what the epoch before says."""
    following = _manifest(firm).with_policy("0" * 64)
    body = following.body.replace(b'"threshold":1', b'"threshold":0')
    assert body != following.body
    row = {
        "epoch": following.epoch,
        "body": body,
        "sha256": hashlib.sha256(body).hexdigest(),
        "signatures": "[]",
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
    insert_row(firm, "manifest", row)
    refused(firm, firm.send(), "The manifest")


def _grants(value: Any) -> Iterator[dict[str, Any]]:
    """Every grant of a manifest."""
    for account in value["accounts"]:
        yield from account["grants"]


def _swap_names(firm: Firm) -> None:
    for old, new in (("Eva", "?"), ("Jonas", "Eva"), ("?", "Jonas")):
        write(firm, "update member set name = ? where name = ?", new, old)


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "Eva", GLOBEX),
        ("revoke", "Eva", ACME, "--reason", "x"),
        ("member", "remove", "Eva", "--reason", "left"),
        ("member", "role", "Eva", "owner", "--reason", "x"),
    ],
)
def test_members_who_change_names(firm: Firm, words: tuple[str, ...]) -> None:
    """Refused: an owner who names Eva would give Jonas what is hers, or take it from him."""
    assert firm.verify().code == 0
    _swap_names(firm)
    done = firm.office.cli(*words, "--json")
    assert (done.code, done.error["name"]) == (13, "tampered"), done
    assert firm.jonas.id in done.error["message"]
    assert "member list" in done.error["remedy"]
    found(firm.verify(), "member", firm.eva.id)


def test_a_name_that_is_anothers_is_not_shown(firm: Firm) -> None:
    """What Jonas did is not told as Eva's: his id stands where his name was taken away."""
    _swap_names(firm)
    shown = firm.office.cli("queue", "show", firm.plain, "--json").stdout
    access = firm.office.cli("access", ACME, "--json").document["access"]
    assert {one["name"] for one in access if one["member"] == firm.jonas.id} == {firm.jonas.id}
    assert '"Eva"' not in shown + firm.office.cli("audit", "access", "--json").stdout
    members = firm.office.cli("member", "list", "--json").document["members"]
    assert {one["name"] for one in members if one["id"] == firm.eva.id} == {firm.eva.id}
    assert firm.office.cli("grant", firm.eva.id, GLOBEX, "--json").code == 0
