"""Posts that are killed and hindered at random, started again, and then held against the network.

Everything random comes from one `random.Random`, so a seed names the same kills and faults again; what exactly a
kill strikes is up to the machine.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

from socialguard.ledger import reader
from socialguard.publishing import crash
from tests.fork_server import ForkServer
from tests.office import Office

OPERATIONS: Final = {
    "x": ("publish", "publish", "publish", "identity", "timeline"),
    "facebook": ("publish", "publish", "publish_step", "publish_step", "read", "identity", "timeline"),
}
KINDS: Final[tuple[Mapping[str, Any], ...]] = (
    {"kind": "drop_before"},
    {"kind": "accept_then_drop"},
    {"kind": "status", "code": 429, "seconds": 30},
    {"kind": "status", "code": 500, "body": "{}"},
    {"kind": "status", "code": 500, "body": "{}", "when": "after"},
    {"kind": "status", "code": 502},
    {"kind": "status", "code": 402},
    {"kind": "slow", "seconds": 0.2},
    {"kind": "slow", "seconds": 0.2, "when": "before"},
    {"kind": "refuse", "after": 1},
    {"kind": "expired_token"},
    {"kind": "late_visible", "seconds": 600},
)
THREADS: Final = 0.3
"""Share of the posts on X that are threads."""
LONGEST_SLOW: Final = 0.25
# From the start of a warm process to the end of its post; a kill may strike later than that and miss.
SPAN: Final = {"post": 0.25, "thread": 1.0, "queue run": 0.2}


@dataclass
class Tally:
    """What was seen over all runs. The first five must stay 0."""

    duplicates: int = 0
    lost: int = 0
    mistold: int = 0
    unreported: int = 0
    crashed: int = 0
    runs: int = 0
    kills: int = 0
    crash_points: int = 0
    faults: int = 0
    never_queued: int = 0
    unpublished: int = 0
    states: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing went out twice, was lost, or is told otherwise than it is."""
        return not (self.duplicates or self.lost or self.mistold or self.unreported or self.crashed)


def run_block(
    office: Office, forks: ForkServer, network: str, dice: random.Random, tally: Tally, runs: int
) -> None:
    """Post `runs` texts, one after the other in one workspace, under random faults and kills; then start again
    without any until all is quiet, and take stock."""
    office.sandbox.settings(refuse_duplicates=False)
    posted: dict[str, str] = {}
    for _ in range(runs):
        tally.runs += 1
        text = f"Run {tally.runs} of {dice.getrandbits(32):08x}"
        faults = _faults(network, dice)
        tally.faults += len(faults)
        office.sandbox.faults(faults)
        account = f"{network}:@{dice.choice(('acme', 'globex'))}"
        texts = [text]
        if network == "x" and dice.random() < THREADS:
            texts = [f"{text}, part {part}" for part in (1, 2, 3)]
        then = [word for part in texts[1:] for word in ("--then", part)]
        words = [*office.post_words(texts[0], account), *then]
        told = _attempt(office, forks, words, "thread" if then else "post", dice, tally)
        posted.update(zip_longest(texts, told, fillvalue=""))
        for _ in range(dice.choice((0, 1, 1, 2))):
            _attempt(office, forks, ["queue", "run", "--json"], "queue run", dice, tally)
    office.sandbox.faults([])
    time.sleep(LONGEST_SLOW)  # a request whose sender is dead may still be on its way
    _take_stock(office, posted, tally)


def _faults(network: str, dice: random.Random) -> list[dict[str, Any]]:
    count = dice.choice((0, 1, 1, 1, 2, 3))
    return [
        {"network": network, "operation": dice.choice(OPERATIONS[network]), **dice.choice(KINDS)}
        for _ in range(count)
    ]


def _attempt(
    office: Office, forks: ForkServer, words: list[str], what: str, dice: random.Random, tally: Tally
) -> list[str]:
    """Run a command that may be killed; return the ids of the deliveries that it told, if it came to that."""
    way = dice.random()
    if way < 0.2:
        ended = forks.run(office, *words, environment={crash.VARIABLE: dice.choice(crash.POINTS)})
        tally.crash_points += bool(ended.signal)
    elif way < 0.9:
        ended = forks.run(office, *words, kill_after=dice.uniform(0.01, SPAN[what]))
        tally.kills += bool(ended.signal)
    else:
        ended = forks.run(office, *words)
    if not ended.signal and ended.done.code in (1, 2, 13, 74):
        tally.crashed += 1
        tally.broken.append(f"run {tally.runs}: {what} ended with {ended.done.code}: {ended.done.stdout[:300]}")
    return [str(told["id"]) for told in ended.done.deliveries] if what != "queue run" else []


def _take_stock(office: Office, posted: Mapping[str, str], tally: Tally) -> None:
    """Let time pass until nothing moves any more: limits end, and posts show that timelines showed late."""
    passed, last = 0, office.cli("queue", "run", "--json")
    for wait in (40, 600):
        office.sandbox.clock(wait)
        passed += wait
        for _ in range(2):
            last = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=f"+{passed}s")
    reported = {item["id"] for item in last.deliveries}
    rows = _rows(office)
    posts = office.sandbox.posts()
    _require_chained(posts, tally)
    for text, told in posted.items():
        copies = sum(post["text"] == text and post["published"] for post in posts)
        tally.unpublished += sum(post["text"] == text and not post["published"] for post in posts)
        _count(tally, text, told, rows.get(text), copies, reported)


def _require_chained(posts: Sequence[Mapping[str, Any]], tally: Tally) -> None:
    """Each public part of a thread answers the part before it."""
    texts = {post["id"]: post["text"] for post in posts}
    for post in posts:
        name, mark, part = post["text"].partition(", part ")
        if mark and texts.get(post["reply_to"]) != (f"{name}, part {int(part) - 1}" if part != "1" else None):
            tally.lost += 1
            tally.broken.append(f"{post['text']}: answers {texts.get(post['reply_to'])}")


def _count(
    tally: Tally, text: str, told: str, row: tuple[str, str] | None, copies: int, reported: set[str]
) -> None:
    problems = []
    if copies > 1:
        tally.duplicates += 1
        problems.append(f"{copies} copies")
    if row is None:
        tally.never_queued += 1
        if told or copies:
            tally.lost += 1
            problems.append(f"no row, although {told or 'nothing'} was told and {copies} copies are there")
        tally.broken += [f"{text}: {problem}" for problem in problems]
        return
    delivery, state = row
    tally.states[state] += 1
    stopped = state == "held" and ", part " in text  # behind a part that failed
    if state not in ("sent", "failed", "unknown", "queued") and not stopped:
        tally.lost += 1
        problems.append(f"left {state}")
    if (state == "sent" and copies != 1) or (state in ("failed", "queued", "held") and copies):
        tally.mistold += 1
        problems.append(f"{state} with {copies} copies")
    if state == "unknown" and delivery not in reported:
        tally.unreported += 1
        problems.append("unknown and not reported")
    tally.broken += [f"{text}: {problem}" for problem in problems]


def _rows(office: Office) -> dict[str, tuple[str, str]]:
    """Return id and state of every delivery by its text."""
    with office.entered() as workspace, workspace.database.read() as connection:
        rows = reader.page(connection, limit=1000)
        return {json.loads(row.content)["text"]: (row.id, row.state) for row in rows}
