"""Entries as lines for a collector of security logs, oldest first, as they stand or as events of OCSF."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from socialguard.audit import ocsf
from socialguard.audit.reader import Filter, logged, rows
from socialguard.canon import jcs
from socialguard.store.database import Database

Form = Literal["ocsf", "jsonl"]
FORMS: Final[tuple[Form, ...]] = ("ocsf", "jsonl")
Place = tuple[int, int]
"""Incarnation and index of an entry."""


def lines(
    database: Database,
    org: str,
    form: Form,
    names: Mapping[str, str],
    wanted: Filter | None = None,
    after: Place | None = None,
) -> Iterator[tuple[Place, str]]:
    """Give each entry after a place as one line without its end.

    `jsonl` is `{"incarnation","leaf","leaf_hash","reason","seq"}`, the leaf a string of the exact bytes that are
    hashed, null where only the hash is kept; of such an entry there is no event. Raises Tampered for an entry that
    is no leaf."""
    for row in rows(database, wanted or Filter(), after):
        place = (row.incarnation, row.seq)
        if form == "ocsf" and not row.leaf:
            continue
        if form == "ocsf":
            yield place, json.dumps(ocsf.event(logged(row), org, names), separators=(",", ":"))
            continue
        line = {
            "incarnation": row.incarnation,
            "seq": row.seq,
            "leaf": bytes(row.leaf).decode("utf-8") if row.leaf else None,
            "leaf_hash": bytes(row.leaf_hash).hex(),
            "reason": row.reason,
        }
        yield place, jcs.encode(line).decode("utf-8")
