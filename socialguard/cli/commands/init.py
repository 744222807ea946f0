"""`socialguard init`: found a workspace."""

from pathlib import Path

import click

from socialguard import errors, settings
from socialguard.cli.face import Face
from socialguard.cli.opening import new_passphrase
from socialguard.cli.options import command


@command("init")
@click.option("--org", "org_name", required=True, metavar="NAME", help="The organisation.")
@click.option("--owner", "owner_name", required=True, metavar="NAME", help="The person who owns it.")
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the key-encryption key in this file (made where it is absent); no terminal is needed.",
)
@click.option(
    "--systemd-credential",
    metavar="NAME",
    help="Take the key-encryption key from this credential, which systemd gave to this process.",
)
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase instead of using the keyring.")
def init(
    face: Face,
    org_name: str,
    owner_name: str,
    key_file: Path | None,
    systemd_credential: str | None,
    passphrase: bool,
) -> None:
    """Found a workspace: keys on this machine, an empty registry, the first entry of the log."""
    from socialguard.vault.kek import Kind, create_kek
    from socialguard.workspace.founding import found, require_absent
    from socialguard.workspace.layout import Layout

    layout = Layout(face.home)
    require_absent(layout)
    if not org_name.strip() or not owner_name.strip():
        raise errors.UsageError(
            detail="--org and --owner need a name.", remedy="The log names them to whoever reads it."
        )
    identity = settings.identity_base()
    _require_apart(layout.home.absolute().resolve(), identity.absolute().resolve())
    if sum((key_file is not None, systemd_credential is not None, passphrase)) > 1:
        raise errors.UsageError(
            detail="--key-file, --systemd-credential and --passphrase exclude one another.",
            remedy="Choose where the key comes from; it stays so.",
        )
    if key_file is not None:
        kek = create_kek(Kind.FILE, str(key_file.absolute()))
    elif systemd_credential is not None:
        kek = create_kek(Kind.SYSTEMD, systemd_credential)
    elif passphrase:
        kek = create_kek(Kind.PASSPHRASE, "", lambda: new_passphrase(face))
    else:
        kek = _first_source(face)
    configured = settings.load(layout.settings)
    org = found(
        layout,
        identity,
        org_name=org_name,
        owner_name=owner_name,
        kek=kek,
        url=configured.database,
    )
    document = {"org": org, "home": str(layout.home), "key": str(kek.source)}

    def people() -> None:
        face.printer.say("Workspace founded in {home}.", home=layout.home)
        face.printer.say("Its key comes from: {source}.", source=kek.source)
        face.printer.say(
            "Next: socialguard vault recovery new, then socialguard account add x:@acme --credential -"
        )

    face.printer.answer(document, people)


def _require_apart(home: Path, identity: Path) -> None:
    """Refuse private keys within the workspace, or around it: a backup of one would carry the other."""
    if identity.is_relative_to(home) or home.is_relative_to(identity):
        raise errors.UsageError(
            detail=f"The workspace {home} and the identity directory {identity} lie in one another.",
            remedy="Set SOCIALGUARD_IDENTITY to a directory outside the workspace.",
        )


def _first_source(face: Face) -> "Kek":  # type: ignore[name-defined] # noqa: F821
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
