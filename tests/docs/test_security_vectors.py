"""The test vectors of docs/security.md, recomputed by our code and, where that is short, without it."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from socialguard import errors
from socialguard.archive import lines, sealing
from socialguard.archive import manifest as archive_manifest
from socialguard.archive.interface import Segment
from socialguard.audit import checkpoint, declaration, leaf
from socialguard.audit.anchors.interface import Statement, short_name
from socialguard.audit.anchors.local import LocalAnchor
from socialguard.audit.emergency import EmergencyFile, Record
from socialguard.audit.interface import LogKey, Tree
from socialguard.canon import envelope, jcs, merkle, note
from socialguard.ledger import word
from socialguard.ledger.approvals import Word
from socialguard.model.delivery import Act, Content, Delivery, Media, State
from socialguard.model.fingerprint import body, fingerprint
from socialguard.publishing import approval
from socialguard.registry import manifest as manifests
from socialguard.registry import policy_file
from socialguard.registry.manifest import EMPTY_POLICY, Manifest
from socialguard.store import process
from socialguard.vault import credential_row, key_file, passphrase, recovery, sealed
from socialguard.vault.credential_row import SealedCredential
from socialguard.vault.kek import Kek, Kind, Source, check_value, open_kek
from socialguard.vault.keys import KeyPair
from socialguard.vault.pins import Seen
from socialguard.workspace import joining, mail
from tests.docs.pages import read

Vector = dict[str, Any]  # Any: what a JSON block of the document holds
TEXT: Final = read("docs/security.md")
VECTORS: Final[dict[str, Vector]] = {
    name: json.loads(block)
    for name, block in re.findall(r"^```json vector:([a-z-]+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
}
CHECKS: dict[str, Callable[[Vector, Path], None]] = {}


def checks(name: str) -> Callable[[Callable[[Vector, Path], None]], Callable[[Vector, Path], None]]:
    """Make a function the check of the vector of that name."""

    def keep(check: Callable[[Vector, Path], None]) -> Callable[[Vector, Path], None]:
        CHECKS[name] = check
        return check

    return keep


def test_every_vector_has_a_check_and_every_check_a_vector() -> None:
    assert set(VECTORS) == set(CHECKS)


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_a_vector_of_the_document_is_what_the_code_computes(name: str, tmp_path: Path) -> None:
    CHECKS[name](VECTORS[name], tmp_path)


# ── what the checks share ────────────────────────────────────────────────────────────────────────────────


def pair(name: str) -> KeyPair:
    """Return the key pair of the document that has this name."""
    given = VECTORS["keys"][name]
    return KeyPair.from_bytes(bytes.fromhex(given["ed25519_private"] + given["x25519_private"]))


def newest() -> Manifest:
    """Return the manifest of the document's last epoch."""
    return manifests.decode(VECTORS["manifest"]["epochs"][-1]["body"].encode())


def org() -> str:
    """Return the org id of the document."""
    return str(VECTORS["manifest"]["org"])


def private_file(path: Path, content: str) -> Path:
    """Write a file as our private files are."""
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
    return path


def require_signed(public: bytes, signature: str, type: str, stored: str) -> None:
    """Verify an envelope as the document describes it, without our code; then with it, and one bit off."""
    raw = jcs.unb64(signature)
    Ed25519PublicKey.from_public_bytes(public).verify(raw, f"socialguard/{type}/v1\n{org()}\n{stored}".encode())
    envelope.verify(public, raw, type, org(), stored.encode())
    with pytest.raises(envelope.BadSignature):
        envelope.verify(public, bytes([raw[0] ^ 1]) + raw[1:], type, org(), stored.encode())


# ── common rules ─────────────────────────────────────────────────────────────────────────────────────────


