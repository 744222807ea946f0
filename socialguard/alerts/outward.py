"""Alerts to people who are not at a screen: each goes once to each channel, and again only where it failed.

A message carries what an alert is about (kind, account, delivery, how often) and its number, and no text of any
post: what it says stands in `alerts show`. The library that speaks to the services is silenced, since its own log
lines would hold the addresses, and so their secrets."""

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, insert, select, update

from socialguard import clock, errors
from socialguard.alerts import reader
from socialguard.alerts.reader import Alert
from socialguard.canon import jcs
from socialguard.store.database import Database
from socialguard.store.tables import alert_delivery

if TYPE_CHECKING:
    import apprise

SCHEMES: Final = frozenset(
    {"mailto", "mailtos", "json", "jsons", "slack", "msteams", "discord", "gchat", "mmost", "mmosts", "tgram"}
    | {"ntfy", "ntfys", "matrix", "matrixs", "pover"}
)
"""The services that an address may name; none runs a program or writes a file."""
MOST_AN_HOUR: Final = 20
"""More messages than these reach nobody; what is over waits for the next hour."""
FOR_GRAVE: Final = 5
"""So many of them only say what may be somebody else's doing, or a post that nobody can be sure of: forty accounts
over their budget do not keep that back."""
GRAVE: Final = frozenset({"tampered", "wrong_identity", "outcome_unknown", "recovery_used", "panic"})
FRESH: Final = timedelta(days=1)
"""What is older is no news: it stands in `alerts list`."""
REFUSED: Final = "refused"

About = Callable[[Connection, Alert], tuple[str, str]]
"""Returns the account's name and whom to call about it, empty where there is none."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one alert on one channel."""

    alert_id: int
    channel: str
    ok: bool


def require_address(url: str) -> None:
    """Raise UsageError, without repeating it, for an address that is none or of a service that is not allowed."""
    scheme = urlsplit(url).scheme.lower()
    if scheme not in SCHEMES:
        detail = f"An address begins with one of: {', '.join(sorted(SCHEMES))}."
        raise errors.UsageError(detail=detail, remedy="Write it as that service's page for Apprise says.")
    if _service(url) is None:
        raise errors.UsageError(detail=f"The address is not one of {scheme}.")


def send_due(database: Database, channels: Mapping[str, str], about: About) -> tuple[Sent, ...]:
    """Send to each channel (name to address) what nobody has seen, is fresh, and was not sent there; return it."""
    return tuple(sent for name, url in channels.items() for sent in _send_to(database, name, url, about))


def _send_to(database: Database, channel: str, url: str, about: About) -> list[Sent]:
    with database.read() as connection:
        waiting = _waiting(connection, channel)
        texts = [(one, _text(one, *about(connection, one))) for one in waiting]
    found = []
    for one, (title, body) in texts:
        service = _service(url)
        ok = service is not None and bool(service.notify(title=title, body=body))
        with database.write() as connection:
            _note(connection, one.id, channel, ok=ok)
        found.append(Sent(one.id, channel, ok))
        if not ok:
            break  # the next time tries again; the others would fail as well
    return found


def _waiting(connection: Connection, channel: str) -> list[Alert]:
    """What is to go there now, the grave first and then the oldest, as far as the hour still takes any."""
    now = clock.now()
    mine = alert_delivery.c.channel == channel
    sent = set(
        connection.execute(select(alert_delivery.c.alert_id).where(mine, alert_delivery.c.sent_at.is_not(None)))
        .scalars()
        .all()
    )
    lately = select(func.count()).where(mine, alert_delivery.c.sent_at > jcs.timestamp(now - timedelta(hours=1)))
    room = MOST_AN_HOUR - int(connection.execute(lately).scalar_one())
    fresh = [one for one in reader.page(connection, unseen=True, limit=500) if _is_fresh(one, now)]
    waiting = [one for one in reversed(fresh) if one.id not in sent]
    grave = [one for one in waiting if _is_grave(one)][: max(room, 0)]
    rest = [one for one in waiting if not _is_grave(one)]
    return grave + rest[: max(room - len(grave) - FOR_GRAVE, 0)]


def _is_grave(one: Alert) -> bool:
    return one.kind in GRAVE or one.kind.startswith("watch.")


def _is_fresh(one: Alert, now: datetime) -> bool:
    return now - one.raised_at < FRESH


def _text(one: Alert, account: str, contact: str) -> tuple[str, str]:
    title = f"SocialGuard: {one.kind}" + (f" on {account}" if account else "")
    lines = [
        f"Alert {one.id}, {one.count}×, last {one.raised_at:%Y-%m-%d %H:%M} UTC.",
        f"Delivery {one.delivery_id}." if one.delivery_id else "",
        f"Call: {contact}" if contact else "",
        f"See: socialguard alerts show {one.id}",
    ]
    return title, "\n".join(line for line in lines if line)


def _note(connection: Connection, alert_id: int, channel: str, *, ok: bool) -> None:
    values = {"sent_at": jcs.timestamp(clock.now()) if ok else None, "error": None if ok else REFUSED}
    mine = (alert_delivery.c.alert_id == alert_id, alert_delivery.c.channel == channel)
    if connection.execute(update(alert_delivery).where(*mine).values(values)).rowcount == 0:
        connection.execute(insert(alert_delivery).values(alert_id=alert_id, channel=channel, **values))


def _service(url: str) -> "apprise.Apprise | None":
    """Return what sends to that address; None for an address that is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of services that nobody here uses
        import apprise

        for name in ("apprise", "urllib3", "requests"):
            logging.getLogger(name).disabled = True
        asset = apprise.AppriseAsset(async_mode=False, secure_logging=True, plugin_paths=[])
        service = apprise.Apprise(asset=asset)
        return service if service.add(url) else None
