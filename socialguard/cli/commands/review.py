"""`socialguard review export`: what waits, for people who have not this program."""

from pathlib import Path

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli.commands.plan_show import write_export
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, selector_arguments
from socialguard.cli.words import counted


@command("export")
@selector_arguments()
@click.option("--html", "is_html", is_flag=True, help="One page, with pictures, alt texts and codes.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file; without it stdout.")
def export(face: Face, selectors: tuple[str, ...], is_html: bool, out: Path | None) -> None:
    """Export what waits for an approval, for a client who answers by mail."""
    from socialguard.cli import review_page
    from socialguard.ledger import reader
    from socialguard.model.delivery import State
    from socialguard.publishing.submission import require_as_signed

    if not is_html:
        raise errors.UsageError(detail="Say in which form: --html.")
    if face.as_json and out is None:
        raise errors.UsageError(
            detail="An export is a document of its own.", remedy="With --json give --out FILE."
        )
    with open_workspace(face) as workspace:
        desk = workspace.desk
        with workspace.database.read() as connection:
            accounts = {one.id: one for one in workspace.trust.resolve(connection, selectors)}
            waiting = [
                (value, accounts[value.account_id])
                for value in reader.in_states(connection, State.AWAITING)
                if value.account_id in accounts
            ]
            for value, account in waiting:
                require_as_signed(connection, desk, value, account)
        text = review_page.page(waiting, desk.media.read)
    write_export(text, out)
    if out is None:
        return
    codes = [
        {
            "id": value.id,
            "account": str(account),
            "code": review_page.code_of(value),
            "due": jcs.timestamp(value.due),
        }
        for value, account in waiting
    ]
    face.printer.answer(
        {"file": str(out), "deliveries": codes},
        lambda: face.printer.line(
            counted("{count} post in {file}.", "{count} posts in {file}.", len(waiting), file=out)
        ),
    )