@checks("canonical-json")
def canonical_json(given: Vector, _place: Path) -> None:
    assert jcs.encode(given["value"]).hex() == given["canonical_hex"]
    assert jcs.decode(bytes.fromhex(given["canonical_hex"])) == given["value"]
    for refused in given["refused"]:
        with pytest.raises(jcs.NotCanonical):
            jcs.decode(refused.encode())
    for hexadecimal, text in given["base64"]:
        assert jcs.b64(bytes.fromhex(hexadecimal)) == text
    for refused in given["base64_refused"]:
        with pytest.raises(jcs.NotCanonical):
            jcs.unb64(refused)
    for moment, text in given["time"]:
        assert jcs.parse_timestamp(text).isoformat() == _in_utc(moment)
    for refused in given["time_refused"]:
        with pytest.raises(jcs.NotCanonical):
            jcs.parse_timestamp(refused)


def _in_utc(moment: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()


@checks("keys")
def keys(given: Vector, _place: Path) -> None:
    for name, key in given.items():
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["ed25519_private"]))
        public = private.public_key().public_bytes_raw()
        assert jcs.b64(public) == key["ed25519_public"]
        digest = hashlib.sha256(b"socialguard/key/v1\ned25519\n" + public).hexdigest()
        assert envelope.key_id("ed25519", public) == key["signing_id"] == digest[:32]
        if name != "log":
            assert jcs.b64(pair(name).x25519) == key["x25519_public"]
            assert pair(name).sealing_id == key["sealing_id"]


@checks("names")
def names(given: Vector, _place: Path) -> None:
    digest = hashlib.sha256(b"socialguard/host/v1\n" + given["machine_id"].encode()).hexdigest()
    assert digest[:32] == given["host"]
    if Path("/etc/machine-id").is_file() and (own := Path("/etc/machine-id").read_text().strip()):
        digest = hashlib.sha256(b"socialguard/host/v1\n" + own.encode()).hexdigest()
        assert process.host_id() == digest[:32]
    kind, _, place = given["anchor"].partition(":")
    assert short_name(kind, place) == given["anchor_name"]


@checks("envelope")
def signed(given: Vector, _place: Path) -> None:
    stored = given["body"].encode()
    assert envelope.signed_bytes(given["type"], given["org"], stored).hex() == given["signed_hex"]
    key = pair(given["key"])
    assert jcs.b64(key.sign(given["type"], given["org"], json.loads(stored))) == given["signature"]
    require_signed(key.ed25519, given["signature"], given["type"], given["body"])


# ── registry ─────────────────────────────────────────────────────────────────────────────────────────────


@checks("manifest")
def manifest(given: Vector, _place: Path) -> None:
    previous = None
    for stored in given["epochs"]:
        raw = stored["body"].encode()
        found = manifests.decode(raw)
        assert found.body == raw
        assert found.sha256 == stored["sha256"] == hashlib.sha256(raw).hexdigest()
        assert found.org == given["org"]
        assert found.prev_sha256 == previous
        previous = found.sha256
        (signature,) = json.loads(stored["signatures"])
        assert signature["key_id"] == pair("owner").signing_id
        require_signed(pair("owner").ed25519, signature["signature"], "manifest", stored["body"])
    assert given["org"] == given["epochs"][0]["sha256"]
    assert "org" not in json.loads(given["epochs"][0]["body"])


@checks("policy")
def policy(given: Vector, _place: Path) -> None:
    assert policy_file.compose(given["file"], given["wearers"]) == given["stored"]
    assert hashlib.sha256(given["stored"].encode()).hexdigest() == given["sha256"] == newest().policy_sha256
    assert policy_file.own_text(given["stored"]) == given["file"]
    assert {name: sorted(ids) for name, ids in policy_file.parse_stored(given["stored"]).wearers.items()} == (
        given["wearers"]
    )
    assert given["empty_sha256"] == EMPTY_POLICY


# ── members and approvals ────────────────────────────────────────────────────────────────────────────────


