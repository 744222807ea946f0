"""`socialguard audit stream`: every entry as a line, for a collector of security logs."""

import sys
import time
from typing import TYPE_CHECKING, Final, cast

import click

from socialguard import errors
from socialguard.cli.commands.audit import names_of, wanted_of
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import INDEX, command

if TYPE_CHECKING:
    from socialguard.audit.streaming import Form

_SECONDS: Final = 1.0


@command("stream")
@click.option("--format", "form", type=click.Choice(["ocsf", "jsonl"]), default="jsonl", show_default=True)
@click.option("--follow", is_flag=True, help="Go on with what is appended, until it is told to stop.")
@click.option("--account", metavar="ACCOUNT", help="Only entries of this account.")
@click.option("--action", metavar="ACTION", help="Only this action, e.g. delivery or delivery.send.")
@click.option("--since", metavar="TIME", help="Not before this instant (ISO 8601).")
@click.option("--after", type=INDEX, metavar="SEQ", help="Go on after this entry.")
def stream(
    face: Face,
    form: str,
    follow: bool,
    account: str | None,
    action: str | None,
    since: str | None,
    after: int | None,
) -> None:
    """Print entries as lines, oldest first: as they stand, or as events of OCSF 1.8."""
    from socialguard.audit import reader, streaming
    from socialguard.workspace import reading

    if face.as_json:
        raise errors.UsageError(detail="A stream is JSON lines of its own.", remedy="Leave --json away.")
    with open_workspace(face) as workspace:
        accounts, people = names_of(workspace)
        names = {**accounts, **people}
        wanted = wanted_of(workspace, account, None, action, since, None)
        place = None if after is None else (reader.show(workspace.database, after).incarnation, after)
        asked = {"form": form, "follow": int(follow), "action": action, "since": since, "after": after}
        reading.note(workspace, "audit.stream", asked, account=wanted.account)
        while True:
            lines = streaming.lines(workspace.database, workspace.org, cast("Form", form), names, wanted, place)
            for at, line in lines:
                sys.stdout.write(f"{line}\n")
                place = at
            sys.stdout.flush()
            if not follow:
                return
            time.sleep(_SECONDS)
