"""How far an account is judged: the table `watch_cursor`.

What was there before an account was ours is history, and no alarm: while its first backup goes on, what was made
before it was added is passed over. An index that was made anew numbers its items anew: then all are gone through
once more, which repeats nothing, since each sighting is kept once."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from socialguard import errors
from socialguard.canon import jcs
from socialguard.store.prepared import Prepared
from socialguard.store.tables import watch_cursor
from socialguard.watch import baseline

_KIND: Final = "place {watcher}"

_LOAD: Final = Prepared(select(watch_cursor.c.position).where(watch_cursor.c.account_id == bindparam("account")))


@dataclass(frozen=True, slots=True)
class Place:
    """The last item that was judged: its place in the archive and its network's id. `history` while what was made
    before `since` is passed over."""

    since: datetime
    history: bool = True
    item: int = 0
    network_id: str = ""


def load(connection: Connection, account_id: str, added_at: datetime, watcher: str = "") -> Place:
    """Return how far an account is judged by a watcher (empty: the watch of the workspace); Tampered for a row
    that this program did not write."""
    if watcher:
        text = baseline.read(connection, account_id, _KIND.format(watcher=watcher))
    else:
        text = _LOAD.scalar(connection, account=account_id)
    if text is None:
        return Place(added_at)
    try:
        kept = json.loads(text)
        return Place(
            jcs.parse_timestamp(kept["since"]), bool(kept["history"]), int(kept["item"]), str(kept["network_id"])
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        raise errors.Tampered(what="The watch's place", detail="its row is not one of ours.") from None


def keep(connection: Connection, account_id: str, place: Place, watcher: str = "") -> None:
    """Keep how far an account is judged by a watcher."""
    position = {
        "since": jcs.timestamp(place.since),
        "history": place.history,
        "item": place.item,
        "network_id": place.network_id,
    }
    if watcher:
        baseline.write(connection, account_id, _KIND.format(watcher=watcher), json.dumps(position))
        return
    connection.execute(delete(watch_cursor).where(watch_cursor.c.account_id == account_id))
    connection.execute(insert(watch_cursor).values(account_id=account_id, position=json.dumps(position)))