@checks("invitation")
def invitation(given: Vector, place: Path) -> None:
    require_signed(pair("owner").ed25519, given["signature"], joining.INVITATION, given["body"])
    assert mail.read(joining.INVITATION, given["file"])["body"] == given["body"]
    asked, _ = joining.join(place, given["file"], lambda: Kek(Source(Kind.PASSPHRASE, "", (), ""), bytes(32)))
    assert jcs.encode(asked.invitation.body()).decode() == given["body"]
    assert asked.invitation.manifest_sha256 == newest().sha256


@checks("join-request")
def join_request(given: Vector, _place: Path) -> None:
    body = str(mail.read(joining.REQUEST, given["file"])["body"])
    require_signed(pair("approver").ed25519, given["signature"], joining.REQUEST, body)
    digits = hashlib.sha256(b"socialguard/join-code/v1\n" + body.encode()).hexdigest()[:16]
    assert given["code"].replace("-", "") == digits
    found = joining.read_request(given["file"])
    assert (found.member.id, found.code) == (given["member"], given["code"])
    assert (found.member.ed25519, found.member.x25519) == (pair("approver").ed25519, pair("approver").x25519)
    joining.require_invited(found, given["file"], newest(), given["code"].upper())
    with pytest.raises(errors.UsageError):
        joining.require_invited(found, given["file"], newest(), "0000-0000-0000-0000")


@checks("approval")
@checks("attestation")
def approved(given: Vector, _place: Path) -> None:
    said = json.loads(given["body"])
    word = Word(
        fingerprint=said["fingerprint"],
        decision=said["decision"],
        member=said["member"],
        epoch=said["epoch"],
        expires_at=jcs.parse_timestamp(said["expires"]),
        signature=jcs.unb64(given["signature"]),
        given_at=jcs.parse_timestamp(said["expires"]),
        reason="stands beside the log",
        on_behalf=said.get("on_behalf"),
        evidence_sha256=said.get("evidence_sha256"),
    )
    assert said["fingerprint"] == VECTORS["fingerprint"]["fingerprint"]
    assert jcs.encode(approval.statement(word)).decode() == given["body"]
    assert approval.proof(word) == given["proof"] == hashlib.sha256(given["body"].encode()).hexdigest()
    kind = "attestation" if said["decision"] == "attested" else "approval"
    assert approval.kind_of(word.decision) == kind
    require_signed(pair("approver").ed25519, given["signature"], kind, given["body"])
    other = "approval" if kind == "attestation" else "attestation"
    with pytest.raises(envelope.BadSignature):
        envelope.verify(pair("approver").ed25519, word.signature, other, org(), given["body"].encode())


# ── vault ────────────────────────────────────────────────────────────────────────────────────────────────


@checks("kek")
def kek(given: Vector, place: Path) -> None:
    key = bytes.fromhex(given["kek"])
    assert key_file.read(private_file(place / "kek", given["key_file"])) == key
    plain = hmac.digest(key, b"socialguard/kek-check/v1\n", hashlib.sha256)[:16].hex()
    assert check_value(key) == given["check"] == plain
    typed = given["passphrase"]
    params = {name: typed[name] for name in ("salt", "memory", "passes", "lanes")}
    source = Source(Kind.PASSPHRASE, "", tuple(sorted(params.items())), typed["check"])
    assert passphrase.derive(source, lambda: typed["passphrase"]).hex() == typed["kek"]
    with pytest.raises(errors.Locked):
        open_kek(source, lambda: typed["passphrase"] + " ")


