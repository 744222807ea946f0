"""The table `sighting`: what was seen, each once."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from socialguard import clock
from socialguard.canon import jcs
from socialguard.store.tables import sighting
from socialguard.watch.interface import Seen, Severity, Sighting

WRITTEN = (Seen.POST, Seen.REPLY, Seen.REPOST)
"""What somebody wrote by another hand than ours."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A sighting as it is kept, and when it was seen."""

    account_id: str
    sighting: Sighting
    seen_at: datetime


def known(connection: Connection, account_id: str, kinds: Collection[Seen]) -> frozenset[str]:
    """Return the subjects of what was seen of these kinds."""
    query = select(sighting.c.subject).where(sighting.c.account_id == account_id, sighting.c.kind.in_(list(kinds)))
    return frozenset(connection.execute(query).scalars())


def older(connection: Connection, account_id: str, kind: Seen, than: datetime) -> tuple[str, ...]:
    """Return the subjects of what was seen of a kind until then, oldest first."""
    query = select(sighting.c.subject).where(
        sighting.c.account_id == account_id,
        sighting.c.kind == kind.value,
        sighting.c.seen_at <= jcs.timestamp(than),
    )
    return tuple(connection.execute(query.order_by(sighting.c.id)).scalars())


def forget(connection: Connection, account_id: str, kind: Seen, subjects: Collection[str]) -> None:
    """Forget sightings that did not prove true: should it happen, it is seen again."""
    connection.execute(
        delete(sighting).where(
            sighting.c.account_id == account_id,
            sighting.c.kind == kind.value,
            sighting.c.subject.in_(list(subjects)),
        )
    )


def keep(connection: Connection, account_id: str, found: Sequence[Sighting]) -> list[Sighting]:
    """Keep sightings, and return those that were not known yet: another watcher may have seen some."""
    seen = {kind: known(connection, account_id, [kind]) for kind in {one.kind for one in found}}
    found = [one for one in found if one.subject not in seen[one.kind]]
    now = jcs.timestamp(clock.now())
    rows = [
        {
            "account_id": account_id,
            "kind": one.kind.value,
            "subject": one.subject,
            "severity": one.severity.value,
            "detail": json.dumps(
                {"url": one.url, "source": one.source, "what": one.what, "reasons": list(one.reasons)}
            ),
            "evidence": one.evidence,
            "at": jcs.timestamp(one.at),
            "seen_at": now,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(sighting), rows)
    return found


def tie(connection: Connection, account_id: str, found: Sequence[Sighting], alert_id: int) -> None:
    """Say which alert tells of sightings."""
    for one in found:
        connection.execute(
            update(sighting)
            .where(
                sighting.c.account_id == account_id,
                sighting.c.kind == one.kind.value,
                sighting.c.subject == one.subject,
            )
            .values(alert_id=alert_id)
        )


def written_between(connection: Connection, account_id: str, since: datetime, until: datetime) -> int:
    """Return how much somebody else wrote after `since` and up to `until`."""
    query = select(func.count()).where(
        sighting.c.account_id == account_id,
        sighting.c.kind.in_(list(WRITTEN)),
        sighting.c.at > jcs.timestamp(since),
        sighting.c.at <= jcs.timestamp(until),
    )
    return int(connection.execute(query).scalar_one())


def told_by(connection: Connection, alert_ids: Collection[int]) -> int:
    """Return how much these alerts tell of."""
    query = select(func.count()).where(sighting.c.alert_id.in_(list(alert_ids)))
    return int(connection.execute(query).scalar_one()) if alert_ids else 0


def of_alert(connection: Connection, alert_id: int, limit: int = 1000) -> list[Kept]:
    """Return what an alert tells of, oldest first."""
    query = select(sighting).where(sighting.c.alert_id == alert_id).order_by(sighting.c.id).limit(limit)
    return [_kept(row) for row in connection.execute(query)]


def last(connection: Connection) -> int:
    """Return the number of the newest sighting of all accounts."""
    return int(connection.execute(select(func.coalesce(func.max(sighting.c.id), 0))).scalar_one())


def of_account(connection: Connection, account_id: str, after: int = 0) -> list[Kept]:
    """Return what was seen on an account after the sighting of that number, oldest first."""
    query = select(sighting).where(sighting.c.account_id == account_id, sighting.c.id > after)
    return [_kept(row) for row in connection.execute(query.order_by(sighting.c.id))]


def numbered(connection: Connection, account_id: str, since: datetime) -> list[tuple[int, Kept]]:
    """Return what was seen on an account since then, each with its number, oldest first."""
    query = select(sighting).where(sighting.c.account_id == account_id, sighting.c.seen_at >= jcs.timestamp(since))
    return [(row.id, _kept(row)) for row in connection.execute(query.order_by(sighting.c.id))]


def alerts_of(connection: Connection, numbers: Collection[int]) -> list[int]:
    """Return the alerts that tell of these."""
    query = select(sighting.c.alert_id).where(sighting.c.id.in_(list(numbers)), sighting.c.alert_id.is_not(None))
    return list(connection.execute(query.distinct()).scalars())


def _kept(row: Row[Any]) -> Kept:
    detail = json.loads(row.detail)
    value = Sighting(
        Seen(row.kind),
        row.subject,
        Severity(row.severity),
        jcs.parse_timestamp(row.at),
        row.evidence,
        detail["url"],
        detail["source"],
        detail["what"],
        tuple(detail["reasons"]),
    )
    return Kept(row.account_id, value, jcs.parse_timestamp(row.seen_at))
