"""`socialguard version`."""

from socialguard import __version__
from socialguard.cli.face import Face
from socialguard.cli.options import command


def show(face: Face) -> None:
    """Print name and version."""
    face.printer.answer({"version": __version__}, lambda: face.printer.line(f"socialguard {__version__}"))


@command("version")
def version(face: Face) -> None:
    """Print the version of this program."""
    show(face)
