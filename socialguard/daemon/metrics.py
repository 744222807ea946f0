"""`/metrics` for Prometheus: numbers of the workspace, on loopback unless the settings name another address.

No names, texts or reasons: whoever reaches the port learns counts and ages, nothing about an account."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from socialguard import clock, errors
from socialguard.alerts import reader
from socialguard.audit.anchors.publishing import waiting_since
from socialguard.canon import jcs
from socialguard.daemon import status
from socialguard.daemon.disk import forecast
from socialguard.daemon.logs import about, log
from socialguard.workspace import standing
from socialguard.workspace.opened import Workspace

LOOPBACK: Final = "127.0.0.1"
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_HELP: Final = {
    "socialguard_up": "1 while a daemon works.",
    "socialguard_duty_lag_seconds": "How late a duty began.",
    "socialguard_duty_failed": "1 where the last run of a duty failed.",
    "socialguard_deliveries": "Deliveries that are not settled, by state.",
    "socialguard_alerts_unseen": "Alerts that nobody has seen yet.",
    "socialguard_accounts": "Accounts by how their credential stands.",
    "socialguard_accounts_frozen": "Accounts that a freeze holds.",
    "socialguard_accounts_without_backup": "Accounts of which nothing was backed up yet.",
    "socialguard_backup_age_seconds": "How old the oldest newest backup of an account is.",
    "socialguard_audit_entries": "Entries of the audit log.",
    "socialguard_anchor_waiting_seconds": "How long the oldest checkpoint has waited for an anchor.",
    "socialguard_disk_free_bytes": "Free bytes where the workspace lies.",
}


def text(workspace: Workspace) -> str:
    """Return the numbers in the text format of Prometheus."""
    database = workspace.database
    with database.read() as connection:
        found = status.read(connection)
        entries = workspace.log.head(connection).size
        unseen = reader.count_unseen(connection)
    accounts = standing.read(workspace, workspace.accounts())
    states: Counter[str] = Counter()
    for one in accounts:
        states.update({state.value: count for state, count in one.queue.counts.items()})
    backups = [one.backup_at for one in accounts if one.backup_at is not None]
    lags: dict[str, float] = {}
    failed: dict[str, int] = {}
    for run in found.duties:  # a duty of an account counts with its kind
        name = run.name.partition(" ")[0]
        lags[name] = max(lags.get(name, 0.0), run.lag.total_seconds())
        failed[name] = max(failed.get(name, 0), int(run.error is not None))
    anchors = {name: _age(waiting_since(database, name)) for name in workspace.anchor_names}
    return "".join(
        [
            *_gauge("socialguard_up", "", {"": int(found.alive)}),
            *_gauge("socialguard_duty_lag_seconds", "duty", lags),
            *_gauge("socialguard_duty_failed", "duty", failed),
            *_gauge("socialguard_deliveries", "state", states),
            *_gauge("socialguard_alerts_unseen", "", {"": unseen}),
            *_gauge("socialguard_accounts", "credential", Counter(one.credential for one in accounts)),
            *_gauge("socialguard_accounts_frozen", "", {"": sum(one.stop is not None for one in accounts)}),
            *_gauge("socialguard_accounts_without_backup", "", {"": len(accounts) - len(backups)}),
            *_gauge("socialguard_backup_age_seconds", "", {"": max(map(_since, backups), default=0.0)}),
            *_gauge("socialguard_audit_entries", "", {"": entries}),
            *_gauge("socialguard_anchor_waiting_seconds", "anchor", anchors),
            *_gauge("socialguard_disk_free_bytes", "", {"": forecast(workspace.layout).free}),
        ]
    )


@contextmanager
def served(workspace: Workspace) -> Iterator[int | None]:
    """Answer `/metrics` for the time of the block, and yield the port; None where the settings name none.

    An address that cannot be had is logged and stops nothing."""
    given = workspace.settings.metrics
    if given is None:
        yield None
        return
    host, _, port = given.rpartition(":")
    try:
        server = ThreadingHTTPServer((host or LOOPBACK, int(port)), _handler(workspace))
    except (OSError, OverflowError) as problem:
        log.error("metrics cannot be served", extra=about(error=str(problem)))
        yield None
        return
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _handler(workspace: Workspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0

        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            try:
                data = text(workspace).encode("utf-8")
            except errors.SocialGuardError:
                self.send_error(503)
                return
            with suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Type", _TYPE)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a scrape every few seconds is no news."""

    return Handler


def _gauge(name: str, label: str, values: "dict[str, int] | dict[str, float] | Counter[str]") -> Iterator[str]:
    yield f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n"
    for key, value in sorted(values.items()):
        yield f'{name}{{{label}="{key}"}} {value}\n' if label else f"{name} {value}\n"


def _age(since: str | None) -> float:
    return 0.0 if since is None else _since(jcs.parse_timestamp(since))


def _since(moment: datetime) -> float:
    return (clock.now() - moment).total_seconds()
