"""When a person must name the account, and what exactly must be typed."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard import switch
from socialguard.guard.context import Remembered
from socialguard.guard.switch import Demand, Rules, Why
from socialguard.model.account import Account
from tests.guard.people import ACME, LYON, NOW, PAGE, account

SECURE = account("x:@townhall", client="town")


def remembered(*accounts: Account, minutes: float = 1) -> Remembered:
    """Return a context that confirmed these accounts and was last used some minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    return Remembered(frozenset(one.id for one in accounts), accounts[-1].id, at, at)


def demand(
    targets: Sequence[Account],
    known: Remembered | None,
    client: str | None = "acme",
    alike: Sequence[Account] = (),
    rules: Rules | None = None,
) -> Demand | None:
    def rules_of(one: Account) -> Rules:
        return rules or Rules(secure=one is SECURE)

    return switch.demand(targets, known, client, NOW, rules_of, lambda one: one in alike)


def why(found: Demand | None) -> Why | None:
    return None if found is None else found.why


def test_a_new_context_asks() -> None:
    assert why(demand([ACME], None, None)) is Why.NEW


def test_inside_the_confirmed_set_nothing_is_asked() -> None:
    assert demand([ACME], remembered(ACME)) is None
    assert demand([PAGE], remembered(ACME, PAGE)) is None
    assert demand([ACME, PAGE], remembered(PAGE, ACME)) is None


def test_a_target_outside_the_set_asks_even_of_the_same_client() -> None:
    assert why(demand([PAGE], remembered(ACME))) is Why.OUTSIDE
    assert why(demand([ACME, PAGE], remembered(ACME))) is Why.OUTSIDE


def test_crossing_to_another_client_asks_even_inside_the_set() -> None:
    both = remembered(ACME, LYON)
    assert why(demand([ACME], both, client="ville-lyon")) is Why.CLIENT
    assert why(demand([ACME, LYON], both, client="acme")) is Why.CLIENT
    assert why(demand([ACME], both, client=None)) is Why.CLIENT
    assert demand([LYON], both, client="ville-lyon") is None


@pytest.mark.parametrize(("minutes", "asks"), [(0, False), (30, False), (30.01, True), (10_000, True), (-1, True)])
def test_a_pause_of_more_than_half_an_hour_or_a_clock_set_back_asks(minutes: float, asks: bool) -> None:
    found = demand([ACME], remembered(ACME, minutes=minutes))
    assert why(found) is (Why.IDLE if asks else None)


def test_policy_shortens_the_pause() -> None:
    quick = Rules(reconfirm_after=timedelta(minutes=5))
    assert why(demand([ACME], remembered(ACME, minutes=6), rules=quick)) is Why.IDLE
    assert demand([ACME], remembered(ACME, minutes=5), rules=quick) is None


def test_a_secure_account_asks_every_time_and_for_its_whole_name() -> None:
    found = demand([SECURE], remembered(SECURE, minutes=0), client="town")
    assert found == Demand("secure", Why.SECURE, "x:@townhall", None)


def test_one_account_asks_for_its_short_name() -> None:
    assert demand([PAGE], None) == Demand("switch", Why.NEW, "acme-facebook", None)


def test_several_accounts_ask_for_their_number_and_each_client_the_largest_first() -> None:
    found = demand([LYON, ACME, PAGE], None)
    assert found == Demand("several", Why.NEW, "3 acme ville-lyon", None)
    assert demand([LYON, ACME], None) == Demand("several", Why.NEW, "2 ville-lyon acme", None)


def test_a_secure_account_among_several_is_named_too() -> None:
    found = demand([ACME, PAGE, SECURE], remembered(ACME, PAGE, SECURE))
    assert found == Demand("several", Why.SECURE, "3 acme town x:@townhall", None)


def test_a_handle_that_can_be_mistaken_asks_for_four_characters_that_nobody_knew_before() -> None:
    codes = set()
    for _ in range(50):
        found = demand([ACME, PAGE], None, alike=[PAGE])
        assert found is not None
        assert found.expected == "2 acme"
        assert found.code is not None
        assert len(found.code) == 4
        codes.add(found.code)
    assert len(codes) > 45
    assert not set("".join(codes)) & set("0O1IL")
    assert demand([ACME], remembered(ACME), alike=[ACME]) is None


ACCOUNTS = [ACME, PAGE, LYON, SECURE, account("x:@globex", client="acme")]


@given(
    st.lists(st.sampled_from(ACCOUNTS), min_size=1, unique_by=str),
    st.lists(st.sampled_from(ACCOUNTS), unique_by=str),
    st.integers(-600, 6000).map(lambda seconds: seconds / 60),
    st.sampled_from([None, "acme", "ville-lyon", "town"]),
)
def test_silence_means_inside_the_set_of_one_client_in_time_and_never_secure(
    targets: list[Account], confirmed: list[Account], minutes: float, client: str | None
) -> None:
    known = remembered(*confirmed, minutes=minutes) if confirmed else None
    is_quiet = demand(targets, known, client) is None
    assert is_quiet == (
        known is not None
        and 0 <= minutes <= 30
        and set(map(str, targets)) <= set(map(str, confirmed))
        and {one.client for one in targets} == {client}
        and SECURE not in targets
    )
