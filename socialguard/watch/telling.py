"""Sightings as alerts: one for what was seen of a kind in one look, which names the newest; the evidence of each
is tied to it (`alerts show`)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection

from socialguard.alerts import logged, reader
from socialguard.model.account import Account
from socialguard.model.text import marked
from socialguard.watch import sightings
from socialguard.watch.interface import Desk, Seen, Severity, Sighting

_WRITTEN: Final = marked("FOREIGN  {account}: posts that were not sent from here: {count}; the newest: {url}")
_DELETED: Final = marked(
    "SUSPECTED  {account}: posts that are no longer shown, and nobody here deleted: {count}; the newest: {url}"
)
_PROFILE: Final = marked("PROFILE  {account} was changed at its network, not from here: {what}.")
_PERMISSION: Final = marked("PERMISSION  What the credential of {account} may do has changed: {what}.")
_ACT: Final = marked(
    "Not yours? Stop it: socialguard freeze {account} --reason …, then change its password and credential. "
    "Posted by hand, and rightly: socialguard watch baseline {account}"
)
_CHECK: Final = marked(
    "Not yours? Stop it: socialguard freeze {account} --reason …, then change its password and credential."
)
_KINDS: Final[Mapping[Seen, tuple[str, str, str]]] = {
    Seen.POST: ("watch.foreign", _WRITTEN, _ACT),
    Seen.REPLY: ("watch.foreign", _WRITTEN, _ACT),
    Seen.REPOST: ("watch.foreign", _WRITTEN, _ACT),
    Seen.DELETION: ("watch.deletion", _DELETED, _CHECK),
    Seen.PROFILE: ("watch.profile", _PROFILE, _CHECK),
    Seen.PERMISSION: ("watch.permission", _PERMISSION, _CHECK),
}
PREFIX: Final = "watch."
"""How the kinds of alerts begin that the watch raises."""


def tell(connection: Connection, desk: Desk, account: Account, found: Sequence[Sighting]) -> None:
    """Raise an alert for each kind of what was found, but for what is only noted, and log that it was raised. A
    log that takes nothing keeps no alert back."""
    groups: dict[tuple[str, str, str], list[Sighting]] = {}
    for one in found:
        if one.severity is not Severity.NOTE:
            groups.setdefault(_KINDS[one.kind], []).append(one)
    for (kind, template, remedy), some in groups.items():
        newest = max(some, key=lambda one: one.at)
        fields = {
            "account": account,
            "count": len(some) + sightings.told_by(connection, reader.open_ids(connection, kind, account.id)),
            "url": newest.url or newest.subject,
            "what": ", ".join(one.what for one in some if one.what),
        }
        told = desk.alerts.raise_(
            connection, kind, template, fields, account_id=account.id, remedy=remedy, again=True
        )
        sightings.tie(connection, account.id, some, told)
        said = logged.entry(desk.actor, account.id, told, kind, len(some), newest.evidence)
        desk.database.apart(connection, partial(desk.log.append, connection, said))
