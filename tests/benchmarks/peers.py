"""The peers: toot, a command-line client of the same kind, and the cheapest program that click allows."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from socialguard.cli import table
from tests.benchmarks.processes import Command

ROOT: Final = Path(__file__).parents[2]


def plain_environment(base: Path) -> dict[str, str]:
    """Return the variables that every measured process gets: nothing of the person who runs this."""
    kept = ("PATH", "TMPDIR", "TERM")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return {**own, "HOME": str(base), "XDG_CONFIG_HOME": str(base / "config"), "LANG": "C.UTF-8"}


def socialguard(*arguments: str) -> list[str]:
    """Return the command line that runs our installed program."""
    installed = Path(sys.executable).with_name("socialguard")
    if not installed.exists():
        raise SystemExit(f"{installed} is missing: install the project in this environment first.")
    return [str(installed), *arguments]


def toot(given: Path | None) -> Path | str:
    """Return the program `toot`: the one given, else one in a virtual environment of its own, made at the first
    run below the user's cache directory; or a sentence why there is none."""
    if given is not None:
        return given if given.exists() else f"{given} does not exist"
    python = environment("toot", ["toot"])
    return python if isinstance(python, str) else python.with_name("toot")


def environment(name: str, packages: Sequence[str]) -> Path | str:
    """Return the interpreter of a virtual environment with `packages`, made at the first run below the user's
    cache directory; or a sentence why there is none."""
    from platformdirs import user_cache_path

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place = user_cache_path("socialguard-benchmarks") / f"{name}-{version}"
    python, made = place / "bin" / "python", place / "made"
    if made.exists():
        return python
    print(f"Making an environment for {', '.join(packages)} in {place} …", file=sys.stderr)
    for step in (
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"{', '.join(packages)} cannot be installed: {done.stderr.strip().splitlines()[-1:]}"
    made.touch()
    return python


def toot_help(program: Path, base: Path) -> Command:
    """Return `toot --help`, on the same version of Python as ours (a sentence goes to stderr where it is not)."""
    interpreter = program.with_name("python")
    if interpreter.exists():
        asked = [str(interpreter), "-c", "import sys; print(*sys.version_info[:2])"]
        found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
        if found != [str(part) for part in sys.version_info[:2]]:
            print(f"toot runs on Python {'.'.join(found)}: the comparison is not fair.", file=sys.stderr)
    return Command([str(program), "--help"], plain_environment(base))


def bare_click(base: Path) -> Command:
    """Return `--help` of a program with as many commands and groups as ours, and nothing else but click."""
    place = Path(tempfile.mkdtemp(dir=base, prefix="bare-click-"))
    lines = ["import click", "", "@click.group()", "def main():", '    """A bare program."""', ""]
    groups = {"": "main"}
    for name in table.TABLE:
        path = name.split(" ")
        for depth in range(1, len(path)):
            group = " ".join(path[:depth])
            if group not in groups:
                groups[group] = "group_" + group.replace(" ", "_")
                above = groups[" ".join(path[: depth - 1])]
                lines += [f"@{above}.group({path[depth - 1]!r})", f"def {groups[group]}():"]
                lines += [f"    {table.help_of(group)!r}", ""]
        function = "command_" + name.replace(" ", "_").replace("-", "_")
        lines += [f"@{groups[' '.join(path[:-1])]}.command({path[-1]!r})", f"def {function}():"]
        lines += [f"    {table.help_of(name)!r}", ""]
    (place / "bare.py").write_text("\n".join(lines), encoding="utf-8")
    # A launcher as pip writes it: the module itself is compiled once, as ours is.
    (place / "launch.py").write_text("import sys\nfrom bare import main\nsys.exit(main())\n", encoding="utf-8")
    return Command([sys.executable, str(place / "launch.py"), "--help"], plain_environment(base))
