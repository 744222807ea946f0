"""The keyring as a source: chosen by class from our list, read back, and never waited for."""

import threading
from collections.abc import Iterator

import pytest
from keyring.backend import KeyringBackend

from socialguard import errors
from socialguard.canon import jcs
from socialguard.vault import desktop_keyring, kek
from socialguard.vault.kek import Kind

_STORE: dict[tuple[str, str], str] = {}
_RELEASE = threading.Event()


class Keeping(KeyringBackend):
    """A keyring as the library's are, in memory."""

    priority = 9.0
    appid = "own"

    def get_password(self, service: str, username: str) -> str | None:
        return _STORE.get((service, username)) if self.appid == "own" else "stolen"

    def set_password(self, service: str, username: str, password: str) -> None:
        _STORE[service, username] = password


class Forgetting(Keeping):
    """A keyring that says yes and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class Raising(Keeping):
    """A keyring whose error quotes what it was given."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


class Hanging(Keeping):
    """A keyring that waits for a person."""

    def get_password(self, service: str, username: str) -> str | None:
        _RELEASE.wait(30)
        return None


@pytest.fixture(autouse=True)
def keyrings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the test's keyrings on the list, since no desktop is to be had here."""
    ours = {each.__name__.lower(): (__name__, each.__name__) for each in (Keeping, Forgetting, Raising, Hanging)}
    monkeypatch.setattr(desktop_keyring, "BACKENDS", {**ours, "absent": ("keyring.backends.none", "Keyring")})
    _STORE.clear()
    _RELEASE.clear()
    yield
    _RELEASE.set()


def test_a_key_in_the_keyring_opens_again_under_its_own_entry() -> None:
    first = kek.create_kek(Kind.KEYRING, "keeping")
    second = kek.create_kek(Kind.KEYRING, "keeping")
    assert first.source.place == "keeping"
    assert len(_STORE) == 2
    assert kek.open_kek(first.source, None).key == first.key != second.key


def test_the_first_keyring_that_works_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    order = {name: desktop_keyring.BACKENDS[name] for name in ("raising", "forgetting", "keeping")}
    monkeypatch.setattr(desktop_keyring, "BACKENDS", order)
    assert kek.create_kek(Kind.KEYRING, "").source.place == "keeping"


def test_the_environment_chooses_and_changes_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    made = kek.create_kek(Kind.KEYRING, "keeping")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{__name__}.Forgetting")
    monkeypatch.setenv("KEYRING_PROPERTY_APPID", "stolen")
    assert _as_the_library_makes_it().appid == "stolen"  # what the library itself would do
    assert kek.open_kek(made.source, None).key == made.key


@pytest.mark.parametrize("name", ["forgetting", "raising"])
def test_a_keyring_that_does_not_return_the_key_is_no_keyring(name: str) -> None:
    with pytest.raises(errors.Locked) as refusal:
        kek.create_kek(Kind.KEYRING, name)
    assert "cannot keep" not in str(refusal.value)
    assert refusal.value.exit_code == 4
    assert "--key-file" in refusal.value.what_to_do()


def test_a_keyring_that_is_not_installed_is_said_so() -> None:
    with pytest.raises(errors.Locked, match="absent: it is not installed"):
        kek.create_kek(Kind.KEYRING, "absent")


def test_a_keyring_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop_keyring, "LIMIT_SECONDS", 0.05)
    with pytest.raises(errors.Locked, match="did not answer") as refusal:
        desktop_keyring.read("hanging", "kek-1")
    assert "desktop session" in refusal.value.what_to_do()  # `vault unlock` would ask the same keyring


def test_a_keyring_outside_the_list_is_refused() -> None:
    with pytest.raises(errors.Tampered):
        desktop_keyring.read("keyrings.alt.file.PlaintextKeyring", "kek-1")
    with pytest.raises(errors.UsageError):
        kek.create_kek(Kind.KEYRING, "null")


def test_an_entry_that_is_gone_locks_and_one_that_was_changed_alarms() -> None:
    made = kek.create_kek(Kind.KEYRING, "keeping")
    place = next(iter(_STORE))
    for other, expected in (("no key", errors.Tampered), (_other_key(), errors.Tampered)):
        _STORE[place] = other
        with pytest.raises(expected):
            kek.open_kek(made.source, None)
    _STORE.clear()
    with pytest.raises(errors.Locked, match="no entry"):
        kek.open_kek(made.source, None)


def _as_the_library_makes_it() -> Keeping:
    made: Keeping = Keeping()  # type: ignore[no-untyped-call]
    return made


def _other_key() -> str:
    return jcs.b64(bytes(32))
