"""Which modules a run of the program imports: what a command does not use it must not wait for."""

import subprocess
import sys
from collections.abc import Mapping

HEAVY = ("sqlalchemy", "alembic", "pydantic", "rich", "cryptography", "tweepy", "facebook", "starlette", "PIL")


def loaded_after(*arguments: str, environment: Mapping[str, str] | None = None) -> set[str]:
    """Return the modules that a run of the program has imported at its end."""
    code = (
        "import sys\nfrom socialguard.cli.main import run\n"
        f"run({list(arguments)!r})\nprint('MODULES', *sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())
