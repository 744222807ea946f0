"""Reading the log is in the log, too: who read which span of it, said before anything is shown.

A log that cannot be written must still be read, for that is when it is needed: the reading then goes to the
emergency file, as a freeze does, and is logged later. Only where that cannot be written either is it refused."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.audit.interface import Entry
from socialguard.model.text import visible

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace

_LONGEST: Final = 128
"""Characters that are kept of what a person typed."""
_UNWRITABLE: Final = (errors.AuditUnwritable, errors.Unreadable, errors.Tampered, errors.Busy)


def note(
    workspace: "Workspace", action: str, given: Mapping[str, object | None], *, account: str | None = None
) -> None:
    """Log that this person reads the log by `action`; of what is `given` (filters, the span), None is left out.
    `account` is an account's id. Raises what kept the log from being written where nothing else could be."""
    obj = {
        name: visible(value, _LONGEST) if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
    try:
        with workspace.database.write() as connection:
            workspace.log.append(connection, Entry(action, "ok", workspace.actor, account=account, obj=obj))
    except _UNWRITABLE:
        noted = workspace.emergency.note(action, workspace.actor, account=account, obj=obj)
        if not (noted.file or noted.syslog):
            raise


def span(places: Sequence[tuple[int, int]]) -> dict[str, object]:
    """Return which entries are shown, by (incarnation, seq), newest first: how many, the last and the first."""
    if not places:
        return {"count": 0}
    (newest, last), (oldest, first) = places[0], places[-1]
    found: dict[str, object] = {"count": len(places), "first": first, "last": last, "incarnation": newest}
    return found if oldest == newest else {**found, "from_incarnation": oldest}
