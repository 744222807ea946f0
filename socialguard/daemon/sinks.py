"""Sending every entry of the log to the sinks of the settings: in order, at least once, from where each stood."""

from itertools import islice
from typing import Final, cast

from socialguard import errors
from socialguard.audit import streaming
from socialguard.audit.sinks.interface import Sink
from socialguard.audit.sinks.places import opened
from socialguard.daemon.interface import Problem
from socialguard.store import small_file
from socialguard.workspace.opened import Workspace

BATCH: Final = 500
NAME: Final = "sinks"


class Sinks:
    """The sinks of a workspace. A new one begins with the first entry of the log."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        settings = workspace.settings
        home = workspace.layout.home
        self._sinks = [opened(one, home, settings.ca_bundle) for one in settings.sinks]

    def look(self) -> None:
        """Send what is new, some hundred entries to each. Raises Problem where a sink took nothing."""
        failed = []
        for sink in self._sinks:
            try:
                self._send(sink)
            except errors.Unreadable as problem:
                failed.append(problem.message())
        if failed:
            raise Problem("; ".join(failed))

    def _send(self, sink: Sink) -> None:
        workspace = self._workspace
        place = workspace.layout.sink(sink.name)
        kept = small_file.read(place)
        incarnation, seq = kept.get("incarnation"), kept.get("seq")
        after = (incarnation, seq) if isinstance(incarnation, int) and isinstance(seq, int) else None
        with workspace.database.read() as connection:
            names = workspace.names(connection)
        form = cast("streaming.Form", workspace.settings.sink_format)
        found = list(islice(streaming.lines(workspace.database, workspace.org, form, names, after=after), BATCH))
        if not found:
            return
        sink.send([line for _, line in found])
        incarnation, seq = found[-1][0]
        small_file.write(place, {"incarnation": incarnation, "seq": seq})
