"""Every duty of the daemon, and how often it is done."""

import threading
from collections.abc import Callable, Sequence

from socialguard.daemon.acknowledgements import Acknowledgements
from socialguard.daemon.backups import Backups
from socialguard.daemon.checkpoints import Checkpoints
from socialguard.daemon.disk import Disk
from socialguard.daemon.heartbeat import Heartbeat
from socialguard.daemon.interface import Backup, Duty, Problem, sparing_posts
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.settled import NAME as SETTINGS
from socialguard.daemon.settled import Settled
from socialguard.daemon.sinks import NAME, Sinks
from socialguard.daemon.status import DISK
from socialguard.daemon.tokens import Tokens
from socialguard.daemon.watching import NAME as WATCH
from socialguard.daemon.watching import SECONDS as WATCH_SECONDS
from socialguard.daemon.watching import Watching
from socialguard.workspace.opened import Workspace


def made(
    workspace: Workspace,
    publisher: Publisher,
    lanes: Lanes,
    failed: Callable[[Exception], None],
    is_well: Callable[[], bool],
) -> Sequence[Duty]:
    """Return the duties that every daemon has. `failed` is called with what work in a lane raised."""
    checkpoints = Checkpoints(workspace)
    sinks = [Duty(NAME, 5.0, Sinks(workspace).look)] if workspace.settings.sinks else []
    return (
        Duty("publish", 1.0, publisher.publish),
        Duty("reconcile", 2.0, publisher.reconcile),
        Duty("tokens", 60.0, Tokens(workspace, lanes, failed).look),
        Duty("checkpoint", 5.0, checkpoints.near),
        Duty("anchors", 900.0, checkpoints.far),
        Duty("acknowledge", 5.0, Acknowledgements(workspace).look),
        Duty("approvals", 60.0, publisher.expire),
        Duty(DISK, 60.0, Disk(workspace.layout).look),
        Duty(SETTINGS, 60.0, Settled(workspace).look),
        Duty("alerts", 60.0, lambda: _send_alerts(workspace)),
        Duty("heartbeat", 60.0, Heartbeat(workspace.settings, is_well).beat),
        *sinks,
    )


def backups(
    workspace: Workspace,
    backup: Backup,
    lanes: Lanes,
    stop: threading.Event,
    failed: Callable[[Exception], None],
) -> Duty:
    """Return the duty of a workspace that backs up; `lanes` are not those of publishing."""
    return Duty("backup", 10.0, Backups(workspace, backup, lanes, stop, failed).look)


def watching(workspace: Workspace, lanes: Lanes, failed: Callable[[Exception], None]) -> Duty:
    """Return the duty of a workspace that backs up: what nobody here did is looked for."""
    return Duty(WATCH, WATCH_SECONDS, Watching(workspace, lanes, failed).look)


def learning(workspace: Workspace) -> Duty:
    """Return the duty of a workspace that backs up: the wrong-account detector learns what came in."""
    return Duty("affinity", 3600.0, lambda: _learn(workspace))


def _send_alerts(workspace: Workspace) -> None:
    from socialguard.workspace import outward

    failed = sorted({one.channel for one in outward.send(workspace) if not one.ok})
    if failed:
        raise Problem(f"not taken by: {', '.join(failed)}")


def _learn(workspace: Workspace) -> None:
    from socialguard.workspace import affinity

    with sparing_posts():
        affinity.refit(workspace)
