"""Which handles X says that somebody has."""

import pytest

from socialguard import errors

from .wire import Wire, http
from .x_world import session

MISSING = "https://api.twitter.com/2/problems/resource-not-found"


def test_what_x_finds_exists_and_what_it_does_not_find_does_not(wire: Wire) -> None:
    user = {"id": "1", "name": "Globex", "username": "Globex"}
    gone = {"type": MISSING, "value": "nobody", "detail": "Could not find user with usernames: [nobody]."}
    shut = {"type": MISSING, "value": "banned", "detail": "User has been suspended: [banned]."}
    wire.answers = [http({"data": [user], "errors": [gone, shut]})]
    found = session(wire.origin).which_exist(["globex", "nobody", "banned"])
    assert found == {"globex": True, "nobody": False}


def test_what_no_account_can_be_called_is_not_asked_for(wire: Wire) -> None:
    wire.answers = []
    assert session(wire.origin).which_exist(["far_too_long_for_x", "dot.ted"]) == {
        "far_too_long_for_x": False,
        "dot.ted": False,
    }


def test_more_than_a_hundred_take_two_requests(wire: Wire) -> None:
    wire.answers = [http({"data": []}), http({"data": []})]
    x = session(wire.origin)
    assert x.which_exist([f"name{number}" for number in range(101)]) == {}
    assert x.calls == 2


def test_an_answer_without_sense_says_nothing_of_any_handle(wire: Wire) -> None:
    wire.answers = [http({"data": [{"id": "x"}]})]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).which_exist(["globex"])
