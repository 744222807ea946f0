"""Accounts that write each in their own way, made up from a seed."""

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from socialguard.guard.affinity import Portfolio, Post

START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
VOCABULARIES: Final = {
    "x:@sport": [
        "but",
        "match",
        "équipe",
        "stade",
        "victoire",
        "joueur",
        "entraîneur",
        "tribune",
        "derby",
        "penalty",
    ],
    "x:@ville-lyon": [
        "travaux",
        "tunnel",
        "mairie",
        "conseil",
        "marché",
        "quai",
        "habitants",
        "collecte",
        "école",
        "budget",
    ],
    "x:@shop": ["sale", "shoes", "summer", "style", "order", "delivery", "colour", "outfit", "store", "basket"],
}
_TAGS: Final = {"x:@sport": "#Ligue1", "x:@ville-lyon": "#Lyon", "x:@shop": "#SummerSale"}
_ENDS: Final = {"x:@sport": " !!", "x:@ville-lyon": ".", "x:@shop": " 👟"}


def written(account: str, number: int) -> Post:
    """Return one post of an account; the same each time."""
    chance = random.Random(f"{account} {number}")
    words = chance.choices(VOCABULARIES[account], k=chance.randint(4, 9))
    tag = f" {_TAGS[account]}" if chance.random() < 0.7 else ""
    text = " ".join(words).capitalize() + tag + _ENDS[account]
    return Post(text, media=chance.random() < 0.5, at=START + timedelta(hours=7 * number))


def learned(posts: int = 80, **more: int) -> Portfolio:
    """Return a portfolio of all accounts with `posts` each; `more` says another number for one, by the first word
    of its handle."""
    portfolio = Portfolio()
    for account in VOCABULARIES:
        for number in range(more.get(account.removeprefix("x:@").split("-")[0], posts)):
            portfolio.learn(account, written(account, number))
    return portfolio
