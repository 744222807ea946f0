"""The recovery kit and the age export: what is printed opens again, and mistakes are found in their line."""

import base64
import pickle
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.model import credential
from socialguard.registry.signed import RecoveryKey
from socialguard.vault import age, recovery
from socialguard.vault.keys import KeyPair, seal_to
from tests.vault.identities import MEMBER, ORG, OTHER_ORG

HASH = "0f" * 32
KIT = recovery.new_kit(ORG, HASH, "restic -r sftp:host:/copies\nThe notary holds its password.")
PAGE = KIT.document()


def test_a_page_gives_back_the_whole_kit() -> None:
    kit = recovery.parse_kit(PAGE)
    assert (kit.org, kit.manifest_sha256, kit.access) == (ORG, HASH, KIT.access)
    assert kit.keys.to_bytes() == KIT.keys.to_bytes()
    assert kit.age_identity == KIT.age_identity
    assert kit.document() == PAGE


def test_the_page_holds_what_another_program_needs() -> None:
    """The key lines are base32 of both private keys; age's own tools read the identity as it stands."""
    letters = "".join("".join(found.split()) for found in re.findall(r"key-\d: ([A-Z2-7 ]+) #", PAGE))
    assert base64.b32decode(letters + "=" * (-len(letters) % 8)) == KIT.keys.to_bytes()
    assert f"age-1: {KIT.age_identity} #" in PAGE
    assert all(len(line) <= 90 and line.isascii() for line in PAGE.splitlines())


@pytest.mark.parametrize(
    "typed",
    [
        PAGE.lower(),
        PAGE.replace("\n", "\r\n"),
        "\n\n".join(PAGE.splitlines()),
        "".join(f"> {line}\n" if line[:2] != "  " else line + "\n" for line in PAGE.splitlines()),
        re.sub(r"(?<=[A-Z0-9]{4}) (?=[A-Z0-9]{1,4}[ \n])", "", PAGE),
        "\n".join(reversed(PAGE.splitlines())),
    ],
    ids=["small letters", "windows", "blank lines", "quoted prose", "no groups", "lines in another order"],
)
def test_how_it_was_typed_does_not_matter(typed: str) -> None:
    assert recovery.parse_kit(typed).keys.to_bytes() == KIT.keys.to_bytes()


