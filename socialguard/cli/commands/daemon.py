"""`socialguard daemon …`: what an operator runs, and what monitoring asks."""

import click

from socialguard import clock, errors
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.times_told import minute, moment
from socialguard.cli.words import _, decimal


@command("run")
def run(face: Face) -> int:
    """Send what is due, keep credentials alive and the log anchored, until it is told to stop."""
    from socialguard.daemon import logs, memory
    from socialguard.daemon.run import Daemon
    from socialguard.workspace.late_backup import LateBackup
    from socialguard.workspace.opened import DAEMON, Workspace

    face.reminds = False  # its log is one document a line
    memory.settle()
    logs.configure()
    daemon = None
    try:
        with Workspace(face.home, via=DAEMON) as workspace:
            daemon = Daemon(workspace, LateBackup(workspace))
            daemon.run()
    except errors.SocialGuardError as problem:
        if daemon is None or not daemon.has_worked:
            raise  # a person may have started it
        logs.tell_end(problem)
        return problem.exit_code
    return 0


@command("status")
@click.option("--check", is_flag=True, help="Answer as a monitoring plugin: one line, and 0, 1 or 2.")
def status(face: Face, check: bool) -> int:
    """Show whether the daemon works, and how each of its duties stands."""
    from socialguard.daemon import status as statuses
    from socialguard.daemon.disk import forecast

    face.reminds = not check
    try:
        with open_workspace(face, may_ask=False) as workspace, workspace.database.read() as connection:
            found = statuses.read(connection)
            names = workspace.names(connection)
            zone = workspace.zone
        filling = forecast(workspace.layout)
    except errors.SocialGuardError as problem:
        if not check or face.as_json:
            raise
        code, line = statuses.unread(problem.message(_))
        face.printer.line(line)
        return code
    code, line = statuses.check(found, names, filling)

    def people() -> None:
        now = clock.now()
        runs = sorted((statuses.shown(each.name, names), each) for each in found.duties)
        if check:
            face.printer.line(line)
            return
        if found.alive:
            face.printer.say(
                "A daemon works, process {pid}, since {since}.", pid=found.pid, since=minute(found.since, zone)
            )
        elif found.mute is not None:
            face.printer.say(
                "A daemon runs, process {pid}, and can keep nothing: is its disk full, or is it stopped?",
                pid=found.mute,
            )
        else:
            face.printer.say("No daemon works. Start one: socialguard daemon run")
        face.printer.table(
            [_("duty"), _("last run"), _("last success"), _("next run"), _("late"), _("error")],
            [
                (
                    name,
                    *(
                        "–" if at is None else moment(at, now, zone)
                        for at in (each.last_run, each.last_ok, each.next_run)
                    ),
                    f"{decimal(each.lag.total_seconds())} s",
                    each.error,
                )
                for name, each in runs
            ],
        )
        free = decimal(filling.free / 1e9)
        if filling.full_on is None:
            face.printer.say("Disk: {free} GB free; nothing says when it will be full.", free=free)
        else:
            full_on = f"{filling.full_on:%Y-%m-%d}"
            face.printer.say(
                "Disk: {free} GB free; at this growth it will be full on {day}.", free=free, day=full_on
            )

    document = statuses.document(found, names, filling)
    face.printer.answer({**document, "check": {"code": code, "line": line}} if check else document, people)
    return code if check else 0