@checks("sealed-files")
def sealed_files(given: Vector, place: Path) -> None:
    key = bytes.fromhex(given["kek"])
    for name, kind in (("member.key", "member"), ("log.key", "log"), ("pins", "pins")):
        file = given[name]
        path = private_file(place / name, f"{file['header']}\n{file['box']}\n")
        found = sealed.read(path, org(), kind)
        opened = found.open(Kek(found.header.source, key))
        box = base64.b64decode(file["box"])
        assert opened == AESGCM(key).decrypt(box[:12], box[12:], file["header"].encode())
        if kind == "pins":
            assert opened.decode() == file["plaintext"]
            assert Seen.decode(opened).encode() == opened
        else:
            assert opened.hex() == file["plaintext_hex"]
        with pytest.raises(InvalidTag):
            AESGCM(key).decrypt(box[:12], box[12:], file["header"].replace('"v":1', '"v":2').encode())


@checks("credential")
def credential(given: Vector, _place: Path) -> None:
    (account,) = newest().accounts
    row = SealedCredential(
        gen=1,
        context=given["context"].encode(),
        nonce=jcs.unb64(given["nonce"]),
        ciphertext=jcs.unb64(given["ciphertext"]),
        signer=given["signer"],
        signature=jcs.unb64(given["signature"]),
        wraps={to: jcs.unb64(text) for to, text in given["wraps"].items()},
    )
    credential_row.verify(newest(), account, row)
    assert jcs.encode(credential_row.bound_to(org(), account, 1)) == row.context
    assert row.sha256() == given["sha256"]
    plain = AESGCM(bytes.fromhex(given["dek"])).decrypt(row.nonce, row.ciphertext, row.context)
    assert plain.decode() == given["plaintext"]
    assert set(row.wraps) == {pair(name).sealing_id for name in ("owner", "worker", "recovery")}
    for name in ("owner", "worker", "recovery"):
        info = jcs.encode({**json.loads(given["context"]), "to": pair(name).sealing_id})
        assert pair(name).open(row.wraps[pair(name).sealing_id], info).hex() == given["dek"]
        opened = credential_row.open_row(newest(), account, row, pair(name))
        assert jcs.encode(dict(opened.document())).decode() == given["plaintext"]


# ── ledger ───────────────────────────────────────────────────────────────────────────────────────────────


@checks("fingerprint-of-a-part")
@checks("fingerprint")
def delivery(given: Vector, _place: Path) -> None:
    stored = given["body"]
    assert hashlib.sha256(f"socialguard/delivery/v1\n{stored}".encode()).hexdigest() == given["fingerprint"]
    said = json.loads(stored)
    media = tuple(Media(item["sha256"], "image/png", 1, item["alt"], "any.png") for item in said["media"])
    rebuilt = body(
        org=said["org"],
        delivery=said["delivery"],
        nonce=said["nonce"],
        act=Act(said["act"]),
        account=said["account"],
        user_id=said["user_id"],
        content=Content(
            *(said["text"], media, said["link"], said["reply_to"], said["thread_position"]),
            thread_size=said.get("thread_size"),
        ),
        not_before=jcs.parse_timestamp(said["not_before"]),
        max_late=said["max_late"],
        target=said["target"],
        after=said.get("after"),
    )
    assert jcs.encode(dict(rebuilt)).decode() == stored
    assert fingerprint(rebuilt) == given["fingerprint"]
    require_signed(pair(given["submitter"]).ed25519, given["signature"], "delivery", stored)


@checks("attempt-outcome")
def attempt_outcome(given: Vector, _place: Path) -> None:
    said = json.loads(given["body"])
    content = Content("any", (), None, None, None)
    value = Delivery(
        *(said["delivery"], "d-1", "a-0", Act(said["act"]), content, "any", said["fingerprint"], "m-0", b""),
        state=State.SENDING,
        due=jcs.parse_timestamp(said["due"]),
        created_at=jcs.parse_timestamp(said["due"]),
        attempt_id=said["attempt"],
    )
    assert jcs.encode(word.statement(value, "sent", said["network_id"])).decode() == given["body"]
    assert given["key_id"] == pair("worker").signing_id
    require_signed(pair("worker").ed25519, given["signature"], word.TYPE, given["body"])


