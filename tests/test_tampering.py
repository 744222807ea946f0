"""Whoever writes the database, but has no key, makes nothing public that its members did not confirm.

Every attack is one that works on a naive program. Each must end with 13 and one sentence that says what was
changed and what to do, leave an entry in the log, and send nothing.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from socialguard.canon import envelope, jcs
from socialguard.model.fingerprint import fingerprint
from socialguard.vault import credential_row
from socialguard.vault.credential_row import SealedCredential
from socialguard.vault.keys import KeyPair, seal_to
from tests.attacker import (
    Copy,
    append_entry,
    columns,
    flip,
    logged,
    require_refused,
    sql,
)
from tests.office import Done, Office, office

__all__ = ["office"]

IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3700s"}
TEXT: Final = "Confirmed by a member"
POLICY: Final = "[defaults]\ngrace = 0\n\n[label.fr]\nsecure = true\nmax_late = 7200\n"

Attack = Callable[[Office], object]


@pytest.fixture
def scene(office: Office) -> Office:
    """An office with a policy that rules on a label, and a delivery that is due in an hour on two networks."""
    (office.home / "policy.toml").write_text(POLICY, encoding="utf-8")
    for words in (
        ["account", "label", "x:@globex", "+fr", "--json"],
        ["policy", "apply", "--reason", "rules", "--json"],
    ):
        done = office.cli(*words)
        assert done.code == 0, done
    office.sandbox.settings(refuse_duplicates=False)
    return office


def schedule(office: Office, account: str = "x:@acme", text: str = TEXT) -> str:
    done = office.cli("post", text, "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def send(office: Office) -> Done:
    return office.cli("queue", "run", "--json", **IN_AN_HOUR)


def refused_and_logged(office: Office, done: Done, *, public: int = 0) -> None:
    require_refused(office, done, public=public)
    entries = [*logged(office, "delivery.refuse"), *logged(office, "delivery.send")]
    entries += logged(office, "tampering.refuse")
    assert any(entry["outcome"] in ("tampered", "failed") for entry in entries), "the log does not tell"


# ── credentials ──────────────────────────────────────────────────────────────────────────────────────────


def _id_of(office: Office, account: str) -> str:
    network, _, handle = account.partition(":@")
    row = sql(office, "select id from account where network = ? and handle = ?", network, handle)
    return str(row[0][0])


def _swap_two_rows(office: Office) -> None:
    """The ids change places, so that each account's row holds the other's credential."""
    one, two = _id_of(office, "x:@acme"), _id_of(office, "x:@globex")
    for table, column in (("credential", "id"), ("wrap", "credential_id")):
        for old, new in ((f"{one}.1", "swapping"), (f"{two}.1", f"{one}.1"), ("swapping", f"{two}.1")):
            sql(office, f"update {table} set {column} = ? where {column} = ?", new, old)
    sql(office, "update credential set gen = 99 where account_id = ?", one)
    sql(office, "update credential set account_id = ? where id = ?", two, f"{two}.1")
    sql(office, "update credential set account_id = ?, gen = 1 where id = ?", one, f"{one}.1")


def _swap_contents(office: Office) -> None:
    """Everything but id, account and generation changes places, wraps included."""
    one, two = (_id_of(office, name) + ".1" for name in ("x:@acme", "x:@globex"))
    content = ("context", "nonce", "ciphertext", "signer", "signature")
    names = ", ".join(content)
    here, there = (sql(office, f"select {names} from credential where id = ?", each)[0] for each in (one, two))
    assignment = ", ".join(f"{name} = ?" for name in content)
    sql(office, f"update credential set {assignment} where id = ?", *there, one)
    sql(office, f"update credential set {assignment} where id = ?", *here, two)
    for old, new in ((one, "swapping"), (two, one), ("swapping", two)):
        sql(office, "update wrap set credential_id = ? where credential_id = ?", new, old)


def _drop_wrap_of_owner(office: Office) -> None:
    sql(office, "delete from wrap where rowid in (select max(rowid) from wrap group by credential_id)")


def _add_recipient(office: Office) -> None:
    outsider = KeyPair.generate()
    row = _id_of(office, "x:@acme") + ".1"
    info = jcs.encode({"to": outsider.sealing_id})
    sealed = seal_to(outsider.x25519, b"0" * 32, info)
    sql(office, "insert into wrap values (?, ?, ?)", row, outsider.sealing_id, sealed)


def _rewrap(office: Office, *, claim_owner: bool, log_it: bool) -> None:
    """A credential of the outsider's own, sealed to the worker as FORMATS says, signed with the outsider's key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    outsider = KeyPair.generate()
    manifest = json.loads(sql(office, "select body from manifest order by epoch desc limit 1")[0][0])
    gen = 2 if log_it else 1
    account_id = _id_of(office, "x:@acme")
    signed = next(one for one in manifest["accounts"] if one["id"] == account_id)
    c: dict[str, Any] = {
        "ctx": credential_row.CONTEXT,
        "org": manifest["org"],
        "account": account_id,
        **{name: signed[name] for name in ("network", "user_id", "origin")},
        "cred": f"{account_id}.{gen}",
        "gen": gen,
    }
    key, nonce, document = b"k" * 32, b"n" * 12, dict(office.seed["accounts"][1]["credential"])
    wraps = {}
    for member in manifest["members"]:
        public = jcs.unb64(member["x25519"])
        to = envelope.key_id("x25519", public)
        wraps[to] = seal_to(public, key, jcs.encode(c | {"to": to}))
    owner = next(one for one in manifest["members"] if one["role"] == "owner")
    owner_id = envelope.key_id("ed25519", jcs.unb64(owner["ed25519"]))
    signer = owner_id if claim_owner else outsider.signing_id
    sealed = AESGCM(key).encrypt(nonce, jcs.encode(document), jcs.encode(c))
    row = SealedCredential(gen, jcs.encode(c), nonce, sealed, signer, b"", wraps)
    signature = outsider.sign(credential_row.ENVELOPE, manifest["org"], row.statement())
    values = (f"{account_id}.{gen}", gen, row.context, nonce, sealed, signer, signature, account_id)
    names = "id = ?, gen = ?, context = ?, nonce = ?, ciphertext = ?, signer = ?, signature = ?"
    sql(office, f"update credential set {names} where account_id = ?", *values)
    sql(office, "delete from wrap where credential_id = ?", f"{account_id}.1")
    for to, each in wraps.items():
        sql(office, "insert into wrap values (?, ?, ?)", f"{account_id}.{gen}", to, each)
    if log_it:
        last = logged(office, "credential.write")[-1]
        entry = {
            "account": account_id,
            "corr": f"{account_id}.{gen}",
            "actor": {**last["actor"], "proof": SealedCredential.sha256(row)},
            "obj": {"gen": gen, "kind": "oauth1", "recipients": sorted(wraps)},
        }
        append_entry(office, entry, like="credential.write")


