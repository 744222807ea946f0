"""Campaigns by name: what deliveries belong to, so that reports can count them together.

A campaign comes to be with the first delivery that names it. Capitals do not make another one. The name is no
part of what a fingerprint signs: it will not be public."""

from typing import Final

from sqlalchemy import Connection, select

from socialguard import errors
from socialguard.store.dialect import upsert
from socialguard.store.tables import campaign

_TOLD: Final = 10


def keep(connection: Connection, name: str | None) -> str | None:
    """Return the id of the campaign of that name, made where there is none; None for None."""
    if name is None:
        return None
    found = _known(connection, name)
    if found is None:
        upsert(connection, campaign, [{"id": name, "name": name}], "name")
    return found or name


def find(connection: Connection, name: str) -> str:
    """Return the id of the campaign of that name; NotFound, with the names that there are."""
    found = _known(connection, name)
    if found is None:
        names = list(connection.scalars(select(campaign.c.name).order_by(campaign.c.name).limit(_TOLD)))
        hint = f"There are: {', '.join(names)}." if names else "No delivery belongs to a campaign yet."
        raise errors.NotFound(kind="campaign", name=name, hint=hint)
    return found


def _known(connection: Connection, name: str) -> str | None:
    wanted = name.casefold()  # SQL folds ASCII only
    return next((one for one in connection.scalars(select(campaign.c.id)) if one.casefold() == wanted), None)
