"""What the text checks know our own credentials by: keyed hashes, never the credential."""

import stat
from pathlib import Path

import pytest

from socialguard.model.credential import Credential
from socialguard.vault import marks
from socialguard.vault.marks import Marks

TOKEN = "k3J9-2mQx.81xLp0aZ"


def credential(token: str = TOKEN) -> Credential:
    """Return a credential with a secret, a number and a name."""
    return Credential(
        "x", "oauth2", {"access_token": token, "user_id": "123456789012345", "expires_at": "2026-11-30"}
    )


def test_only_the_secret_values_are_known_and_only_whole(tmp_path: Path) -> None:
    kept = Marks(tmp_path / "marks")
    assert not kept.is_ours(TOKEN)
    kept.add("a1", 1, credential())
    assert kept.is_ours(TOKEN)
    for other in (TOKEN[:-1], TOKEN + "x", "123456789012345", "2026-11-30", ""):
        assert not kept.is_ours(other)


def test_the_file_is_private_holds_no_credential_and_is_read_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    Marks(path).add("a1", 1, credential())
    assert TOKEN not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Marks(path).is_ours(TOKEN)


def test_two_machines_hash_with_different_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Marks(tmp_path / name).add("a1", 1, credential())
    one, two = ((tmp_path / name).read_text().split() for name in ("one", "two"))
    assert not set(one[:1] + one[3:]) & set(two[:1] + two[3:])


def test_a_generation_is_written_once_and_a_replaced_one_is_still_a_secret(tmp_path: Path) -> None:
    kept = Marks(tmp_path / "marks")
    for _ in range(3):
        kept.add("a1", 1, credential())
    kept.add("a1", 2, credential("newer-token-0001"))
    kept.add("a1", 1, credential("older-token-0001"))
    assert len((tmp_path / "marks").read_text().splitlines()) == 3
    assert kept.is_ours(TOKEN)
    assert kept.is_ours("newer-token-0001")


def test_a_file_that_has_grown_keeps_the_newest_of_each_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_GROWN", 1000)
    kept = Marks(tmp_path / "marks")
    for gen in range(1, 40):
        kept.add("a1", gen, credential(f"token-number-{gen:04}"))
        kept.add("a2", gen, credential(f"other-number-{gen:04}"))
        assert (tmp_path / "marks").stat().st_size < 1500
    assert kept.is_ours("token-number-0039")
    assert kept.is_ours("other-number-0039")


def test_a_damaged_or_shared_file_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    path.write_text("no key\n")
    path.chmod(0o600)
    kept = Marks(path)
    kept.add("a1", 1, credential())
    assert not kept.is_ours(TOKEN)
    path.chmod(0o644)
    assert not Marks(path).is_ours(TOKEN)


def test_a_line_that_was_torn_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    Marks(path).add("a1", 1, credential())
    with path.open("a") as file:
        file.write("a2 x\na3\n\n")
    assert Marks(path).is_ours(TOKEN)
