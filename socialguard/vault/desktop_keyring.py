"""A KEK in the keyring of a desktop: Secret Service, libsecret, KWallet, macOS Keychain, Windows vault.

The backend is made from its class, by a name on a list of ours. Neither the keyring library's configuration
nor the environment (`PYTHON_KEYRING_BACKEND`, `KEYRING_PROPERTY_*`) chooses or changes it: who controls those
could hand us a keyring that keeps no secret.
"""

import importlib
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.text import marked

SERVICE: Final = "socialguard"
LIMIT_SECONDS: Final = 5.0
"""How long a keyring may take; one that waits for a person behind a screen must not stop a daemon."""

BACKENDS: Final[Mapping[str, tuple[str, str]]] = {
    "secret-service": ("keyring.backends.SecretService", "Keyring"),
    "libsecret": ("keyring.backends.libsecret", "Keyring"),
    "kwallet": ("keyring.backends.kwallet", "DBusKeyring"),
    "macos": ("keyring.backends.macOS", "Keyring"),
    "windows": ("keyring.backends.Windows", "WinVaultKeyring"),
}

_KEY_BYTES: Final = 32
_UNLOCK: Final = marked(
    "Unlock it in the desktop session where it lies (a window there may wait for its password), then repeat this."
)
_T = TypeVar("_T")


class Backend(Protocol):
    """What we ask of a backend of the keyring library."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the stored text, None if there is none."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the text."""
        ...


def create(name: str = "") -> tuple[str, str, bytes]:
    """Put a new key into a keyring; return the backend's name, the entry's, and the key (32 bytes).

    `name` is one of `BACKENDS`, empty for the first that works here. Raises UsageError for another name, and
    Locked where no keyring works or the key does not read back."""
    if name and name not in BACKENDS:
        raise errors.UsageError(detail=f"{name} is not a keyring; there are {', '.join(BACKENDS)}.")
    key = secrets.token_bytes(_KEY_BYTES)
    entry = f"kek-{secrets.token_hex(8)}"
    reasons = []
    for candidate in [name] if name else list(BACKENDS):
        try:
            _limited(lambda each=candidate: _store(each, entry, jcs.b64(key)))  # type: ignore[misc]
        except errors.Locked as refusal:
            reasons.append(f"{candidate}: {refusal.fields['detail']}")
            continue
        return candidate, entry, key
    raise errors.Locked(
        detail=f"no keyring works here. {' '.join(reasons)}",
        remedy="Use a key file (--key-file FILE) or a passphrase.",
    )


def read(name: str, entry: str) -> bytes:
    """Return the key (32 bytes) under `entry` in the keyring `name`.

    Raises Locked if the keyring does not answer or has no such entry, Tampered for a name that is not on the
    list or an entry that is not a key."""
    if name not in BACKENDS:
        raise errors.Tampered(what="The record of the keyring", detail=f"{name} is not one that may be used.")
    found = _limited(lambda: _made(name).get_password(SERVICE, entry))
    if found is None:
        raise errors.Locked(
            detail=f"the keyring ({name}) has no entry {entry}.",
            remedy="Log in as the person who made it, or bring back that keyring.",
        )
    try:
        key = jcs.unb64(found)
    except jcs.NotCanonical:
        key = b""
    if len(key) != _KEY_BYTES:
        raise errors.Tampered(what=f"The keyring entry {entry}", detail="it is not a key.")
    return key


def _store(name: str, entry: str, text: str) -> None:
    backend = _made(name)
    backend.set_password(SERVICE, entry, text)
    if backend.get_password(SERVICE, entry) != text:
        raise errors.Locked(detail="it does not keep what it is given.")


def _made(name: str) -> Backend:
    module, class_name = BACKENDS[name]
    found = getattr(importlib.import_module(module), class_name)
    # The library's constructor sets whatever attribute KEYRING_PROPERTY_* names.
    closed = type(class_name, (found,), {"set_properties_from_env": lambda _self: None})
    made: Backend = closed()
    return made


def _limited(ask: Callable[[], _T]) -> _T:
    """Return what `ask` returns, or raise Locked: after `LIMIT_SECONDS`, and for any failure of the keyring.

    The thread of a keyring that hangs is left behind; it ends with the process."""
    answers: list[_T] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(ask())
        except BaseException as problem:  # noqa: BLE001 - carried to the caller, which sorts it
            problems.append(problem)

    thread = threading.Thread(target=work, name="keyring", daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    if answers:
        return answers[0]
    if problems and isinstance(problems[0], errors.SocialGuardError):
        raise problems[0]
    if problems and isinstance(problems[0], (ImportError, NameError)):
        # The modules of other desktops load without theirs.
        raise errors.Locked(
            detail="it is not installed.", remedy="Bring back that keyring; no other opens these keys."
        )
    if problems:
        # Backends raise whatever D-Bus, Cocoa or Win32 raise; their texts may quote what they were given.
        failed = f"the keyring failed ({type(problems[0]).__name__})."
        raise errors.Locked(detail=failed, remedy=_UNLOCK) from None
    late = f"the keyring did not answer within {LIMIT_SECONDS:.0f} seconds."
    raise errors.Locked(detail=late, remedy=_UNLOCK)
