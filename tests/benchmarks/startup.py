"""How long a person waits for `--help` and a shell's prompt for `whoami`, and what each command imports."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from socialguard import clock
from socialguard.cli import terminal
from socialguard.model.context import context_of
from socialguard.store import small_file
from socialguard.workspace.layout import Layout
from tests.benchmarks import company
from tests.benchmarks.peers import bare_click, plain_environment, socialguard, toot_help
from tests.benchmarks.processes import RUNS, Command, duel, in_terminal
from tests.benchmarks.table import Line, ratio_line

HEAVY: Final = ("sqlalchemy", "sqlite3", "alembic", "cryptography", "pydantic", "requests", "rich", "keyring")
_COMMANDS: Final = (
    "--help",
    "whoami",
    "post --help",
    "queue list",
    "queue run",
    "audit list",
    "audit verify",
    "account list",
)
_CONFIRMED: Final = "x:@acme"
_REPORT: Final = """
import sys, time
start = time.perf_counter()
from socialguard.cli.main import run
code = run(sys.argv[1:])
took = time.perf_counter() - start
found = [name for name in {heavy!r} if name in sys.modules]
print("\\n" + repr((code, took, len(sys.modules), found)), file=sys.stderr)
"""


def help_lines(base: Path, toot: Path | str) -> list[Line]:
    """Measure `socialguard --help` beside a bare click program and beside `toot --help`."""
    ours = Command(socialguard("--help"), plain_environment(base))
    if "queue" not in ours.output():
        raise SystemExit("socialguard --help does not show its commands.")
    bare = duel(ours, bare_click(base))
    lines = [ratio_line("--help", bare.ours, bare.peer, "bare click", bare.ratio, 1.5, RUNS)]
    if isinstance(toot, str):
        return [*lines, Line("--help", "not measured", f"toot: {toot}", "≤ 0.33 × peer", ok=False)]
    full = duel(ours, toot_help(toot, base))
    return [*lines, ratio_line("--help", full.ours, full.peer, "toot --help", full.ratio, 1 / 3, RUNS)]


def whoami_lines(base: Path, toot: Path | str) -> list[Line]:
    """Measure `socialguard whoami` in a terminal that confirmed an account, and that it opens no database."""
    if isinstance(toot, str):
        return [Line("whoami", "not measured", f"toot: {toot}", "≤ 0.50 × peer", ok=False)]
    home = base / "prompt"
    selected = plain_environment(base) | {"SOCIALGUARD_HOME": str(home)}
    ours = Command(socialguard("whoami"), selected, on_terminal=True)
    found = in_terminal(partial(_whoami, ours, toot_help(toot, base), home))
    heavy = _imported(["whoami", "--json"], dict(ours.environment))[1]
    databases = [name for name in heavy if name in ("sqlalchemy", "sqlite3", "alembic")]
    return [
        ratio_line("whoami", found["ours"], found["peer"], "toot --help", found["ratio"], 0.5, RUNS),
        Line("whoami: database libraries", ", ".join(databases) or "none", "", "none", ok=not databases),
    ]


def _whoami(ours: Command, peer: Command, home: Path) -> dict[str, float]:
    context = context_of(terminal.context_facts(), "")
    assert context is not None, "there is no terminal here"
    seen: dict[str, object] = {"at": clock.now().isoformat(), "accounts": [_CONFIRMED]}
    small_file.write(Layout(home).context_cache(context.id), seen)
    assert _CONFIRMED in ours.output(), "whoami does not know this terminal"
    result = duel(ours, peer)
    return {"ours": result.ours, "peer": result.peer, "ratio": result.ratio}


def import_lines(base: Path) -> list[Line]:
    """Return what commands cost inside the process, and which heavy packages they import: figures to know."""
    environment = plain_environment(base) | company.found(base / "empty").environment
    lines = []
    for words in _COMMANDS:
        (took, modules), heavy = _imported(words.split(), environment)
        lines.append(Line(f"imports: {words}", f"{took * 1000:.0f} ms, {modules} modules", ", ".join(heavy)))
    return lines


def _imported(arguments: Sequence[str], environment: dict[str, str]) -> tuple[tuple[float, int], list[str]]:
    command = [sys.executable, "-c", _REPORT.format(heavy=HEAVY), *arguments]
    best: tuple[tuple[float, int], list[str]] | None = None
    for _ in range(5):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        code, took, modules, heavy = ast.literal_eval(done.stderr.splitlines()[-1])
        if code:
            raise SystemExit(f"socialguard {' '.join(arguments)} ended with {code}: {done.stdout}{done.stderr}")
        if best is None or took < best[0][0]:
            best = (took, modules), heavy
    assert best is not None
    return best
