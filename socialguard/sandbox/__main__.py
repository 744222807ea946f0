"""`python -m socialguard.sandbox`: the sandbox server from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from socialguard.sandbox.server import CannotStart, serve


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and serve until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m socialguard.sandbox",
        description="A local server that speaks X API v2 and Facebook Graph v26.0.",
    )
    parser.add_argument("--port", type=int, help="first of three ports (default: three free ones)")
    parser.add_argument("--seed", type=Path, help="JSON file of accounts; - reads standard input")
    parser.add_argument("--state", type=Path, help="keep everything in this file, and start from it")
    parser.add_argument(
        "--parent-pipe",
        action="store_true",
        help="read the seed as one line of standard input, and stop when standard input is closed",
    )
    options = parser.parse_args(arguments)
    try:
        return serve(options.port, options.seed, options.state, parent_pipe=options.parent_pipe)
    except CannotStart as problem:
        print(f"The sandbox could not start: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
