"""The program's entry: find the command, run it, tell what went wrong, and end with the right exit code.

`--help` imports click and the table of commands and nothing else; everything heavier waits for its command."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from socialguard.cli import table, words
from socialguard.cli.face import Face
from socialguard.cli.options import program_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PROGRAM = "socialguard"
# Start-up makes 130,000 containers, most of which live to the end; the default (700) searches them for cycles 150
# times, and to search them once takes as long as to import a tenth of them.
GC_THRESHOLD = 200_000
_COMPLETE = "_SOCIALGUARD_COMPLETE"
_EPILOG = "Every command takes --json. docs/cli.md has the exit codes and what scripts can rely on."


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run; its help comes from the table."""

    def __init__(self, prefix: str, **attributes: object) -> None:
        super().__init__(prefix.rpartition(" ")[2] or PROGRAM, **attributes)  # type: ignore[arg-type]
        self.prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the words that may follow, in the table's order."""
        return table.names_below(self.prefix)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command or group that `cmd_name` names here, or None."""
        full = f"{self.prefix} {cmd_name}".strip()
        row = table.TABLE.get(full)
        if row is not None:
            found = getattr(import_module(f"{table.ROOM}.{row.module}"), row.attribute)
            assert isinstance(found, click.Command)
            return found
        if table.names_below(full):
            return LazyGroup(full, help=table.help_of(full), params=program_options())
        return None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; a group alone shows its help (on stderr, exit 2), and with --json is an error like any other."""
        face = ctx.find_object(Face)
        self.no_args_is_help = face is None or not face.as_json
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with the table's help."""
        rows = [(name, table.help_of(f"{self.prefix} {name}".strip())) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Return the words that may follow, without importing what they name."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=table.help_of(f"{self.prefix} {name}".strip()))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


def root() -> LazyGroup:
    """Return the program as a click group."""
    from socialguard import __doc__ as purpose

    version = click.Option(
        ["--version"], is_flag=True, expose_value=False, callback=_show_version, help="Print the version."
    )
    return LazyGroup("", help=purpose, epilog=_EPILOG, params=[*program_options(), version])


def main() -> NoReturn:
    """Run the command that the process was started with and end with its exit code."""
    gc.set_threshold(GC_THRESHOLD)
    code = run(sys.argv[1:])
    gc.freeze()  # the interpreter's last search for cycles takes a fifth of a short command and finds modules
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing escapes but the end of the process."""
    face = Face()
    words.look_in(lambda: face.home)
    # a usage error may come before click has seen the option, and its form must be right even then
    face.as_json = "--json" in _before_dashes(arguments)
    try:
        if _COMPLETE in os.environ:
            return _complete(face)
        code = _invoke(list(arguments), face)
        sys.stdout.flush()
        _close(face)
        return code
    except BrokenPipeError:
        from socialguard.cli import output

        output.abandon_stdout()
        return 1
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001 # the outermost place: told, redacted
        from socialguard.cli import output

        code = output.tell_last(problem, face)
        if output.draft_of(output.as_error(problem)) is not None:
            face.written = ""
        _close(face)
        return code


def _close(face: Face) -> None:
    """Say what the person must know beside the command's own outcome."""
    if face.written:
        from socialguard.cli import unsaved

        with suppress(OSError):
            unsaved.tell(face)
    if face.reminds:
        _remind(face)


def _remind(face: Face) -> None:
    from socialguard.cli.alerting import remind

    with suppress(OSError):  # a full disk behind stderr: the command's own outcome counts
        remind(face)


def _invoke(arguments: list[str], face: Face) -> int:
    try:
        with root().make_context(PROGRAM, arguments, obj=face) as context:
            code = context.command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message(), err=True)
        return shown.exit_code
    return code if isinstance(code, int) else 0


def _complete(face: Face) -> int:
    from click.shell_completion import shell_complete

    from socialguard.cli import bash_completion as bash_completion  # it takes the place of click's own

    return shell_complete(root(), {"obj": face}, PROGRAM, _COMPLETE, os.environ[_COMPLETE])


def _before_dashes(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value:
        return
    from socialguard.cli.commands.version import show

    show(context.find_object(Face) or Face())
    context.exit()


if __name__ == "__main__":
    main()
