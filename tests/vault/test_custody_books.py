"""Every call with a credential is booked on its account, also one that the network refused."""

from pathlib import Path

import pytest

from socialguard import errors
from socialguard.vault import admission, upkeep, withdrawal
from tests.vault.custody_world import world


def test_an_account_that_is_taken_in_is_booked_once_it_is_there(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.added()
        assert one.booked == [("x:@acme", "account.identify", 1)]
        assert one.custody.unbooked == {}


def test_an_account_that_is_refused_books_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.network.user("token-acme", "somebody-else")
        with pytest.raises(errors.WrongIdentity):
            admission.add(one.custody, one.admission())
        assert one.booked == []


def test_upkeep_and_withdrawal_are_booked_also_where_they_fail(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        account = one.added()
        one.booked.clear()
        upkeep.verify(one.custody, account.id)
        upkeep.refresh(one.custody, account.id)
        one.network.problems["identity"] = errors.NotReached(network="X", account=account, detail="down.")
        with pytest.raises(errors.NotReached):
            upkeep.verify(one.custody, account.id)
        del one.network.problems["identity"]
        withdrawal.revoke(one.custody, account.id)
        assert one.booked == [
            ("x:@acme", "account.verify", 2),
            ("x:@acme", "credential.refresh", 1),
            ("x:@acme", "account.verify", 1),
            ("x:@acme", withdrawal.ACTION, 2),
        ]


def test_a_new_credential_is_booked_on_the_account_that_it_is_for(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        account = one.added()
        one.booked.clear()
        one.network.user("token-new", "acme", account.user_id)
        admission.rotate(one.custody, account.id, one.admission(token="token-new").credential)
        assert one.booked == [("x:@acme", "account.identify", 1)]
