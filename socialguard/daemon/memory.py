"""Keeping the daemon's memory flat: glibc gives threads arenas of their own, and what was freed in one of them
stays there. With few arenas, and what is free given back now and then, a day of posts leaves nothing behind."""

import ctypes
import gc
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8  # malloc.h: M_ARENA_MAX
_ARENAS: Final = 2
_GC_THRESHOLD: Final = 50_000
"""Containers made until cycles are searched for: sooner than in a command, which ends before it has many."""


def settle() -> None:
    """Let all threads share few arenas, and garbage be found early; call it before there are threads. Without
    glibc there are no arenas to share."""
    gc.set_threshold(_GC_THRESHOLD)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give what is free back to the system. Nothing happens without glibc."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
