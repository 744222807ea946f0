"""`vault unlock` and `vault lock`: a passphrase's KEK in the Linux kernel's keyring, for at most 8 hours.

The key lies in kernel memory of this user, never on a disk; it goes with the last process of the user, with
its time, or with `lock`. It is found under the check value of the KEK, so one vault never opens another.
"""

import ctypes
import errno
import os
import platform
import sys
from typing import Final

from socialguard import errors
from socialguard.vault.kek import KEK_BYTES, Kek, Kind

EXPIRES_SECONDS: Final = 8 * 3600

# keyrings(7), keyctl(2); numbers from linux/keyctl.h and the kernel's syscall tables
_USER_KEYRING: Final = -4
_PROCESS_KEYRING: Final = -2
_KEYCTL_REVOKE: Final = 3
_KEYCTL_SETPERM: Final = 5
_KEYCTL_LINK: Final = 8
_KEYCTL_UNLINK: Final = 9
_KEYCTL_SEARCH: Final = 10
_KEYCTL_READ: Final = 11
_KEYCTL_SET_TIMEOUT: Final = 15
_SYSCALLS: Final = {
    "x86_64": (248, 250),
    "aarch64": (217, 219),
    "riscv64": (217, 219),
    "ppc64le": (269, 271),
    "s390x": (278, 280),
}
# Whoever possesses the keyring may use the key; nobody else may even see its name.
_POSSESSOR_ONLY: Final = 0x3F000000

_NOT_HERE: Final = frozenset({errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED})


def unlock(kek: Kek, seconds: int = EXPIRES_SECONDS) -> None:
    """Keep a passphrase's KEK in the kernel for `seconds`; an earlier one of the same KEK is replaced.

    Raises UsageError for a KEK that needs no unlocking, Locked where the kernel has or allows no keyring."""
    if kek.source.kind is not Kind.PASSPHRASE:
        raise errors.UsageError(detail=f"These keys open with {kek.source}: there is nothing to unlock.")
    if not 0 < seconds <= EXPIRES_SECONDS:
        raise errors.UsageError(detail=f"A vault stays unlocked for 1 to {EXPIRES_SECONDS} seconds.")
    try:
        _possess()
        key = _add_key(_name(kek.source.check), kek.key)
        try:
            _keyctl(_KEYCTL_SET_TIMEOUT, key, seconds)
            _keyctl(_KEYCTL_SETPERM, key, _POSSESSOR_ONLY)
        except OSError:
            _keyctl(_KEYCTL_REVOKE, key)  # a key without an end must not stay
            raise
    except OSError as problem:
        raise _refused(problem) from None


def lock(check: str) -> bool:
    """Forget the KEK with this check value; return whether there was one.

    Raises Locked where the kernel has or allows no keyring."""
    try:
        key = _search(check)
        if key is None:
            return False
        _keyctl(_KEYCTL_REVOKE, key)
        _keyctl(_KEYCTL_UNLINK, key, _USER_KEYRING)
    except OSError as problem:
        if problem.errno in _NOT_HERE:
            return False
        raise _refused(problem) from None
    return True


def find(check: str) -> bytes | None:
    """Return the KEK (32 bytes) with this check value while it is unlocked, else None.

    A kernel without keyring is a vault that is not unlocked: no error."""
    try:
        key = _search(check)
        if key is None:
            return None
        buffer = ctypes.create_string_buffer(KEK_BYTES)
        length = _keyctl(_KEYCTL_READ, key, buffer, KEK_BYTES)
    except OSError:
        return None
    return buffer.raw if length == KEK_BYTES else None


def _name(check: str) -> bytes:
    return b"socialguard:kek:" + check.encode("ascii", "replace")


def _search(check: str) -> int | None:
    _possess()
    try:
        return _keyctl(_KEYCTL_SEARCH, _USER_KEYRING, b"user", _name(check), 0)
    except OSError as problem:
        if problem.errno in _NOT_HERE:
            return None
        raise


def _possess() -> None:
    """Link the user's keyring into this process's: a service's session does not always reach it."""
    _keyctl(_KEYCTL_LINK, _USER_KEYRING, _PROCESS_KEYRING)


def _add_key(name: bytes, payload: bytes) -> int:
    add_key, _ = _numbers()
    return _call(add_key, b"user", name, payload, len(payload), _USER_KEYRING)


def _keyctl(operation: int, *arguments: object) -> int:
    _, keyctl = _numbers()
    return _call(keyctl, operation, *arguments)


def _numbers() -> tuple[int, int]:
    found = _SYSCALLS.get(platform.machine()) if sys.platform == "linux" else None
    if found is None or sys.maxsize < 2**32:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return found


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    # Every argument is a register: an int passed as C int would leave its upper half undefined.
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = libc.syscall(ctypes.c_long(number), *wide)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _refused(problem: OSError) -> errors.Locked:
    return errors.Locked(
        detail=f"the kernel keeps no key for us here ({(problem.strerror or 'unknown cause').lower()}).",
        remedy="Containers often forbid it; give the passphrase with each command, or use a key file.",
    )
