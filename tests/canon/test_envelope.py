"""The signature envelope: its exact bytes, and that no other type, org, key or byte passes."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from socialguard.canon import envelope, jcs

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ORG = "ab" * 32
BODY = {"b": 1, "a": ["é", None, True]}
STORED = '{"a":["é",null,true],"b":1}'.encode()


def test_the_signed_bytes_are_type_org_and_canonical_body() -> None:
    expected = b"socialguard/manifest/v1\n" + ORG.encode() + b"\n" + STORED
    assert envelope.signed_bytes("manifest", ORG, BODY) == expected
    assert envelope.signed_bytes("manifest", ORG, STORED) == expected


def test_a_signature_is_ed25519_over_those_bytes() -> None:
    expected = KEY.sign(b"socialguard/thaw/v1\norg\n{}")
    assert envelope.sign(KEY, "thaw", "org", {}) == expected
    envelope.verify(PUBLIC, expected, "thaw", "org", b"{}")


def test_a_signature_does_not_pass_for_another_type_org_key_or_body() -> None:
    signature = envelope.sign(KEY, "approval", ORG, BODY)
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    for public, type_, org, stored in [
        (PUBLIC, "delivery", ORG, STORED),
        (PUBLIC, "approval", "cd" * 32, STORED),
        (stranger, "approval", ORG, STORED),
        (PUBLIC, "approval", ORG, STORED.replace(b"1", b"2")),
        (PUBLIC[:-1], "approval", ORG, STORED),
    ]:
        with pytest.raises(envelope.BadSignature):
            envelope.verify(public, signature, type_, org, stored)
    assert envelope.opened(PUBLIC, signature, "approval", ORG, STORED) == BODY


@given(st.integers(0, 8 * (64 + len(STORED)) - 1))
def test_any_flipped_bit_is_refused(at: int) -> None:
    whole = bytearray(envelope.sign(KEY, "approval", ORG, BODY) + STORED)
    whole[at // 8] ^= 1 << at % 8
    with pytest.raises(envelope.BadSignature):
        envelope.verify(PUBLIC, bytes(whole[:64]), "approval", ORG, bytes(whole[64:]))


def test_the_stored_bytes_are_verified_and_not_a_re_encoding() -> None:
    loose = b'{ "a": 1 }'
    envelope.verify(PUBLIC, envelope.sign(KEY, "t", "o", loose), "t", "o", loose)
    with pytest.raises(envelope.BadSignature):
        envelope.verify(PUBLIC, envelope.sign(KEY, "t", "o", {"a": 1}), "t", "o", loose)
    with pytest.raises(jcs.NotCanonical):
        envelope.opened(PUBLIC, envelope.sign(KEY, "t", "o", loose), "t", "o", loose)


def test_an_opened_body_is_an_object() -> None:
    with pytest.raises(envelope.BadEnvelope):
        envelope.opened(PUBLIC, envelope.sign(KEY, "t", "o", b"[1]"), "t", "o", b"[1]")


@pytest.mark.parametrize(
    ("type_", "org"),
    [("", "o"), ("a/b", "o"), ("A", "o"), ("a\n", "o"), ("a", ""), ("a", "o\n{}"), ("a", "o p"), ("a", "ö")],
)
def test_a_type_or_org_that_could_blur_the_borders_is_refused(type_: str, org: str) -> None:
    with pytest.raises(envelope.BadEnvelope):
        envelope.signed_bytes(type_, org, {})


def test_a_key_id_is_the_first_sixteen_bytes_of_a_labelled_hash() -> None:
    expected = hashlib.sha256(b"socialguard/key/v1\ned25519\n" + PUBLIC).hexdigest()[:32]
    assert envelope.key_id("ed25519", PUBLIC) == expected == "0950fd4280561d84ba650a6d51a267e3"
    assert envelope.key_id("x25519", PUBLIC) != expected
    with pytest.raises(envelope.BadEnvelope):
        envelope.key_id("ed25519\n", PUBLIC)
    with pytest.raises(envelope.BadEnvelope):
        envelope.key_id("ed25519", PUBLIC[1:])
