"""The KEK's sources: each opens only what it sealed, and none is accepted in place of another."""

import os
import pickle
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model import credential
from socialguard.vault import kek, kernel, passphrase
from socialguard.vault.kek import Kind, Source
from tests.vault.identities import PHRASE


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "kek"


@pytest.fixture(scope="module")
def phrase_kek() -> kek.Kek:
    return kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)


def test_a_key_file_is_made_private_and_opens_again(key_file: Path) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert jcs.unb64(key_file.read_text().strip()) == made.key
    assert kek.open_kek(made.source, None).key == made.key


def test_a_key_file_that_is_there_is_used_as_it_is(key_file: Path) -> None:
    first = kek.create_kek(Kind.FILE, str(key_file))
    before = key_file.read_bytes()
    assert kek.create_kek(Kind.FILE, str(key_file)).key == first.key
    assert key_file.read_bytes() == before


def test_the_place_of_a_key_file_does_not_depend_on_the_directory_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = kek.create_kek(Kind.FILE, "kek")
    monkeypatch.chdir("/")
    assert kek.open_kek(made.source, None).key == made.key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_key_file_that_others_could_open_is_refused(key_file: Path, mode: int) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    key_file.chmod(mode)
    attempts: list[Callable[[], kek.Kek]] = [
        lambda: kek.open_kek(made.source, None),
        lambda: kek.create_kek(Kind.FILE, str(key_file)),
    ]
    for attempt in attempts:
        with pytest.raises(errors.Unreadable) as refusal:
            attempt()
        assert "chmod 600" in refusal.value.what_to_do()


def _as_link(path: Path) -> None:
    path.rename(path.with_name("real"))
    path.symlink_to(path.with_name("real"))


def _as_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _as_directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


@pytest.mark.parametrize("disguise", [_as_link, _as_fifo, _as_directory])
def test_a_key_file_is_a_regular_file(key_file: Path, disguise: Callable[[Path], None]) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    disguise(key_file)
    with pytest.raises(errors.Unreadable):
        kek.open_kek(made.source, None)


