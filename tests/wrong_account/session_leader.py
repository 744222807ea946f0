"""The leader of a terminal session, as a shell is: `python -m tests.wrong_account.session_leader SOCKET`.

It runs one command line after the other in the foreground, each in a fork of its own that has the program warm,
and prints a mark on the terminal when one has ended. Requests and exit codes are JSON lines on the socket, so that
what is typed on the terminal is for the program alone."""

import gc
import json
import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any, Final

MARK: Final = "~~ended~~"
_OURS: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)


def main(path: str) -> None:
    """Serve until the socket closes."""
    for module in ("main", "commands.post", "commands.queue", "commands.stops", "commands.whoami", "output"):
        import_module(f"socialguard.cli.{module}")
    for module in ("socialguard.guard.gate", "socialguard.networks.x", "sqlalchemy.dialects.sqlite", "tweepy"):
        import_module(module)
    gc.freeze()
    for number in _OURS:
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        for line in connection.makefile("r", encoding="utf-8"):
            code = _run(json.loads(line))
            try:
                print(MARK, flush=True)
            except OSError:
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115,PTH123 # hung up: the socket still tells the code
            connection.sendall(json.dumps(code).encode() + b"\n")


def _run(request: dict[str, Any]) -> int:
    child = os.fork()
    # As shells do: only the leader of a session is told that its terminal hung up.
    signal.signal(signal.SIGHUP, lambda number, frame: os.kill(child, signal.SIGHUP) if child else None)
    if child == 0:
        code = 70
        try:
            code = _child(request)
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return os.waitstatus_to_exitcode(status)


def _child(request: dict[str, Any]) -> int:
    from socialguard.cli.main import run

    for number in _OURS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"])
    if request["stdin"] is not None:
        reading, writing = os.pipe()
        os.write(writing, request["stdin"].encode())
        os.close(writing)
        os.dup2(reading, 0)
    code = run(request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main(sys.argv[1])
