"""The books: what calls were made on an account, and what they cost.

Whoever makes calls books them right after an answer, in the transaction of what the answer changed. Calls that
cost nothing are booked too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, func, insert, select, text

from socialguard import clock
from socialguard.canon import jcs
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery
from socialguard.networks.interface import Network, Session
from socialguard.networks.prices import price_of
from socialguard.store.prepared import Prepared
from socialguard.store.tables import delivery, usage

if TYPE_CHECKING:
    from socialguard.model.activity import Charge

CURRENCY: Final = "USD"

_BOOK: Final = Prepared(insert(usage))
_SPENT: Final = Prepared(
    select(usage.c.client, func.sum(usage.c.amount_micros).label("micros"))
    .where(usage.c.booked_at >= bindparam("since"), usage.c.booked_at < bindparam("until"))
    .where(usage.c.currency == CURRENCY, text("amount_micros <> 0"))  # as the index says it, to the letter
    .group_by(usage.c.client)
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of one operation on one account and what they cost, in millionths of `currency`. `client` is the one
    that the account belonged to when they were made."""

    account_id: str
    client: str
    operation: str
    currency: str
    calls: int
    micros: int


def book(
    connection: Connection, account: Account, charges: "Iterable[Charge]", *, delivery_id: str | None = None
) -> None:
    """Book charges on an account, in the caller's write transaction."""
    now = jcs.timestamp(clock.now())
    for one in charges:
        _BOOK.run(
            connection,
            booked_at=now,
            account_id=account.id,
            client=account.client,
            operation=one.operation,
            calls=one.calls,
            amount_micros=one.micros,
            currency=CURRENCY,
            delivery_id=delivery_id,
        )


def book_session(
    connection: Connection,
    account: Account,
    session: Session,
    operation: str,
    micros: int = 0,
    *,
    delivery_id: str | None = None,
) -> None:
    """Book all that a session did, at its end: its charges, and its other calls as `operation` for `micros`."""
    charges = session.take_charges()
    rest = session.calls - sum(one.calls for one in charges)
    if rest or micros:
        from socialguard.model.activity import Charge

        charges = (*charges, Charge(operation, rest, 1 if micros else 0, micros))
    book(connection, account, charges, delivery_id=delivery_id)


def book_found(connection: Connection, account: Account, network: Network, value: Delivery) -> None:
    """Book what a delivery cost that was found out to have gone out; its attempt's calls are booked already."""
    from socialguard.model.activity import Charge

    price = price_of(network, value.act, value.content)
    book(connection, account, [Charge(value.act.value, 0, 1, price)], delivery_id=value.id)


def spent(connection: Connection, since: datetime, until: datetime) -> Mapping[str, int]:
    """Return what was booked from `since` on and before `until`, in millionths of a US dollar, by client."""
    found = _SPENT.tuples(connection, since=jcs.timestamp(since), until=jcs.timestamp(until))
    return {client: int(micros) for client, micros in found}


def spent_on_new(connection: Connection, since: datetime) -> int:
    """Return what reading posts cost from `since` on, in millionths of a US dollar, on accounts of which nobody
    had read any before: their first backups."""
    paid, moment = text("amount_micros <> 0"), jcs.timestamp(since)
    reads = usage.c.operation == "posts.read"
    before = select(usage.c.account_id).where(paid, reads, usage.c.booked_at < moment)
    new = select(func.sum(usage.c.amount_micros)).where(paid, reads, usage.c.booked_at >= moment)
    return int(connection.execute(new.where(usage.c.account_id.not_in(before))).scalar() or 0)


def costs(
    connection: Connection,
    since: datetime,
    until: datetime,
    *,
    clients: Sequence[str] = (),
    account_ids: Sequence[str] = (),
    campaign: str | None = None,
) -> list[Cost]:
    """Return the sums from `since` on and before `until`, of `clients`, accounts and a campaign only where given,
    by account, operation and currency. To a campaign belong the calls that were made for its deliveries."""
    key = (usage.c.account_id, usage.c.client, usage.c.operation, usage.c.currency)
    query = (
        select(*key, func.sum(usage.c.calls), func.sum(usage.c.amount_micros))
        .where(usage.c.booked_at >= jcs.timestamp(since), usage.c.booked_at < jcs.timestamp(until))
        .group_by(*key)
        .order_by(*key)
    )
    if clients:
        query = query.where(usage.c.client.in_(clients))
    if account_ids:
        query = query.where(usage.c.account_id.in_(account_ids))
    if campaign is not None:
        drafts = select(delivery.c.draft_id).where(
            delivery.c.campaign_id == campaign
        )  # a deletion shares its draft
        query = query.where(usage.c.delivery_id.in_(select(delivery.c.id).where(delivery.c.draft_id.in_(drafts))))
    return [
        Cost(account_id, client, operation, currency, int(calls), int(micros))
        for account_id, client, operation, currency, calls, micros in connection.execute(query)
    ]
