"""Signed notes: the published examples, several signatures, and every flipped bit."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from socialguard.canon import jcs, note

# The example of Go's golang.org/x/mod/sumdb/note, from which C2SP's format was taken.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# The example of c2sp.org/tlog-checkpoint.
C2SP_CHECKPOINT = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
).encode()

LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "socialguard/0123456789abcdef/0"
CHECKPOINT = note.Checkpoint(ORIGIN, 42, hashlib.sha256(b"root").digest())


def key(name: str, private: Ed25519PrivateKey) -> note.VerifierKey:
    return note.VerifierKey(name, private.public_key().public_bytes_raw())


def test_the_published_note_verifies() -> None:
    known = note.VerifierKey.from_vkey(GO_VKEY)
    parsed, signers = note.verify(GO_NOTE, [known])
    assert parsed.text.endswith("what your problem is.\n")
    assert signers == (known,)
    assert known.vkey() == GO_VKEY
    assert parsed.to_bytes() == GO_NOTE


def test_the_published_checkpoint_is_read_and_written_back() -> None:
    parsed = note.parse(C2SP_CHECKPOINT)
    checkpoint = note.Checkpoint.from_text(parsed.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == parsed.text


def test_a_key_id_is_the_hash_of_name_type_and_key() -> None:
    public = LOG.public_key().public_bytes_raw()
    expected = hashlib.sha256(ORIGIN.encode() + b"\x0a\x01" + public).digest()[:4]
    assert key(ORIGIN, LOG).key_id == expected
    line = note.sign("a\n", ORIGIN, LOG).decode().splitlines()[-1]
    assert jcs.unb64(line.rpartition(" ")[2]) == expected + LOG.sign(b"a\n")


def test_a_checkpoint_is_signed_under_its_origin() -> None:
    signed = note.sign_checkpoint(CHECKPOINT, LOG)
    public = [OTHER.public_key().public_bytes_raw(), LOG.public_key().public_bytes_raw()]
    assert note.verify_checkpoint(signed, ORIGIN, public) == CHECKPOINT
    assert signed.decode().startswith(f"{ORIGIN}\n42\n{jcs.b64(CHECKPOINT.root)}\n\n— {ORIGIN} ")


def test_a_checkpoint_of_another_log_is_refused() -> None:
    public = [LOG.public_key().public_bytes_raw()]
    renamed = note.sign(CHECKPOINT.text(), ORIGIN + "1", LOG)
    with pytest.raises(note.BadNote, match="another log"):
        note.verify_checkpoint(renamed, ORIGIN + "1", public)
    with pytest.raises(note.BadNote, match="no key"):
        note.verify_checkpoint(renamed, ORIGIN, public)


def test_several_signatures_stand_on_one_note_and_unknown_ones_are_ignored() -> None:
    twice = note.cosign(note.sign("text\n", "log", LOG), "witness", OTHER)
    log, witness = key("log", LOG), key("witness", OTHER)
    assert note.verify(twice, [witness, log])[1] == (log, witness)
    assert note.verify(twice, [witness])[1] == (witness,)
    with pytest.raises(note.BadNote, match="no key"):
        note.verify(twice, [key("log", OTHER), key("witness", LOG)])
    with pytest.raises(note.BadNote, match="no key"):
        note.verify(twice, [])


def test_one_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    log, witness = key("log", LOG), key("witness", OTHER)
    parsed = note.parse(note.sign("text\n", "log", LOG))
    forged = note.Note(parsed.text, (*parsed.signatures, note.Signature("witness", witness.key_id, bytes(64))))
    assert note.verify(forged.to_bytes(), [log])[1] == (log,)
    with pytest.raises(note.BadNote, match="wrong"):
        note.verify(forged.to_bytes(), [log, witness])


def test_any_flipped_bit_is_refused() -> None:
    signed = note.sign_checkpoint(CHECKPOINT, LOG)
    for at in range(len(signed) * 8):
        flipped = bytearray(signed)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(note.BadNote):
            note.verify(bytes(flipped), [key(ORIGIN, LOG)])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n")), st.integers(0, 3))
def test_any_text_with_empty_lines_comes_back(text: str, newlines: int) -> None:
    text += "\n" * (newlines + 1)
    parsed, _signers = note.verify(note.sign(text, "log", LOG), [key("log", LOG)])
    assert parsed.text == text


@given(st.binary(max_size=200) | st.text(st.sampled_from("a\n— +=Q"), max_size=60).map(str.encode))
def test_parsing_arbitrary_bytes_refuses_or_writes_the_same_bytes(data: bytes) -> None:
    try:
        parsed = note.parse(data)
    except note.BadNote:
        return
    assert parsed.to_bytes() == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        "text\n— log AAAAAAA=\n".encode(),
        "text\n\n— log AAAAAAA=".encode(),
        b"text\n\n- log AAAAAAA=\n",
        "text\n\n—log AAAAAAA=\n".encode(),
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\n\n— log AAAAAA==\n".encode(),
        "text\n\n— log AAAAAAB=\n".encode(),
        "text\n\n— log AAAAAAA= \n".encode(),
        "text\n\n— lo+g AAAAAAA=\n".encode(),
        "text\n\n— lo\u2003g AAAAAAA=\n".encode(),
        "text\n\n— log AAAAAAA=\nmore\n".encode(),
        "te\rxt\n\n— log AAAAAAA=\n".encode(),
        "te\x00xt\n\n— log AAAAAAA=\n".encode(),
        "text\n\n— log ".encode() + b"\xff\n",
        b"text\n\n" + "— log AAAAAAA=\n".encode() * 101,
        b"x" * 1_000_001,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(note.BadNote):
        note.parse(data)


@pytest.mark.parametrize("text", ["", "text", "te\rxt\n", "\ud800\n", "a\tb\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(note.BadNote):
        note.sign(text, "log", LOG)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x7f\x00", "\ud800"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(note.BadNote):
        note.VerifierKey(name, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("c74f20a3", "C74F20A3"),
        GO_VKEY.replace("Peter", "Pete"),
        GO_VKEY[:-4],
        GO_VKEY + "\n",
        GO_VKEY.replace("+ARpc", "+BBpc"),
    ],
)
def test_a_malformed_vkey_is_refused(text: str) -> None:
    with pytest.raises(note.BadNote):
        note.VerifierKey.from_vkey(text)


ROOT = jcs.b64(bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"o\n1\n{ROOT}",
        "o\n1\n",
        f"\n1\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n1 \n{ROOT}\n",
        f"o\n٣\n{ROOT}\n",
        f"o\n{2**64}\n{ROOT}\n",
        f"o\n1\n{ROOT[:-4]}\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\n\nextension\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(note.BadNote):
        note.Checkpoint.from_text(text)


def test_extension_lines_come_back() -> None:
    checkpoint = note.Checkpoint("o", 0, bytes(32), ("one", "two words"))
    assert note.Checkpoint.from_text(checkpoint.text()) == checkpoint
    with pytest.raises(note.BadNote):
        note.Checkpoint("o", 0, bytes(32), ("",))
