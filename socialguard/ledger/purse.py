"""The budgets of a workspace, asked before money is spent: by whoever reads, when posts are queued, by the sender.

A post asks in the transaction that queues or claims it, so that no two spend the same rest. A read asks before
each request; reads that run at once may spend one rest, a request each, which the share kept for posts bears. Only
what is asked for is stopped. Finding out whose a credential is, looking for an unknown outcome, deleting and
revoking are never asked for: they keep accounts safe, and are booked."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.ledger import budget, usage
from socialguard.ledger.budget import Period, Standing, Use
from socialguard.ledger.rows import to_content
from socialguard.model.account import Account, typed_client
from socialguard.model.delivery import Act, Content, State
from socialguard.model.money import Budgets, dollars
from socialguard.registry import enrolment
from socialguard.registry.accounts import clients
from socialguard.settings import FILE_NAME
from socialguard.store.tables import delivery

PriceOf = Callable[[str, Act, Content], int]
"""From a network's name, an act and a content to millionths of a US dollar."""

EVERY_BUDGET: Final = "[budget]"
"""The section of the settings that holds the budget of all accounts; a refusal names it as its `section`."""

_COMING = (State.QUEUED.value, State.AWAITING.value, State.SENDING.value, State.UNKNOWN.value)
_UNDER_WAY = (State.SENDING.value, State.UNKNOWN.value)


class _Line(NamedTuple):
    """One budget: the client that it is of (None: the whole workspace's), its period and its limit."""

    client: str | None
    period: Period
    limit: int

    def is_of(self, client: str) -> bool:
        """Whether what is spent for that client counts."""
        return self.client is None or self.client == typed_client(client)


class Budgeted(NamedTuple):
    """One budget: the client that it is of (None: the whole workspace's), its period, where it stands, and when it
    begins anew."""

    client: str | None
    period: Period
    standing: Standing
    anew: datetime


class _Question(NamedTuple):
    """What money is asked for: each account with its price, when, beside deliveries of which states but one, and
    the delivery that is about to be sent."""

    use: Use
    asked: Sequence[tuple[Account, int]]
    at: datetime
    beside: Sequence[str]
    instead_of: Collection[str] = ()
    sends: str | None = None


