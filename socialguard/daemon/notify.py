"""Telling the service manager how we are: sd_notify(3), a datagram to the socket that it names."""

import os
import socket
from typing import Final

VARIABLE: Final = "NOTIFY_SOCKET"
WATCHDOG: Final = "WATCHDOG_USEC"
_WATCHED_PID: Final = "WATCHDOG_PID"


def notify(*lines: str) -> bool:
    """Send lines such as `READY=1` or `STATUS=…`; False where no service manager listens. It never raises: whoever
    does not listen does not stop us."""
    place = os.environ.get(VARIABLE, "")
    if not place.startswith(("/", "@")):
        return False
    address = "\0" + place[1:] if place.startswith("@") else place
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto("\n".join(lines).encode(), address)
    except OSError:
        return False
    return True


def watchdog_seconds() -> float | None:
    """Return within how many seconds the service manager wants a sign of life, None where it wants none."""
    wanted, pid = os.environ.get(WATCHDOG, ""), os.environ.get(_WATCHED_PID)
    if not wanted.isascii() or not wanted.isdigit() or not int(wanted) or (pid and pid != str(os.getpid())):
        return None
    return int(wanted) / 1_000_000
