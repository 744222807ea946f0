"""Backups of 5,000 items that are killed at random instants and started again, held against the network."""

import random
from dataclasses import dataclass, field
from typing import Any, Final

from tests.backup.world import item_ids, joined, seeded
from tests.fork_server import ForkServer
from tests.office import Office

ACCOUNTS: Final = ("x:@acme", "facebook:@acme")
ITEMS: Final = 5_000
WORDS: Final = ("backup", "run", *ACCOUNTS, "--max-cost", "99", "--json")
# From the start of a warm process: whoever is killed later than this has read several pages.
_SPAN: Final = (0.05, 0.9)


@dataclass
class Tally:
    """What was seen. The first four must stay 0."""

    missing: int = 0
    duplicated: int = 0
    open_gaps: int = 0
    damaged: int = 0
    kills: int = 0
    runs: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether everything is there, once, and as it was written."""
        return not (self.missing or self.duplicated or self.open_gaps or self.damaged or self.broken)


def past(office: Office) -> dict[str, Any]:
    """Return a seed with 5,000 items on two accounts of two networks, files among them. A Page shows about 600
    posts of a year: its own are spread over several."""
    page = seeded(office, ACCOUNTS[1], posts=1_799, media=40, step_s=60_000)
    (posts,) = [entry["posts"] for entry in page["accounts"] if entry.get("posts")]
    posts[-1]["comments"] = [{"text": "Hello", "from": "fan", "created_at": posts[-1]["created_at"]}]
    return joined(seeded(office, ACCOUNTS[0], posts=2_600, mentions=600, media=40), page)


def go_on_living(office: Office, dice: random.Random) -> None:
    """Let both accounts post, and others comment: on the newest posts, and on some of years ago."""
    posts = [post["id"] for post in office.sandbox.posts("facebook") if not post["comment_on"]]
    # A comment that is known stays among the newest 50 posts; and Graph shows 600 posts of a year.
    for network, count in (("x", 230), ("facebook", 40)):
        for number in range(count):
            office.sandbox.foreign({"network": network, "account": "acme", "text": f"Later {number}"})
    for number, post in enumerate([posts[0], posts[-1], *dice.sample(posts, 38)]):
        comment = {"kind": "comment", "id": post, "from": "fan", "text": f"Comment {number}"}
        office.sandbox.foreign({"network": "facebook", "account": "acme", **comment})


NEWS: Final = 230 + 40 + 40


def kill_and_go_on(office: Office, forks: ForkServer, dice: random.Random, kills: int, tally: Tally) -> None:
    """Back up until all is there, killing the first `kills` runs; a backup that gets done begins from nothing."""
    killed = 0
    while killed < kills:
        ended = forks.run(office, *WORDS, kill_after=dice.uniform(*_SPAN))
        tally.runs += 1
        if ended.signal:
            killed += 1
            tally.kills += 1
        elif ended.done.code:
            tally.broken.append(f"run {tally.runs} ended with {ended.done.code}: {ended.done.stdout[:300]}")
            return
        else:
            break
    done = office.cli(*WORDS)
    if done.code:
        tally.broken.append(f"the last run ended with {done.code}: {done.stdout[:300]}")
        return
    take_stock(office, done.document["accounts"], tally)


def take_stock(office: Office, rows: list[dict[str, Any]], tally: Tally) -> None:
    """Hold the archive against the network, its files against their hashes, and its index against its segments."""
    kept = item_ids(office)
    named = {identity.partition("/")[2] for identity in kept}
    there = {post["id"] for network in ("x", "facebook") for post in office.sandbox.posts(network)}
    tally.missing += len(there - named)
    tally.duplicated += len(kept) - len(set(kept))
    tally.open_gaps += sum(row["gaps_open"] for row in rows)
    verified = office.cli("backup", "verify", "--json").document
    rebuilt = office.cli("backup", "rebuild", "--json").document
    files = sum(row["files"] for row in office.cli("backup", "status", "--json").document["accounts"])
    expected = len(there) in (ITEMS, ITEMS + NEWS)
    if verified["problems"] or rebuilt["before"] != rebuilt["after"] or files != 80 or not expected:
        tally.damaged += 1
        tally.broken.append(f"{verified['problems']} {rebuilt} {files} files, {len(there)} there")
