"""What is booked is what is summed, exactly, by whatever it is asked for; budgets count it and what waits."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from socialguard import clock, errors
from socialguard.ledger import usage
from socialguard.ledger.purse import Purse
from socialguard.model.account import Account
from socialguard.model.activity import Charge
from socialguard.model.delivery import Act, Content
from socialguard.model.money import Budget, Budgets, dollars
from socialguard.store import tables
from socialguard.store.database import Database
from tests.ledger.conftest import ACCOUNT
from tests.ledger.test_transitions import new_attempt, queued

OTHER = "a-0000000000000002"
DOLLAR = 1_000_000
ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
CHARGES = st.builds(
    Charge,
    operation=st.sampled_from(["posts.read", "user.read", "publish"]),
    calls=st.integers(0, 1000),
    units=st.just(0),
    micros=st.integers(0, 10**13),
)


def account(account_id: str = ACCOUNT, client: str = "acme") -> Account:
    """Return an account as its caller has it."""
    return Account(account_id, "x", "acme", "1", "http://127.0.0.1:1", client, "acme", zone="UTC")


@pytest.fixture
def two(ledger: Database) -> Database:
    """The ledger with a second account, of another client."""
    with ledger.write() as connection:
        connection.execute(insert(tables.client).values(name="Ville de Lyon", created_at="2026"))
        row = dict(connection.execute(select(tables.account)).one()._mapping)
        row |= {"id": OTHER, "client": "Ville de Lyon", "handle": "lyon", "short_name": "lyon"}
        connection.execute(insert(tables.account).values(row))
    return ledger


def price_of(_network: str, act: Act, content: Content) -> int:
    """Deleting costs ten cents, publishing a dollar for each letter."""
    return DOLLAR // 10 if act is Act.DELETE else len(content.text) * DOLLAR


def spend(database: Database, micros: int, who: Account | None = None) -> None:
    """Book a read."""
    with database.write() as connection:
        usage.book(connection, who or account(), [Charge("posts.read", 1, 1, micros)])


def refused(database: Database, ask: Callable[[Any], None]) -> errors.OverBudget | None:
    """Return how a question to a purse is refused, None where it is not."""
    with database.read() as connection:
        try:
            ask(connection)
        except errors.OverBudget as problem:
            return problem
    return None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(booked=st.lists(st.tuples(st.sampled_from([ACCOUNT, OTHER]), st.lists(CHARGES, max_size=4)), max_size=8))
def test_sums_are_what_was_booked(two: Database, booked: list[tuple[str, list[Charge]]]) -> None:
    with two.write() as connection:
        connection.execute(delete(tables.usage))
    wanted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for account_id, charges in booked:
        client = "acme" if account_id == ACCOUNT else "Ville de Lyon"
        with two.write() as connection:
            usage.book(connection, account(account_id, client), charges)
        for one in charges:
            wanted[account_id, one.operation][0] += one.calls
            wanted[account_id, one.operation][1] += one.micros
    with two.read() as connection:
        found = usage.costs(connection, *ALL_TIME)
        spent = usage.spent(connection, *ALL_TIME)
    assert {(one.account_id, one.operation): [one.calls, one.micros] for one in found} == wanted
    assert sum(spent.values()) == sum(micros for _, micros in wanted.values())


def test_sums_are_of_the_clients_accounts_and_days_that_are_asked_for(two: Database) -> None:
    spend(two, 1)
    spend(two, 2, account(OTHER, "Ville de Lyon"))
    clock.shift(timedelta(days=2))
    spend(two, 4)
    edge = clock.now() - timedelta(days=1)
    with two.read() as connection:

        def micros(since: datetime, until: datetime, **only: Any) -> int:
            return sum(one.micros for one in usage.costs(connection, since, until, **only))

        assert micros(*ALL_TIME) == 7
        assert micros(*ALL_TIME, clients=["acme"]) == 5
        assert micros(*ALL_TIME, account_ids=[OTHER]) == 2
        assert (micros(ALL_TIME[0], edge), micros(edge, ALL_TIME[1])) == (3, 4)
        assert usage.spent(connection, edge, ALL_TIME[1]) == {"acme": 4}


def test_a_session_is_booked_with_every_call_once(ledger: Database) -> None:
    charges = (Charge("user.read", 1, 1, 10_000), Charge("media.describe", 2, 2, 10_000))
    session: Any = SimpleNamespace(calls=6, take_charges=lambda: charges)
    with ledger.write() as connection:
        usage.book_session(connection, account(), session, "publish", 15_000, delivery_id="d1")
    with ledger.read() as connection:
        found = {one.operation: (one.calls, one.micros) for one in usage.costs(connection, *ALL_TIME)}
    assert found == {"media.describe": (2, 10_000), "publish": (3, 15_000), "user.read": (1, 10_000)}


def test_a_session_that_only_read_books_nothing_else(ledger: Database) -> None:
    session: Any = SimpleNamespace(calls=1, take_charges=lambda: (Charge("user.read", 1, 1, 10_000),))
    with ledger.write() as connection:
        usage.book_session(connection, account(), session, "look")
    with ledger.read() as connection:
        assert [one.operation for one in usage.costs(connection, *ALL_TIME)] == ["user.read"]


# ── budgets ──────────────────────────────────────────────────────────────────────────────────────────────


def purse(day: int | None = None, month: int | None = None, *, kept: int = 20, **clients: int) -> Purse:
    """Return a purse of these dollars; `clients` have a month's."""
    of_clients = {name.replace("_", " "): Budget(month=micros * DOLLAR) for name, micros in clients.items()}
    total = Budget(*(None if one is None else one * DOLLAR for one in (day, month)))
    return Purse(Budgets(total, of_clients, kept), "UTC", price_of)


