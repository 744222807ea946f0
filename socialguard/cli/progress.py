"""A progress bar for long work: on stderr, only where that is a terminal, and nothing at all elsewhere.

with progress.over(_("Sealing"), total=len(rows)) as step:
    for row in rows:
        ...
        step()
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from socialguard.cli.face import Face
from socialguard.model.text import visible

Step = Callable[..., None]


@contextmanager
def over(face: Face, label: str, total: int | None = None) -> Iterator[Step]:
    """Show a bar while the block runs and yield `step(amount=1)`; `total` None shows that it lives, not how far.

    With --json, or where stderr is no terminal, nothing is shown."""
    if face.as_json or not sys.stderr.isatty():
        yield lambda amount=1: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from socialguard.cli.printing import has_colour

    coloured = has_colour(sys.stderr)
    console = Console(
        file=sys.stderr, markup=False, highlight=False, emoji=False,
        color_system="auto" if coloured else None, no_color=not coloured,
    )  # fmt: skip
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task(visible(label, 60), total=total)
        yield lambda amount=1: bar.advance(task, amount)
