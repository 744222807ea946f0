"""What is usual on an account where people also post by hand: the table `baseline`.

It is learned from what the archive holds and nothing of ours made, and only when somebody says so: an account
without a baseline has no usual hand-posting at all. What fits is noted and raises no alert; what does not is told
with the reason: another client, another hour, more at once than ever. It counts only as it was signed, and as the
log says that it was accepted last: one that was withdrawn cannot be put back."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, insert, select

from socialguard import clock, errors
from socialguard.archive.watching import OwnItem
from socialguard.audit import usage
from socialguard.canon import envelope, jcs
from socialguard.store.prepared import Prepared
from socialguard.store.tables import baseline

ENOUGH: Final = 30
"""Fewer posts by hand say nothing about what is usual."""
NEWEST: Final = 5_000
WINDOW: Final = timedelta(hours=1)
STATEMENT: Final = "watch-baseline"
"""The envelope type of what a member accepts as usual."""
ACTION: Final = "watch.baseline"
"""In the log: `ok` with the SHA-256 of the statement that was accepted, or `forgotten`."""
T = TypeVar("T")

_WHAT: Final = "A baseline of the watch"
_HANDS: Final = "hands"
_READ: Final = Prepared(
    select(baseline.c.value).where(
        baseline.c.account_id == bindparam("account"), baseline.c.kind == bindparam("kind")
    )
)
_RARE: Final = 1 / 2_000
"""An hour in which a smaller share of the posts would fall is unusual."""
_NARROW: Final = 2.5
"""Hours at which a post counts no more, at the least: a change of the clocks moves it by one."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Usual hand-posting: clients with how often each was used (none where the network names none), hours of the
    day in `zone` with how often something was posted in each, and the most that was ever posted within an hour."""

    posts: int
    zone: str = "UTC"
    sources: Mapping[str, int] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)
    burst: int = 0

    def knows_source(self, source: str) -> bool:
        """Return whether that client was used before."""
        return source in self.sources

    def knows_hour(self, at: datetime) -> bool:
        """Return whether something is posted around that time of the day.

        Each post counts for the hours beside its own, too, the less the farther, and more widely where few posts
        say little: a density with a triangular kernel. From `ENOUGH` posts on that ends before the fourth hour, so
        that what is farther from all that was ever posted is never usual; and one post at night among thousands
        makes no night so."""
        width = max(_NARROW, 10 / math.cbrt(self.posts))
        hour = hour_of(at, self.zone)
        near = sum(count * max(0.0, 1 - _apart(hour, seen) / width) for seen, count in self.hours.items())
        return near / width >= _RARE * self.posts

    @property
    def most_in_an_hour(self) -> int:
        """How much within an hour is no burst: half as much again as ever, and a little for small numbers."""
        return self.burst + self.burst // 2 + 2


class TooLittle(errors.UsageError):
    """{account} has {count} posts that were made by hand; {enough} are needed to know what is usual."""

    remedy = "Fetch its past first: socialguard backup run {account}"


def learned(items: Sequence[OwnItem], zone: str) -> Baseline:
    """Return what these items, all made by hand, say is usual in an account's zone."""
    times = sorted(one.created_at for one in items)
    return Baseline(
        len(items),
        zone,
        dict(Counter(one.source for one in items).most_common()),
        dict(sorted(Counter(hour_of(one.created_at, zone) for one in items).items())),
        _burst(times),
    )


def hour_of(at: datetime, zone: str) -> int:
    """Return the hour of the day in a zone."""
    return at.astimezone(ZoneInfo(zone)).hour


def load(connection: Connection, account_id: str, org: str, judges: Mapping[str, bytes]) -> Baseline | None:
    """Return what is usual on an account, None where nobody said that anything is; Tampered for a row that
    nobody signed who may say so, or that is not the one that the log says was accepted last. `judges` are their
    public keys by key id."""
    text = read(connection, account_id, _HANDS)
    if text is None:
        return None
    try:
        kept = json.loads(text)
        hours = {int(hour): int(count) for hour, count in kept["hours"].items()}
        sources = {str(name): int(count) for name, count in kept["sources"].items()}
        value = Baseline(int(kept["posts"]), str(kept["zone"]), sources, hours, int(kept["burst"]))
        signed = jcs.encode(statement(account_id, value))
        envelope.verify(judges[kept["key_id"]], jcs.unb64(kept["signature"]), STATEMENT, org, signed)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise errors.Tampered(what=_WHAT, detail="nobody who may post there signed it.") from None
    last = usage.newest(connection, account_id, ACTION)
    if last is None or last.outcome != "ok" or last.obj.get("statement") != digest(account_id, value):
        raise errors.Tampered(what=_WHAT, detail="it is not the one that was accepted last.")
    return value


def statement(account_id: str, value: Baseline) -> dict[str, object]:
    """Return what the member signs who accepts that this is usual."""
    hours = {str(hour): count for hour, count in value.hours.items()}
    said = {"posts": value.posts, "sources": dict(value.sources), "hours": hours, "burst": value.burst}
    return {"account": account_id, "zone": value.zone, **said}


def digest(account_id: str, value: Baseline) -> str:
    """Return the SHA-256 of a statement, in hex, by which the log names it."""
    return hashlib.sha256(jcs.encode(statement(account_id, value))).hexdigest()


def keep(connection: Connection, account_id: str, value: Baseline, key_id: str, signature: bytes) -> None:
    """Keep what is usual from now on, with the signature over its statement."""
    text = {**statement(account_id, value), "key_id": key_id, "signature": jcs.b64(signature)}
    write(connection, account_id, _HANDS, json.dumps(text))


def forget(connection: Connection, account_id: str) -> bool:
    """Let nothing be usual any more; return whether anything was."""
    gone = delete(baseline).where(baseline.c.account_id == account_id, baseline.c.kind == _HANDS)
    return connection.execute(gone).rowcount > 0


def read(connection: Connection, account_id: str, kind: str) -> str | None:
    """Return what is kept under a kind: how an account's profile or permissions were seen last, too."""
    found: str | None = _READ.scalar(connection, account=account_id, kind=kind)
    return found


def parsed(text: str, form: type[T]) -> T:
    """Return what a row holds as JSON, a `form`; raises Tampered for what this program did not write."""
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        value = None
    if not isinstance(value, form):
        raise errors.Tampered(what=_WHAT, detail="its row is not one of ours.")
    return value


def write(connection: Connection, account_id: str, kind: str, value: str) -> None:
    """Keep a value under a kind, in place of the one before."""
    connection.execute(delete(baseline).where(baseline.c.account_id == account_id, baseline.c.kind == kind))
    row = {"account_id": account_id, "kind": kind, "value": value, "taken_at": jcs.timestamp(clock.now())}
    connection.execute(insert(baseline).values(row))


def _apart(one: int, other: int) -> int:
    """The hours between two hours of the day, around midnight, too."""
    return min((one - other) % 24, (other - one) % 24)


def _burst(times: Sequence[datetime]) -> int:
    """The most of these within any hour."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most
