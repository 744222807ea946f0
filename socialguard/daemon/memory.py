"""Keeping the daemon's memory flat: glibc gives threads arenas of their own, and what was freed in one of them
stays there. With few arenas, and what is free given back now and then, a day of posts leaves nothing behind."""

import ctypes
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8  # malloc.h: M_ARENA_MAX
_ARENAS: Final = 2


def settle() -> None:
    """Let all threads share few arenas; call it before there are threads. Nothing happens without glibc."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give what is free back to the system. Nothing happens without glibc."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
