"""The posts that the wrong-account detector is judged on: a CSV file (or .csv.gz) with the columns account, text
and created_at, and link_domain where there is one."""

import csv
import gzip
import io
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from socialguard.guard.affinity.counts import Floats
from socialguard.guard.affinity.features import Block, extract
from socialguard.guard.affinity.post import Post

SIZE: Final = 8
"""Accounts in a portfolio."""
COLUMNS: Final = ("account", "text", "created_at")
"""Columns that a file must have."""
FEWEST: Final = 50
"""Posts that an account needs to be looked at."""
MOST: Final = 600
"""Posts of an account that are used: the newest."""
TRAINING: Final = 0.8
OUTSIDERS: Final = 150


@dataclass(frozen=True, slots=True)
class Posted:
    """One post of the file; `domain` is empty where it links to nothing."""

    at: str
    text: str
    domain: str

    def as_post(self, *, link: bool) -> Post:
        """Return it as the detector takes it: the text alone, or with what it links to."""
        return Post(self.text, link=(self.domain or None) if link else None)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Some accounts' posts in the order of time, cut at `TRAINING`, and posts of others from the same time."""

    accounts: tuple[str, ...]
    training: tuple[tuple[Posted, ...], ...]
    test: tuple[tuple[Posted, ...], ...]
    outsiders: tuple[Posted, ...]


def read(path: Path) -> dict[str, list[Posted]]:
    """Return the posts by account, oldest first; posts without a text, texts of several accounts, and accounts
    with too few posts are dropped. Raises ValueError, with a sentence, where the file is none of posts."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 (byte {error.start})") from None
    csv.field_size_limit(len(text) + 1)
    table = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise ValueError(f"{path.name} has no column {', '.join(missing)}")
    found: dict[str, list[Posted]] = defaultdict(list)
    for row in table:
        if (row["text"] or "").strip():
            found[row["account"]].append(
                Posted(row["created_at"] or "", row["text"], row.get("link_domain") or "")
            )
    return {
        name: sorted(posts, key=lambda post: post.at)[-MOST:]
        for name, posts in sorted(alone(found).items())
        if len(posts) >= FEWEST
    }


def alone(posts: Mapping[str, Sequence[Posted]]) -> dict[str, list[Posted]]:
    """Return the posts without texts that several accounts have."""
    owners = defaultdict(set)
    for name, own in posts.items():
        for post in own:
            owners[post.text.strip()].add(name)
    return {name: [post for post in own if len(owners[post.text.strip()]) == 1] for name, own in posts.items()}


def portfolios(posts: Mapping[str, Sequence[Posted]], kind: str, count: int, seed: int) -> list[Portfolio]:
    """Return `count` portfolios: `random` ones, or `nearest`: an account with those most similar to it."""
    chance = random.Random(seed)
    names = sorted(posts)
    if len(names) <= SIZE:
        return [_portfolio(posts, names, chance)]
    if kind == "random":
        return [_portfolio(posts, chance.sample(names, SIZE), chance) for _ in range(count)]
    alike = _similarities(posts, names)
    found = []
    for first in chance.sample(range(len(names)), min(count, len(names))):
        nearest = np.argsort(-alike[first], kind="stable")[:SIZE]
        found.append(_portfolio(posts, [names[number] for number in nearest], chance))
    return found


def _portfolio(posts: Mapping[str, Sequence[Posted]], names: Sequence[str], chance: random.Random) -> Portfolio:
    cuts = {name: int(TRAINING * len(posts[name])) for name in posts}
    others = [post for name in posts if name not in names for post in posts[name][cuts[name] :]]
    return Portfolio(
        tuple(names),
        tuple(tuple(posts[name][: cuts[name]]) for name in names),
        tuple(tuple(posts[name][cuts[name] :]) for name in names),
        tuple(chance.sample(others, min(OUTSIDERS, len(others)))),
    )


def _similarities(posts: Mapping[str, Sequence[Posted]], names: Sequence[str]) -> Floats:
    """The cosines between accounts over their words in training, weighed by how few accounts use them."""
    width = 1 << 16
    table = np.zeros((len(names), width))
    for number, name in enumerate(names):
        for post in posts[name][: int(TRAINING * len(posts[name]))]:
            keys = extract(post.as_post(link=False)).keys
            np.add.at(table[number], keys[keys >> 29 == Block.WORDS] % width, 1)
    table = np.log1p(table) * np.log(len(names) / np.maximum((table > 0).sum(axis=0), 1))
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    return np.asarray(table @ table.T)
