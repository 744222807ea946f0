"""Files that a neighbour may have put into a shared workspace: a pipe would be waited for, a device or a file full
of holes would fill the memory."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

LARGEST: Final = 64 << 20
_CHUNK: Final = 1 << 16


def opened(path: Path) -> BufferedReader:
    """Open a regular file for reading; raises OSError, also for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if is_regular(os.fstat(descriptor)):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def read(path: Path, limit: int = LARGEST) -> bytes:
    """Return the bytes of a regular file, at most `limit` and one; raises OSError, also for anything else."""
    with opened(path) as file:
        return rest(file, limit)


def rest(file: BinaryIO, limit: int = LARGEST) -> bytes:
    """Return what is left of an open file, at most `limit` bytes and one."""
    # As much as it holds now, and then what came meanwhile: room for all that it may hold would cost each read.
    data = file.read(min(os.fstat(file.fileno()).st_size, limit) + 1)
    while len(data) <= limit and (more := file.read(min(_CHUNK, limit + 1 - len(data)))):
        data += more
    return data


def read_whole(path: Path, limit: int = LARGEST) -> bytes:
    """Return the bytes of a regular file; raises OSError, also where there are more than `limit`."""
    data = read(path, limit)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes", str(path))
    return data


def is_regular(found: os.stat_result) -> bool:
    """Whether that is a file and no pipe, device or directory."""
    return stat.S_ISREG(found.st_mode)
