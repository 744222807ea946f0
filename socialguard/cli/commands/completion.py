"""`socialguard completion`: what a shell sources to complete commands and account names."""

import click

from socialguard.cli.completion import SHELLS, source
from socialguard.cli.face import Face
from socialguard.cli.options import command


@command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(face: Face, shell: str) -> None:
    """Print shell code that completes commands and account names.

    \b
    bash: eval "$(socialguard completion bash)"
    zsh:  eval "$(socialguard completion zsh)"
    fish: socialguard completion fish | source
    """
    text = source(shell)
    face.printer.answer({"shell": shell, "source": text}, lambda: face.printer.lines(text.rstrip().split("\n")))