@checks("thaw")
def thaw(given: Vector, _place: Path) -> None:
    from socialguard.ledger.stops import Stop
    from socialguard.publishing.freeze import thaw_statement

    said = json.loads(given["statement"])
    stop = Stop(said["stop"], "freeze", said["scope"], "any", "any", jcs.parse_timestamp(said["since"]))
    assert jcs.encode(thaw_statement(stop)).decode() == given["statement"]
    require_signed(pair("owner").ed25519, given["signature"], "thaw", given["statement"])


# ── audit ────────────────────────────────────────────────────────────────────────────────────────────────


@checks("audit-log")
def audit_log(given: Vector, _place: Path) -> None:
    leaves = [text.encode() for text in given["leaves"]]
    hashes = [hashlib.sha256(b"\x00" + each).digest() for each in leaves]
    assert [each.hex() for each in hashes] == given["leaf_hashes"]
    assert merkle.leaf_hashes(leaves) == hashes

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    below = node(hashes[0], hashes[1])
    roots = [hashlib.sha256().digest(), hashes[0], below, node(below, hashes[2])]
    assert [each.hex() for each in roots] == given["roots"]
    assert [merkle.root(hashes[:size]) for size in range(4)] == roots
    frontier = merkle.Frontier().extend(hashes)
    assert (
        frontier.to_bytes().hex() == given["frontier"] == ("01" + "0000000000000003" + (below + hashes[2]).hex())
    )
    path = [bytes.fromhex(each) for each in given["inclusion_proof_of_1"]]
    assert path == [hashes[0], hashes[2]] == merkle.inclusion_proof(hashes, 1)
    reason = given["reason"]
    salt = bytes.fromhex(reason["salt"])
    assert leaf.reason_hash(salt, reason["text"]) == reason["sha256"]
    assert json.loads(leaves[1])["reason_sha256"] == reason["sha256"]
    for seq, raw in enumerate(leaves):
        assert jcs.encode(jcs.decode(raw)) == raw
        assert leaf.columns(leaf.decode(raw)).seq == seq


@checks("checkpoint")
def signed_note(given: Vector, place: Path) -> None:
    key = VECTORS["keys"]["log"]
    public = jcs.unb64(key["ed25519_public"])
    tree = Tree(given["incarnation"], given["size"], bytes.fromhex(given["root"]))
    assert given["root"] == VECTORS["audit-log"]["roots"][3]
    assert checkpoint.opened(given["note"].encode(), org(), [LogKey(public)]) == tree
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["ed25519_private"]))
    name = f"socialguard/{org()}/{given['incarnation']}"
    text = f"{name}\n{given['size']}\n{jcs.b64(tree.root)}\n"
    assert note.sign(text, name, private).decode() == given["note"]
    assert note.VerifierKey.from_vkey(given["vkey"]) == note.VerifierKey(name, public)
    statement = Statement(org(), tree.incarnation, tree.size, given["note"].encode())
    assert statement.file_name == given["file_name"]
    anchor = LocalAnchor(place / "checkpoints.jsonl")
    anchor.publish([statement])
    assert anchor.path.read_text(encoding="utf-8") == given["local_anchor_line"] + "\n"


@checks("archive")
def archive_lines(given: Vector, _place: Path) -> None:
    line = json.loads(given["line"])
    salt, body = jcs.unb64(line["salt"]), jcs.encode(line["body"])
    assert hashlib.sha256(salt + body).hexdigest() == given["version_sha256"]
    read = lines.read(given["line"].encode())
    assert read.values["sha256"].hex() == given["version_sha256"]
    leaf = hashlib.sha256(b"\0" + given["line"].encode()).digest()
    assert leaf.hex() == given["root"] == merkle.root([merkle.leaf_hash(given["line"].encode())]).hex()
    named = json.loads(given["manifest_line"])
    worker = pair("worker")
    require_signed(worker.ed25519, named.pop("signature"), "archive.segment", jcs.encode(named).decode())
    assert (named["key"], named["root"], named["prev"]) == (worker.signing_id, given["root"], "0" * 64)
    segment = archive_manifest.segment_of(1, given["manifest_line"].encode())
    assert segment.file_name == given["file_name"]
    assert segment.line_sha256 == hashlib.sha256(given["manifest_line"].encode()).hexdigest() == given["next_prev"]


