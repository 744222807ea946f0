"""How far the log may be pruned, and the pruning itself: an owner lets go what old entries say.

The log is verified first: what goes can never be held against its hash again. Nothing goes that a delivery which
can still go out is judged by, that a sink has not received, or by which `audit access` calls a right unused."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors
from socialguard.audit import pruning
from socialguard.audit.log import BEGINNING, Since
from socialguard.audit.pruning import Range
from socialguard.audit.sinks.places import opened
from socialguard.ledger import reader
from socialguard.ledger.states import FINAL
from socialguard.model.delivery import Delivery, State
from socialguard.model.text import marked
from socialguard.publishing.submission import since_of
from socialguard.store import small_file
from socialguard.workspace.auditing import UNUSED_AFTER
from socialguard.workspace.owner import OwnerSigner
from socialguard.workspace.verifying import verify

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.workspace.opened import Workspace

_FINE: Final = (0, errors.Stale.exit_code, errors.NotAnchored.exit_code)
_OPEN: Final = tuple(state for state in State if state not in FINAL)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go: the parts of the log, how many entries, and what keeps later ones that are old enough; empty
    where nothing does."""

    before: datetime
    parts: tuple[Range, ...]
    kept_by: str

    @property
    def count(self) -> int:
        """How many entries lose their content."""
        return sum(part.count for part in self.parts)


def plan(workspace: "Workspace", before: datetime, told: Callable[[int, int], None] | None = None) -> Plan:
    """Return what would go of the entries before an instant. Raises NotAllowed for anybody but an owner,
    UsageError for a time that is too young, Tampered where the log is not whole."""
    with workspace.database.read() as connection:
        if not workspace.signed.books(connection).manifest.is_owner(workspace.identity.member_id):
            detail = marked("only an owner signs that")
            raise errors.NotAllowed(who=marked("You"), what="prune the log", detail=detail)
    if before > clock.now() - UNUSED_AFTER:
        raise errors.UsageError(
            detail=f"Entries of the last {UNUSED_AFTER.days} days stay: audit access judges unused rights by them."
        )
    workspace.checkpoint()
    found = verify(workspace, deep=True, told=told)
    if found.exit_code not in _FINE:
        problem = next(one for one in found.problems if one.exit_code == found.exit_code)
        raise errors.Tampered(what="The audit log", detail=problem.detail)
    with workspace.database.read() as connection:
        limits = sorted(_limits(workspace, connection))
        intact = {gap.incarnation: gap.first for gap in reversed(found.gaps)}
        places = [place for place, _ in limits]
        old, parts = (pruning.ranges(connection, workspace.org, before, one, intact) for one in ((), places))
    return Plan(before, parts, limits[0][1] if parts != old else "")


def carry_out(workspace: "Workspace", found: Plan, reason: str) -> int:
    """Let go what was planned, and return of how many entries. Each act is a transaction of its own, and a
    checkpoint after the last states them all; raises Tampered where the log is not the one that was pinned."""
    owner = OwnerSigner(workspace.keys.member())
    done = 0
    for part in found.parts:
        rest: Range | None = part
        while rest is not None and rest.low < rest.high:
            with workspace.database.write() as connection:
                workspace.log.require_extends(connection, workspace.pins.pinned_tree())
                low = pruning.prune(connection, workspace.log, rest, owner, workspace.person, reason)
            rest = replace(rest, low=low)
        done += part.count
    workspace.checkpoint()
    return done


def _limits(workspace: "Workspace", connection: "Connection") -> Iterator[tuple[Since, str]]:
    """Yield each place in the log from which on everything must stay, and for what."""
    for value in reader.in_states(connection, *_OPEN):
        yield min(map(_since, _thread(connection, value))), f"delivery {value.id}"
    for text in workspace.settings.sinks:
        sink = opened(text, workspace.layout.home, workspace.settings.ca_bundle)
        kept = small_file.read(workspace.layout.sink(sink.name))
        incarnation, seq = kept.get("incarnation"), kept.get("seq")
        whole = isinstance(incarnation, int) and isinstance(seq, int)
        yield (incarnation, seq + 1) if whole else BEGINNING, f"sink {sink.name}"  # type: ignore[operator,misc]


def _thread(connection: "Connection", value: Delivery) -> Iterator[Delivery]:
    """Yield a delivery and the parts of its thread before it: the log must still say that they are public."""
    yield value
    while value.after_id is not None:
        value = reader.get(connection, value.after_id)
        yield value


def _since(value: Delivery) -> Since:
    return since_of(value.nonce)
