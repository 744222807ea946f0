"""`vault unlock` and `vault lock`, in this machine's own kernel."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialguard import errors
from socialguard.vault import kek, kernel
from socialguard.vault.kek import Kind
from tests.vault.identities import ORG, PHRASE, made


def _kernel_refuses() -> bool:
    try:
        kernel.lock("0" * 32)
    except errors.Locked:
        return True
    return False


needs_kernel = pytest.mark.skipif(_kernel_refuses(), reason="this kernel allows no keyring here")


@pytest.fixture
def phrase_kek() -> Iterator[kek.Kek]:
    created = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    yield created
    if not _kernel_refuses():
        kernel.lock(created.source.check)


def _nobody() -> str:
    raise AssertionError("nobody may be asked")


@needs_kernel
def test_an_unlocked_vault_asks_nobody_until_it_is_locked(phrase_kek: kek.Kek) -> None:
    kernel.unlock(phrase_kek)
    assert kek.open_kek(phrase_kek.source, _nobody).key == phrase_kek.key
    assert kernel.lock(phrase_kek.source.check)
    assert not kernel.lock(phrase_kek.source.check)
    with pytest.raises(errors.Locked):
        kek.open_kek(phrase_kek.source, None)


@needs_kernel
def test_another_process_of_the_user_finds_the_key(phrase_kek: kek.Kek) -> None:
    kernel.unlock(phrase_kek)
    script = f"from socialguard.vault import kernel; print(kernel.find({phrase_kek.source.check!r}) is not None)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "True\n"


@needs_kernel
def test_a_key_has_an_end_and_only_its_possessor_may_use_it(phrase_kek: kek.Kek) -> None:
    kernel.unlock(phrase_kek, 3600)
    shown = [line for line in Path("/proc/keys").read_text().splitlines() if phrase_kek.source.check in line]
    if not shown:
        pytest.skip("/proc/keys does not show the key")
    _, _, _, timeout, permissions = shown[0].split()[:5]
    assert timeout in {"59m", "60m", "1h", "3599s", "3600s"}
    assert permissions == "3f000000"


@needs_kernel
def test_the_key_of_one_vault_opens_no_other(phrase_kek: kek.Kek) -> None:
    kernel.unlock(phrase_kek)
    other = kek.create_kek(Kind.PASSPHRASE, "", lambda: PHRASE)
    with pytest.raises(errors.Locked):
        kek.open_kek(other.source, None)


@needs_kernel
def test_an_identity_unlocks_and_locks_its_own_keys(tmp_path: Path, phrase_kek: kek.Kek) -> None:
    place = made(tmp_path / "identity", under=phrase_kek)
    place.open().unlock(lambda: PHRASE)
    again = place.open()
    assert again.org == ORG
    again.member(_nobody)
    assert again.lock()
    with pytest.raises(errors.Locked):
        again.member(None)


def test_keys_that_need_no_passphrase_have_nothing_to_unlock(tmp_path: Path) -> None:
    place = made(tmp_path / "identity")
    with pytest.raises(errors.UsageError, match="nothing to unlock"):
        place.open().unlock(None)
    assert not place.open().lock()


@pytest.mark.parametrize("seconds", [0, -1, 8 * 3600 + 1])
def test_nothing_stays_unlocked_for_ever(phrase_kek: kek.Kek, seconds: int) -> None:
    with pytest.raises(errors.UsageError):
        kernel.unlock(phrase_kek, seconds)


def test_a_kernel_that_refuses_is_a_sentence_for_unlock_and_a_locked_vault_otherwise(
    phrase_kek: kek.Kek, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(errors.Locked, match="keeps no key for us") as refusal:
        kernel.unlock(phrase_kek)
    assert "Containers" in refusal.value.what_to_do()
    assert kernel.find(phrase_kek.source.check) is None
    with pytest.raises(errors.Locked):
        kernel.lock(phrase_kek.source.check)
