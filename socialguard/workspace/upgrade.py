"""Bringing a workspace to this program: a copy, the migrations, then a look whether its log is whole."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from socialguard import errors, settings
from socialguard.store import lease
from socialguard.store.database import connect, require_file, schema_version
from socialguard.store.migrate import copy_of
from socialguard.store.version import HEAD, KNOWN
from socialguard.workspace.layout import Layout
from socialguard.workspace.opened import Workspace
from socialguard.workspace.verifying import verify


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: the schema before and now, the copy that was made (None where none was needed), and how
    many entries of the log were verified."""

    before: str
    now: str
    copied_to: Path | None
    entries: int


def upgrade(home: Path, daemon: str, ask: Callable[[], str] | None) -> Upgraded:
    """Bring the workspace in `home` to this program's schema and verify its log.

    Raises SchemaTooNew for a workspace of a newer program, Busy while the process that holds the lease `daemon`
    works, Tampered where the log is not whole afterwards."""
    layout = Layout(home)
    layout.read_org()
    before = _before(layout.database_url(settings.load(layout.settings).database), daemon)
    with Workspace(home, ask=ask) as workspace:
        report = verify(workspace)
        problem = next(iter(report.problems), None)
        if problem is not None and report.exit_code == errors.Tampered.exit_code:
            raise errors.Tampered(what="The audit log", detail=problem.detail)
        copy = copy_of(workspace.database, before) if before != HEAD else None
        return Upgraded(before, HEAD, copy, report.entries)


def _before(url: str, daemon: str) -> str:
    """The schema as it stands, of a workspace on which no daemon works."""
    require_file(url)
    database = connect(url)
    try:
        found = schema_version(database)
        if found is None:
            raise errors.Unreadable(path=database.where, detail="it is not a database of socialguard.")
        if found not in KNOWN:
            raise errors.SchemaTooNew(path=database.where, found=found, known=HEAD)
        with database.read() as connection:
            holder = lease.holder(connection, daemon)
        if holder is not None and holder.is_alive:
            raise errors.Busy(what="The workspace", remedy="Stop its daemon first: systemctl stop socialguard")
        return found
    finally:
        database.close()
