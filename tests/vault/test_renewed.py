"""A token that the network renewed is never lost between its answer and our commit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from socialguard import errors
from socialguard.model.account import Account
from socialguard.networks.interface import Session
from socialguard.vault import admission, upkeep, withdrawal
from socialguard.vault.custody import Custody
from socialguard.vault.keys import KeyPair
from socialguard.vault.renewed import ROOM, Renewed
from tests.vault.custody_world import World, world

SECRET = "token-acme"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    """A founded world of its own."""
    with world(tmp_path) as found:
        yield found


def full(w: World) -> Custody:
    """The same custody on a disk that is full as soon as the network has answered."""

    def book(_connection: Connection, _account: Account, _session: Session, _operation: str) -> None:
        raise errors.DiskFull(path="socialguard.db")

    return replace(w.custody, book=book)


def refreshes(w: World) -> int:
    """How often the network was asked for a new token."""
    return [call for call, _ in w.network.calls].count("refresh")


def test_a_renewed_token_that_could_not_be_stored_is_stored_by_the_next_refresh(w: World) -> None:
    """The network takes the old one no more, so asking it again would have lost the account."""
    account = w.added()
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(full(w), account.id)
    assert (w.custody.renewed.holds(account.id), w.stored(account.id)) == (True, SECRET)
    assert upkeep.refresh(w.custody, account.id, seen=1) == 2
    assert (refreshes(w), w.stored(account.id)) == (1, "token-acme-1")
    assert w.pins.generation(account.id) == 2
    assert ("credential.recover", "ok") in w.log()
    assert not w.custody.renewed.holds(account.id)
    assert upkeep.refresh(w.custody, account.id) == 3, "the next one is asked for again"


def test_asking_about_the_credential_stores_it_too(w: World) -> None:
    account = w.added()
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(full(w), account.id)
    assert upkeep.verify(w.custody, account.id).holding.gen == 2
    assert w.stored(account.id) == "token-acme-1"


def test_nothing_is_asked_where_no_room_can_be_made(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    account = w.added()

    def no_room(*_: object) -> None:
        raise errors.DiskFull(path="renewed")

    monkeypatch.setattr(Renewed, "prepare", no_room)
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(w.custody, account.id)
    assert refreshes(w) == 0


def test_the_room_is_taken_before_the_network_is_asked_and_is_enough(w: World) -> None:
    account = w.added()
    place = w.renewed_place
    sizes: list[int] = []
    w.network.before = lambda _: sizes.append((place / account.id).stat().st_size)
    upkeep.refresh(w.custody, account.id)
    assert sizes == [ROOM]
    assert not (place / account.id).exists()


def test_a_refusal_leaves_nothing_behind(w: World) -> None:
    account = w.added()
    w.network.problems["refresh"] = errors.AuthenticationNeeded(network="X", account=account, detail="400.")
    with pytest.raises(errors.AuthenticationNeeded):
        upkeep.refresh(w.custody, account.id)
    assert list(w.renewed_place.iterdir()) == []


def test_what_is_kept_is_sealed_and_only_of_these_keys(w: World) -> None:
    """A file that somebody else put there is refused; the token stands nowhere in the open."""
    account = w.added()
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(full(w), account.id)
    path = w.renewed_place / account.id
    data = path.read_bytes()
    assert b"token-acme-1" not in data
    stranger = KeyPair.generate()
    w.custody.renewed.keep(account.id, 1, {"kind": "oauth2", "access_token": "theirs"}, stranger)
    with pytest.raises(errors.Tampered):
        upkeep.refresh(w.custody, account.id)
    assert w.stored(account.id) == SECRET
    path.write_bytes(data.replace(b'"gen":1', b'"gen":7'))
    with pytest.raises(errors.Tampered):
        upkeep.refresh(w.custody, account.id)


def test_what_was_kept_before_another_credential_was_stored_is_not_used(w: World) -> None:
    account = w.added()
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(full(w), account.id)
    w.network.user("token-next", "acme")
    admission.rotate(w.custody, account.id, w.admission(token="token-next").credential)
    assert upkeep.refresh(w.custody, account.id) == 3
    assert (refreshes(w), w.stored(account.id)) == (2, "token-next-2")


def test_sealing_anew_seals_what_was_kept(w: World) -> None:
    account = w.added()
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(full(w), account.id)
    assert upkeep.rewrap(w.custody, [account.id]) == {account.id: 3}
    assert w.stored(account.id) == "token-acme-1"


def test_an_account_that_is_removed_takes_its_place_along(w: World) -> None:
    account = w.added()
    with pytest.raises(errors.DiskFull):
        upkeep.refresh(full(w), account.id)
    withdrawal.remove(w.custody, account.id, None, require_unused=lambda *_: None)
    assert not (w.renewed_place / account.id).exists()
