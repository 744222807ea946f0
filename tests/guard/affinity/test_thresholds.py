"""Credit: false alarms that happen move how much is asked."""

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard.affinity import Portfolio, Post, memory, thresholds
from tests.guard.affinity.writers import START, VOCABULARIES, learned, written

CITY: Final = "x:@ville-lyon"


def test_a_false_alarm_costs_what_many_quiet_posts_earn() -> None:
    """At a rate of two in a hundred, fifty posts and one alarm leave an account about where it was."""
    credit = thresholds.credited(0.0, 0.02, asked=True)
    for _ in range(50):
        credit = thresholds.credited(credit, 0.02, asked=False)
    assert credit == pytest.approx(51 * 0.018 - 1)


@given(st.lists(st.booleans(), max_size=300))
def test_credit_stays_within_its_limits(alarms: list[bool]) -> None:
    """However long all is quiet or all is wrong, it turns within a few posts."""
    credit = 0.0
    for asked in alarms:
        credit = thresholds.credited(credit, 0.02, asked=asked)
    assert -5 <= credit <= 1


def test_what_was_earned_is_asked_by_all_and_what_is_owed_by_each() -> None:
    """Credit of all together lets each ask more, up to half again; debt of one takes from that one alone."""
    assert thresholds.corrected([0.02, 0.01], [0.0, 0.0]) == [0.02, 0.01]
    first, second = thresholds.corrected([0.02, 0.02], [1.0, -1.0])
    assert first == 0.02
    assert second < 0.016
    assert thresholds.corrected([0.02] * 30, [1.0] * 30) == pytest.approx([0.03] * 30)
    assert min(thresholds.corrected([0.02] * 2, [-5.0] * 2)) >= 0.02 / 16


def test_an_account_that_was_asked_in_vain_is_asked_less_and_it_is_kept() -> None:
    """Confirmed posts that read like another account raise their account's thresholds, also after a restart."""
    found = learned()
    found.calibrate()
    before = found.judge(Post("?"), CITY)
    for number in range(4):
        found.learn(CITY, Post(written("x:@sport", 300 + number).text, at=START + timedelta(days=900 + number)))
    assert found.false_alarms[CITY][0] >= 2
    after = found.judge(Post("?"), CITY)
    assert after.swap_threshold > before.swap_threshold
    kept = {account: found.dump(account) for account in VOCABULARIES}
    assert memory.load(kept[CITY])[0].credit < -1
    assert Portfolio.restored(kept).judge(Post("?"), CITY).swap_threshold == after.swap_threshold
    anew = learned()
    anew.calibrate()
    anew.succeed(found)
    assert memory.load(anew.dump(CITY))[0].credit == memory.load(kept[CITY])[0].credit
