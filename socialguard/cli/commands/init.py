"""`socialguard init`: found a workspace."""

from pathlib import Path

import click

from socialguard import errors, settings
from socialguard.cli.face import Face
from socialguard.cli.key_source import chosen_kek, key_source
from socialguard.cli.options import command
from socialguard.cli.phrases import phrase


@command("init")
@click.option("--org", "org_name", required=True, metavar="NAME", help="The organisation.")
@click.option("--owner", "owner_name", required=True, metavar="NAME", help="The person who owns it.")
@key_source
def init(
    face: Face,
    org_name: str,
    owner_name: str,
    key_file: Path | None,
    systemd_credential: str | None,
    passphrase: bool,
) -> None:
    """Found a workspace: keys on this machine, an empty registry, the first entry of the log."""
    from socialguard.workspace.founding import found, require_absent
    from socialguard.workspace.layout import Layout

    layout = Layout(face.home)
    require_absent(layout)
    if not org_name.strip() or not owner_name.strip():
        raise errors.UsageError(
            detail="--org and --owner need a name.", remedy="The log names them to whoever reads it."
        )
    identity = settings.identity_base()
    require_apart(layout.home.absolute().resolve(), identity.absolute().resolve())
    kek = chosen_kek(face, key_file, systemd_credential, passphrase)
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
        face.printer.say("Its key comes from: {source}.", source=phrase(str(kek.source)))
        face.printer.say(
            "Next: socialguard vault recovery new, then socialguard account add x:@acme --credential -"
        )

    face.printer.answer(document, people)


def require_apart(home: Path, identity: Path) -> None:
    """Refuse private keys within the workspace, or around it: a backup of one would carry the other."""
    if identity.is_relative_to(home) or home.is_relative_to(identity):
        raise errors.UsageError(
            detail=f"The workspace {home} and the identity directory {identity} lie in one another.",
            remedy="Set SOCIALGUARD_IDENTITY to a directory outside the workspace.",
        )