def test_without_a_budget_everything_is_allowed(two: Database) -> None:
    spend(two, 10**15)
    with two.read() as connection:
        purse().require_read(connection, account(), 10**15)
        purse().require_posts(connection, [(account(), 10**15)], at=None)
        purse().require_send(connection, account(), 10**15, "d1")


def test_reads_stop_at_what_is_kept_for_posts_and_posts_at_the_limit(two: Database) -> None:
    mine = purse(month=10)
    spend(two, 7 * DOLLAR)
    assert refused(two, lambda c: mine.require_read(c, account(), DOLLAR)) is None
    spend(two, DOLLAR)
    stopped = refused(two, lambda c: mine.require_read(c, account(), 1))
    assert isinstance(stopped, errors.ReadsStopped)
    assert refused(two, lambda c: mine.require_posts(c, [(account(), 2 * DOLLAR)], at=None)) is None
    assert refused(two, lambda c: mine.require_send(c, account(), 2 * DOLLAR, "d1")) is None
    over = refused(two, lambda c: mine.require_posts(c, [(account(), 2 * DOLLAR + 1)], at=None))
    held = refused(two, lambda c: mine.require_send(c, account(), 2 * DOLLAR + 1, "d1"))
    assert (type(over), type(held)) == (errors.OverBudget, errors.HeldByBudget)
    assert over is not None
    assert over.exit_code == 11


def test_a_refusal_says_which_budget_what_is_spent_and_when_it_begins_anew(two: Database) -> None:
    mine = purse(month=10)
    spend(two, 8 * DOLLAR + 5_000)
    now = clock.now()
    anew = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    stopped = refused(two, lambda c: mine.require_read(c, account(), 15_000))
    assert stopped is not None
    assert str(stopped) == (
        "BUDGET  The budget of this month allows no more reads for x:@acme: of $10.00, $8.005 are spent, $0.00 "
        "will go to waiting posts and $2.00 are kept for posts; this costs $0.015. "
        f"It begins anew {anew:%Y-%m-%d} 00:00 UTC. Posts go on."
    )


def test_reads_leave_what_waiting_posts_will_cost(two: Database) -> None:
    mine = purse(month=10, kept=0)
    queued(two)  # "Hello" costs five dollars
    assert refused(two, lambda c: mine.require_read(c, account(), 5 * DOLLAR)) is None
    assert refused(two, lambda c: mine.require_read(c, account(), 5 * DOLLAR + 1)) is not None


def test_a_post_is_refused_beside_those_that_wait_but_not_beside_the_one_it_replaces(two: Database) -> None:
    mine = purse(month=10)
    value = queued(two)
    six = [(account(), 6 * DOLLAR)]
    assert refused(two, lambda c: mine.require_posts(c, six, at=None)) is not None
    assert refused(two, lambda c: mine.require_posts(c, six, at=None, instead_of=value.id)) is None