def test_a_key_file_of_another_user_is_refused(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(errors.Unreadable, match="another user"):
        kek.open_kek(made.source, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", jcs.b64(bytes(31)).encode(), jcs.b64(bytes(33)).encode(), bytes(32), b"x" * 5000, b"\xff" * 44],
    ids=["empty", "newline", "31", "33", "raw", "huge", "binary"],
)
def test_a_key_file_without_one_key_is_refused(key_file: Path, content: bytes) -> None:
    key_file.parent.mkdir()
    key_file.write_bytes(content)
    key_file.chmod(0o600)
    with pytest.raises(errors.Unreadable) as refusal:
        kek.create_kek(Kind.FILE, str(key_file))
    assert refusal.value.exit_code == 15
    assert key_file.read_bytes() == content


def test_a_missing_key_file_locks_the_vault_and_is_not_made_again(key_file: Path) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    key_file.unlink()
    with pytest.raises(errors.Locked):
        kek.open_kek(made.source, lambda: PHRASE)
    assert not key_file.exists()


def test_another_key_in_the_key_file_is_an_alarm(key_file: Path) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    key_file.write_text(jcs.b64(bytes(32)))
    with pytest.raises(errors.Tampered) as refusal:
        kek.open_kek(made.source, None)
    assert str(key_file) in str(refusal.value)


def test_a_service_opens_its_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "socialguard.kek").write_text(jcs.b64(bytes(range(32))) + "\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    made = kek.create_kek(Kind.SYSTEMD, "")
    assert made.key == bytes(range(32))
    assert kek.open_kek(made.source, None).key == made.key
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(errors.Locked, match=r"socialguard\.kek"):
        kek.open_kek(made.source, lambda: PHRASE)


def test_a_passphrase_opens_what_it_sealed_at_the_documented_cost(phrase_kek: kek.Kek) -> None:
    source = phrase_kek.source
    assert [source.number(name) for name in ("memory", "passes", "lanes")] == [65536, 3, 4]
    assert kek.open_kek(source, lambda: PHRASE).key == phrase_kek.key


def test_a_wrong_passphrase_is_answered_with_exit_4(phrase_kek: kek.Kek) -> None:
    with pytest.raises(errors.Locked) as refusal:
        kek.open_kek(phrase_kek.source, lambda: PHRASE + "!")
    assert refusal.value.exit_code == 4
    assert PHRASE not in str(refusal.value) + refusal.value.what_to_do()


def test_two_passphrases_alike_seal_differently(phrase_kek: kek.Kek) -> None:
    again = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    assert again.key != phrase_kek.key
    assert again.source.check != phrase_kek.source.check


@pytest.mark.parametrize("given", ["", "short", "eleven char", "   spaces   "])
def test_a_new_passphrase_needs_twelve_characters(given: str) -> None:
    with pytest.raises(errors.UsageError, match="at least 12"):
        kek.create_kek(Kind.PASSPHRASE, "", lambda: given)


@pytest.mark.parametrize("given", ["x" * 5000, "no text \udcff at all"], ids=["long", "bytes"])
def test_a_passphrase_that_cannot_be_one_gets_a_sentence(given: str) -> None:
    with pytest.raises(errors.UsageError):
        kek.create_kek(Kind.PASSPHRASE, "", lambda: given)


def test_nobody_to_ask_is_a_locked_vault(phrase_kek: kek.Kek) -> None:
    with pytest.raises(errors.Locked, match="nobody to ask"):
        kek.open_kek(phrase_kek.source, None)


@pytest.mark.parametrize(
    "weaker",
    [
        {"memory": 19 * 1024 - 1},
        {"memory": 1024 * 1024 + 1},
        {"memory": 8},
        {"passes": 1},
        {"passes": 11},
        {"lanes": 0},
        {"lanes": 9},
        {"memory": -1},
        {"salt": ""},
        {"salt": "AAAA"},
        {"salt": "no base64"},
    ],
    ids=str,
)
def test_a_record_with_another_cost_is_refused_before_anyone_is_asked(
    phrase_kek: kek.Kek, weaker: Mapping[str, str | int]
) -> None:
    params = tuple(sorted({**dict(phrase_kek.source.params), **weaker}.items()))
    with pytest.raises(errors.Tampered) as refusal:
        kek.open_kek(replace(phrase_kek.source, params=params), lambda: pytest.fail("nobody may be asked"))
    assert refusal.value.exit_code == 13


def test_a_weakened_record_is_refused_while_the_vault_is_unlocked(
    phrase_kek: kek.Kek, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "find", lambda _check: phrase_kek.key)
    assert kek.open_kek(phrase_kek.source, None).key == phrase_kek.key
    params = tuple(sorted((dict(phrase_kek.source.params) | {"memory": 8}).items()))
    with pytest.raises(errors.Tampered):
        kek.open_kek(replace(phrase_kek.source, params=params), None)


def test_the_limits_of_the_cost_are_those_of_the_formats() -> None:
    for memory, passes, lanes in ((19 * 1024, 2, 1), (1024 * 1024, 10, 8)):
        passphrase.check_cost(memory, passes, lanes)


def test_no_source_opens_what_another_sealed(key_file: Path, phrase_kek: kek.Kek) -> None:
    made = kek.create_kek(Kind.FILE, str(key_file))
    downgraded = replace(made.source, check=phrase_kek.source.check)
    with pytest.raises(errors.Tampered):
        kek.open_kek(downgraded, lambda: PHRASE)
    swapped = replace(phrase_kek.source, check=made.source.check)
    with pytest.raises(errors.Locked):
        kek.open_kek(swapped, lambda: PHRASE)


def test_a_source_comes_back_from_its_record(key_file: Path, phrase_kek: kek.Kek) -> None:
    for source in (phrase_kek.source, kek.create_kek(Kind.FILE, str(key_file)).source):
        assert Source.parse(jcs.decode(jcs.encode(source.document()))) == source


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**40) | st.text(max_size=8) | st.sampled_from(list(Kind)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


@given(
    kind=_JSON | st.just("file"),
    place=_JSON | st.just("/k"),
    params=_JSON | st.just({}),
    check=_JSON | st.just("a" * 32),
)
def test_any_record_is_a_source_or_a_value_error(
    kind: object, place: object, params: object, check: object
) -> None:
    value = {"kind": kind, "place": place, "params": params, "check": check}
    try:
        assert Source.parse(value).document() == value
    except ValueError:
        return


def test_a_kek_shows_itself_nowhere(phrase_kek: kek.Kek) -> None:
    for text in (repr(phrase_kek), str(phrase_kek), repr(phrase_kek.source), str(phrase_kek.source)):
        assert jcs.b64(phrase_kek.key) not in text
        assert PHRASE not in text
    with pytest.raises(TypeError):
        pickle.dumps(phrase_kek)
    told = credential.redact(f"log: {PHRASE} {jcs.b64(phrase_kek.key)} {phrase_kek.key.hex()}")
    assert told == "log: [secret] [secret] [secret]"
