"""How people post by hand, drawn day by day: the rhythms against which the baseline is held.

`drawn("weekend", chance, first, days)` gives the posts of so many days, oldest first. A rhythm lives in the zone
of its people (`PARIS`), also where the account's zone is another one."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

PARIS: Final = "Europe/Paris"
MONTREAL: Final = "America/Montreal"
CLIENTS: Final = ("Web App", "iPhone")


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody posts by hand: when, and with which client."""

    at: datetime
    client: str


Day = Callable[[random.Random, date, int], Iterator[datetime]]


def drawn(name: str, chance: random.Random, first: date, days: int) -> list[Post]:
    """Return the posts of so many days from the first, oldest first."""
    times = [at for number in range(days) for at in RHYTHMS[name](chance, first + timedelta(days=number), number)]
    return [Post(at, chance.choices(CLIENTS, (3, 1))[0]) for at in sorted(times)]


def _around(
    chance: random.Random, day: date, hour: float, spread: float, count: int, zone: str = PARIS
) -> Iterator[datetime]:
    """So many times around an hour of the day on the clock of a zone, at most three spreads away."""
    for _ in range(count):
        by = max(-3.0, min(3.0, chance.gauss(0, 1))) * spread
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        yield (midnight + timedelta(hours=hour + by)).astimezone(UTC)  # by the clock on the wall


def _office(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """Weekdays from nine to seven, with a pause for lunch."""
    if day.weekday() < 5:
        yield from _around(chance, day, 11, 0.7, chance.randrange(1, 4))
        yield from _around(chance, day, 15.5, 1.1, chance.randrange(1, 4))


def _weekend(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """Saturdays and Sundays, and once in a while something on another day."""
    if day.weekday() >= 5:
        yield from _around(chance, day, 15, 2.5, chance.randrange(3, 9))
    elif chance.random() < 0.05:
        yield from _around(chance, day, 19, 1, 1)


def _commuter(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """On the way to work and at night, nothing in between."""
    yield from _around(chance, day, 7.7, 0.4, chance.randrange(0, 3))
    yield from _around(chance, day, 21, 1.2, chance.randrange(0, 4))


def _owl(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """Around midnight."""
    yield from _around(chance, day, 23.5, 1.5, chance.randrange(0, 5))


def _season(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """An ice-cream parlour: more, and later in the day, in summer."""
    summer = (1 - math.cos(2 * math.pi * day.timetuple().tm_yday / 365)) / 2
    yield from _around(chance, day, 13 + 2.5 * summer, 2, chance.randrange(1, 3 + round(4 * summer)))


def _events(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """A little each day, and each third Thursday an evening told live."""
    yield from _around(chance, day, 12, 2, chance.randrange(0, 4))
    if number % 21 == 17:
        yield from _around(chance, day, 20, 0.6, chance.randrange(15, 31))


def _seldom(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """Every third day at some time of the day."""
    if chance.random() < 0.35:
        yield from _around(chance, day, 14, 3, 1)


def _continents(chance: random.Random, day: date, number: int) -> Iterator[datetime]:
    """Two offices, whose clocks change on different days."""
    yield from _around(chance, day, 11, 1.5, chance.randrange(0, 3))
    yield from _around(chance, day, 14, 1.5, chance.randrange(0, 3), MONTREAL)


RHYTHMS: Final[Mapping[str, Day]] = {
    "office": _office,
    "weekend": _weekend,
    "commuter": _commuter,
    "owl": _owl,
    "season": _season,
    "events": _events,
    "seldom": _seldom,
    "continents": _continents,
}