class Purse:
    """Answers for the budgets of one workspace, to any thread: what it remembers is replaced, never changed. Its
    days begin in `zone`."""

    def __init__(self, budgets: Budgets, zone: str, price_of: PriceOf) -> None:
        self._kept = budgets.kept_for_posts
        self._zone = zone
        self._price_of = price_of
        self._lines = tuple(
            _Line(None if client is None else typed_client(client), period, limit)
            for client, one in ((None, budgets.total), *budgets.clients.items())
            for period, limit in ((Period.MONTH, one.month), (Period.DAY, one.day))
            if limit is not None
        )
        self._unproved = {line.client for line in self._lines if line.client is not None}
        self._prices: dict[str, int] = {}
        self._older: dict[tuple[datetime, datetime], Mapping[str, int]] = {}

    @property
    def is_limited(self) -> bool:
        """Whether there is any budget."""
        return bool(self._lines)

    def require_read(self, connection: Connection, account: Account, micros: int) -> None:
        """Refuse a read that may cost `micros`; raises ReadsStopped, which says what is spent and until when."""
        self._require_known(connection)
        self._require(connection, _Question(Use.READ, [(account, micros)], clock.now(), _COMING))

    def require_posts(
        self,
        connection: Connection,
        posts: Sequence[tuple[Account, int]],
        *,
        at: datetime | None,
        instead_of: Collection[str] = (),
    ) -> None:
        """Refuse posts that are to go out at `at` (None: now) together, beside all that wait already but
        `instead_of`; raises OverBudget."""
        self._require_known(connection)
        self._require(connection, _Question(Use.POST, posts, at or clock.now(), _COMING, instead_of))

    def require_send(self, connection: Connection, account: Account, micros: int, delivery_id: str) -> None:
        """Refuse to send a queued post now, beside those that are under way; raises HeldByBudget."""
        asked = [(account, micros)]
        self._require(connection, _Question(Use.POST, asked, clock.now(), _UNDER_WAY, sends=delivery_id))

    def standings(self, connection: Connection) -> list[Budgeted]:
        """Return where every budget stands now."""
        question = _Question(Use.READ, (), clock.now(), _COMING)
        return [
            Budgeted(line.client, line.period, standing, until)
            for line, standing, until in self._standings(connection, self._lines, question)
        ]

    def _require_known(self, connection: Connection) -> None:
        """Refuse a budget for a client that there is not: a slip would leave the real one without."""
        if self._unproved:
            self._unproved = self._unproved - {typed_client(name) for name in enrolment.clients(connection)}
        for name in sorted(self._unproved):
            detail = f"budget.client.{name}: there is no such client."
            raise errors.SettingsInvalid(path=FILE_NAME, detail=detail)

    def _require(self, connection: Connection, question: _Question) -> None:
        if not any(micros for _, micros in question.asked):
            return
        named = {typed_client(account.client) for account, _ in question.asked}
        lines = [line for line in self._lines if line.client is None or line.client in named]
        for line, standing, until in self._standings(connection, lines, question):
            price = sum(micros for account, micros in question.asked if line.is_of(account.client))
            if not budget.allows(standing, question.use, price):
                raise self._refusal(line, standing, price, until, question)

    def _standings(
        self, connection: Connection, lines: Sequence[_Line], question: _Question
    ) -> Iterator[tuple[_Line, Standing, datetime]]:
        """Yield where each budget stands, and when it begins anew."""
        for period in dict.fromkeys(line.period for line in lines):
            since, until = budget.span(period, question.at, self._zone)
            spent = self._spent(connection, since, until)
            waiting = self._waiting(connection, since, until, question)
            for line in lines:
                if line.period is period:
                    standing = Standing(
                        limit=line.limit,
                        spent=sum(micros for client, micros in spent.items() if line.is_of(client)),
                        waiting=sum(micros for client, micros in waiting.items() if line.is_of(client)),
                        kept=budget.kept_of(line.limit, self._kept),
                    )
                    yield line, standing, until

    def _spent(self, connection: Connection, since: datetime, until: datetime) -> Mapping[str, int]:
        """What was spent in a span, by client. What is older than this hour and the one before is summed once."""
        cut = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        if not since < cut < until:
            return usage.spent(connection, since, until)
        older = self._older.get((since, cut))
        if older is None:
            older = usage.spent(connection, since, cut)
            kept = {key: sums for key, sums in self._older.items() if key[1] == cut}
            self._older = {**kept, (since, cut): older}
        return Counter(older) + Counter(usage.spent(connection, cut, until))

    def _waiting(
        self, connection: Connection, since: datetime, until: datetime, question: _Question
    ) -> Mapping[str, int]:
        """What deliveries of a span will cost, by client. No content changes: its price is asked for once."""
        query = select(delivery.c.id, delivery.c.account_id, delivery.c.act, delivery.c.content).where(
            delivery.c.state.in_(question.beside)
        )
        if question.beside is not _UNDER_WAY:  # what is under way is booked now, whenever it was due
            query = query.where(delivery.c.due >= jcs.timestamp(since), delivery.c.due < jcs.timestamp(until))
        rows = [row for row in connection.execute(query) if row.id not in question.instead_of]
        if not rows:
            return {}
        where = clients(connection)
        known, prices = self._prices, {}
        sums: dict[str, int] = {}
        for row in rows:
            network, client = where[row.account_id]
            price = known.get(row.id)
            if price is None:
                price = self._price_of(network, Act(row.act), to_content(row.content))
            prices[row.id] = price
            sums[client] = sums.get(client, 0) + price
        if question.beside is _COMING:
            self._prices = prices
        return sums

    def _refusal(
        self, line: _Line, standing: Standing, price: int, until: datetime, question: _Question
    ) -> errors.OverBudget:
        name = budget.NAMES[line.period, line.client is not None]
        accounts = [str(account) for account, micros in question.asked if micros]
        fields: dict[str, Any] = {
            "section": EVERY_BUDGET if line.client is None else f'[budget.client."{line.client}"]',
            "budget": name if line.client is None else name.format(client=line.client),
            "account": ", ".join(accounts),
            "spent": dollars(standing.spent),
            "limit": dollars(standing.limit),
            "waiting": dollars(standing.waiting),
            "kept": dollars(standing.kept),
            "price": dollars(price),
            "anew": f"{until.astimezone(ZoneInfo(self._zone)):%Y-%m-%d %H:%M} {self._zone}",
        }
        if question.use is Use.READ:
            return errors.ReadsStopped(**fields)
        if question.sends is not None:
            return errors.HeldByBudget(**fields, delivery=question.sends)
        return errors.OverBudget(**fields)