@given(position=st.integers(0, 10**6), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"))
def test_a_mistyped_letter_is_found_in_its_line(position: int, letter: str) -> None:
    lines = PAGE.splitlines()
    places = [
        (row, column)
        for row, line in enumerate(lines)
        if re.match(r"\s+(org|manifest|key|age|all)-", line)
        for column in range(line.index(":") + 2, len(line))
        if line[column].isalnum() and line[column] != letter
    ]
    row, column = places[position % len(places)]
    label = lines[row].split(":")[0].strip()
    lines[row] = lines[row][:column] + letter + lines[row][column + 1 :]
    with pytest.raises(errors.UsageError) as refusal:
        recovery.parse_kit("\n".join(lines))
    assert label in str(refusal.value)
    assert lines[row][column - 4 : column + 4] not in str(refusal.value)


@pytest.mark.parametrize("label", ["org-1", "manifest-2", "key-3", "age-1", "all-1"])
def test_a_missing_line_is_named(label: str) -> None:
    lines = [line for line in PAGE.splitlines() if label not in line]
    with pytest.raises(errors.UsageError, match=f"{label} is missing"):
        recovery.parse_kit("\n".join(lines))


def test_lines_of_two_kits_do_not_mix() -> None:
    other = recovery.new_kit(ORG, HASH).document().splitlines()
    lines = [o if "key-2" in line else line for line, o in zip(PAGE.splitlines(), other, strict=False)]
    with pytest.raises(errors.UsageError, match="different kits"):
        recovery.parse_kit("\n".join(lines))
    with pytest.raises(errors.UsageError, match="stands twice"):
        recovery.parse_kit(PAGE + "\n".join(other))


def test_a_kit_of_another_version_is_refused() -> None:
    with pytest.raises(errors.UsageError, match="version 1"):
        recovery.parse_kit(PAGE.replace("version 1", "version 2"))


@settings(max_examples=60)
@given(
    st.text(max_size=400) | st.lists(st.sampled_from([*PAGE.splitlines()[:-8], "key-9: A #AAAA"])).map("\n".join)
)
def test_any_other_text_gets_a_sentence(text: str) -> None:
    with pytest.raises(errors.UsageError) as refusal:
        recovery.parse_kit(text)
    assert KIT.age_identity not in str(refusal.value)


def test_a_huge_text_is_refused() -> None:
    with pytest.raises(errors.UsageError, match="too long"):
        recovery.parse_kit(PAGE * 100)


def test_the_note_on_access_holds_visible_text_only() -> None:
    for note in ("x" * 3000, "red \x1b[31m", "hidden \u202e"):
        with pytest.raises(errors.UsageError):
            recovery.new_kit(ORG, HASH, note)


def test_a_kit_that_the_manifest_lists_passes_its_test() -> None:
    other = recovery.new_kit(ORG, HASH).public()
    assert recovery.check(recovery.parse_kit(PAGE), ORG, [other, KIT.public()]) == KIT.public()


def test_a_kit_opens_what_was_sealed_to_the_manifests_key() -> None:
    sealed = seal_to(KIT.public().x25519, b"data key", b"info")
    assert recovery.parse_kit(PAGE).keys.open(sealed, b"info") == b"data key"


def test_a_kit_that_was_replaced_is_stale() -> None:
    with pytest.raises(errors.Stale) as refusal:
        recovery.check(KIT, ORG, [recovery.new_kit(ORG, HASH).public()])
    assert refusal.value.exit_code == 16
    with pytest.raises(errors.UsageError, match="another organisation"):
        recovery.check(KIT, OTHER_ORG, [KIT.public()])


def test_a_manifest_that_joins_the_keys_of_two_kits_is_an_alarm() -> None:
    mine, other = KIT.public(), MEMBER
    for forged in (
        RecoveryKey(mine.id, mine.x25519, other.ed25519),
        RecoveryKey(mine.id, other.x25519, mine.ed25519),
    ):
        with pytest.raises(errors.Tampered):
            recovery.check(KIT, ORG, [forged])


def test_a_kit_shows_itself_only_when_it_is_asked() -> None:
    assert repr(KIT) == "Kit([secret])"
    with pytest.raises(TypeError):
        pickle.dumps(KIT)
    for line in re.findall(r"(?:key|age)-\d: (.+) #", PAGE):
        assert line not in credential.redact(f"debug: {line} end")


def test_an_id_that_is_no_hash_makes_no_kit() -> None:
    with pytest.raises(ValueError, match="64 hex"):
        recovery.Kit("acme", HASH, KIT.age_identity, KeyPair.generate())


def test_an_export_opens_for_each_of_its_recipients_and_for_nobody_else() -> None:
    first, first_recipient = age.new_identity()
    stranger, _ = age.new_identity()
    data = age.export([KIT.age_recipient, f" {first_recipient}\n"], b"all of it")
    assert age.open_export(first, data) == b"all of it"
    assert age.open_export(KIT.age_identity, data) == b"all of it"
    with pytest.raises(errors.Unreadable):
        age.open_export(stranger, data)


def test_an_armored_export_is_text() -> None:
    data = age.export([KIT.age_recipient], b"all", armored=True)
    assert data.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
    assert age.open_export(KIT.age_identity, data) == b"all"


@given(bit=st.integers(0, 10**5))
def test_a_flipped_bit_of_an_export_is_found(bit: int) -> None:
    data = bytearray(age.export([KIT.age_recipient], b"all of it"))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises(errors.Unreadable):
        age.open_export(KIT.age_identity, bytes(data))


@pytest.mark.parametrize(
    "recipients", [[], ["age1"], ["ssh-ed25519 AAAA"], ["x"], ["age1" + "q" * 58], [KIT.age_recipient] * 40]
)
def test_only_age_recipients_are_taken(recipients: list[str]) -> None:
    with pytest.raises(errors.UsageError):
        age.export(recipients, b"x")


def test_a_secret_given_as_recipient_is_not_repeated() -> None:
    with pytest.raises(errors.UsageError) as refusal:
        age.export([KIT.age_identity], b"x")
    assert KIT.age_identity not in str(refusal.value)
    with pytest.raises(errors.UsageError) as refusal:
        age.open_export("AGE-SECRET-KEY-1NOTONE", b"x")
    assert "NOTONE" not in str(refusal.value)


def test_ages_own_program_opens_an_export(tmp_path: Path) -> None:
    try:
        subprocess.run(["age", "--version"], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("age is not installed")
    key, export = tmp_path / "key", tmp_path / "export"
    key.write_text(KIT.age_identity + "\n")
    export.write_bytes(age.export([KIT.age_recipient], b"all of it"))
    opened = subprocess.run(["age", "-d", "-i", key, export], capture_output=True, check=True)
    assert opened.stdout == b"all of it"
