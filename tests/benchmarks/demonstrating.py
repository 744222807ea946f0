"""How long `socialguard demo` takes from the shell, every step of it."""

from pathlib import Path
from typing import Final

from tests.benchmarks.peers import plain_environment, socialguard
from tests.benchmarks.processes import Command
from tests.benchmarks.table import Line, milliseconds

LIMIT_S: Final = 20.0


def lines(base: Path) -> list[Line]:
    """Measure it once: a demo is watched once, too."""
    took = Command(socialguard("demo", "--json"), plain_environment(base)).seconds()
    return [Line("demo", milliseconds(took), limit=f"≤ {LIMIT_S:.0f} s", ok=took <= LIMIT_S)]
