"""Key pairs: what they sign and open, and that they show themselves to nobody."""

import copy
import json
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.audit.interface import Signer
from socialguard.canon import envelope, jcs
from socialguard.vault.keys import SEALED_OVERHEAD, KeyPair, LogKey, seal_to
from tests.vault.identities import LOG_KEY, MEMBER, ORG, WORKER, flipped

# The public halves of the Ed25519 seed 00 01 … 1f and of the X25519 key 20 21 … 3f.
MEMBER_ED25519 = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
MEMBER_X25519 = "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"


def test_a_pair_of_fixed_bytes_has_the_public_keys_and_ids_that_the_formats_give() -> None:
    assert MEMBER.ed25519.hex() == MEMBER_ED25519
    assert MEMBER.x25519.hex() == MEMBER_X25519
    assert MEMBER.signing_id == envelope.key_id("ed25519", MEMBER.ed25519)
    assert MEMBER.sealing_id == envelope.key_id("x25519", MEMBER.x25519)
    assert MEMBER.signing_id != MEMBER.sealing_id


def test_a_pair_comes_back_from_its_bytes() -> None:
    pair = KeyPair.generate()
    assert KeyPair.from_bytes(pair.to_bytes()).signing_id == pair.signing_id
    assert LogKey.from_bytes(LOG_KEY.to_bytes()).public == LOG_KEY.public


@pytest.mark.parametrize("length", [0, 32, 63, 65])
def test_bytes_of_another_length_are_no_pair(length: int) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        KeyPair.from_bytes(bytes(length))
    if length != 32:
        with pytest.raises(ValueError, match="32 bytes"):
            LogKey.from_bytes(bytes(length))


def test_a_signature_is_the_envelopes_and_passes_for_no_other_type() -> None:
    body = {"account": "a-1"}
    signature = MEMBER.sign("thaw", ORG, body)
    assert envelope.opened(MEMBER.ed25519, signature, "thaw", ORG, jcs.encode(body)) == body
    with pytest.raises(envelope.BadSignature):
        envelope.verify(MEMBER.ed25519, signature, "freeze", ORG, jcs.encode(body))


def test_raw_signatures_are_plain_ed25519() -> None:
    signer: Signer = LOG_KEY
    Ed25519PublicKey.from_public_bytes(signer.public).verify(signer.sign(b"note"), b"note")
    Ed25519PublicKey.from_public_bytes(WORKER.ed25519).verify(WORKER.sign_raw(b"note"), b"note")


@given(plaintext=st.binary(max_size=200), info=st.binary(max_size=100))
def test_what_is_sealed_to_a_key_opens_for_it_with_the_same_info(plaintext: bytes, info: bytes) -> None:
    sealed = seal_to(MEMBER.x25519, plaintext, info)
    assert len(sealed) == len(plaintext) + SEALED_OVERHEAD
    assert MEMBER.open(sealed, info) == plaintext


@given(bit=st.integers(min_value=0))
def test_a_flipped_bit_of_a_sealed_value_is_found(bit: int) -> None:
    sealed = seal_to(MEMBER.x25519, b"a data key of 32 bytes, or so   ", b"place")
    with pytest.raises(errors.Tampered):
        MEMBER.open(flipped(sealed, bit), b"place")


def test_a_sealed_value_opens_neither_elsewhere_nor_for_another_key() -> None:
    sealed = seal_to(MEMBER.x25519, b"secret", b"place")
    for pair, info, data in ((MEMBER, b"other", sealed), (WORKER, b"place", sealed), (MEMBER, b"place", b"")):
        with pytest.raises(errors.Tampered) as refusal:
            pair.open(data, info)
        assert refusal.value.exit_code == 13


@pytest.mark.parametrize("public", [b"", bytes(32), b"\x01" + bytes(31), bytes(33)], ids=len)
def test_nothing_is_sealed_to_a_key_that_everybody_could_open(public: bytes) -> None:
    with pytest.raises(errors.Tampered):
        seal_to(public, b"secret", b"place")


@pytest.mark.parametrize("secret", [MEMBER, LOG_KEY], ids=["pair", "log"])
def test_a_key_shows_itself_in_no_repr_copy_or_pickle(secret: KeyPair | LogKey) -> None:
    raw = secret.to_bytes()
    for text in (repr(secret), str(secret), f"{secret!r}"):
        assert raw.hex() not in text
        assert repr(raw) not in text
    for leak in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars):
        with pytest.raises(TypeError):
            leak(secret)


def test_a_key_does_not_change() -> None:
    with pytest.raises(AttributeError):
        MEMBER.ed25519 = WORKER.ed25519
    assert MEMBER.ed25519.hex() == MEMBER_ED25519
