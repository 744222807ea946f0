"""`socialguard sandbox serve`: the networks on this machine."""

from pathlib import Path

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.options import command


@command("serve")
@click.option("--port", type=click.IntRange(1, 65533), help="The first of three ports (default: free ones).")
@click.option(
    "--seed",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="JSON file of accounts; - reads standard input.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep everything in this file, and start from it.",
)
def serve(face: Face, port: int | None, seed: Path | None, state: Path | None) -> int:
    """Serve X and Facebook on this machine, for trying things out.

    On start it prints one JSON line: {"x": URL, "facebook": URL, "control": URL}. Ctrl-C ends it.
    """
    from socialguard.sandbox import server

    try:
        return server.serve(port, seed, state)
    except server.CannotStart as problem:
        raise errors.UsageError(
            detail=f"The sandbox could not start: {problem}.", remedy="Look at: socialguard sandbox serve --help"
        ) from None
