"""The table `affinity_fit`: what is known of each account, one row an account. The guard alone writes it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, insert, select

from socialguard import clock
from socialguard.canon import jcs
from socialguard.store.prepared import Prepared
from socialguard.store.tables import affinity_fit

if TYPE_CHECKING:
    from socialguard.guard.affinity.portfolio import Portfolio

_FITTED: Final = Prepared(select(affinity_fit.c.account_id))


def fitted(connection: Connection) -> frozenset[str]:
    """Return the ids of the accounts that something is known of; cheap, and without numpy."""
    return frozenset(account_id for (account_id,) in _FITTED.tuples(connection))


def load(connection: Connection) -> dict[str, bytes]:
    """Return what is known of each account, by its id (`Portfolio.restored` reads it)."""
    rows = connection.execute(select(affinity_fit.c.account_id, affinity_fit.c.model))
    return {row.account_id: bytes(row.model) for row in rows}


def restored(connection: Connection) -> "Portfolio":
    """Return the detector as it was fitted last; one that knows nothing where what is kept cannot be read."""
    from socialguard.guard.affinity.portfolio import Portfolio

    try:
        return Portfolio.restored(load(connection))
    except (ValueError, KeyError, TypeError):
        return Portfolio.restored({})  # another version wrote it; the next fit makes it anew


def save(connection: Connection, kept: Mapping[str, bytes], *, whole: bool) -> None:
    """Keep what is known of accounts; `whole`: nothing else is known any more."""
    gone = delete(affinity_fit)
    connection.execute(gone if whole else gone.where(affinity_fit.c.account_id.in_(list(kept))))
    now = jcs.timestamp(clock.now())
    if kept:
        rows = [{"account_id": account, "model": model, "fitted_at": now} for account, model in kept.items()]
        connection.execute(insert(affinity_fit), rows)
