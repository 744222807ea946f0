"""Panic stops, keeps evidence, and on demand deletes and revokes; what fails is listed and ends with 18."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import zstandard

from socialguard.canon import envelope, jcs
from tests.office import Office
from tests.people import joined
from tests.shapes import Panicked, shown
from tests.watch.world import alerts, happen, ready, seen

WHY = ("--reason", "hacked", "--json")


def queued(office: Office, name: str = "x:@acme") -> str:
    done = office.cli("post", "Later", "--to", name, "--confirm", name, "--at", "in 300 days", "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def unpacked(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        data = zstandard.ZstdDecompressor().stream_reader(file).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as bundle:
        found = {one.name: bundle.extractfile(one) for one in bundle.getmembers()}
        return {name: file.read() for name, file in found.items() if file is not None}


def test_it_freezes_cancels_and_keeps_signed_evidence_without_asking(office: Office) -> None:
    ready(office)
    happen(office, text="Send coins")
    delivery = queued(office)
    found = shown(office.cli("panic", "x:@acme", *WHY), Panicked)
    (one,) = found.accounts
    assert one.cancelled == [delivery]
    assert office.queue("cancelled")[0]["id"] == delivery
    assert office.post("Hello").code == 11
    assert (one.deleted, one.revoked, one.failed) == ([], None, {})
    assert found.bundle is not None
    bundle = Path(found.bundle)
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(bundle.read_bytes()).hexdigest() == found.sha256
    files = unpacked(bundle)
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256(files[name]).hexdigest() == digest
    signed = json.loads(files["SHA256SUMS.sig.json"])
    with office.entered() as workspace, workspace.database.read() as connection:
        member = workspace.signed.books(connection).manifest.member(signed["member"])
    assert member is not None
    stored = jcs.encode(signed["body"])
    envelope.verify(member.ed25519, jcs.unb64(signed["signature"]), "evidence", signed["org"], stored)
    assert all(secret.encode() not in data for data in files.values() for secret in office.secrets)
    assert [one.kind for one in alerts(office).alerts if one.kind == "panic"] == ["panic"]


def test_what_strangers_posted_is_deleted_only_when_that_is_confirmed(office: Office) -> None:
    ready(office)
    mine = office.post("Ours").deliveries[0]["network_id"]
    theirs = happen(office, text="Send coins")["id"]
    refused = shown(office.cli("panic", "x:@acme", "--delete-foreign", *WHY), Panicked, 10)
    assert refused.confirmation is not None
    assert "--confirm x:@acme" in refused.confirmation.message + refused.confirmation.remedy
    assert [one.network_id for one in refused.accounts[0].foreign] == [theirs]
    assert refused.accounts[0].deleted == []
    done = shown(office.cli("panic", "x:@acme", "--delete-foreign", "--confirm", "x:@acme", *WHY), Panicked)
    assert done.accounts[0].deleted == [theirs]
    assert {post["id"]: post["deleted"] for post in office.sandbox.posts("x")} == {mine: False, theirs: True}
    assert seen(office) == [], "what we deleted is no alarm"
    items = unpacked(Path(done.bundle or ""))["items.jsonl"]
    assert b"Send coins" in items, "the evidence was taken before"


def test_revoking_is_asked_for_and_believed_when_the_network_rejects_the_token(office: Office) -> None:
    found = shown(office.cli("panic", "x:@acme", "x:@globex", "--revoke", *WHY), Panicked)
    assert [one.revoked for one in found.accounts] == [True, True]


def test_a_credential_that_is_not_revoked_ends_with_18_and_the_next_panic_goes_on(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "revoke", "kind": "status", "code": 500, "times": 9}])
    found = shown(office.cli("panic", "x:@acme", "--revoke", *WHY), Panicked, 18)
    assert "revoke" in found.accounts[0].failed or found.accounts[0].revoked is False
    assert office.cli("account", "show", "x:@acme", "--json").document["account"]["state"] == "revocation_pending"
    office.sandbox.faults([])
    again = shown(office.cli("panic", "x:@acme", "--revoke", *WHY), Panicked)
    assert again.accounts[0].revoked is True
    assert (again.accounts[0].cancelled, again.accounts[0].failed) == ([], {})


def test_a_step_that_fails_once_is_tried_again_at_once(office: Office) -> None:
    ready(office)
    theirs = happen(office, text="Send coins")["id"]
    assert len(seen(office)) == 1
    office.sandbox.faults([{"network": "x", "operation": "delete", "kind": "status", "code": 503, "times": 1}])
    words = ("panic", "x:@acme", "--delete-foreign", "--confirm", "x:@acme")
    found = shown(office.cli(*words, *WHY), Panicked)
    assert (found.accounts[0].deleted, found.accounts[0].failed) == ([theirs], {})


def test_a_post_that_cannot_be_deleted_keeps_no_other_one_public(office: Office) -> None:
    """The network refuses two deletions of three: the third is made, and the second try makes the others."""
    ready(office)
    theirs = {happen(office, text=f"Send coins {number}")["id"] for number in range(3)}
    assert len(seen(office)) == 3
    words = ("panic", "x:@acme", "--delete-foreign", "--confirm", "x:@acme", *WHY)
    office.sandbox.faults([{"network": "x", "operation": "delete", "kind": "status", "code": 403, "times": 2}])
    found = shown(office.cli(*words), Panicked)
    assert (set(found.accounts[0].deleted), found.accounts[0].failed) == (theirs, {})


def test_a_revocation_that_is_pending_is_partly_done_in_the_log_too(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "revoke", "kind": "status", "code": 500, "times": 9}])
    shown(office.cli("panic", "x:@acme", "--revoke", *WHY), Panicked, 18)
    logged = office.cli("audit", "list", "--action", "panic", "--json").document["entries"]
    assert [one["outcome"] for one in logged if "bundle" in one["obj"]] == ["partly_done"]


def test_people_are_shown_what_would_be_deleted_and_the_words_to_add(office: Office) -> None:
    """Without a terminal, too; and what was done all the same is not called nothing."""
    ready(office)
    theirs = happen(office, text="Send coins")["id"]
    done = office.cli("panic", "x:@acme", "--delete-foreign", "--reason", "hacked")
    assert done.code == 10
    assert theirs in done.stderr
    assert "--confirm x:@acme" in done.stderr
    assert "Nothing was changed" not in done.stdout + done.stderr


def test_what_fails_is_listed_and_ends_with_18_while_the_rest_is_done(office: Office) -> None:
    ready(office)
    ready(office, "facebook:@acme")
    happen(office, text="One")
    theirs = happen(office, "facebook:@acme", text="Two")["id"]
    words = (
        "x:@acme",
        "facebook:@acme",
        "--delete-foreign",
        "--confirm",
        "x:@acme",
        "--confirm",
        "facebook:@acme",
    )
    for name in ("x:@acme", "facebook:@acme"):
        assert len(seen(office, name)) == 1
    office.sandbox.faults([{"network": "x", "operation": "delete", "kind": "refuse", "times": 9}])
    found = shown(office.cli("panic", *words, *WHY), Panicked, 18)
    by_name = {one.account: one for one in found.accounts}
    assert sorted(by_name["x:@acme"].failed) == ["delete", "fetch"]
    assert by_name["facebook:@acme"].deleted == [theirs]
    assert office.post("Hello").code == 11
    logged = office.cli("audit", "list", "--action", "panic", "--json").document["entries"]
    assert sorted(one["outcome"] for one in logged if "bundle" in one["obj"]) == ["ok", "partly_done"]


def test_people_read_what_was_done(office: Office) -> None:
    told = office.cli("panic", "client:acme", "--reason", "hacked").stdout
    assert "Evidence: " in told
    assert "A send that is under way cannot be stopped." in told


def test_where_no_worker_is_it_stops_and_says_what_it_could_not(office: Office, tmp_path: Path) -> None:
    """A publisher on a laptop: the freeze stands, and the tokens are for whoever has the worker's keys."""
    eva = joined(office, "Eva", "owner", tmp_path / "eva")
    delivery = queued(office)
    for more in ((), ("--revoke",), ("--delete-foreign",)):
        done = eva.cli("panic", "x:@acme", *more, *WHY)
        assert done.code in (0, 18), done
        assert done.document["scopes"]
    assert (done.code, office.post("Hello").code) == (18, 11)
    assert office.queue("cancelled")[0]["id"] == delivery
