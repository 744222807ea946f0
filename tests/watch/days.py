"""Days on an account where people post by hand, and then a break-in, at the sandbox whose clock moves day by day.

    tally = lived(office, "x:@acme", "weekend", random.Random(7), learned=60, days=30)
    assert tally.told == 0 and tally.missed == []

What people post comes from `tests/watch/rhythms.py`. The real `watch run` looks once a day; what it then calls
usual is a note, all else raises an alert."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.office import Office
from tests.shapes import WatchBaseline, shown
from tests.watch.rhythms import Post, drawn
from tests.watch.world import alerts, happen, ready, seen

YEARS: Final = 1_000
"""Days that are drawn before today, of which the newest posts are learned."""
FAR: Final = 4
"""Hours that another hour is away from all that people ever posted, at the least."""
STRANGER: Final = "Spam Bot"


@dataclass
class Tally:
    """What was posted by hand after the baseline, how much of it was told, and which of the stranger's posts were
    not; `why` says of each that was told when and for what reasons."""

    posts: int = 0
    told: int = 0
    strange: int = 0
    missed: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another tally in."""
        self.posts, self.told = self.posts + other.posts, self.told + other.told
        self.strange += other.strange
        self.missed += other.missed
        self.why += other.why


def lived(office: Office, name: str, rhythm: str, chance: random.Random, *, learned: int, days: int) -> Tally:
    """Learn so many posts, live so many days, break in on the next; return what was told."""
    start = datetime.now(UTC)
    posts = drawn(rhythm, chance, start.date() - timedelta(days=YEARS), YEARS + days + 3)
    added = start - timedelta(days=1)  # surely before the account was: what came after that is no history
    past = [one for one in posts if one.at < added][-learned:]
    for number, one in enumerate(past):
        _post(office, name, one, f"By hand, {number} of long ago")
    ready(office, name)
    assert seen(office, name) == []
    usual = shown(office.cli("watch", "baseline", name, "--json"), WatchBaseline).learned
    assert usual is not None
    assert usual.posts == len(past) == learned
    tally = Tally()
    for day in range(1, days + 1):
        office.sandbox.clock(86_400)
        until = start + timedelta(days=day)
        today = [one for one in posts if until - timedelta(days=1) <= one.at < until]
        made = {_post(office, name, one, f"By hand, {n} of day {day}") for n, one in enumerate(today)}
        found = {one.network_id: one for one in seen(office, name, SOCIALGUARD_CLOCK=f"+{day}d")}
        assert found.keys() == made, "each is seen once, on its day"
        strange = [one for one in found.values() if one.severity != "note"]
        tally.posts, tally.told = tally.posts + len(made), tally.told + len(strange)
        tally.why += [f"{name} {rhythm}: {one.at} {', '.join(one.reasons)}" for one in strange]
    raised = alerts(office).alerts
    assert bool(raised) == bool(tally.told), raised
    _break_in(office, name, past, start, days + 1, tally)
    return tally


def _break_in(office: Office, name: str, past: list[Post], start: datetime, day: int, tally: Tally) -> None:
    """Post as a stranger: with another client where the network names it, and at each hour that is nobody's."""
    office.sandbox.clock(86_400)
    morning = start + timedelta(days=day - 1)
    hours = {one.at.hour for one in past}
    strange = {}
    if name.startswith("x:"):
        like = past[-1].at.timetz()
        at = datetime.combine(morning.date(), like)
        at += timedelta(days=1) if at < morning else timedelta(0)
        strange[_post(office, name, Post(at, STRANGER), "Send coins")] = "source"
    for hour in range(24):
        if all(min((hour - other) % 24, (other - hour) % 24) >= FAR for other in hours):
            at = morning.replace(hour=hour, minute=30)
            at += timedelta(days=1) if at < morning else timedelta(0)
            strange[_post(office, name, Post(at, past[-1].client), f"Send coins at {hour}")] = "hour"
    found = {one.network_id: one for one in seen(office, name, SOCIALGUARD_CLOCK=f"+{day}d")}
    tally.strange += len(strange)
    for post, reason in strange.items():
        one = found[post]
        if one.severity == "note" or reason not in one.reasons:
            tally.missed.append(f"{name}: {one.at} {one.source} is told as {one.severity}")
    assert bool(strange) <= bool(alerts(office).alerts)


def _post(office: Office, name: str, one: Post, text: str) -> str:
    made: dict[str, Any] = happen(office, name, text=text, via=one.client, created_at=one.at.isoformat())
    return str(made["id"])
