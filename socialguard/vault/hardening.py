"""A process that leaves no copy of its memory: no core dump, and no debugger of the same user.

Called once by each face before a secret is opened. Memory is not wiped, and root reads it anyway.
"""

import contextlib
import ctypes
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def harden() -> None:
    """Set the core limit to 0 and, on Linux, the process undumpable; what a system refuses stays as it was.

    An undumpable process owns its /proc/<pid>/mem, environ and fd no longer (prctl(2)); /proc/<pid>/stat,
    by which others tell whether it lives, stays readable to all."""
    try:
        import resource
    except ImportError:  # not a Unix
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, *(ctypes.c_ulong(0) for _ in range(4)))