@checks("sealed-segment")
def sealed_segment(given: Vector, _place: Path) -> None:
    box = jcs.unb64(given["row_sealed"])
    key = AESGCM(bytes.fromhex(given["root_key"])).decrypt(box[:12], box[12:], given["row_bound"].encode())
    assert key.hex() == given["shelf_key"]
    bound = json.loads(given["segment_bound"])
    assert jcs.encode(bound).decode() == given["segment_bound"]
    stored = jcs.unb64(given["segment"])
    names = bound["key"], bound["shelf"], bound["seq_lo"], bound["seq_hi"]
    packed = sealing.opened(stored, key, *names)
    assert packed == AESGCM(key).decrypt(stored[:12], stored[12:], given["segment_bound"].encode())
    assert zstandard.ZstdDecompressor().decompress(packed) == given["line"].encode() + b"\n"
    leaf = hashlib.sha256(b"\0" + given["line"].encode()).digest()
    root = hmac.digest(key, b"socialguard/archive-segment/v1\n" + leaf, "sha256")
    assert root.hex() == given["root"] == sealing.keyed(leaf, key).hex()
    assert Segment.name_of(7, 9, given["root"], is_sealed=True) == given["file_name"]


@checks("log-key-rotation")
def log_key_rotation(given: Vector, _place: Path) -> None:
    said = json.loads(given["statement"])
    for role in ("old", "new"):
        public = jcs.unb64(said[role])
        require_signed(public, given[f"{role}_signature"], checkpoint.ROTATION_TYPE, given["statement"])


@checks("incident")
def incident(given: Vector, _place: Path) -> None:
    owner = pair("owner").ed25519
    require_signed(owner, given["signature"], declaration.STATEMENT_TYPE, given["statement"])
    obj = {"statement": given["statement"], "signature": given["signature"]}
    entry = jcs.encode({"action": declaration.ACTION, "obj": obj})
    found = declaration.read(entry, org(), [owner])
    assert found.statement(org()).decode() == given["statement"]
    message = envelope.signed_bytes("incident", org(), given["statement"].encode())
    assert hashlib.sha256(message).hexdigest() == given["proof"]


@checks("emergency")
def emergency(given: Vector, place: Path) -> None:
    path = place / "emergency.jsonl"
    path.write_text(given["line"] + "\n\n\n", encoding="utf-8")
    (found,) = EmergencyFile(path).records()
    assert isinstance(found, Record)
    assert (found.id, found.action) == (given["corr"], given["action"])
    assert found.obj["scope"] == given["scope"]


# ── recovery ─────────────────────────────────────────────────────────────────────────────────────────────


@checks("recovery-kit")
def recovery_kit(given: Vector, _place: Path) -> None:
    kit = recovery.parse_kit(given["page"].lower())
    assert (kit.org, kit.manifest_sha256) == (given["org"], given["manifest"])
    assert kit.keys.to_bytes() == pair("recovery").to_bytes()
    assert kit.age_recipient == given["age_recipient"]
    assert kit.document() == given["page"]
    assert recovery.check(kit, org(), newest().recovery).id == pair("recovery").signing_id
    for label, shown, letters in re.findall(r"^  (\w+-\d): (.+) #(\w{4})$", given["page"], re.MULTILINE):
        value = shown.replace(" ", "").upper()
        digest = hashlib.sha256(f"socialguard/kit/v1\n{label}\n{value}".encode()).digest()
        assert base64.b32encode(digest)[:4].decode() == letters, label
