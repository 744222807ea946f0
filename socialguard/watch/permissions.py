"""What a credential may do, against what it could do before: as the network told when it was asked last
(`account verify`, and the daemon every day)."""

import hashlib
import json
from typing import Final

from socialguard import clock
from socialguard.watch import baseline, sightings, telling
from socialguard.watch.interface import Desk, Outcome, Seen, Severity, Sighting

_KIND: Final = "scopes"


def examine(desk: Desk, outcome: Outcome) -> None:
    """Hold the permissions that were told last against those before, and keep them as the usual ones."""
    account = outcome.account
    with desk.database.read() as connection:
        told = desk.facts(connection, account.id).inspection
        kept = baseline.read(connection, account.id, _KIND)
    if told is None:
        return
    now = sorted({str(one) for one in baseline.parsed(told, dict).get("scopes", ())})
    text = json.dumps(now)
    if text == kept:
        return
    before = None if kept is None else {str(one) for one in baseline.parsed(kept, list)}
    with desk.database.write() as connection:
        if baseline.read(connection, account.id, _KIND) != kept:
            return  # another process was here meanwhile
        baseline.write(connection, account.id, _KIND, text)
        if before is None:
            return
        changed = [f"+{one}" for one in now if one not in before] + [
            f"-{one}" for one in sorted(before - set(now))
        ]
        digest = hashlib.sha256(told.encode()).hexdigest()
        found = Sighting(
            Seen.PERMISSION,
            hashlib.sha256(f"{clock.now().isoformat()}{text}".encode()).hexdigest(),
            Severity.WARN,
            clock.now(),
            digest,
            what=" ".join(changed),
        )
        sightings.keep(connection, account.id, [found])
        telling.tell(connection, desk, account, [found])
    outcome.sightings.append(found)