def _as_an_outsider(office: Office) -> None:
    _rewrap(office, claim_owner=False, log_it=False)


def _in_the_owners_name(office: Office) -> None:
    _rewrap(office, claim_owner=True, log_it=False)


def _as_the_next_generation_with_its_entry(office: Office) -> None:
    _rewrap(office, claim_owner=True, log_it=True)


def _without_any(office: Office) -> None:
    assert office.cli("vault", "rewrap", "x:@acme", "--reason", "yearly", "--json").code == 0
    sql(office, "delete from wrap")
    sql(office, "delete from credential")


CREDENTIALS: Final[list[Attack]] = [
    _swap_two_rows,
    _swap_contents,
    _drop_wrap_of_owner,
    _add_recipient,
    _as_an_outsider,
    _in_the_owners_name,
    _as_the_next_generation_with_its_entry,
    _without_any,
]


@pytest.mark.parametrize("attack", CREDENTIALS, ids=lambda attack: attack.__name__.strip("_"))
def test_a_credential_that_is_not_as_signed_stays_closed(scene: Office, attack: Attack) -> None:
    schedule(scene)
    attack(scene)
    refused_and_logged(scene, send(scene))


@pytest.mark.parametrize("rows", ["credential", "with_wraps", "with_the_log_and_the_head"])
def test_an_older_generation_put_back_stays_closed(scene: Office, tmp_path: Path, rows: str) -> None:
    old = Copy.of(scene.home, tmp_path / "old")
    done = scene.cli("vault", "rewrap", "x:@acme", "--reason", "yearly", "--json")
    assert done.code == 0, done
    schedule(scene)
    tables = {"credential": ("credential",), "with_wraps": ("credential", "wrap")}.get(
        rows, ("credential", "wrap", "audit_entry", "audit_head", "audit_reason", "checkpoint")
    )
    _copy_tables(scene, old.kept / "socialguard.db", tables)
    done = send(scene)
    require_refused(scene, done)
    assert scene.published() == []


