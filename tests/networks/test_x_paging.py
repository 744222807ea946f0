"""Whatever X's pages look like and whatever happens between two, each item comes and is paid for as counted."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard.model.activity import Charge, Item, Mark, Stream
from socialguard.networks.interface import Session
from socialguard.sandbox.process import Running

from .x_world import X_SEED, session

FIRST = 1_780_000_000
slow = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def seed_with(count: int, mentions: int = 0, **switches: Any) -> dict[str, Any]:
    """Return a seed whose first account has so many posts and mentions, a minute apart."""
    posts = [{"text": f"number {n}", "created_at": FIRST + 60 * n} for n in range(count)]
    others = [{"text": f"@acme {n}", "created_at": FIRST + 60 * n, "from": f"fan{n % 7}"} for n in range(mentions)]
    account = {**X_SEED["accounts"][0], "posts": posts, "mentions": others}
    return {"accounts": [account, *X_SEED["accounts"][1:]], "settings": {"rate_limits": False, **switches}}


def charged(of: list[tuple[Charge, ...]]) -> dict[str, tuple[int, int, int]]:
    """Return calls, units and micros by operation."""
    found: dict[str, tuple[int, int, int]] = {}
    for charge in (charge for charges in of for charge in charges):
        calls, units, micros = found.get(charge.operation, (0, 0, 0))
        found[charge.operation] = (calls + charge.calls, units + charge.units, micros + charge.micros)
    return found


def counted(sandbox: Running) -> dict[str, tuple[int, int, int]]:
    """Return the sandbox's own count."""
    return {row["operation"]: (row["calls"], row["units"], row["micros"]) for row in sandbox.costs()}


def read(of: Session, stream: Stream) -> tuple[list[Item], bool]:
    """Return all items of a stream, and whether X shows no more of them."""
    found: list[Item] = []
    at = None
    while True:
        page = of.activity(stream, since=None, at=at)
        found += page.items
        if page.next is None:
            return found, page.reached_limit
        at = page.next


@slow
@given(
    count=st.integers(0, 230),
    short=st.booleans(),
    new_names=st.booleans(),
    between=st.lists(st.sampled_from(["nothing", "a post", "another session", "a profile"]), max_size=6),
    stream=st.sampled_from(list(Stream)),
)
def test_each_item_comes_once_and_is_charged_as_the_network_counts(
    sandbox: Running, count: int, short: bool, new_names: bool, between: list[str], stream: Stream
) -> None:
    """Pages of any size, empty ones too; posts made meanwhile; going on in another session."""
    sandbox.reset(seed_with(count, count, short_pages=short, post_names=new_names))
    of, charges = session(sandbox.x), []
    found: list[Item] = []
    at, steps = None, list(between)
    while True:
        page = of.activity(stream, since=None, at=at)
        found += page.items
        if (at := page.next) is None:
            break
        step = steps.pop() if steps else "nothing"
        if step == "a post":
            sandbox.foreign({"network": "x", "account": "acme", "text": "meanwhile @acme"})
        elif step == "another session":
            charges.append(of.take_charges())
            of = session(sandbox.x)
        elif step == "a profile":
            of.profile()
    charges.append(of.take_charges())
    words = "number {}" if stream is Stream.POSTS else "@acme {}"
    assert [item.text for item in found] == [words.format(n) for n in reversed(range(count))]
    assert not page.reached_limit
    assert charged(charges) == counted(sandbox)


@slow
@given(count=st.integers(0, 120), known=st.integers(0, 119), short=st.booleans())
def test_only_what_is_newer_than_the_mark_comes(sandbox: Running, count: int, known: int, short: bool) -> None:
    sandbox.reset(seed_with(count, short_pages=short))
    ids = [post["id"] for post in sandbox.posts("x", "acme")]
    if known >= len(ids):
        return
    everything, _ = read(session(sandbox.x), Stream.POSTS)
    mark = Mark(ids[known], everything[-1 - known].created_at)
    of, found, at = session(sandbox.x), Counter[str](), None
    while True:
        page = of.activity(Stream.POSTS, since=mark, at=at)
        found.update(item.network_id for item in page.items)
        if (at := page.next) is None:
            break
    assert found == Counter(ids[known + 1 :])


def test_of_5000_posts_x_shows_3200_and_says_that_there_are_more(sandbox: Running) -> None:
    sandbox.reset(seed_with(5000, short_pages=True))
    of = session(sandbox.x)
    found, limited = read(of, Stream.POSTS)
    assert [item.text for item in found] == [f"number {n}" for n in reversed(range(1800, 5000))]
    assert limited
    assert charged([of.take_charges()]) == counted(sandbox)


def test_of_3200_posts_none_is_missing(sandbox: Running) -> None:
    sandbox.reset(seed_with(3200))
    found, limited = read(session(sandbox.x), Stream.POSTS)
    assert (len(found), limited) == (3200, False)


def test_a_gap_since_the_mark_that_is_wider_than_x_shows_is_told(sandbox: Running) -> None:
    """Otherwise the gap would be taken for closed."""
    sandbox.reset(seed_with(3300))
    oldest = sandbox.posts("x", "acme")[0]
    of, at = session(sandbox.x), None
    since = Mark(oldest["id"], datetime.fromtimestamp(FIRST, UTC))
    while True:
        page = of.activity(Stream.POSTS, since=since, at=at)
        if (at := page.next) is None:
            break
    assert page.reached_limit


def test_of_900_mentions_x_shows_800(sandbox: Running) -> None:
    sandbox.reset(seed_with(0, 900))
    of = session(sandbox.x)
    found, limited = read(of, Stream.MENTIONS)
    assert ([item.text for item in found], limited) == ([f"@acme {n}" for n in reversed(range(100, 900))], True)
    assert charged([of.take_charges()]) == counted(sandbox)


def test_everything_else_is_charged_as_the_network_counts_too(sandbox: Running) -> None:
    sandbox.reset(seed_with(130))
    of = session(sandbox.x)
    ids = [post["id"] for post in sandbox.posts("x", "acme")]
    of.identity()
    of.inspect()
    of.profile()
    assert of.find(ids[0]) is not None
    assert of.find("1999999999999999999") is None
    list(of.timeline(read(of, Stream.POSTS)[0][-1].created_at))
    of.metrics([*ids[:50], "1999999999999999999"])
    assert charged([of.take_charges()]) == counted(sandbox)
