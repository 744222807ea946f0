"""Files that a neighbour may have put into a shared workspace: a pipe would be waited for, a device or a file full
of holes would fill the memory."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

LARGEST: Final = 64 << 20


def read(path: Path, limit: int = LARGEST) -> bytes:
    """Return the bytes of a regular file, at most `limit` and one; raises OSError, also for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not is_regular(os.fstat(descriptor)):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return file.read(limit + 1)


def read_whole(path: Path, limit: int = LARGEST) -> bytes:
    """Return the bytes of a regular file; raises OSError, also where there are more than `limit`."""
    data = read(path, limit)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes", str(path))
    return data


def is_regular(found: os.stat_result) -> bool:
    """Whether that is a file and no pipe, device or directory."""
    return stat.S_ISREG(found.st_mode)