def _copy_tables(office: Office, source: Path, tables: tuple[str, ...]) -> None:
    for table in tables:
        sql(office, f"delete from {table}")
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute("attach database ? as old", (str(source),))
        for table in tables:
            connection.execute(f"insert into main.{table} select * from old.{table}")


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
    import hashlib

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
    sql(scene, "insert into label values (?, 'fr')", _id_of(scene, "x:@acme"))
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
    "manifest": {"created_at"},
    "policy": {"applied_at"},
    "wrap": set(),
    "delivery": {
        *("draft_id", "state", "state_reason", "wall_time", "zone", "after_id", "campaign_id", "options"),
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
        max_examples=3 * len(names),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
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
            assert done.code in (0, 2, 4, 11, 13, 15), (column, done)
        else:
            assert public == []
            assert done.code == 13, (column, done)

    any_bit()
    assert not scene.published("x", "globex")


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────


def _insert_delivery(office: Office, pair: KeyPair | None, **change: Any) -> None:
    """A delivery that an outsider wrote, with its fingerprint as the program would make it."""
    names = columns(office, "delivery")
    row = dict(zip(names, sql(office, "select * from delivery")[0], strict=True))
    content = json.loads(row["content"]) | {"text": "Not ours"}
    statement = _statement(office, row, content)
    row |= {"id": "deadbeef", "content": json.dumps(content), "fingerprint": fingerprint(statement)}
    if pair is not None:
        row["signature"] = pair.sign("delivery", statement["org"], statement)
    row |= change
    marks = ", ".join("?" * len(names))
    sql(office, f"insert into delivery values ({marks})", *row.values())
    entry = logged(office, "delivery.queue")[-1]
    obj = entry["obj"] | {"delivery": "deadbeef", "fingerprint": row["fingerprint"]}
    append_entry(office, {"obj": obj}, like="delivery.queue")


def _statement(office: Office, row: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    account = sql(office, "select user_id from account where id = ?", row["account_id"])[0]
    with office.entered() as workspace:
        from socialguard.ledger import reader
        from socialguard.model.fingerprint import body

        with workspace.database.read() as connection:
            value = reader.get(connection, row["id"])
        import dataclasses

        return dict(
            body(
                org=workspace.org,
                delivery="deadbeef",
                nonce=row["nonce"],
                act=value.act,
                account=row["account_id"],
                user_id=account[0],
                content=dataclasses.replace(value.content, text=content["text"]),
                not_before=value.not_before,
                max_late=value.max_late,
                target=value.target,
            )
        )


@pytest.mark.parametrize("signed", ["by_an_outsider", "with_the_signature_of_another", "not_at_all"])
def test_an_inserted_delivery_is_refused_although_the_log_was_made_to_know_it(scene: Office, signed: str) -> None:
    schedule(scene)
    pair = KeyPair.generate() if signed == "by_an_outsider" else None
    _insert_delivery(scene, pair, **({"signature": b""} if signed == "not_at_all" else {}))
    sql(scene, "update delivery set state = 'cancelled' where id <> 'deadbeef'")
    refused_and_logged(scene, send(scene))


# ── a log that was made to say so ────────────────────────────────────────────────────────────────────────


def _sent(office: Office) -> None:
    schedule(office)
    assert send(office).code == 0


def _cancelled(office: Office) -> None:
    assert office.cli("queue", "cancel", schedule(office), "--json").code == 0


def _failed(office: Office) -> None:
    schedule(office)
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "status", "code": 402}])
    assert send(office).code == 6


def _unknown(office: Office) -> None:
    schedule(office)
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "drop_before"}])
    assert send(office).code == 12


def _forget_ledger(office: Office) -> None:
    for table in ("receipt", "attempt", "usage"):
        sql(office, f"delete from {table}")


def _forge(action: str, outcome: str) -> Attack:
    def forge(office: Office) -> None:
        newest = logged(office, "delivery.queue")[-1]
        obj = {"delivery": newest["obj"]["delivery"], "act": "publish", "due": newest["obj"]["due"]}
        obj["fingerprint"] = newest["obj"]["fingerprint"]
        corr = [entry["corr"] for entry in logged(office, "delivery.send")]
        change = {"action": action, "outcome": outcome, "obj": obj, "corr": corr[-1] if corr else None}
        append_entry(office, {**newest, **change}, like="delivery.queue")

    forge.__name__ = f"forge_{action}_{outcome}"
    return forge


def _truncate_after(action: str) -> Attack:
    """Cut the log behind its newest entry of that action, and make the head fit."""

    def truncate(office: Office) -> None:
        from socialguard.canon import merkle

        last = sql(office, "select max(seq) from audit_entry where action = ?", action)[0][0]
        for table, key in (("audit_entry", "seq"), ("audit_reason", "seq"), ("checkpoint", "size - 1")):
            sql(office, f"delete from {table} where {key} > ?", last)
        sql(office, "delete from anchor_queue")
        edge = merkle.Frontier().extend(
            row[0] for row in sql(office, "select leaf_hash from audit_entry order by seq")
        )
        ts = sql(office, "select ts from audit_entry order by seq desc limit 1")[0][0]
        sql(office, "update audit_head set size = ?, frontier = ?, last_ts = ?", edge.size, edge.to_bytes(), ts)

    truncate.__name__ = f"truncate_after_{action}"
    return truncate


