"""The anchors of a workspace as an operator sees them: where each is, what it took last, the key it asks for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from socialguard import errors
from socialguard.audit.anchors.publishing import waiting_since
from socialguard.audit.interface import Entry
from socialguard.store.tables import anchor_held
from socialguard.vault.sealed_texts import AnchorKeys

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace


@dataclass(frozen=True, slots=True)
class Anchored:
    """One anchor: where the settings say it is (None: the local one), whether that is outside this machine, how
    many entries the last checkpoint states that it took and when, and since when checkpoints wait for it."""

    name: str
    place: str | None
    outside: bool
    size: int | None
    at: str | None
    waiting_since: str | None


def anchors(workspace: "Workspace") -> tuple[Anchored, ...]:
    """Return every anchor of the settings, the local one first."""
    every = workspace.anchors
    places = [None] * (len(every) - len(workspace.settings.anchors)) + list(workspace.settings.anchors)
    with workspace.database.read() as connection:
        held = {row.anchor: row for row in connection.execute(select(anchor_held))}
    return tuple(
        Anchored(
            name=one.name,
            place=place,
            outside=one.outside,
            size=held[one.name].size if one.name in held else None,
            at=held[one.name].at if one.name in held else None,
            waiting_since=waiting_since(workspace.database, one.name),
        )
        for one, place in zip(every, places, strict=True)
    )


def key_of(workspace: "Workspace", name: str) -> str:
    """Return the key of an anchor, opened with this machine's worker; raises NotFound."""
    found = _keys(workspace).opened(workspace.keys.worker()).get(name)
    if found is None:
        raise errors.NotFound(kind="key of the anchor", name=name, hint="Run: socialguard audit anchor key")
    return found


def set_key(workspace: "Workspace", place: str, key: str) -> str:
    """Seal the key of the anchor at a place of the settings to this machine's worker; return the anchor's name."""
    found = [one.name for one in anchors(workspace) if one.place == place]
    if not found or not found[0].startswith("s3:"):
        raise errors.NotFound(kind="anchor with a key", name=place, hint="Run: socialguard audit anchor list")
    if len(key.split()) != 2 or not key.isprintable():
        raise errors.UsageError(detail="Give the key's id and its secret, with a space between.")
    _keys(workspace).put(found[0], key, workspace.keys.worker())
    with workspace.database.write() as connection:
        said = Entry("audit.anchor.key", "ok", workspace.person, obj={"anchor": found[0]})
        workspace.log.append(connection, said)
    return found[0]


def _keys(workspace: "Workspace") -> AnchorKeys:
    return AnchorKeys(workspace.identity.place / "anchor-keys", workspace.org)
