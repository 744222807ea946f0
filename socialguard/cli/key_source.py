"""Where the key that seals this machine's keys comes from: chosen once, when they are made, and recorded."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.opening import new_passphrase

if TYPE_CHECKING:
    from socialguard.vault.kek import Kek

F = TypeVar("F", bound=Callable[..., object])


def key_source(function: F) -> F:
    """Add `--key-file`, `--systemd-credential` and `--passphrase`."""
    secret = click.option("--passphrase", is_flag=True, help="Ask for a passphrase instead of using the keyring.")
    systemd = click.option(
        "--systemd-credential",
        metavar="NAME",
        help="Take the key-encryption key from this credential, which systemd gave to this process.",
    )
    file = click.option(
        "--key-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Keep the key-encryption key in this file (made where it is absent); no terminal is needed.",
    )
    return file(systemd(secret(function)))


def chosen_kek(face: Face, key_file: Path | None, systemd_credential: str | None, passphrase: bool) -> "Kek":
    """Return the new key-encryption key from the source that was chosen, else from the first that works.

    Raises UsageError where two are chosen, or none works without a terminal."""
    from socialguard.vault.kek import Kind, create_kek

    if sum((key_file is not None, systemd_credential is not None, passphrase)) > 1:
        raise errors.UsageError(
            detail="--key-file, --systemd-credential and --passphrase exclude one another.",
            remedy="Choose where the key comes from; it stays so.",
        )
    if key_file is not None:
        return create_kek(Kind.FILE, str(key_file.absolute()))
    if systemd_credential is not None:
        return create_kek(Kind.SYSTEMD, systemd_credential)
    if passphrase:
        return create_kek(Kind.PASSPHRASE, "", lambda: new_passphrase(face))
    return _first_source(face)


def _first_source(face: Face) -> "Kek":
    from socialguard.vault.kek import Kind, create_kek
    from socialguard.vault.key_file import has_systemd_credential

    if has_systemd_credential():
        return create_kek(Kind.SYSTEMD, "")
    try:
        return create_kek(Kind.KEYRING, "")
    except errors.SocialGuardError:
        if not face.has_terminal:
            raise errors.UsageError(
                detail="There is no keyring on this machine, and no terminal to ask for a passphrase.",
                remedy="Give --key-file FILE.",
            ) from None
        return create_kek(Kind.PASSPHRASE, "", lambda: new_passphrase(face))
