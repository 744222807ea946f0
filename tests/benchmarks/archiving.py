"""What the archive costs: keeping 100,000 items in index and segments, beside peers that keep the same in SQLite;
then a run that finds 1,000 more, verification, rebuilding, search, and the disk."""

import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from socialguard.archive import reader
from socialguard.archive.archive import Archive
from socialguard.model.activity import ActivityPage, Item, Kind, Stream
from tests.archive.world import TestKeys, TestSeal
from tests.benchmarks import peers
from tests.benchmarks.table import Line, milliseconds

ITEMS: Final = 100_000
MORE: Final = 1_000
PAGE: Final = 100
"""What X gives in one answer."""
TWEETS: Final = 300
"""save_tweets is measured with few: its time is proportional to them, and 100,000 take it most of an hour."""
UPSERT_LIMIT: Final = 2.5
TWEETS_LIMIT: Final = 20.0
MORE_LIMIT: Final = 0.3
VERIFY_LIMIT: Final = 1.0
REBUILD_LIMIT: Final = 10.0
SEARCH_LIMIT: Final = 0.05
DISK_LIMIT: Final = 90_000_000

_ACCOUNT: Final = "a-0000000000000001"
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST_ID: Final = 1_500_000_000_000_000_000
_SYLLABLES: Final = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "fa",
    "fe",
    "fi",
    "ga",
    "go",
    "ka",
    "ke",
    "ki",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "no",
    "ra",
    "re",
]


def lines(base: Path, _toot: Path | str = "") -> list[Line]:
    """Measure all of it, the peers first."""
    words = _words()
    items = [_item(number, words) for number in range(ITEMS + MORE)]
    python = _peers_python()
    if isinstance(python, str):
        return [Line("archive: 100,000 items", "not measured", python, ok=False)]
    upsert = _peer(python, "upsert", base, [_row(one) for one in items[:ITEMS]])
    tweets = _peer(python, "tweets", base, [_tweet(one) for one in items[:TWEETS]])
    archive = Archive.open(base / "archive", f"sqlite:///{base / 'archive.db'}", TestSeal(), TestKeys())
    kept = _timed(lambda: _back_up(archive, items[:ITEMS]))
    more = _timed(lambda: _back_up(archive, items[ITEMS:]))
    verified = statistics.median(_timed(lambda: _verify(archive)) for _ in range(3))
    rebuilt = _timed(lambda: _rebuild(archive))
    searches = [_search(archive, query) for query in _queries(items, words)]
    archive.close()
    disk = sum(path.stat().st_size for path in base.glob("archive*/**/*") if path.is_file())
    disk += (base / "archive.db").stat().st_size
    each = kept / ITEMS
    theirs = tweets["seconds"] / TWEETS
    return [
        Line(
            f"archive: {ITEMS:,} items",
            f"{kept:.1f} s ({kept / upsert['seconds']:.2f} × peer)",
            f"sqlite-utils upsert_all with FTS: {upsert['seconds']:.1f} s",
            f"≤ {UPSERT_LIMIT} × peer",
            kept <= UPSERT_LIMIT * upsert["seconds"],
        ),
        Line(
            "archive: an item",
            f"{each * 1e6:.0f} µs ({theirs / each:.0f} × faster)",
            f"twitter-to-sqlite save_tweets: {milliseconds(theirs)} ({TWEETS} tweets)",
            f"≥ {TWEETS_LIMIT:.0f} × faster",
            theirs >= TWEETS_LIMIT * each,
        ),
        _limited(f"archive: {MORE:,} items more", more, MORE_LIMIT),
        _limited(f"archive: verify {ITEMS:,} items", verified, VERIFY_LIMIT),
        _limited(f"archive: rebuild {ITEMS:,} items, with both roots", rebuilt, REBUILD_LIMIT),
        _limited(f"archive: slowest of {len(searches)} searches", max(searches), SEARCH_LIMIT),
        Line(
            f"archive: {ITEMS + MORE:,} items on disk",
            f"{disk / 1e6:.1f} MB",
            f"sqlite-utils, index only: {upsert['bytes'] / 1e6:.1f} MB",
            f"≤ {DISK_LIMIT / 1e6:.0f} MB",
            disk <= DISK_LIMIT,
        ),
    ]


def _limited(measure: str, seconds: float, limit: float) -> Line:
    return Line(measure, milliseconds(seconds), limit=f"≤ {milliseconds(limit)}", ok=seconds <= limit)


