"""The options that several commands share, and the decorator that makes a function a command.

    @command("whoami")
    def whoami(face: Face) -> int | None:
        \"\"\"First line: the help of the table.\"\"\"

A command gets the `Face` first, returns its exit code (None is 0) and raises `SocialGuardError`, which `main`
tells."""

from collections.abc import Callable, Mapping
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import click

from socialguard.cli.face import Face

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])

INDEX: Final = click.IntRange(0, 2**63 - 1)
"""The number of something that is kept: what a column of a database holds."""


def _note(name: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: object) -> None:
        face = context.find_object(Face)
        if face is not None and value:
            setattr(face, name, value.expanduser().absolute() if isinstance(value, Path) else value)

    return callback


def _to_be_logged(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Remember what a person gave for the log: opening the workspace looks for its credentials there."""
    face = context.find_object(Face)
    if face is not None and value:
        face.reasons.append(value)
    return value


def _readable(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Put `?` for what is not UTF-8: nobody who stops is refused for a letter."""
    return None if value is None else _in_utf_8(value)


def _in_utf_8(word: str) -> str:
    return word.encode("utf-8", "replace").decode()


def _shared(*, hidden: bool) -> list[click.Parameter]:
    """The options of the program as a whole; after a command's name only `--json` shows in its help."""
    eager = {"is_eager": True, "expose_value": False}
    return [
        click.Option(
            ["--json"], is_flag=True, callback=_note("as_json"), help="Print one JSON document.", **eager
        ),
        click.Option(
            ["--home"],
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            hidden=hidden,
            callback=_note("home_given"),
            help="The workspace (else SOCIALGUARD_HOME).",
            **eager,
        ),
        click.Option(
            ["--no-input"],
            is_flag=True,
            hidden=hidden,
            callback=_note("no_input"),
            help="Ask nothing; refuse what needs an answer.",
            **eager,
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            hidden=hidden,
            callback=_note("debug"),
            help="Show the details of a failure, secrets removed.",
            **eager,
        ),
    ]


def program_options() -> list[click.Parameter]:
    """Return the options that may stand before the command's name."""
    return _shared(hidden=False)


def command(name: str, **attributes: Any) -> Callable[[Callable[Concatenate[Face, P], int | None]], click.Command]:
    """Make a function a command: shared options, the process hardened first, the Face as first argument."""

    def decorate(function: Callable[Concatenate[Face, P], int | None]) -> click.Command:
        def run(*args: P.args, **kwargs: P.kwargs) -> int | None:
            from socialguard.vault.hardening import harden

            harden()
            _require_text(kwargs)
            face = click.get_current_context().find_object(Face) or Face()
            face.reminds = True
            return function(face, *args, **kwargs)

        update_wrapper(run, function)  # its name, help, and the options that stand below this decorator
        made: click.Command = click.command(name, cls=click.Command, **attributes)(run)
        made.params.extend(_shared(hidden=True))
        return made

    return decorate


def _require_text(given: Mapping[str, object]) -> None:
    """Refuse a word that is not UTF-8, before it stops half-way whatever would write it down; the name of a file
    may be of any bytes."""
    from socialguard import errors
    from socialguard.model.text import visible

    for value in given.values():
        for word in value if isinstance(value, tuple) else (value,):
            if isinstance(word, str) and word != _in_utf_8(word):
                raise errors.UsageError(detail=f"{visible(word, 60)} is not UTF-8.", remedy="Type it again.")


def selectors(*names: str, required: bool = True) -> Callable[[F], F]:
    """Add an option, repeatable, that takes accounts: `x:@acme`, a short name, `client:acme`, `label:fr+eu`.

    `names` are as click takes them, `--to` for example; a missing one never means all accounts."""
    from socialguard.cli.completion import SelectorType

    return click.option(
        *names, multiple=True, required=required, type=SelectorType(), metavar="SELECTOR", help=SELECTOR_HELP
    )


def selector_arguments(name: str = "selectors", *, required: bool = True) -> Callable[[F], F]:
    """Add an argument, repeatable, that takes accounts."""
    from socialguard.cli.completion import SelectorType

    metavar = "SELECTOR..." if required else "[SELECTOR]..."

    return click.argument(name, nargs=-1, required=required, type=SelectorType(), metavar=metavar)


def account_argument(name: str = "account") -> Callable[[F], F]:
    """Add the one account that a command acts on, as `x:@acme` or a short name."""
    from socialguard.cli.completion import AccountType

    return click.argument(name, type=AccountType(), metavar="ACCOUNT")


def confirm(function: F) -> F:
    """Add `--confirm ACCOUNT`, repeatable: the answer of a script. In a terminal it is ignored, with a note."""
    from socialguard.cli.completion import AccountType

    return click.option(
        "--confirm",
        "confirmed",
        multiple=True,
        type=AccountType(),
        metavar="ACCOUNT",
        help="Without a terminal: this account is meant (repeatable, exact).",
    )(function)


def override(function: F) -> F:
    """Add `--override CHECK`, repeatable, and its `--reason TEXT`: a finding that holds is passed on purpose."""
    named = click.option(
        "--override", "overrides", multiple=True, metavar="CHECK", help="Pass this check; needs --reason."
    )
    why = logged("--reason", help="Why a check is passed; it stands in the log.")
    return named(why(function))


def reason(*, required: bool = True) -> Callable[[F], F]:
    """Add `--reason TEXT`: it stands in the log (at most 500 characters)."""
    return logged("--reason", required=required, help=_WHY)


def stopping_reason(*, required: bool = False) -> Callable[[F], F]:
    """Add the `--reason TEXT` of what stops: it is never refused; `workspace.stopping` takes secrets out of it."""
    return click.option("--reason", required=required, metavar="TEXT", callback=_readable, help=_WHY)


def logged(name: str, *, required: bool = False, help: str) -> Callable[[F], F]:  # as click calls it
    """Add an option with words that stand in the log; one with a credential of ours in it is refused when the
    workspace is opened."""
    return click.option(name, required=required, metavar="TEXT", callback=_to_be_logged, help=help)


_WHY = "Why; it stands in the log."
SELECTOR_HELP = "x:@acme, a short name, client:acme or label:fr+eu (repeatable)."
