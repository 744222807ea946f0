"""Programs under test in processes of their own: in a terminal, or with pipes only."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pexpect

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 15


class Spawned:
    """Python code in a pseudo-terminal."""

    def __init__(self, code: str, directory: Path, environment: dict[str, str]) -> None:
        script = directory / f"script{len(list(directory.glob('script*')))}.py"
        script.write_text(code, encoding="utf-8")
        self.child = pexpect.spawn(
            sys.executable,
            [str(script)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **environment},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(40, 100),
        )
        self.child.delaybeforesend = None

    def expect(self, text: str) -> str:
        """Wait for `text` and return what came before it."""
        self.child.expect_exact(text)
        return str(self.child.before)

    def ends(self) -> tuple[str, int | None]:
        """Wait for the end; return what was said since, and the exit code."""
        self.child.expect(pexpect.EOF)
        said = str(self.child.before)
        self.child.wait()
        return said, self.child.exitstatus


def piped(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `socialguard` without a terminal, in a session of its own, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "socialguard.cli.main", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        start_new_session=True,
        timeout=60,
        check=False,
    )
