"""The identity directory: sealed, private, whole, and opened no more than is asked for."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.canon import jcs
from socialguard.vault import identity, kek, private_files, rekeying
from socialguard.vault.kek import Kind
from tests.vault.identities import LOG_KEY, MEMBER, ORG, OTHER_ORG, PHRASE, WORKER, Place, flipped, made

FILES = ("member.key", "worker.key", "log.key", "pins")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return made(tmp_path / "identity")


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("shared") / "identity")


def _open_all(place: Place) -> None:
    opened = place.open()
    opened.member(None)
    opened.worker(None)
    opened.log_key(LOG_KEY.public, None)
    opened.pins(None)


def test_what_was_made_opens_again(place: Place) -> None:
    opened = place.open()
    assert opened.member(None).to_bytes() == MEMBER.to_bytes()
    assert opened.worker(None).to_bytes() == WORKER.to_bytes()
    assert opened.log_key(LOG_KEY.public, None).to_bytes() == LOG_KEY.to_bytes()
    assert opened.pins(None).manifest() is None
    assert (opened.member_id, opened.worker_id) == ("m-1", "w-1")


def test_directory_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        place = made(tmp_path / "new" / "identity")
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.base.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in place.directory.iterdir()} == {0o600}


def test_public_halves_are_read_without_any_key(place: Place) -> None:
    Path(place.kek.source.place).unlink()
    opened = place.open()
    assert opened.public(identity.MEMBER) == identity.PublicHalves(MEMBER.ed25519, MEMBER.x25519)
    assert opened.public(identity.WORKER).x25519 == WORKER.x25519
    assert opened.log_public == LOG_KEY.public
    with pytest.raises(errors.Locked):
        opened.worker(None)


def test_no_secret_stands_in_any_file(place: Place) -> None:
    secrets = [MEMBER.to_bytes(), WORKER.to_bytes(), LOG_KEY.to_bytes(), place.kek.key]
    halves = [half for secret in secrets for half in (secret[:32], secret[32:]) if half]
    for file in place.directory.iterdir():
        data = file.read_bytes()
        for half in halves:
            assert half not in data
            assert half.hex().encode() not in data
            assert jcs.b64(half).rstrip("=")[:-1].encode() not in data


def test_an_identity_is_never_overwritten(place: Place) -> None:
    before = {each.name: each.read_bytes() for each in place.directory.iterdir()}
    with pytest.raises(errors.UsageError, match="already"):
        made(place.base, under=place.kek)
    assert {each.name: each.read_bytes() for each in place.directory.iterdir()} == before
    assert [each.name for each in place.base.iterdir()] == [ORG]


def test_a_full_disk_leaves_no_half_an_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    under = kek.create_kek(Kind.FILE, str(tmp_path / "kek"))
    written: list[Path] = []
    real = private_files.replace

    def full(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) > 2:
            raise errors.DiskFull(path=path)
        real(path, data)

    monkeypatch.setattr(private_files, "replace", full)
    with pytest.raises(errors.DiskFull):
        made(tmp_path / "identity", under=under)
    assert list((tmp_path / "identity").iterdir()) == []


def test_a_machine_without_the_directory_has_not_adopted_the_workspace(tmp_path: Path) -> None:
    with pytest.raises(errors.NotAdopted) as refusal:
        identity.open_identity(tmp_path, ORG)
    assert refusal.value.exit_code == 13
    assert "SOCIALGUARD_IDENTITY" in refusal.value.what_to_do()


@pytest.mark.parametrize("org", ["", "../x", "a/b", "A", ".", "x" * 129])
def test_an_organisation_is_not_a_path(tmp_path: Path, org: str) -> None:
    with pytest.raises(errors.UsageError):
        identity.open_identity(tmp_path, org)


@pytest.mark.parametrize("name", ["worker.key", "log.key"])
def test_a_missing_key_is_not_adopted(place: Place, name: str) -> None:
    (place.directory / name).unlink()
    with pytest.raises(errors.NotAdopted):
        place.open()


def test_a_daemon_works_without_any_persons_keys(place: Place) -> None:
    (place.directory / "member.key").unlink()
    opened = place.open()
    assert opened.worker(None).signing_id == WORKER.signing_id
    with pytest.raises(errors.NotAdopted):
        opened.member(None)


@pytest.mark.parametrize("name", ["", *FILES])
def test_what_others_could_open_is_refused(place: Place, name: str) -> None:
    target = place.directory / name if name else place.directory
    target.chmod(target.stat().st_mode | 0o040)
    with pytest.raises(errors.Unreadable) as refusal:
        _open_all(place)
    assert "chmod" in refusal.value.what_to_do()


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bit=st.integers(0, 2**16))
def test_a_flipped_bit_in_any_file_is_found(shared_place: Place, name: str, bit: int) -> None:
    path = shared_place.directory / name
    whole = path.read_bytes()
    try:
        path.write_bytes(flipped(whole, bit))
        with pytest.raises((errors.Tampered, errors.Unreadable, errors.Locked)) as refusal:
            _open_all(shared_place)
        assert refusal.value.exit_code in (13, 15, 4)
    finally:
        path.write_bytes(whole)


@settings(max_examples=40)
@given(data=st.binary(max_size=300), lines=st.integers(0, 3))
def test_bytes_that_are_no_sealed_file_get_a_sentence(shared_place: Place, data: bytes, lines: int) -> None:
    path = shared_place.directory / "worker.key"
    whole = path.read_bytes()
    try:
        path.write_bytes(data + b"\n" * lines)
        with pytest.raises((errors.Tampered, errors.Unreadable)):
            shared_place.open()
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_truncated_file_is_found(place: Place, size: int) -> None:
    path = place.directory / "worker.key"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(errors.Tampered):
        place.open()


def test_a_file_of_another_version_is_refused_and_not_guessed(place: Place) -> None:
    path = place.directory / "worker.key"
    first, rest = path.read_text().split("\n", 1)
    path.write_text(jcs.encode({**json.loads(first), "v": 2}).decode() + "\n" + rest)
    with pytest.raises(errors.Unreadable, match="version 2"):
        place.open()


def test_files_do_not_stand_in_for_each_other(place: Place) -> None:
    other = made(place.base, OTHER_ORG, place.kek)
    for source, target in (
        (place.directory / "member.key", place.directory / "worker.key"),
        (other.directory / "worker.key", place.directory / "worker.key"),
        (other.directory / "pins", place.directory / "pins"),
        (place.directory / "log.key", place.directory / "pins"),
    ):
        whole = target.read_bytes()
        shutil.copyfile(source, target)
        with pytest.raises(errors.Tampered):
            _open_all(place)
        target.write_bytes(whole)
    _open_all(place)


@pytest.mark.parametrize("name", FILES)
def test_a_header_that_names_another_source_is_refused(place: Place, tmp_path: Path, name: str) -> None:
    """The downgrade: an intruder records a key file of their own as the source."""
    theirs = kek.create_kek(Kind.FILE, str(tmp_path / "theirs"))
    path = place.directory / name
    first, rest = path.read_text().split("\n", 1)
    path.write_text(jcs.encode({**json.loads(first), "kek": theirs.source.document()}).decode() + "\n" + rest)
    with pytest.raises(errors.Tampered):
        _open_all(place)


@pytest.mark.parametrize("name", ["worker.key", "log.key", "pins"])
def test_a_file_sealed_under_a_source_of_the_intruder_is_refused(place: Place, tmp_path: Path, name: str) -> None:
    theirs = made(tmp_path / "intruder" / "identity")
    shutil.copyfile(theirs.directory / name, place.directory / name)
    with pytest.raises(errors.Tampered):
        _open_all(place)


class _Counted:
    """Someone who is asked for a passphrase, and counts."""

    def __init__(self, *answers: str) -> None:
        self.answers: Iterator[str] = iter(answers)
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        return next(self.answers)


def test_a_passphrase_is_asked_for_once_in_a_process(tmp_path: Path) -> None:
    under = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    place = made(tmp_path / "identity", under=under)
    asked = _Counted(PHRASE)
    opened = place.open()
    assert asked.times == 0
    opened.member(asked)
    opened.worker(asked)
    opened.log_key(LOG_KEY.public, asked)
    opened.pins(asked)
    opened.pins(None).pin_freeze(1)
    assert asked.times == 1


def test_a_wrong_passphrase_is_exit_4_and_the_next_try_is_free(tmp_path: Path) -> None:
    under = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    opened = made(tmp_path / "identity", under=under).open()
    asked = _Counted("a wrong passphrase", PHRASE)
    with pytest.raises(errors.Locked) as refusal:
        opened.member(asked)
    assert refusal.value.exit_code == 4
    assert opened.member(asked).signing_id == MEMBER.signing_id


def test_who_just_made_the_keys_is_not_asked_again(tmp_path: Path) -> None:
    under = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    place = made(tmp_path / "identity", under=under)
    opened = identity.open_identity(place.base, ORG, (under,))
    assert opened.member(None).signing_id == MEMBER.signing_id


def test_the_workers_kek_opens_no_persons_keys(tmp_path: Path) -> None:
    persons = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    daemons = kek.create_kek(Kind.FILE, str(tmp_path / "daemon.kek"))
    opened = made(tmp_path / "identity", under=persons, worker=daemons).open()
    assert opened.worker(None).signing_id == WORKER.signing_id
    assert opened.log_key(LOG_KEY.public, None).public == LOG_KEY.public
    opened.pins(None).pin_freeze(1)
    with pytest.raises(errors.Locked, match="nobody to ask"):
        opened.member(None)
    assert opened.member(lambda: PHRASE).signing_id == MEMBER.signing_id
    assert opened.worker_source == daemons.source
    assert opened.member_source == persons.source


def test_an_identity_shows_no_secret(place: Place) -> None:
    opened = place.open()
    opened.member(None)
    assert repr(opened) == f"Identity({ORG})"


def test_a_log_key_that_was_offered_signs_once_it_is_listed_whatever_opens_it_then(tmp_path: Path) -> None:
    """Nothing of it is used before, and a changed passphrase takes it along."""
    old = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    place = made(tmp_path / "identity", under=old)
    offered = identity.open_identity(place.base, ORG, (old,)).offer_log_key(None)
    new = kek.create_kek(Kind.PASSPHRASE, "", lambda: "another passphrase")
    rekeying.change(place.directory, ORG, old, new)
    opened = identity.open_identity(place.base, ORG, (new,))
    assert opened.log_key(LOG_KEY.public, None).public == LOG_KEY.public
    assert opened.is_log_key_settled(LOG_KEY.public)
    assert opened.log_key(offered.public, None).to_bytes() == offered.to_bytes()
    assert not opened.is_log_key_settled(offered.public)
    opened.settle_log_key(offered.public)
    assert opened.is_log_key_settled(offered.public)
    again = identity.open_identity(place.base, ORG, (new,))
    assert again.log_key(offered.public, None).public == offered.public
    with pytest.raises(errors.LogKeyElsewhere):
        again.log_key(LOG_KEY.public, None)