def _timed(act: object) -> float:
    assert callable(act)
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _back_up(archive: Archive, items: Sequence[Item]) -> None:
    """Keep a stream as a network gives it: pages, newest first."""
    gap = archive.begin(_ACCOUNT, Stream.POSTS)
    for top in range(len(items), 0, -PAGE):
        rest = max(0, top - PAGE)
        page = ActivityPage(tuple(reversed(items[rest:top])), str(rest) if rest else None)
        gap = archive.keep(gap, page).gap
    archive.close_pages()


def _verify(archive: Archive) -> None:
    found = archive.verify()
    if found.problems or found.lines < ITEMS:
        raise SystemExit(f"the archive made for the measure is not whole: {found}")


def _rebuild(archive: Archive) -> None:
    made = archive.rebuild()
    if made.before != made.after:
        raise SystemExit(f"the rebuilt index differs: {made}")


def _search(archive: Archive, query: str) -> float:
    """The median seconds of a search for the first page."""
    with archive.database.read() as connection:
        return statistics.median(_timed(lambda: reader.search(connection, query)) for _ in range(5))


def _queries(items: Sequence[Item], words: Sequence[str]) -> list[str]:
    """A word of every third item, rare words, a phrase, a whole text, a picture, and nonsense."""
    text = items[ITEMS // 2].text
    return ["https", words[5], f"{words[7]} {words[9]}", f'"{" ".join(text.split()[:3])}"', text, "🎉", "nowhere"]


def _words() -> list[str]:
    """As many words as a brand uses, some of them much more often (Zipf)."""
    chance = random.Random(5)
    made = {"".join(chance.choices(_SYLLABLES, k=chance.randint(1, 5))) for _ in range(9_000)}
    return sorted(made, key=lambda word: (len(word), word))


def _item(number: int, words: Sequence[str]) -> Item:
    chance = random.Random(number)
    picked = [words[int(len(words) * chance.random() ** 3)] for _ in range(chance.randint(8, 32))]
    text = (
        " ".join(picked) + (f" https://t.co/{number:x}" if number % 3 == 0 else "") + " 🎉" * (number % 500 == 0)
    )
    network_id = str(_FIRST_ID + number * 4_194_304)
    counts = {"likes": 500, "replies": 20, "reposts": 60, "impressions": 9_000}
    return Item(
        network_id=network_id,
        kind=Kind.POST,
        own=True,
        author_id="1234567",
        author_name="Acme",
        text=text,
        created_at=_START + timedelta(seconds=30 * number),
        url=f"https://x.com/acme/status/{network_id}",
        content={"conversation_id": network_id, "lang": "en", "source": "SocialGuard"},
        metrics={name: chance.randint(0, most) for name, most in counts.items()},
    )


def _row(one: Item) -> dict[str, object]:
    """An item as a row of the peer's one table."""
    return {
        "id": one.network_id,
        "kind": one.kind.value,
        "own": one.own,
        "author_id": one.author_id,
        "author_name": one.author_name,
        "text": one.text,
        "created_at": one.created_at.isoformat(),
        "url": one.url,
        "content": dict(one.content),
        **one.metrics,
    }


def _tweet(one: Item) -> dict[str, object]:
    """An item as X's API gave tweets when that peer was written."""
    user = {"id": 1234567, "screen_name": "acme", "name": "Acme", "description": "Cheese", "location": "Lyon"}
    user |= {"url": None, "followers_count": 5, "friends_count": 3, "listed_count": 1, "favourites_count": 7}
    user |= {"statuses_count": 9, "created_at": "Thu Jan 01 00:00:00 +0000 2015", "entities": {}}
    tweet: dict[str, object] = {"id": int(one.network_id), "full_text": one.text, "user": user, "lang": "en"}
    tweet |= {"created_at": one.created_at.strftime("%a %b %d %H:%M:%S +0000 %Y"), "truncated": False}
    tweet |= {"entities": {"urls": [], "hashtags": [], "user_mentions": [], "symbols": []}, "place": None}
    tweet |= {"source": '<a href="https://example.com" rel="nofollow">SocialGuard</a>', "retweeted": False}
    tweet |= {"retweet_count": one.metrics["reposts"], "favorite_count": one.metrics["likes"]}
    return tweet


def _peer(python: Path, name: str, base: Path, documents: Sequence[object]) -> dict[str, float]:
    source, target = base / f"{name}.jsonl", base / f"peer-{name}.db"
    source.write_text("\n".join(json.dumps(one) for one in documents), encoding="utf-8")
    script = Path(__file__).with_name("archive_peers.py")
    done = subprocess.run(
        [str(python), str(script), name, str(source), str(target)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _peers_python() -> Path | str:
    """The interpreter of the peers' environment, made at the first run; or a sentence why there is none."""
    return peers.environment("archive-peers", ["sqlite-utils", "twitter-to-sqlite"])