LIES: Final[list[Attack]] = [
    _forget_ledger,
    _forge("delivery.queue", "queued"),
    _forge("delivery.send", "limited"),
    _forge("delivery.send", "not_public"),
    _truncate_after("delivery.queue"),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
@pytest.mark.parametrize("before", [_sent, _cancelled, _failed, _unknown], ids=lambda each: each.__name__[1:])
def test_what_ended_is_not_sent_again_whatever_is_written_into_the_log(
    scene: Office, before: Attack, lie: Attack
) -> None:
    before(scene)
    public = len(scene.published())
    scene.sandbox.faults([])
    lie(scene)
    sql(scene, "update delivery set state = 'queued', attempt_id = null, due = not_before")
    require_refused(scene, send(scene), public=public)


def test_a_freeze_cut_off_the_log_with_its_row_still_stops(scene: Office) -> None:
    schedule(scene)
    assert scene.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    _truncate_after("delivery.queue")(scene)
    sql(scene, "delete from stop")
    require_refused(scene, send(scene))


# ── the whole workspace put back ─────────────────────────────────────────────────────────────────────────


def test_a_cancel_is_not_undone_by_putting_the_workspace_back(scene: Office, tmp_path: Path) -> None:
    number = schedule(scene)
    old = Copy.of(scene.home, tmp_path / "old")
    assert scene.cli("queue", "cancel", number, "--json").code == 0
    old.put_back()
    require_refused(scene, send(scene))


def test_a_freeze_is_not_undone_by_putting_the_workspace_back(scene: Office, tmp_path: Path) -> None:
    schedule(scene)
    old = Copy.of(scene.home, tmp_path / "old")
    assert scene.cli("freeze", "x:@acme", "--reason", "leak", "--json").code == 0
    old.put_back()
    require_refused(scene, send(scene))


def test_a_workspace_put_back_is_refused_by_every_command_that_acts(scene: Office, tmp_path: Path) -> None:
    old = Copy.of(scene.home, tmp_path / "old")
    scene.post("Now public")
    old.put_back()
    for words in (
        scene.post_words("Another"),
        ["account", "verify", "x:@acme", "--json"],
        ["account", "rename", "x:@acme", "acme-inc", "--json"],
        ["vault", "rewrap", "x:@acme", "--reason", "yearly", "--json"],
        ["vault", "export", "--age", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsvlgnvu", "--json"],
    ):
        done = scene.cli(*words)
        assert done.code in (2, 13), (words, done)
        assert scene.published() == ["Now public"]
    assert scene.cli("audit", "verify", "--json").code == 13


def test_pins_put_back_with_the_workspace_are_seen_only_from_outside(
    scene: Office, outside: Path, tmp_path: Path
) -> None:
    (scene.home / "socialguard.toml").write_text(f'[audit]\nanchors = ["dir:{outside}"]\n', encoding="utf-8")
    scene.post("Before")
    old = [Copy.of(scene.home, tmp_path / "home"), Copy.of(scene.identity, tmp_path / "identity")]
    scene.post("Now public")
    for copy in old:
        copy.put_back()
    done = scene.cli("audit", "verify", "--json")
    assert done.code == 13, done
    assert "shorter" in {problem["kind"] for problem in done.document["problems"]}
    (scene.home / "socialguard.toml").unlink()
    assert scene.cli("audit", "verify", "--json").code == 0, "nothing on this machine can know"


@pytest.fixture
def outside() -> Iterator[Path]:
    """A directory on another mount than the tests' own."""
    import tempfile

    place = Path("/dev/shm")
    if not place.is_dir() or place.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is no second mount that can be written")
    made = Path(tempfile.mkdtemp(prefix="socialguard-anchor-", dir=place))
    yield made
    shutil.rmtree(made)


def test_keys_and_pins_of_another_machine_are_refused(scene: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from socialguard.store import process

    schedule(scene)
    monkeypatch.setattr(process, "host_id", lambda: "f" * 32)
    done = send(scene)
    require_refused(scene, done, said="another machine")
    assert "workspace adopt" in done.error["remedy"]


@pytest.mark.parametrize("loss", ["pins", "identity"])
def test_without_pins_nothing_is_sent(scene: Office, loss: str) -> None:
    schedule(scene)
    if loss == "identity":
        shutil.rmtree(scene.identity)
    else:
        for path in scene.identity.rglob("pins"):
            path.unlink()
    done = send(scene)
    require_refused(scene, done, said="does not know this workspace")


def test_pins_whose_bits_were_flipped_are_refused(scene: Office) -> None:
    schedule(scene)
    pins = next(scene.identity.rglob("pins"))
    data = bytearray(pins.read_bytes())
    for at in range(3, len(data), 37):
        changed = bytearray(data)
        changed[at] ^= 1
        pins.write_bytes(changed)
        done = send(scene)
        assert done.code in (13, 15), (at, done)
        assert scene.published() == []
