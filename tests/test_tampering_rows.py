"""Rows that an owner or a worker signed stay what they were: credentials, accounts, manifest, policy, and any bit.

Every attack is one that works on a naive program. Each must end with 13 and one sentence that says what was
changed and what to do, leave an entry in the log, and send nothing.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from socialguard.canon import envelope, jcs
from socialguard.vault.keys import KeyPair
from tests.attacker import (
    TEXT,
    Copy,
    columns,
    flip,
    id_of,
    refused_and_logged,
    require_refused,
    scene,
    schedule,
    send,
    sql,
)
from tests.office import Office, office

__all__ = ["office", "scene"]


# ── what the owners signed ───────────────────────────────────────────────────────────────────────────────


REGISTRY: Final = {
    "origin": "update account set origin = 'http://127.0.0.1:9' where handle = 'acme' and network = 'x'",
    "handle": "update account set handle = 'globe' where handle = 'acme' and network = 'x'",
    "network": "update account set network = 'facebook' where handle = 'acme' and network = 'x'",
    "user_id": "update account set user_id = '4711' where handle = 'acme' and network = 'x'",
    "client": "update account set client = 'globex' where handle = 'acme' and network = 'x'",
    "short_name": "update account set short_name = 'acmé' where handle = 'acme' and network = 'x'",
    "attended": "update account set attended = 1 where handle = 'acme' and network = 'x'",
    "row_gone": "delete from account where handle = 'acme' and network = 'x'",
    "state_unknown": "update account set state = 'super' where handle = 'acme' and network = 'x'",
    "policy_text": "update policy set source = replace(source, 'true', 'false')",
    "policy_wearers": "update policy set source = replace(source, 'a-', 'b-')",
    "policy_gone": "delete from policy",
    "manifest_body": "update manifest set body = cast(replace(cast(body as text), 'globex', 'glabex') as blob)",
    "manifest_hash": "update manifest set sha256 = replace(sha256, 'a', 'b')",
    "manifest_rolled_back": "delete from manifest where epoch = (select max(epoch) from manifest)",
    "manifest_gone": "delete from manifest",
}


@pytest.mark.parametrize("change", REGISTRY)
def test_what_the_owners_signed_cannot_be_changed_by_sql(scene: Office, change: str) -> None:
    schedule(scene)
    sql(scene, REGISTRY[change])
    refused_and_logged(scene, send(scene))


def test_a_credential_is_not_taken_to_another_host(scene: Office) -> None:
    sql(scene, "update account set origin = 'https://evil.example' where handle = 'acme' and network = 'x'")
    refused_and_logged(scene, scene.post("Elsewhere"))


def test_a_manifest_without_signatures_is_not_adopted(scene: Office) -> None:
    """This machine knows its hash and needs no signature; one that has lost its pins does."""
    sql(scene, "update manifest set signatures = '[]' where epoch > 1")
    next(scene.identity.rglob("pins")).unlink()
    done = scene.cli("workspace", "adopt", "--reason", "new disk", "--json")
    require_refused(scene, done)


@pytest.mark.parametrize("change", ["origin", "handle", "short_name", "policy_text", "manifest_rolled_back"])
def test_a_new_post_is_refused_and_logged_too(scene: Office, change: str) -> None:
    sql(scene, REGISTRY[change])
    refused_and_logged(scene, scene.post("New"))


def test_a_manifest_of_an_outsider_is_not_followed(scene: Office) -> None:
    schedule(scene)
    outsider = KeyPair.generate()
    body = json.loads(sql(scene, "select body from manifest order by epoch desc limit 1")[0][0])
    sha256 = sql(scene, "select sha256 from manifest order by epoch desc limit 1")[0][0]
    owner = next(one for one in body["members"] if one["role"] == "owner")
    org, epoch = body["org"], body["epoch"] + 1
    key = envelope.key_id("ed25519", jcs.unb64(owner["ed25519"]))
    body |= {"epoch": epoch, "prev_sha256": sha256}
    body["members"] = [
        {**one, "ed25519": jcs.b64(outsider.ed25519)} if one is owner else one for one in body["members"]
    ]
    signature = jcs.b64(outsider.sign("manifest", org, body))
    data = jcs.encode(body)
    signatures = json.dumps([{"key_id": key, "signature": signature}])
    digest = hashlib.sha256(data).hexdigest()
    stamp = "2026-01-01T00:00:00.000000Z"
    sql(scene, "insert into manifest values (?, ?, ?, ?, ?)", epoch, data, digest, signatures, stamp)
    refused_and_logged(scene, send(scene))


def test_names_and_roles_in_the_table_of_members_give_no_right(scene: Office) -> None:
    """The rows of members are names to show; the manifest says who may."""
    schedule(scene)
    sql(scene, "insert into member values ('m-outsider0000', 'Eve', 'owner', 'person', 'active', null, 'now')")
    sql(scene, "update delivery set submitter = 'm-outsider0000'")
    refused_and_logged(scene, send(scene))


@pytest.mark.parametrize("role", ["worker", "auditor", "nobody"])
def test_another_role_in_the_table_of_members_takes_no_right_either(scene: Office, role: str) -> None:
    schedule(scene)
    sql(scene, "update member set role = ?, status = 'removed'", role)
    assert send(scene).code == 0
    assert scene.published() == [TEXT]


def test_labels_that_the_policy_rules_on_cannot_be_taken_off(scene: Office) -> None:
    """`x:@globex` wears `fr`, which makes it secure: it stays so, whatever the table says."""
    sql(scene, "delete from label")
    sql(scene, "insert into label values (?, 'fr')", id_of(scene, "x:@acme"))
    done = scene.cli("policy", "show", "x:@globex", "--json")
    assert done.code == 0, done
    assert done.document["policy"]["secure"] is True, done
    done = scene.cli("policy", "show", "x:@acme", "--json")
    assert done.document["policy"]["secure"] is False, done


# ── any bit ──────────────────────────────────────────────────────────────────────────────────────────────

# What no signature covers (docs/security.md): changing it may pass, but never send anything else or elsewhere.
OPEN: Final = {
    "credential": {"created_at", "last_used_at", "expires_at", "state"},
    "account": {
        *("display_name", "followers", "zone", "contact", "state", "created_at"),
        *("identity_checked_at", "identity_checked_gen", "inspection"),
    },
    "manifest": {"created_at", "signatures"},  # this machine knows its hash and needs no signature
    "policy": {"applied_at"},
    "wrap": set(),
    "delivery": {
        *("draft_id", "state", "state_reason", "wall_time", "zone", "campaign_id", "options"),
        *("attempt_id", "created_at", "updated_at"),
    },
}


@pytest.mark.parametrize("table", OPEN)
def test_no_flipped_bit_sends_anything_else(scene: Office, tmp_path: Path, table: str) -> None:
    schedule(scene)
    kept = [Copy.of(scene.home, tmp_path / "home"), Copy.of(scene.identity, tmp_path / "identity")]
    names = columns(scene, table)
    # The newest manifest; the account, credential and delivery of x:@acme are the first of their tables.
    row = sql(scene, "select count(*) from manifest")[0][0] - 1 if table == "manifest" else 0
    sent = 0

    @settings(
        max_examples=2 * len(names),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],  # an example costs a run; what failed is small already
    )
    @given(st.sampled_from(names), st.integers(0, 1 << 14))
    def any_bit(column: str, bit: int) -> None:
        nonlocal sent
        for copy in kept:
            copy.put_back()
        if not flip(scene, table, column, bit, row):
            return
        done = send(scene)
        public = scene.published()[sent:]
        sent += len(public)
        event(f"{column}: {done.code}")
        if column in OPEN[table]:
            assert public in ([], [TEXT])
            assert done.code in (0, 4, 5, 11, 13), (column, done)
        else:
            assert public == []
            # Another due time is refused when it comes. The clock of tests works only for loopback origins.
            told = done.code == 13 or (column, done.code) in (("origin", 2), ("due", 0))
            assert told, (column, done)

    any_bit()
    assert not scene.published("x", "globex")


KINDS: Final = [
    ("credential", "context"),
    ("credential", "signature"),
    ("wrap", "sealed"),
    ("manifest", "body"),
    ("delivery", "signature"),
    ("audit_entry", "leaf"),
    ("audit_head", "frontier"),
]


@pytest.mark.parametrize(("table", "column"), KINDS)
def test_a_text_where_bytes_belong_is_refused(scene: Office, table: str, column: str) -> None:
    schedule(scene)
    sql(scene, f"update {table} set {column} = 'words'")
    require_refused(scene, send(scene))
