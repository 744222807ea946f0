"""The detector learns a workspace's accounts: from posts that have a receipt, and from those that the archive
holds as the account's own from before it was added. Nothing else is ever learned: what came later without a
receipt is foreign, and whoever took the account over must not teach the detector to know them.

Mostly only what is new is added. From anew, with weights and thresholds, it is done where the accounts changed or
have a quarter more posts than then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from socialguard.archive.posts import own_posts
from socialguard.guard.affinity import store
from socialguard.guard.affinity.post import Post
from socialguard.ledger import reader
from socialguard.model.account import Account
from socialguard.store.database import Database

if TYPE_CHECKING:
    from socialguard.guard.affinity.portfolio import Portfolio

POSTS: Final = 10_000
"""Posts that are learned from, over all accounts; the newest."""
_RANGE: Final = (100, 800)
_GROWTH: Final = 1.25


@dataclass(frozen=True, slots=True)
class Fit:
    """What a fit did: posts that were learned, and whether it was done from anew."""

    learned: int
    whole: bool


def refit(
    database: Database,
    archive: Database | None,
    accounts: Sequence[Account],
    rates: Mapping[str, float],
    added: Mapping[str, datetime],
    *,
    anew: bool = False,
) -> Fit:
    """Learn what is new of `accounts` and keep it. `archive` is its index, None where there is no archive;
    `rates` says which part of each account's genuine posts may be asked about, `added` when it became ours."""
    from socialguard.guard.affinity.portfolio import Portfolio

    most = min(max(POSTS // max(len(accounts), 1), _RANGE[0]), _RANGE[1])
    posts = {account.id: _confirmed(database, archive, account, added[account.id], most) for account in accounts}
    with database.read() as connection:
        older = store.restored(connection)
    fresh = {
        name: [post for post in own if post.at is not None and post.at.timestamp() > older.newest.get(name, 0.0)]
        for name, own in posts.items()
    }
    for name in older.accounts.keys() & fresh.keys():
        older.allow(name, rates[name])
        for post in fresh[name]:
            older.learn(name, post)
    named = {name for name, own in posts.items() if own}
    whole = anew or _has_outgrown(older, posts) or not named <= older.accounts.keys()
    found = older
    if whole:
        found = Portfolio()
        for name, own in posts.items():
            for post in own:
                found.learn(name, post)
        found.calibrate()
        found.succeed(older)
    learned = sum(map(len, posts.values() if whole else fresh.values()))
    if learned or older.accounts:
        with database.write() as connection:
            names = [name for name in found.accounts if whole or fresh.get(name)]
            store.save(connection, {name: found.dump(name) for name in names}, whole=whole)
    return Fit(learned, whole)


def _has_outgrown(older: "Portfolio", posts: Mapping[str, Sequence[Post]]) -> bool:
    """Whether there is much that the weights and thresholds do not know of, or an account that is gone."""
    unknown = older.unknown_posts
    return not older.accounts.keys() <= posts.keys() or any(
        count > _GROWTH * (count - unknown[name]) for name, count in older.accounts.items()
    )


def _confirmed(
    database: Database, archive: Database | None, account: Account, added: datetime, most: int
) -> list[Post]:
    """An account's newest confirmed posts, oldest first, each once."""
    zone = ZoneInfo(account.zone)
    found: dict[str, tuple[datetime, Post]] = {}
    with database.read() as connection:
        for sent in reader.published(connection, account.id, limit=most):
            at = sent.published_at.astimezone(zone)
            found[sent.network_id] = at, Post(sent.text, sent.link, at=at)
    if archive is not None:
        with archive.read() as connection:
            for own in own_posts(connection, account.id, most):
                if own.created_at >= added and own.network_id not in found:
                    continue
                at = own.created_at.astimezone(zone)
                found[own.network_id] = at, Post(own.text, own.link, own.media, at)
    kept = sorted((entry for entry in found.values() if entry[1].text.strip()), key=lambda entry: entry[0])
    return [post for _, post in kept[-most:]]
