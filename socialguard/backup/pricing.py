"""What a first backup costs, told before it is made: an upper bound from what the network says that there is."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.archive import looking, reader
from socialguard.backup import profiles
from socialguard.backup.interface import Desk, Estimate, Outcome
from socialguard.backup.visit import Meter
from socialguard.ledger import usage
from socialguard.model.account import Account
from socialguard.model.activity import Profile, Stream
from socialguard.model.money import MICROS, dollars
from socialguard.networks.interface import Reading, Session
from socialguard.registry.manifest import Manifest

ACTION: Final = "backup.price"
FREE_LIMIT: Final = 5 * MICROS
"""A first backup that may cost more than this is made only after somebody said so."""
ASKED_FOR: Final = timedelta(days=1)
"""How long the number of posts that a network told counts."""
COUNTED: Final = timedelta(days=1)
"""How long what a first backup cost counts against the limit of the next: many cheap ones are dear together."""

_NAMED: Final = 5


def first_price(reading: Reading, posts: int | None) -> int:
    """Return the most that a first backup of an account with `posts` posts costs, in millionths of a US dollar:
    all its posts and mentions as far as the network shows them, and its profile, twice where it tells the price.

    Nobody knows the number of mentions before; where a network that charges for them showed all, or does not tell
    the number of posts, no bound could be given: such a network has a reach (`Reading`)."""
    profile = 2 * reading.profile_price
    known = {Stream.POSTS: posts, Stream.MENTIONS: None}
    return profile + sum(
        reading.prices[stream] * min(_or_all(count), _or_all(reading.reach[stream]))
        for stream, count in known.items()
        if reading.prices[stream]
    )


def is_first(desk: Desk, account: Account) -> bool:
    """Return whether an account is to be backed up for the first time and that costs money. What was begun goes on
    without being asked for again."""
    facts = desk.custody.network(account.network).reading
    if not account.is_usable or not any(facts.prices.values()):
        return False
    with desk.archive.database.read() as connection:
        return reader.read_at(connection, account.id) is None


def estimate(desk: Desk, account: Account) -> Estimate:
    """Return what the first backup of an account costs at the most. The network is asked how many posts it has,
    which is paid for, unless it was within the last day: who is told a price and says no pays once."""
    if _was_asked_lately(desk, account):
        return Estimate(account, _known_posts(desk, account), known_price(desk, account))
    facts = desk.custody.network(account.network).reading
    meter = Meter(desk, Outcome(account))

    def call(account: Account, session: Session) -> Profile:
        meter.require(facts.profile_price)
        profile = session.profile()
        meter.book(session)
        return profile

    try:
        desk.renew(account)
        profile = desk.custody.on_network(ACTION, account.id, call, _nothing, book=meter.book_rest, reads=True)
        profiles.keep(desk, account, profile)
    except errors.SocialGuardError as problem:
        return Estimate(account, None, 0, problem)
    return Estimate(account, profile.posts, first_price(facts, profile.posts))


def known_price(desk: Desk, account: Account) -> int:
    """Return the price of a first backup by what is kept of the account's profile, without asking the network."""
    return first_price(desk.custody.network(account.network).reading, _known_posts(desk, account))


def _known_posts(desk: Desk, account: Account) -> int | None:
    with desk.archive.database.read() as connection:
        profile = reader.newest_profile(connection, account.id) or {}
    posts = profile.get("posts")
    return posts if isinstance(posts, int) else None


def _was_asked_lately(desk: Desk, account: Account) -> bool:
    with desk.archive.database.read() as connection:
        asked = looking.looked_at(connection, account.id, looking.PROFILE)
    return asked is not None and timedelta(0) <= clock.now() - asked < ASKED_FOR


def is_told(desk: Desk, account: Account) -> bool:
    """Return whether the network has said how many posts an account has."""
    with desk.archive.database.read() as connection:
        return reader.newest_profile(connection, account.id) is not None


def told_price(desk: Desk, account: Account) -> int:
    """Ask the network, and return what a first backup costs at the most; raises why it does not tell."""
    found = estimate(desk, account)
    if found.error is not None:
        raise found.error
    return found.micros


def spent_lately(desk: Desk) -> int:
    """Return what first backups of the last day cost, of all accounts together."""
    with desk.custody.database.read() as connection:
        return usage.spent_on_new(connection, clock.now() - COUNTED)


def require_agreed(
    accounts: Iterable[Account], micros: int, agreed: int | None, *, besides: int = 0, remedy: str | None = None
) -> None:
    """Refuse a price that nobody agreed to, where it comes to more than may be spent so with what was spent
    `besides`; raises PriceUnconfirmed with the word that agrees."""
    if micros + besides <= (FREE_LIMIT if agreed is None else agreed):
        return
    names = [str(account) for account in accounts]
    more = f" (+{len(names) - _NAMED})" if len(names) > _NAMED else ""  # each account's own line says it again
    raise errors.PriceUnconfirmed(
        remedy=remedy,
        accounts=", ".join(names[:_NAMED]) + more,
        price=dollars(micros),
        words=f"--max-cost {whole_dollars(micros)}",
    )


def whole_dollars(micros: int) -> int:
    """Return an amount in whole dollars, rounded up."""
    return -(-micros // MICROS)


def _or_all(count: int | None) -> int:
    return 10**9 if count is None else count


def _nothing(connection: Connection, manifest: Manifest, result: Profile) -> None:
    """Asking for the price changes nothing beside the archive and the books."""
