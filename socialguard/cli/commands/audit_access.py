"""`socialguard audit access` and `audit person`: who could do what, and what was made of it."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli.commands.audit import instant
from socialguard.cli.commands.plan_show import write_export
from socialguard.cli.completion import AccountType
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.words import _, counted
from socialguard.workspace.opened import Workspace

_DAY: Final = len("2026-11-30")


@command("access")
@click.argument("account", required=False, type=AccountType(), metavar="[ACCOUNT]")
@click.option("--at", metavar="TIME", help="As it stood then (ISO 8601), of a day at its end; else now.")
@click.option("--csv", "form", flag_value="csv", help="As a table for a spreadsheet.")
@click.option("--html", "form", flag_value="html", help="As one page for printing, which loads nothing.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file; without it stdout.")
def access(face: Face, account: str | None, at: str | None, form: str | None, out: Path | None) -> None:
    """Show who could do what at an instant, what of it was used, and what stands out."""
    from socialguard.cli import access_page
    from socialguard.workspace import auditing, reading

    if out is not None and form is None:
        raise errors.UsageError(detail="--out is for --csv or --html.")
    if face.as_json and form is not None and out is None:
        raise errors.UsageError(detail="This is a document of its own.", remedy="With --json give --out FILE.")
    with open_workspace(face) as workspace:
        moment = _moment(workspace, at)
        picture = auditing.picture(workspace, moment, account)
        reading.note(workspace, "audit.access", {"at": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "asked": account})
    if form is not None:
        write_export(access_page.page(picture) if form == "html" else access_page.table(picture), out)
        if out is None:
            return
        face.printer.answer(
            {"file": str(out), "rights": len(picture.rights), "findings": len(picture.findings)},
            lambda: face.printer.line(
                counted("{count} right in {file}.", "{count} rights in {file}.", len(picture.rights), file=out)
            ),
        )
        return

    def people() -> None:
        for head, rows in access_page.blocks(picture.rights):
            face.printer.line(head)
            face.printer.table([_(name) for name in access_page.NARROW], rows)
            face.printer.line()
        if picture.findings:
            heads = [_("what stands out"), _("account"), _("member"), _("since")]
            face.printer.table(heads, map(access_page.told, picture.findings))
        face.printer.note("What this log cannot show:")
        for one in auditing.NOT_SHOWN:
            face.printer.note_line(f"- {_(one)}")

    document = {
        "at": picture.at,
        "epoch": picture.epoch,
        "rights": [_plain(asdict(one)) for one in picture.rights],
        "findings": [_plain(asdict(one)) for one in picture.findings],
        "not_shown": list(auditing.NOT_SHOWN),
    }
    face.printer.answer({"access": document}, people)


@command("person")
@click.argument("member")
@click.option("--until", metavar="TIME", help="Up to then (ISO 8601), a day included; without it now.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A new file.")
def person(face: Face, member: str, until: str | None, out: Path) -> None:
    """Write one signed file about a member: could, did, withdrawn, tokens changed, left to do."""
    import hashlib

    from socialguard.registry import founding, members
    from socialguard.workspace import person_report, reading

    with open_workspace(face) as workspace:
        with workspace.database.read() as connection:
            manifest = workspace.signed.books(connection).manifest
            known = founding.profiles(connection, manifest)
            namesakes = [one for one in manifest.members if known[one.id].name == member]
            # somebody who left is found by name, too, where nobody else has it
            found = members.find(connection, manifest, namesakes[0].id if len(namesakes) == 1 else member)
            name = known[found.id].name
        report = person_report.body(workspace, found, name, _moment(workspace, until))
        file = person_report.signed(workspace, report)
        told = {"member": found.id, "sha256": hashlib.sha256(file).hexdigest(), "until": until}
        reading.note(workspace, "audit.person", told)
    write_export(file.decode("utf-8"), out)

    def people() -> None:
        face.printer.say("What is known of {member} stands in {file}, signed.", member=name, file=out)
        left = report["left"]
        assert isinstance(left, dict)
        for account in left["to_rotate"]:
            face.printer.say("Left to do: replace the token of {account} at its network.", account=account)
        for account in left["still_may"]:
            face.printer.say("{member} still has a right on {account}.", member=name, account=account)

    face.printer.answer({"file": str(out), "report": report}, people)


def _moment(workspace: Workspace, text: str | None) -> datetime:
    """Return the instant that is asked for, of a day its end; else now, or the log's own where a clock that was
    wrong once has put it ahead: all that it says has happened. Nothing is known of what comes after that."""
    from socialguard.audit import reader

    given = instant(text)
    with workspace.database.read() as connection:
        entries = workspace.log.head(connection).size
    said = jcs.parse_timestamp(reader.show(workspace.database, max(entries - 1, 0)).ts)
    newest = max(clock.now(), said + timedelta(microseconds=1))
    if given is not None and text is not None and len(text) <= _DAY:
        given += timedelta(days=1)
    return min(given or newest, newest)


def _plain(fields: dict[str, object]) -> dict[str, object]:
    """An empty text is one that the log does not know: null for scripts."""
    return {key: None if value == "" else value for key, value in fields.items() if key != "account_id"}


@command("check")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def check(face: Face, file: Path) -> None:
    """Hold a signed file against its signature: evidence of a panic, or a report on a person."""
    from socialguard.workspace import checking

    with open_workspace(face) as workspace:
        found = checking.check(workspace, file)

    def people() -> None:
        face.printer.say(
            "{file} is as {name} signed it: {kind}, {time}, files: {count}.",
            file=file,
            name=found.name,
            kind=_(found.kind),
            time=found.made_at,
            count=found.files,
        )
        if found.status != "active":
            face.printer.note(
                "{name} is {status} now. When it was signed only they say: look for it in the log.",
                name=found.name,
                status=_(found.status),
            )

    face.printer.answer({"checked": {"file": str(file), **asdict(found)}}, people)