def test_posts_that_go_out_together_are_counted_together(two: Database) -> None:
    mine = purse(month=10)
    posts = [(account(), 6 * DOLLAR), (account(OTHER, "Ville de Lyon"), 5 * DOLLAR)]
    assert refused(two, lambda c: mine.require_posts(c, posts[:1], at=None)) is None
    problem = refused(two, lambda c: mine.require_posts(c, posts, at=None))
    assert problem is not None
    assert problem.fields["price"] == "$11.00"


def test_a_post_for_next_month_counts_against_next_month(two: Database) -> None:
    mine = purse(month=10)
    spend(two, 10 * DOLLAR)
    six = [(account(), 6 * DOLLAR)]
    later = clock.now() + timedelta(days=40)
    assert refused(two, lambda c: mine.require_posts(c, six, at=None)) is not None
    assert refused(two, lambda c: mine.require_posts(c, six, at=later)) is None
    queued(two, due=timedelta(days=40))
    assert refused(two, lambda c: mine.require_posts(c, six, at=later)) is not None


def test_the_sender_counts_what_others_are_sending_and_not_what_waits(two: Database) -> None:
    from socialguard.ledger import writer

    mine = purse(month=10)
    value = queued(two)
    assert refused(two, lambda c: mine.require_send(c, account(), 6 * DOLLAR, "other")) is None
    with two.write() as connection:
        writer.claim(connection, value, new_attempt(value))
    assert refused(two, lambda c: mine.require_send(c, account(), 6 * DOLLAR, "other")) is not None


def test_yesterday_counts_for_the_month_and_not_for_the_day(two: Database) -> None:
    spend(two, 5 * DOLLAR)
    with two.write() as connection:
        stamp = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        connection.execute(update(tables.usage).values(booked_at=stamp))
    six = [(account(), 6 * DOLLAR)]
    assert refused(two, lambda c: purse(day=10).require_posts(c, six, at=None)) is None
    if clock.now().day > 1:
        assert refused(two, lambda c: purse(month=10).require_posts(c, six, at=None)) is not None


def test_sums_that_are_kept_for_an_hour_miss_nothing_that_is_booked_meanwhile(two: Database) -> None:
    mine = purse(month=100, kept=0)
    began = clock.now().replace(hour=0, minute=30)

    def ask(connection: Connection, micros: int) -> None:
        mine.require_read(connection, account(), micros)

    for times, hours in enumerate(range(0, 40, 3), start=1):
        clock.shift(began + timedelta(hours=hours) - datetime.now(UTC))
        if clock.now().month != began.month:
            break
        spend(two, DOLLAR)
        rest = (100 - times) * DOLLAR
        assert refused(two, partial(ask, micros=rest)) is None
        assert refused(two, partial(ask, micros=rest + 1)) is not None


def test_a_client_has_its_own_budget_and_the_others_go_on(two: Database) -> None:
    mine = purse(Ville_de_lyon=10)
    lyon = account(OTHER, "Ville de Lyon")
    spend(two, 10 * DOLLAR, lyon)
    problem = refused(two, lambda c: mine.require_posts(c, [(lyon, 1)], at=None))
    assert problem is not None
    assert problem.fields["budget"] == "The budget of ville-de-lyon for this month"
    assert refused(two, lambda c: mine.require_posts(c, [(account(), 100 * DOLLAR)], at=None)) is None


def test_what_is_free_goes_on_when_all_is_spent(two: Database) -> None:
    mine = purse(month=1)
    spend(two, 5 * DOLLAR)
    with two.read() as connection:
        mine.require_read(connection, account(), 0)
        mine.require_posts(connection, [(account(), 0)], at=None)
        mine.require_send(connection, account(), 0, "d1")


def test_a_budget_of_a_client_that_there_is_not_is_refused(two: Database) -> None:
    with pytest.raises(errors.SettingsInvalid, match="acmee: there is no such client"), two.read() as connection:
        purse(acmee=10).require_read(connection, account(), 1)


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "$0.00"),
        (15_000, "$0.015"),
        (1, "$0.000001"),
        (200_000, "$0.20"),
        (12_345_678, "$12.345678"),
        (-5, "-$0.000005"),
    ],
)
def test_amounts_are_shown_exactly(micros: int, shown: str) -> None:
    assert dollars(micros) == shown
