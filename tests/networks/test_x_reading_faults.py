"""What goes wrong between us and X while a list is read costs no item, and says what it was."""

from typing import Any

import pytest

from socialguard import errors
from socialguard.model.activity import Item, Stream
from socialguard.sandbox.process import Running

from .wire import leaked
from .x_world import SECRETS, X_SEED, session

FIRST = 1_780_000_000

FAULTS: list[tuple[dict[str, Any], type[errors.SocialGuardError]]] = [
    ({"kind": "drop_before"}, errors.NotReached),
    ({"kind": "accept_then_drop"}, errors.NotReached),
    ({"kind": "cut", "bytes": 500}, errors.NotReached),
    ({"kind": "status", "code": 500}, errors.NetworkRefused),
    ({"kind": "status", "code": 502}, errors.NetworkRefused),
    ({"kind": "status", "code": 429, "seconds": 60}, errors.RateLimited),
    ({"kind": "status", "code": 402}, errors.NetworkRefused),
    ({"kind": "status", "code": 403}, errors.NetworkRefused),
    ({"kind": "status", "code": 200, "body": "{}"}, errors.NetworkRefused),
    ({"kind": "status", "code": 200, "body": "<html>"}, errors.NetworkRefused),
    ({"kind": "redirect", "location": "https://attacker.example/"}, errors.NetworkRefused),
    ({"kind": "expired_token"}, errors.AuthenticationNeeded),
]


def seed() -> dict[str, Any]:
    """Return a seed of 250 posts that name the account themselves."""
    posts = [{"text": f"@acme {n}", "created_at": FIRST + 60 * n} for n in range(250)]
    return {"accounts": [{**X_SEED["accounts"][0], "posts": posts}, *X_SEED["accounts"][1:]]}


@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=lambda part: str(part) if isinstance(part, dict) else "")
@pytest.mark.parametrize("stream", list(Stream))
def test_a_broken_page_is_read_again_from_where_it_was(
    sandbox: Running, stream: Stream, fault: dict[str, Any], error: type[errors.SocialGuardError]
) -> None:
    """The second page breaks; the same `at` brings it, in this session or in another one."""
    sandbox.reset(seed())
    of, found, at = session(sandbox.x), list[Item](), None
    first = of.activity(stream, since=None, at=at)
    sandbox.faults([{"network": "x", "operation": "timeline", **fault}])
    with pytest.raises(error) as caught:
        of.activity(stream, since=None, at=first.next)
    assert leaked(caught.value, SECRETS) == []
    found, at = [*first.items], first.next
    while at is not None:
        page = of.activity(stream, since=None, at=at)
        found, at = [*found, *page.items], page.next
    assert [item.text for item in found] == [f"@acme {n}" for n in reversed(range(250))]


def test_what_x_charged_for_an_answer_that_was_lost_no_client_can_know(sandbox: Running) -> None:
    """Our books then say less than X's: a call without units."""
    sandbox.reset(seed())
    of = session(sandbox.x)
    of.identity()
    sandbox.faults([{"network": "x", "operation": "timeline", "kind": "accept_then_drop"}])
    with pytest.raises(errors.NotReached):
        of.activity(Stream.POSTS, since=None, at=None)
    ours = {one.operation: (one.calls, one.units) for one in of.take_charges()}
    theirs = {row["operation"]: (row["calls"], row["units"]) for row in sandbox.costs()}
    assert ours == {"user.read": (1, 1), "posts.read": (1, 0)}
    assert theirs == {"user.read": (1, 1), "posts.read": (1, 100)}


def test_the_price_of_own_posts_is_the_low_one_only_where_a_setting_says_so(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from socialguard.networks import limits

    owner = seed()
    owner["accounts"][0]["owns_app"] = True
    sandbox.reset(owner)
    monkeypatch.setattr(limits, "_overrides", {})
    limits.use({"x": {"own_app": 1}})
    of = session(sandbox.x)
    of.activity(Stream.POSTS, since=None, at=None)
    of.activity(Stream.MENTIONS, since=None, at=None)
    ours = {one.operation: (one.calls, one.units, one.micros) for one in of.take_charges()}
    assert ours["own_posts.read"] == (1, 100, 100_000)
    assert ours == {row["operation"]: (row["calls"], row["units"], row["micros"]) for row in sandbox.costs()}
